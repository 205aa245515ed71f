"""American and European options priced by QuantLib: the oracle of this folder's tests.

`python -m tests.pricing.quantlib` makes tests/pricing/oracle.npz again (minutes): prices that would take a test run too
long. A yield: QdFpAmericanEngine with 80 points of Gauss and Legendre. Cash dividends: FdBlackScholesVanillaEngine with
the spot model; it exercises between steps only, so its error falls with the first power of the step, which is
extrapolated to 0 from two.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import QuantLib as ql

FIXTURE = Path(__file__).with_name("oracle.npz")
YIELD_POINTS, CASH_POINTS = 19_600, 420
TODAY = ql.Date(1, 7, 2026)
COUNT = ql.Actual365Fixed()
MOST_DIVIDENDS = 4


class Case(NamedTuple):
    """An option on one strike of 1; days to expiration and to ex-dates; sign 1 for a call, -1 for a put."""

    sign: float
    spot: float
    sigma: float
    rate: float
    paid: float
    days: int
    ex_days: tuple[int, ...] = ()
    amounts: tuple[float, ...] = ()
    is_american: bool = True


def process(case: Case) -> ql.BlackScholesMertonProcess:
    """Black and Scholes with a yield."""
    ql.Settings.instance().evaluationDate = TODAY

    def flat(rate: float) -> ql.YieldTermStructureHandle:
        return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, COUNT))

    volatility = ql.BlackConstantVol(TODAY, ql.NullCalendar(), case.sigma, COUNT)
    return ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(case.spot)),
        flat(case.paid),
        flat(case.rate),
        ql.BlackVolTermStructureHandle(volatility),
    )


def option(case: Case) -> ql.VanillaOption:
    """The contract."""
    kind = ql.Option.Call if case.sign > 0 else ql.Option.Put
    last = TODAY + case.days
    exercise = ql.AmericanExercise(TODAY, last) if case.is_american else ql.EuropeanExercise(last)
    return ql.VanillaOption(ql.PlainVanillaPayoff(kind, 1.0), exercise)


def with_yield(case: Case) -> float:
    """Its price by QdFp, right to 2e-7."""
    one = option(case)
    one.setPricingEngine(ql.QdFpAmericanEngine(process(case), ql.QdFpLegendreScheme(40, 20, 24, 80)))
    return float(one.NPV())


def by_differences(case: Case, steps: int, prices: int) -> float:
    """Its price by finite differences, the spot model for dividends."""
    one = option(case)
    dividends = ql.DividendVector([TODAY + days for days in case.ex_days], list(case.amounts))
    one.setPricingEngine(ql.FdBlackScholesVanillaEngine(process(case), dividends, steps, prices, 0))
    return float(one.NPV())


def with_cash(case: Case, steps: int = 800, prices: int = 1000) -> float:
    """Its price by finite differences, extrapolated to steps of no length."""
    return 2 * by_differences(case, 2 * steps, prices) - by_differences(case, steps, prices)


def yield_cases(seed: int, count: int) -> list[Case]:
    """Deep in and out of the money, a day to ten years, also negative rates and yields where one boundary exists."""
    pick = np.random.default_rng(seed)
    cases = []
    while len(cases) < count:
        case = Case(
            float(pick.choice([-1.0, 1.0])),
            round(float(np.exp(pick.choice([0.03, 0.15, 0.6]) * pick.normal())), 4),
            round(float(np.exp(pick.uniform(np.log(0.05), np.log(2.0)))), 4),
            float(pick.choice([-0.01, 0.0, 0.0005, 0.01, 0.04, 0.08])),
            float(pick.choice([0.0, 0.0, 0.005, 0.02, 0.04, 0.1, -0.02])),
            int(pick.choice([1, 2, 7, 30, 91, 182, 365, 730, 1095, 3650])),
        )
        own, other = (case.rate, case.paid) if case.sign < 0 else (case.paid, case.rate)
        if own >= 0 or other >= own:
            cases.append(case)
    return cases


def cash_cases(seed: int, count: int) -> list[Case]:
    """One to four dividends, of a hundredth to 3 % of the strike each."""
    pick = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        days = int(pick.choice([30, 91, 182, 365, 730]))
        number = int(pick.choice([1, 1, 2, min(MOST_DIVIDENDS, days // 30 + 1)]))
        ex_days = tuple(sorted({int(day) for day in pick.integers(1, days, number)}))
        amount = round(float(np.exp(pick.uniform(np.log(1e-4), np.log(0.03)))), 5)
        cases.append(
            Case(
                float(pick.choice([-1.0, 1.0])),
                round(float(np.exp(0.12 * pick.normal())), 4),
                round(float(np.exp(pick.uniform(np.log(0.12), np.log(0.9)))), 4),
                float(pick.choice([0.0, 0.01, 0.03, 0.05])),
                0.0,
                days,
                ex_days,
                (amount,) * len(ex_days),
                bool(pick.random() < 0.85),
            )
        )
    return cases


def main() -> None:
    """Write the fixture."""
    with ProcessPoolExecutor(2) as pool:
        yields = list(pool.map(with_yield, yield_cases(17, YIELD_POINTS), chunksize=200))
        cash = list(pool.map(with_cash, cash_cases(18, CASH_POINTS), chunksize=10))
    np.savez_compressed(FIXTURE, yields=np.array(yields), cash=np.array(cash))


if __name__ == "__main__":
    main()
