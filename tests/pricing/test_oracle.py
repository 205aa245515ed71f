"""Prices, volatilities and greeks against QuantLib: more than 20,000 prices that were computed before, and some now."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.american import american, may_exercise
from pricing.dividends import EXACT, MIDDLE, Accuracy, Market, with_dividends
from pricing.options import option_numbers
from pricing.rules import Array
from pricing.schedule import Posed
from tests.pricing.quantlib import (
    CASH_POINTS,
    FIXTURE,
    YIELD_POINTS,
    Case,
    cash_cases,
    with_cash,
    with_yield,
    yield_cases,
)

pytestmark = pytest.mark.slow

YIELDS = yield_cases(17, YIELD_POINTS)
CASH = cash_cases(18, CASH_POINTS)
STRIKE = 80.0


@pytest.fixture(scope="module")
def prices() -> dict[str, Array]:
    """QuantLib's, by tests/pricing/quantlib.py."""
    with np.load(FIXTURE) as file:
        return {name: file[name] for name in file.files}


def columns(cases: list[Case]) -> tuple[Array, ...]:
    """sign, spot, sigma, rate, yield, years."""
    parts = [np.array([case[place] for case in cases], dtype=float) for place in range(5)]
    return (*parts, np.array([case.days for case in cases]) / 365)


def numbers(cases: list[Case], prices: Array) -> dict[str, np.ndarray]:
    """What the one door gives, strikes of 80 USD."""
    sign, spot, _, rate, paid, years = columns(cases)
    return option_numbers(
        ["american" if case.is_american else "european" for case in cases],
        ["call" if one > 0 else "put" for one in sign],
        spot * STRIKE,
        np.full(len(cases), STRIKE),
        years,
        rate,
        paid,
        [[days / 365 for days in case.ex_days] for case in cases],
        [[amount * STRIKE for amount in case.amounts] for case in cases],
        prices * STRIKE,
    )


def test_there_are_more_than_20_000_prices(prices: dict[str, Array]) -> None:
    assert len(prices["yields"]) + len(prices["cash"]) > 20_000
    assert len(prices["yields"]) == len(YIELDS)


def test_price_with_a_yield_equals_quantlibs(prices: dict[str, Array]) -> None:
    found = american(*columns(YIELDS))

    # QuantLib's Gauss–Legendre scheme is off by more than its 2e-7 where ten years are long beside σ²/r²; there, its
    # scheme of high precision, which takes hours for all of them, agrees with ours.
    off = np.abs(found.price - prices["yields"])
    assert off.max() < 1e-5
    assert np.quantile(off, 0.999) < 2e-6
    assert np.quantile(off, 0.99) < 4e-7


def test_volatility_with_a_yield_equals_what_quantlibs_price_was_made_of(prices: dict[str, Array]) -> None:
    sign, spot, sigma, rate, paid, years = columns(YIELDS)
    value = american(sign, spot, sigma, rate, paid, years)
    found = numbers(YIELDS, prices["yields"])

    # Where a price that is off by QuantLib's own error does not move the volatility by more than 1e-6.
    is_well_posed = value.vega > 0.3
    assert is_well_posed.sum() > 3000
    assert set(found["reason"][is_well_posed]) == {None}
    off = np.abs(found["implied_volatility"] - sigma)
    assert np.quantile(off[is_well_posed], 0.99) < 1e-6
    # By no more than what QuantLib's price is off moves it.
    assert (off - 1.1 * np.abs(value.price - prices["yields"]) / value.vega)[is_well_posed].max() < 1e-8


def test_volatility_of_our_own_price_is_found_again_to_1e_8_wherever_vega_allows() -> None:
    sign, spot, sigma, rate, paid, years = columns(YIELDS)
    value = american(sign, spot, sigma, rate, paid, years)
    found = numbers(YIELDS, value.price)
    again = american(sign, spot, np.nan_to_num(found["implied_volatility"], nan=0.3), rate, paid, years)

    is_found = found["reason"] == None  # noqa: E711
    is_well_posed = (value.vega > 1e-4) & (value.price > np.maximum(sign * (spot - 1), 0) + 1e-7)
    assert is_well_posed.sum() > 12_000
    assert is_found[is_well_posed].all()
    assert np.abs(found["implied_volatility"] - sigma)[is_well_posed].max() < 1e-6
    assert (np.abs(again.price / value.price - 1))[is_well_posed].max() < 1e-8
    assert set(found["reason"][~is_found]) <= {"no_time_value", "early_exercise", "above_maximum", "below_intrinsic"}


