"""Implied volatility and greeks of the option models against QuantLib, over a seeded random grid."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dbt.conftest import Dbt, Lake
from tests.dbt.options import GREEKS, NOON, SESSION, Option, load_bars, load_market, load_snapshot, random_options

EXACT = random_options(seed=11, underlyings=30, each=60)
# Quoted in cents, as a market would.
QUOTED = [
    Option("QUOTED", 187.35, kind, strike, days, 0.22 + (strike - 187.35) ** 2 / 50_000, 0.011)
    for kind in ("call", "put")
    for strike in range(120, 260, 5)
    for days in (2, 16, 44, 170, 534)
]
PRICES = {option: option.calculator().value() for option in EXACT} | {
    option: round(option.calculator().value(), 2) for option in QUOTED
}
# Below this share of the underlying, a price's own rounding is worth more than 1e-6 of volatility.
LEAST_VEGA = 1e-9
LISTING = "/v3/reference/options/contracts"
# The vendor's own spelling of the underlying, in a listing that was asked for by the other one.
SLASHED = {"ticker": "O:BRKB260821C00500000", "underlying_ticker": "BRK/B", "contract_type": "call"}
SLASHED |= {"expiration_date": "2026-08-21", "strike_price": 500, "shares_per_contract": 100}
VENDOR = {"implied_volatility": 0.25, "open_interest": 12, "greeks": {"delta": 0.5, "theta": -0.1}}


@pytest.fixture(scope="module")
def rows(lake: Lake, dbt: Dbt) -> dict[str, dict[str, Any]]:
    """The chain by contract."""
    load_market(lake, PRICES)
    load_snapshot(lake, [{"ticker": QUOTED[0].ticker, "underlying": "QUOTED"} | VENDOR])
    bar = {
        "t": int(datetime(2026, 7, 1, 4, tzinfo=UTC).timestamp() * 1000),
        "o": 490,
        "h": 490,
        "l": 490,
        "c": 490,
        "v": 1,
    }
    lake.load("stock_bars", f"/v2/aggs/ticker/BRK.B/range/1/day/{SESSION}/{SESSION}", [bar], at=NOON)
    load_bars(lake, {SLASHED["ticker"]: 12.5})
    lake.load("option_contracts", LISTING, [SLASHED], at=NOON, params={"underlying_ticker": "BRK.B"})
    dbt("run", "--select", "+fct_polygon__option_chain")
    with lake.connection.cursor() as cursor:
        cursor.execute("select * from marts.fct_polygon__option_chain")
        names = [column.name.lower() for column in cursor.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def test_a_slash_and_a_point_are_one_separator_of_an_underlying(rows: dict[str, dict[str, Any]]) -> None:
    row = rows[SLASHED["ticker"]]

    assert (row["underlying_ticker"], row["underlying_close_usd"]) == ("BRK.B", 490)
    assert row["shares_per_contract"] == 100


def is_well_posed(option: Option, price: float) -> bool:
    """Whether a price tells a volatility to 1e-6 at all: by QuantLib's vega, and by what is left above the bound."""
    time_value = price - option.bounds()[0]
    return option.calculator().vega(option.years) / option.close > LEAST_VEGA and time_value > 2e-9 * option.scale


def test_volatility_of_every_well_posed_price_equals_quantlibs_to_1e_6(rows: dict[str, dict[str, Any]]) -> None:
    posed = [option for option in EXACT if is_well_posed(option, PRICES[option])]

    assert len(posed) > 1000
    for option in posed:
        found = rows[option.ticker]["implied_volatility_pct"]
        assert found == pytest.approx(100 * option.volatility, abs=1e-4), option


def test_volatility_of_quotes_in_cents_equals_what_quantlibs_solver_finds(rows: dict[str, dict[str, Any]]) -> None:
    compared = 0
    for option in QUOTED:
        price = PRICES[option]
        least, _ = option.bounds()
        if price <= 0 or price - least < 1e-6 * option.close:
            continue
        compared += 1
        found = rows[option.ticker]["implied_volatility_pct"]
        assert found == pytest.approx(100 * option.implied(price), abs=1e-4), option
    assert compared > 150


