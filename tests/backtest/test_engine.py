"""Fills, cash and costs against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtest.engine import Costs, simulate
from backtest.prices import Prices, from_bars
from backtest.strategies import ParameterError
from backtest.trades import trades

FREE = Costs(0, 0)
NAN = np.nan


def prices(opens: list[list[float]], closes: list[list[float]]) -> Prices:
    """Rows are sessions, columns tickers A, B, …"""
    sessions = pd.bdate_range("2026-01-05", periods=len(opens))
    names = tuple("ABCDE"[: len(opens[0])])
    return Prices(sessions, names, np.array(opens, dtype=float), np.array(closes, dtype=float))


ONE = prices([[10], [10], [20], [25]], [[10], [12], [24], [30]])


def near(value: Any) -> Any:
    """To a millionth of a dollar: the engine keeps back 1e-12 of a purchase so that cash never rounds below zero."""
    return pytest.approx(value, rel=1e-9, abs=1e-6)


def wanted(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int8)


def test_signal_at_a_close_fills_at_the_next_open() -> None:
    run = simulate(ONE, wanted([1], [1], [0], [0]), FREE, 1000)
    assert run.equity().tolist() == near([1000, 1200, 2400, 2500])
    assert run.cash_usd[:, 0].tolist() == near([1000, 0, 0, 2500])
    assert run.bought[:, 0, 0].tolist() == near([0, 100, 0, -100])


def test_signal_at_the_last_close_is_never_filled() -> None:
    assert simulate(ONE, wanted([0], [0], [0], [1]), FREE, 1000).equity().tolist() == [1000] * 4


def test_commission_is_paid_out_of_the_money_that_is_there() -> None:
    run = simulate(ONE, wanted([1], [1], [0], [0]), Costs(100, 0), 1000)
    shares = 1000 / 1.01 / 10
    assert run.bought[1, 0, 0] == near(shares)
    assert run.equity().tolist() == near([1000, shares * 12, shares * 24, shares * 25 * 0.99])
    assert run.costs_usd[:, 0].tolist() == near([0, 1000 - 1000 / 1.01, 0, shares * 25 * 0.01])


def test_slippage_makes_a_purchase_dearer_and_a_sale_cheaper_and_commission_comes_on_top() -> None:
    run = simulate(ONE, wanted([1], [1], [0], [0]), Costs(100, 200), 1000)
    shares = 1000 / (10 * 1.02 * 1.01)
    assert run.equity().iloc[-1] == near(shares * 25 * 0.98 * 0.99)


def test_short_earns_what_the_price_falls_and_its_proceeds_stay_as_cash() -> None:
    down = prices([[10], [10], [8], [5]], [[10], [9], [7], [4]])
    run = simulate(down, wanted([-1], [-1], [0], [0]), FREE, 1000)
    assert run.equity().tolist() == near([1000, 1100, 1300, 1500])
    assert run.cash_usd[1, 0] == near(2000)


def test_turn_from_long_to_short_is_one_fill_and_two_trades() -> None:
    run = simulate(ONE, wanted([1], [-1], [-1], [-1]), FREE, 1000)
    # 100 shares bought at 10, all sold at 20 (2000); short 100 at 20, last close 30.
    assert run.bought[:, 0, 0].tolist() == near([0, 100, -200, 0])
    assert run.equity().tolist() == near([1000, 1200, 2000 - 400, 2000 - 1000])
    both = trades(run)
    assert both["side"].tolist() == ["long", "short"]
    assert both["profit_usd"].tolist() == near([1000, -1000])
    assert both["return_pct"].tolist() == near([100, -50])
    assert both["is_open"].tolist() == [False, True]


def test_short_that_triples_ends_the_portfolio_at_zero_and_never_below() -> None:
    up = prices([[10], [10], [31], [5]], [[10], [12], [33], [4]])
    run = simulate(up, wanted([-1], [-1], [-1], [-1]), FREE, 1000)
    assert run.equity().tolist() == near([1000, 800, 0, 0])
    assert run.shares[2:].tolist() == [[[0.0]], [[0.0]]]


def test_basket_gives_each_ticker_an_equal_slot_and_is_made_equal_only_on_a_signal() -> None:
    two = prices([[10, 10], [10, 10], [20, 10], [20, 10], [20, 10]], [[10, 10], [20, 10], [20, 10], [20, 10], [20, 10]])
    run = simulate(two, wanted([1, 0], [1, 0], [1, 1], [1, 1], [1, 1]), FREE, 1000)
    # 500 into A at 10; A doubles: 1000 + 500 cash; then both slots are 750.
    assert run.equity().tolist() == near([1000, 1500, 1500, 1500, 1500])
    assert run.shares[:, 0, :].tolist() == near(np.array([[0, 0], [50, 0], [50, 0], [37.5, 75], [37.5, 75]]))
    assert run.cash_usd[:, 0].tolist() == near([1000, 500, 500, 0, 0])


def test_ticker_without_a_bar_is_traded_at_its_next_one_and_keeps_its_last_close_until_then() -> None:
    gap = prices([[10], [10], [NAN], [25]], [[10], [12], [NAN], [30]])
    run = simulate(gap, wanted([1], [0], [0], [0]), FREE, 1000)
    assert run.equity().tolist() == near([1000, 1200, 1200, 2500])


def test_position_in_a_security_that_ended_ends_with_its_last_close_and_its_money_is_there_for_others() -> None:
    two = prices(
        [[10, 10], [10, 10], [12, 10], [NAN, 10], [NAN, 10]], [[10, 10], [11, 10], [8, 10], [NAN, 10], [NAN, 20]]
    )
    gone = replace(two, ended=frozenset({"A"}))
    run = simulate(gone, wanted([1, 0], [1, 0], [1, 0], [1, 1], [1, 1]), FREE, 1000)
    assert run.equity().tolist() == near([1000, 1050, 900, 900, 900 + 450])
    assert run.shares[:, 0, 0].tolist() == near([0, 50, 50, 0, 0])
    first = trades(run).iloc[0]
    assert (first["exit_session"], first["exit_usd"], first["profit_usd"]) == (two.sessions[2], 8, near(-100))
    alone = simulate(gone, wanted([1, 0], [1, 0], [1, 0], [1, 1], [1, 1]), Costs(100, 0), 1000, alone=True)
    assert alone.cash_usd[-1, 0] == near(1000 / 1.01 / 10 * 8 * 0.99)


def test_security_that_is_only_silent_keeps_its_position() -> None:
    silent = prices([[10], [10], [NAN]], [[10], [11], [NAN]])
    assert simulate(silent, wanted([1], [1], [1]), FREE, 1000).shares[-1, 0, 0] == near(100)


def test_position_that_outgrew_its_slot_and_cannot_be_sold_leaves_the_others_what_is_left() -> None:
    two = prices([[10, 10], [10, 10], [40, NAN], [40, 10]], [[10, 10], [40, 10], [40, NAN], [40, 10]])
    run = simulate(two, wanted([1, 0], [1, 1], [1, 1], [1, 1]), Costs(10, 10), 1000)
    assert run.cash_usd.min() >= 0
    assert run.bought[2, 0, 1] == 0
    assert run.bought[3, 0, 1] > 0


def test_tickers_alone_have_the_whole_capital_each() -> None:
    two = prices([[10, 10], [10, 10], [20, 5]], [[10, 10], [20, 5], [20, 5]])
    run = simulate(two, wanted([1, 1], [1, 1], [1, 1]), FREE, 1000, alone=True)
    assert run.equity_usd[-1].tolist() == near([2000, 500])
    assert trades(run, 1)["ticker"].tolist() == ["B"]


def test_trade_counts_costs_and_names_its_fills() -> None:
    only = trades(simulate(ONE, wanted([1], [1], [0], [0]), Costs(100, 0), 1000)).iloc[0]
    assert (only["entry_usd"], only["exit_usd"], only["sessions"]) == (10, 25, 2)
    assert only["profit_usd"] == near(1000 / 1.01 * 2.5 * 0.99 - 1000)


def test_split_changes_nothing_in_adjusted_prices() -> None:
    days = pd.bdate_range("2026-01-05", periods=3).date
    bars = pd.DataFrame(
        {
            "session_date": days, "open_usd": [40.0, 44, 12], "close_usd": [44.0, 44, 13],
            "adjusted_open_usd": [10.0, 11, 12], "adjusted_close_usd": [11.0, 11, 13],
            "total_return_close_usd": [11.0, 11, 13],
        }
    )  # fmt: skip
    run = simulate(from_bars({"A": bars}), wanted([1], [1], [1]), FREE, 1100)
    assert run.equity().tolist() == near([1100, 1100, 1300])


def test_dividends_are_reinvested_when_asked_for() -> None:
    days = pd.bdate_range("2026-01-05", periods=3).date
    bars = pd.DataFrame(
        {
            "session_date": days, "adjusted_open_usd": [10.0, 10, 9], "adjusted_close_usd": [10.0, 10, 9],
            "total_return_close_usd": [9.0, 9, 9],  # a dollar goes ex on the third session
        }
    )  # fmt: skip
    for is_total, last in ((False, 900), (True, 1000)):
        run = simulate(from_bars({"A": bars}, is_total_return=is_total), wanted([1], [1], [1]), FREE, 1000)
        assert run.equity().iloc[-1] == near(last)


@pytest.mark.parametrize(("name", "value"), [("commission_bps", -1), ("commission_bps", NAN), ("slippage_bps", 501)])
def test_cost_out_of_bounds_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ParameterError, match=f"^{name} must be from 0 to"):
        Costs(**{name: value})


@pytest.mark.parametrize("capital", [0, -5, NAN, np.inf])
def test_capital_must_be_money(capital: float) -> None:
    with pytest.raises(ValueError, match=r"the capital is .*; expected more than zero"):
        simulate(ONE, wanted([1], [1], [0], [0]), FREE, capital)


def test_targets_must_fit_the_prices() -> None:
    with pytest.raises(ValueError, match="don't fit 4 sessions x 1 tickers"):
        simulate(ONE, wanted([1], [1]), FREE)