def priced(cases: list[Case]) -> Array:
    """Ours with cash dividends, one at a time grouped by sign, style, rate's sign and number."""
    found = np.full(len(cases), np.nan)
    keys = [(case.sign, case.is_american, case.rate > 0, len(case.ex_days)) for case in cases]
    for key in sorted(set(keys)):
        rows = [place for place, one in enumerate(keys) if one == key]
        sign, spot, sigma, rate, paid, years = columns([cases[row] for row in rows])
        times = np.array([cases[row].ex_days for row in rows]).T / 365
        amounts = np.array([cases[row].amounts for row in rows]).T
        market = Market(sign, sigma, rate, paid, key[1])
        for first in range(0, len(rows), 128):
            part = slice(first, first + 128)
            chosen = Market(*(one[part] for one in market[:4]), key[1])
            point, _ = with_dividends(chosen, spot[part], years[part], times[:, part], amounts[:, part])
            found[rows[part]] = point.price
    return found


def test_price_with_cash_dividends_equals_quantlibs_finite_differences(prices: dict[str, Array]) -> None:
    # The differences' own error reaches 1e-5 for the most volatile shares: ours has converged to 1e-9 for calls.
    off = np.abs(priced(CASH) - prices["cash"])
    # A share that several dividends may eat up: docs/adr/0012.
    is_eaten = np.array([not one.is_american and one.sign < 0 and one.sigma > 0.6 for one in CASH])
    assert np.quantile(off, 0.5) < 1e-6
    assert np.quantile(off, 0.95) < 5e-6
    assert off[~is_eaten].max() < 1e-5
    is_early_put = np.array([one.is_american and one.sign < 0 and one.rate > 0 for one in CASH])
    assert np.quantile(off[is_early_put], 0.5) < 3e-7
    assert off[is_early_put].max() < 4e-6


def test_put_over_a_dividend_has_converged_to_1e_6_in_volatility_where_vega_allows() -> None:
    pick, size = np.random.default_rng(11), 256
    days = pick.choice([30, 91, 182, 365, 730], size)
    ex_days = np.clip(np.round(pick.uniform(0, 1, size) * days), 1, days - 1)
    spot, sigma = np.exp(0.12 * pick.normal(size=size)), np.exp(pick.uniform(np.log(0.12), np.log(0.9), size))
    rate, amount = pick.choice([0.005, 0.01, 0.03, 0.05], size), np.exp(pick.uniform(np.log(1e-4), np.log(0.03), size))

    def price(sigma: Array, accuracy: Accuracy) -> Array:
        market = Market(np.full(size, -1.0), sigma, rate, 0 * rate, True)
        return with_dividends(market, spot, days / 365, ex_days[None] / 365, amount[None], accuracy)[0].price

    off = np.abs(price(sigma, EXACT) - price(sigma, Accuracy((16, 32, 56), (72, 36, 64), 26, 24)))
    vega = (price(sigma + 1e-3, MIDDLE) - price(sigma - 1e-3, MIDDLE)) / 2e-3
    assert off.max() < 1e-7
    assert (off / vega)[vega > 0.05].max() < 1e-6
    assert (vega > 0.05).sum() > 200


def test_more_dividends_and_a_zero_rate_agree_with_finite_differences_now() -> None:
    cases = [
        Case(-1.0, 0.95, 0.3, 0.04, 0.0, 365, (50, 140), (0.01, 0.01)),
        Case(1.0, 1.1, 0.25, 0.05, 0.0, 365, (50, 140, 230), (0.01, 0.01, 0.01)),
        Case(-1.0, 0.9, 0.3, 0.0, 0.0, 182, (90,), (0.01,)),
        # Ex on the eve of expiration; and a dividend that a volatile share may not be worth when it is paid.
        Case(-1.0, 1.0, 0.3, 0.03, 0.0, 182, (181,), (0.01,)),
        Case(-1.0, 1.018, 0.69, 0.08, 0.0, 365, (349,), (0.0293,)),
    ]

    off = priced(cases) - np.array([with_cash(one, 500, 2000) for one in cases])

    assert np.abs(off).max() < 2e-6


