"""Positions against numbers worked out by hand, and against Black and Scholes's formula of the seeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dash import no_update

from dashboard.data.door import Door
from dashboard.pages.options import position, position_view
from dashboard.pages.options.find import Chain
from dashboard.pages.options.legs import LegsError, parse
from dashboard.pages.options.position import Held
from tests.dashboard import seed_options

YEARS, SIGMA, SPOT = 0.25, 0.3, 100.0


def chain(**columns: Any) -> Chain:
    """Calls and puts of 80, 90 … 120, priced at 30 % and 4 %, European, 100 shares each."""
    rows = pd.DataFrame(
        [
            {
                "contract_type": kind, "strike_usd": float(strike), "is_at_the_money": strike == 100,
                "close_usd": seed_options.black_scholes(kind, SPOT, strike, YEARS, SIGMA)["price"],
            }
            for kind in ("call", "put")
            for strike in range(80, 121, 10)
        ]
    )  # fmt: skip
    plain = {
        "expiration_date": date(2027, 2, 19), "exercise_style": "european", "is_adjusted_contract": False,
        "shares_per_contract": 100, "underlying_close_usd": SPOT, "risk_free_rate_pct": 100 * seed_options.RATE,
        "years_to_expiration": YEARS, "dividends_ahead_usd": 0.0, "implied_volatility_pct": 100 * SIGMA,
    }  # fmt: skip
    return Chain("AAPL", date(2026, 11, 20), date(2027, 2, 19), rows.assign(**{**plain, **columns}))


def held(text: str, *prices: float) -> list[Held]:
    """Legs at these prices a share, 100 shares a contract."""
    return [
        Held(leg, leg.quantity * (1 if leg.kind == "share" else 100), price)
        for leg, price in zip(parse(text), prices, strict=True)
    ]


@pytest.mark.parametrize(
    ("legs", "at", "profits", "expected"),
    [
        (held("1c100,1p100", 4, 3), [80, 100, 120], [1300, -700, 1300], (None, -700.0, (93.0, 107.0))),
        (held("1c100,-1c110", 4, 1), [90, 105, 130], [-300, 200, 700], (700.0, -300.0, (103.0,))),
        (held("100s,-1c110", 100, 2), [0, 98, 200], [-9800, 0, 1200], (1200.0, -9800.0, (98.0,))),
        (
            held("1p80,-1p90,-1c110,1c120", 1, 3, 3, 1),
            [70, 100, 130],
            [-600, 400, -600],
            (400.0, -600.0, (86.0, 114.0)),
        ),
        (held("-1c100", 5), [100, 110], [500, -500], (500.0, None, (105.0,))),
        (held("-1p100", 5), [0, 100], [-9500, 500], (500.0, -9500.0, (95.0,))),
    ],
    ids=["straddle", "vertical", "covered call", "iron condor", "short call", "short put"],
)
def test_what_a_position_comes_to_at_expiration(
    legs: list[Held], at: list[float], profits: list[float], expected: tuple[Any, ...]
) -> None:
    assert position.profit_at_expiration(legs, np.array(at, dtype=float)) == pytest.approx(profits)
    found = position.extremes(legs)
    assert (found.profit, found.loss, found.break_evens) == expected


def test_today_a_position_is_what_the_formula_says_and_nothing_is_gained_at_the_spot() -> None:
    legs = position.hold(chain(), parse("2c110,-1p90,50s"))
    assert [one.sigma for one in legs[:2]] == pytest.approx([SIGMA, SIGMA])
    assert position.profit_today(legs, np.array([SPOT])) == pytest.approx([0], abs=1e-6)
    call, put = (seed_options.black_scholes(*terms, YEARS, SIGMA) for terms in (("call", 110, 110), ("put", 110, 90)))
    was = [float(one.price) for one in legs]
    expected = 200 * (call["price"] - was[0]) - 100 * (put["price"] - was[1]) + 50 * 10
    assert position.profit_today(legs, np.array([110.0])) == pytest.approx([expected])


def test_greeks_add_up() -> None:
    legs = position.hold(chain(), parse("2c110,-1p90,50s"))
    call, put = (
        seed_options.black_scholes(kind, SPOT, strike, YEARS, SIGMA) for kind, strike in (("call", 110), ("put", 90))
    )
    found = position.greeks(legs, SPOT)
    assert found["delta"] == pytest.approx(200 * call["delta"] - 100 * put["delta"] + 50)
    for name in ("gamma", "theta", "vega"):
        assert found[name] == pytest.approx(200 * call[name] - 100 * put[name])


def test_an_american_leg_is_worth_its_close_at_the_spot_and_dividends_ahead_change_its_volatility() -> None:
    american = chain(exercise_style="american")
    plain, paying = (
        position.hold(each, parse("1p110"))[0]
        for each in (american, chain(exercise_style="american", dividends_ahead_usd=1.0))
    )
    for leg in (plain, paying):
        assert leg.is_american
        assert position.profit_today([leg], np.array([SPOT])) == pytest.approx([0], abs=1e-4)
    assert plain.sigma < SIGMA  # the same price with the right to exercise early
    assert paying.sigma < plain.sigma  # the dividend makes the put dearer


def test_a_leg_that_was_not_traded_costs_what_the_volatility_at_the_money_says() -> None:
    silent = chain(close_usd=np.nan)
    (leg,) = position.hold(silent, parse("1c110"))
    assert not leg.is_own
    assert leg.price == pytest.approx(seed_options.black_scholes("call", SPOT, 110, YEARS, SIGMA)["price"])


@pytest.mark.parametrize(
    ("columns", "text", "says"),
    [
        ({}, "1c105", "A leg is a call of 105; none expires on 19 Feb 2027"),
        ({"years_to_expiration": 0.0}, "1c110", "The expiration is 19 Feb 2027, which is over"),
        ({"underlying_close_usd": None}, "1c110", "AAPL has no close in this session"),
        ({"close_usd": np.nan, "implied_volatility_pct": np.nan}, "1c110", "nothing at the money has a volatility"),
        ({"is_adjusted_contract": True}, "1c110", "none expires"),
    ],
)
def test_what_cannot_be_held_says_why(columns: dict[str, Any], text: str, says: str) -> None:
    with pytest.raises(LegsError) as caught:
        position.hold(chain(**columns), parse(text))
    assert says in str(caught.value)


def test_the_diagram_shows_every_strike_and_the_spot() -> None:
    legs = position.hold(chain(), parse("1c80,1c120"))
    prices = position.prices_of_underlying(legs, SPOT)
    assert {80.0, SPOT, 120.0} <= set(prices)
    assert list(prices) == sorted(prices)
    assert prices[0] < 80 < 120 < prices[-1]


def test_the_panel_shows_legs_bounds_and_both_lines(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    monkeypatch.setattr(position_view, "find_chain", lambda *_: replace(chain(), rows=dated()))
    shown = position_view.read_position(door, "AAPL", "", "", "1c100,1p100")
    assert shown.state == "ready"
    assert shown.figure is not None
    assert [trace["name"] for trace in shown.figure["data"]] == ["At expiration, USD", "Today, USD"]
    assert "unlimited" in str(shown.body)
    assert position_view.read_position(door, "AAPL", "", "", "").state == "empty"
    assert "none expires on" in str(position_view.read_position(door, "AAPL", "", "", "1c101").body)
    assert "expected one such as" in str(position_view.read_position(door, "AAPL", "", "", "<script>").body)


def dated() -> pd.DataFrame:
    """The chain's rows with what the line under a panel says."""
    return chain().rows.assign(data_origin="replayed", fetched_at=pd.Timestamp("2026-11-20 22:52"))


@pytest.mark.parametrize(
    ("text", "leg", "expected"),
    [
        ("", ("buy", "call", "230", 1), "1c230"),
        ("1c230", ("sell", "put", "97.5", 2), "1c230,-2p97.5"),
        ("", ("buy", "share", None, 100), "100s"),
    ],
)
def test_a_leg_is_added_to_the_address(text: str, leg: tuple[Any, ...], expected: str) -> None:
    assert position_view.added(text, *leg) == expected


@pytest.mark.parametrize(
    ("text", "leg"),
    [
        ("", ("buy", "call", None, 1)),
        ("", ("buy", "call", "230", 0)),
        ("", ("buy", "other", "230", 1)),
        ("nonsense", ("buy", "call", "230", 1)),
        ("1c1,1c1,1c1,1c1,1c1,1c1,1c1,1c1", ("buy", "call", "230", 1)),
    ],
)
def test_a_leg_that_is_not_whole_changes_nothing(text: str, leg: tuple[Any, ...]) -> None:
    assert position_view.added(text, *leg) is no_update