@pytest.mark.parametrize("greek", GREEKS)
def test_greek_equals_quantlibs_at_our_volatility(rows: dict[str, dict[str, Any]], greek: str) -> None:
    place = GREEKS.index(greek)
    for option in EXACT:
        row = rows.get(option.ticker)
        if row is None or row["implied_volatility_pct"] is None:
            assert row is None or row[greek] is None
            continue
        at_ours = Option(
            option.underlying,
            option.close,
            option.kind,
            option.strike,
            option.days,
            row["implied_volatility_pct"] / 100,
            option.dividend_yield,
        )
        assert row[greek] == pytest.approx(at_ours.greeks()[place], rel=1e-6, abs=1e-8), option


def test_without_a_volatility_the_price_is_out_of_bounds_or_its_time_value_lost(
    rows: dict[str, dict[str, Any]],
) -> None:
    reasons = {}
    for option, price in PRICES.items():
        row = rows.get(option.ticker)
        if row is None:
            assert price <= 0
            continue
        assert (row["implied_volatility_pct"] is None) == (row["implied_volatility_reason"] is not None)
        if reason := row["implied_volatility_reason"]:
            reasons[reason] = reasons.get(reason, 0) + 1
            least, most = option.bounds()
            exercised = max((option.close - option.strike) * (1 if option.kind == "call" else -1), 0)
            if reason == "below_intrinsic":
                assert price < exercised
            elif reason == "no_time_value":
                assert price >= exercised - 1e-8 * option.strike
            else:
                assert reason == "above_maximum"
                assert price > most * (1 - 2e-6)
            if reason != "above_maximum":
                assert price - least < 1.01e-9 * option.scale

    assert set(reasons) >= {"no_time_value", "below_intrinsic"}


def test_yield_is_that_of_the_dividend_and_the_rate_is_documented(rows: dict[str, dict[str, Any]]) -> None:
    for option in EXACT:
        if option.ticker in rows:
            row = rows[option.ticker]
            assert row["dividend_yield_pct"] == pytest.approx(100 * option.dividend_yield, abs=1e-9)
            assert row["risk_free_rate_pct"] == 4


def test_vendors_numbers_stand_beside_ours_with_their_difference(rows: dict[str, dict[str, Any]]) -> None:
    row = rows[QUOTED[0].ticker]

    assert (row["vendor_implied_volatility_pct"], row["open_interest_contracts"], row["vendor_delta"]) == (25, 12, 0.5)
    assert row["implied_volatility_difference_pct"] == pytest.approx(row["implied_volatility_pct"] - 25)
    assert row["delta_difference"] == pytest.approx(row["delta"] - 0.5)
    assert row["theta_difference_usd_per_day"] == pytest.approx(row["theta_usd_per_day"] + 0.1)
    assert row["vega_difference_usd_per_point"] is None


def test_sessions_to_expiration_are_the_exchanges(rows: dict[str, dict[str, Any]]) -> None:
    import exchange_calendars

    days = max(option.days for option in PRICES)
    calendar = exchange_calendars.get_calendar("XNYS", start="2026-01-01", end=str(SESSION + timedelta(days=days + 10)))
    for option in PRICES:
        if option.ticker in rows:
            ahead = calendar.sessions_in_range(
                str(SESSION + timedelta(days=1)), str(SESSION + timedelta(days=option.days))
            )
            assert rows[option.ticker]["sessions_to_expiration"] == len(ahead)
            assert rows[option.ticker]["days_to_expiration"] == option.days


def test_grid_holds_the_corners() -> None:
    distances = [math.log(option.close / option.strike) for option in EXACT]

    assert min(distances) < -1.2
    assert max(distances) > 1.2
    assert {1, 1095} <= {option.days for option in EXACT}
    assert min(option.volatility for option in EXACT) < 0.025
    assert max(option.volatility for option in EXACT) > 3.8