def test_a_sample_with_yields_agrees_with_quantlib_now() -> None:
    cases = yield_cases(23, 40)

    found = american(*columns(cases)).price

    assert np.abs(found - np.array([with_yield(case) for case in cases])).max() < 3e-7


def test_greeks_are_the_differences_of_prices() -> None:
    cases = [case for case in yield_cases(29, 400) if case.days > 20]
    at = list(columns(cases))
    value = american(*at)
    is_held = (value.gamma > 0) & may_exercise(at[0], at[3], at[4])
    near = is_held & (np.abs(american(*at).delta) < 0.97)

    def moved(place: int, step: Array) -> Array:
        up, down = list(at), list(at)
        up[place], down[place] = at[place] + step, at[place] - step
        return (american(*up).price - american(*down).price) / (2 * step)

    assert near.sum() > 100
    for place, step, greek in (
        (1, 1e-4 * at[1], value.delta),
        (2, 1e-4 + 0 * at[1], value.vega),
        (5, 1e-4 * at[5], -value.theta),
    ):
        assert (np.abs(moved(place, step) - greek) / (1 + np.abs(greek)))[near].max() < 2e-5
    with_rate = near & (at[3] >= 0.0005)
    assert (np.abs(moved(3, np.full(len(cases), 1e-5)) - value.rho) / (1 + np.abs(value.rho)))[with_rate].max() < 2e-5


def test_units_are_those_of_the_models() -> None:
    """Theta a calendar day, vega and rho a point, in USD a share."""
    case = [Case(-1.0, 0.95, 0.3, 0.04, 0.0, 182)]
    value = american(*columns(case))

    found = numbers(case, value.price)

    assert found["theta_usd_per_day"] == pytest.approx(value.theta * STRIKE / 365, rel=1e-6)
    assert found["vega_usd_per_point"] == pytest.approx(value.vega * STRIKE / 100, rel=1e-6)
    assert found["rho_usd_per_point"] == pytest.approx(value.rho * STRIKE / 100, rel=1e-6)
    assert found["gamma"] == pytest.approx(value.gamma / STRIKE, rel=1e-6)
    assert found["early_exercise_premium_usd"][0] > 0


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_greeks_with_a_dividend_are_the_differences_of_prices(sign: float) -> None:
    spot, at = np.array([0.95, 1.05]), np.array([0.3, 0.3])
    rate, years = np.array([0.04, 0.04]), np.array([0.5, 0.5])
    times, amounts = np.array([[0.2, 0.2]]), np.array([[0.01, 0.01]])
    posed = Posed(np.full(2, sign), spot, rate, 0 * rate, years, times, amounts, True)
    found = option_numbers(
        ["american"] * 2, ["call" if sign > 0 else "put"] * 2, spot, np.ones(2), years, rate, 0 * rate,
        times.T, amounts.T, posed.point(at, EXACT)[0],
    )  # fmt: skip

    def price(**changed: Array) -> Array:
        market = Market(np.full(2, sign), changed.get("sigma", at), changed.get("rate", rate), 0 * rate, True)
        return with_dividends(market, changed.get("spot", spot), years, times, amounts)[0].price

    step = 1e-3
    vega = (price(sigma=at + step) - price(sigma=at - step)) / (2 * step)
    rho = (price(rate=rate + step) - price(rate=rate - step)) / (2 * step)
    delta = (price(spot=spot + step) - price(spot=spot - step)) / (2 * step)
    assert found["vega_usd_per_point"] == pytest.approx(vega / 100, rel=1e-4)
    assert found["rho_usd_per_point"] == pytest.approx(rho / 100, rel=1e-3)
    assert found["delta"] == pytest.approx(delta, rel=1e-4)
