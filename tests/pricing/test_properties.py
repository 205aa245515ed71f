"""Bounds and monotonicity that hold whatever the market, and the reasons where a price has no volatility."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.american import american
from pricing.european import european
from pricing.options import NUMBERS, option_numbers

markets = st.tuples(
    st.sampled_from([-1.0, 1.0]),
    st.floats(0.5, 2.0),
    st.floats(0.05, 1.5),
    st.floats(0.0, 0.1),
    st.floats(0.0, 0.1),
    st.floats(1 / 365, 5.0),
)


def arrays(market: tuple[float, ...]) -> list[np.ndarray]:
    return [np.array([part]) for part in market]


@settings(max_examples=60, deadline=None)
@given(markets)
def test_american_is_worth_what_european_is_and_what_exercising_pays_at_least(market: tuple[float, ...]) -> None:
    sign, spot, *_ = market
    price = american(*arrays(market)).price[0]

    assert price >= european(*arrays(market)).price[0] - 1e-8
    assert price >= max(sign * (spot - 1), 0) - 1e-7
    assert price <= (spot if sign > 0 else 1)


@settings(max_examples=40, deadline=None)
@given(markets, st.floats(1.02, 2.0))
def test_more_volatility_and_more_time_are_worth_more(market: tuple[float, ...], factor: float) -> None:
    sign, spot, sigma, rate, paid, years = market
    price = american(*arrays(market)).price[0]

    assert american(*arrays((sign, spot, sigma * factor, rate, paid, years))).price[0] >= price - 1e-7
    assert american(*arrays((sign, spot, sigma, rate, paid, years * factor))).price[0] >= price - 1e-7


@settings(max_examples=60, deadline=None)
@given(markets)
def test_a_price_gives_its_volatility_again_or_a_reason(market: tuple[float, ...]) -> None:
    sign, spot, sigma, rate, paid, years = market
    value = american(*arrays(market))
    found = one(style="american", kind="call" if sign > 0 else "put", spot=100 * spot, strike=100, years=years,
                rate=rate, paid=paid, price=100 * value.price[0])  # fmt: skip

    if value.vega[0] > 1e-3 and value.price[0] > max(sign * (spot - 1), 0) + 1e-6:
        assert found["reason"] is None
        assert found["implied_volatility"] == pytest.approx(sigma, abs=1e-6)
    assert (found["reason"] is None) == (not math.isnan(found["implied_volatility"]))


def one(**changed: Any) -> dict[str, Any]:
    """A put of 105 on a share of 100 over half a year, or what is changed of it."""
    terms = {
        "style": "american",
        "kind": "put",
        "spot": 100.0,
        "strike": 105.0,
        "years": 0.5,
        "rate": 0.04,
        "paid": 0.0,
        "times": [],
        "amounts": [],
        "price": 9.0,
    } | changed
    found = option_numbers(*([value] for value in terms.values()))
    return {name: found[name][0] for name in (*NUMBERS, "reason")}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"price": math.nan}, "no_price", id="no price"),
        pytest.param({"style": "bermudan"}, "no_terms", id="another style"),
        pytest.param({"kind": None}, "no_terms", id="neither call nor put"),
        pytest.param({"strike": 0.0}, "no_strike", id="no strike"),
        pytest.param({"spot": math.nan}, "no_spot", id="no spot"),
        pytest.param({"rate": math.nan}, "no_rate", id="no rate"),
        pytest.param({"years": -0.1}, "expired", id="expired"),
        pytest.param({"years": 0.0}, "expires_today", id="expires today"),
        pytest.param({"price": 4.0}, "below_intrinsic", id="below what exercising pays"),
        pytest.param({"price": 5.0}, "early_exercise", id="what exercising pays"),
        pytest.param({"price": 105.0}, "above_maximum", id="more than the strike"),
        pytest.param({"spot": 200.0, "price": 0.0}, "no_time_value", id="worth nothing"),
        pytest.param({"rate": -0.02, "paid": -0.04}, "not_covered", id="two boundaries"),
        pytest.param({"paid": 0.02, "times": [0.2], "amounts": [1.0]}, "not_covered", id="a yield and a dividend"),
        pytest.param({"times": [0.2], "amounts": [1.0], "price": 5.0}, "no_time_value", id="waits for the dividend"),
        pytest.param({}, None, id="none"),
    ],
)
def test_reason(changed: dict[str, Any], reason: str | None) -> None:
    found = one(**changed)

    assert found["reason"] == reason
    assert math.isnan(found["implied_volatility"]) == (reason is not None)
    assert all(math.isnan(found[name]) == (reason is not None) for name in NUMBERS)


def test_a_put_with_a_negative_rate_and_no_yield_is_european() -> None:
    assert one(rate=-0.02) == one(rate=-0.02, style="european")


def test_a_call_without_a_dividend_is_european() -> None:
    assert one(kind="call", price=5.0) == one(kind="call", price=5.0, style="european")


def test_dividends_before_now_and_after_expiration_do_not_count() -> None:
    assert one(times=[-0.1, 0.0, 0.5, 0.7], amounts=[9.0, 9.0, 9.0, 9.0]) == one()


def test_two_dividends_of_one_day_are_their_sum() -> None:
    assert one(times=[0.2, 0.2], amounts=[0.4, 0.6]) == one(times=[0.2], amounts=[1.0])


def test_a_dividend_makes_a_put_dearer_and_a_call_cheaper() -> None:
    """So that the same price is less volatility for a put, more for a call."""
    with_one = {"times": [0.2], "amounts": [1.0]}

    assert one(**with_one)["implied_volatility"] < one()["implied_volatility"]
    call = {"kind": "call", "price": 5.0}
    assert one(**call, **with_one)["implied_volatility"] > one(**call)["implied_volatility"]


def test_rows_do_not_depend_on_what_stands_beside_them() -> None:
    alone = one()
    beside = option_numbers(
        ["american", "european", "american"], ["put", "put", "call"], [100.0, 90.0, 100.0], [105.0, 95.0, 90.0],
        [0.5, 1.0, 2.0], [0.04, 0.03, 0.05], [0.0, 0.01, 0.07], [[], [], []], [[], [], []], [9.0, 12.0, 15.0],
    )  # fmt: skip

    for name in NUMBERS:
        assert beside[name][0] == pytest.approx(alone[name], rel=1e-9)
