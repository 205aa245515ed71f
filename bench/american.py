"""Volatility and greeks of American options, beside QuantLib's time for one price: `python -m bench.american`.

Processor time of one core, since cores may be shared: contracts of a market on random terms (a week to two years,
volatilities of 12 to 80 %), 20,000 without and some hundred with cash dividends. QuantLib prices the same contracts at
the same volatility, once each; a volatility takes it several prices, and greeks some more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import QuantLib as ql

from bench import record
from pricing.american import american
from pricing.dividends import EXACT
from pricing.options import option_numbers
from pricing.rules import Array
from pricing.schedule import SCHEDULE_CHUNK, Posed
from tests.pricing.quantlib import Case, by_differences, option, process

GOAL_US = 2 * 30e6 / 265_000
SAMPLE = 40


def main() -> None:
    """Measure and keep the figures."""
    rows = []
    for who, sign, paid, count, contracts in (
        ("European formula: calls without a dividend", 1.0, 0.0, 0, 20_000),
        ("puts without a dividend", -1.0, 0.0, 0, 20_000),
        ("puts, a yield of 2 %", -1.0, 0.02, 0, 5_000),
        ("calls, a yield of 2 %", 1.0, 0.02, 0, 5_000),
        ("calls, 1 dividend", 1.0, 0.0, 1, 1_024),
        ("calls, 2 dividends", 1.0, 0.0, 2, 512),
        ("puts, 1 dividend", -1.0, 0.0, 1, 512),
        ("puts, 2 dividends", -1.0, 0.0, 2, 256),
    ):
        rows.append(_row(who, *_market(sign, paid, count, contracts)))
        print(rows[-1], flush=True)
    plain = [row["CPU, µs a contract"] for row in rows[1:4]]
    verdict = (
        f"Without cash dividends a volatility and its greeks take {min(plain):.0f} to {max(plain):.0f} µs of one core, "
        f"less than one price of QuantLib's scheme of high precision. The goal, 265,000 contracts in 30 s on two "
        f"cores, is {GOAL_US:.0f} µs a contract: it is met by calls and puts without dividends in equal parts, and "
        f"missed by puts with dividends, which take {rows[6]['CPU, µs a contract'] / 1000:.0f} ms and more."
    )
    question = "Implied volatility and greeks of American options, against one price of QuantLib's"
    record.save("american", question, rows, verdict, ["numpy", "scipy", "QuantLib"])


def _market(sign: float, paid: float, count: int, contracts: int) -> tuple[Posed, Array]:
    pick = np.random.default_rng(7)
    years = pick.choice([7, 30, 91, 182, 365, 730], contracts) / 365
    times = (np.arange(count)[:, None] + pick.uniform(0.1, 0.9, contracts)) / max(count, 1) * years
    amounts = np.tile(np.exp(pick.uniform(np.log(1e-3), np.log(0.015), contracts)), (count, 1))
    posed = Posed(
        np.full(contracts, sign),
        np.exp(0.1 * pick.normal(size=contracts)),
        pick.choice([0.03, 0.04, 0.05], contracts),
        np.full(contracts, paid),
        years,
        times,
        amounts,
        True,
    )
    return posed, np.exp(pick.uniform(np.log(0.12), np.log(0.8), contracts))


def _row(who: str, posed: Posed, sigma: Array) -> dict[str, Any]:
    contracts, count = len(sigma), len(posed.times)
    if count:
        parts = [slice(first, first + SCHEDULE_CHUNK) for first in range(0, contracts, SCHEDULE_CHUNK)]
        price = np.concatenate([posed.take(part).point(sigma[part], EXACT)[0] for part in parts])
    else:
        price = american(posed.sign, posed.spot, sigma, posed.rate, posed.paid, posed.years).price
    found: dict[str, Any] = {}

    def ours() -> None:
        found.update(
            option_numbers(
                ["american"] * contracts,
                ["call" if posed.sign[0] > 0 else "put"] * contracts,
                posed.spot,
                np.ones(contracts),
                posed.years,
                posed.rate,
                posed.paid,
                list(posed.times.T),
                list(posed.amounts.T),
                price,
            )
        )

    seconds = _processor_time(ours)
    off = np.abs(found["implied_volatility"] - sigma)
    posed_well = np.isfinite(off) & (found["vega_usd_per_point"] > 1e-6)
    cases = [
        Case(posed.sign[0], posed.spot[row], sigma[row], posed.rate[row], posed.paid[row],
             round(posed.years[row] * 365), tuple(round(day * 365) for day in posed.times[:, row]),
             tuple(posed.amounts[:, row]))
        for row in range(SAMPLE)
    ]  # fmt: skip
    theirs = _processor_time(lambda: [_quantlib(case) for case in cases]) / SAMPLE
    return {
        "what": who,
        "contracts": contracts,
        "CPU, µs a contract": round(seconds / contracts * 1e6, 1),
        "99 % of volatilities again to": float(f"{np.quantile(off[posed_well], 0.99):.0e}"),
        "QuantLib, one price, CPU µs": round(theirs * 1e6, 1),
    }


def _quantlib(case: Case) -> None:
    if case.ex_days:
        by_differences(case, 1000, 1000)
        return
    one = option(case)
    one.setPricingEngine(ql.QdFpAmericanEngine(process(case), ql.QdFpAmericanEngine.highPrecisionScheme()))
    one.NPV()


def _processor_time(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
