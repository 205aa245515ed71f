"""Sizes, exits, borrowing, rebalancing and ranges against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from backtest.engine import Costs, simulate
from backtest.prices import Prices
from backtest.rules import Exits, Sizing
from backtest.strategies import STRATEGIES, ParameterError, SmaCrossover, targets
from backtest.study import Setup, hold, run, sweep, walk_forward
from backtest.trades import trades
from tests.backtest.test_engine import FREE, near, prices, wanted
from tests.backtest.test_properties import market

LONG = wanted([1], [1], [1], [1], [1])


def flat(*closes: float) -> Prices:
    """Each session opens where it closes."""
    return prices([[each] for each in closes], [[each] for each in closes])


def test_defaults_change_nothing() -> None:
    seeded = market(3)
    for name in STRATEGIES:
        plain = simulate(seeded, targets(STRATEGIES[name](), seeded, is_long_only=False), Costs(5, 5))
        whole = run(seeded, STRATEGIES[name](), Setup(Costs(5, 5, 0), is_long_only=False, first=date(1990, 1, 1)))
        np.testing.assert_array_equal(plain.equity_usd, whole.equity_usd)


def test_fixed_fraction_invests_that_part_of_the_equity() -> None:
    sizes = Sizing("fraction", fraction_pct=25).sizes(flat(10, 10, 20, 20, 20))
    run = simulate(flat(10, 10, 20, 20, 20), LONG, FREE, 1000, sizes=sizes)
    assert run.shares[1, 0, 0] == near(25)
    assert run.equity().tolist() == near([1000, 1000, 1250, 1250, 1250])


def test_fractions_that_add_up_to_more_than_everything_are_scaled_down_to_it() -> None:
    two = prices([[10, 20]] * 3, [[10, 20]] * 3)
    sizes = Sizing("fraction", fraction_pct=80).sizes(two)
    run = simulate(two, wanted([1, -1], [1, -1], [1, -1]), FREE, 1000, sizes=sizes)
    assert run.shares[1, 0].tolist() == near([50, -25])
    assert run.gross_usd[1, 0] == near(1000)


def test_volatility_target_is_the_target_over_the_tickers_own_deviation_and_waits_for_it() -> None:
    moves = np.where(np.arange(80) % 2, 1.02, 1 / 1.02)
    close = 50 * np.cumprod(moves)[:, None]
    one = Prices(pd.bdate_range("2026-01-05", periods=80), ("A",), close.copy(), close)
    sizes = Sizing("volatility", volatility_pct=8).sizes(one)
    assert sizes is not None
    assert np.isnan(sizes[:63]).all()  # 63 returns need 64 closes
    last = np.diff(close[-64:, 0]) / close[-64:-1, 0]
    assert sizes[-1, 0] == pytest.approx(0.08 / (np.std(last, ddof=1) * 252**0.5))
    run = simulate(one, np.ones((80, 1), dtype=np.int8), FREE, 1000, sizes=sizes)
    assert run.shares[:64].max() == 0
    assert run.shares[64, 0, 0] * close[64, 0] == pytest.approx(1000 * sizes[63, 0])


def test_calm_ticker_gets_everything_and_never_more() -> None:
    still = flat(*[10.0] * 70)
    sizes = Sizing("volatility").sizes(still)
    assert sizes is not None
    assert sizes[-1, 0] == 1


def test_rebalancing_makes_slots_equal_again_every_so_many_sessions_without_a_signal() -> None:
    closes = [[10, 10], [10, 10], [20, 10], [20, 10], [20, 10]]
    two = prices(closes, closes)
    both = np.ones((5, 2), dtype=np.int8)
    never, second = (simulate(two, both, FREE, 1000, rebalance_sessions=each) for each in (0, 2))
    assert never.shares[-1, 0].tolist() == near([50, 50])
    # Bought in session 1, made equal at the open of session 3: 1500 in two halves.
    assert second.shares[2, 0].tolist() == near([50, 50])
    assert second.shares[3, 0].tolist() == near([37.5, 75])


def test_stop_closes_at_the_open_after_the_close_that_met_it_and_stays_out_until_the_signal_has_changed() -> None:
    path = flat(10, 10, 8.9, 8, 12, 12, 12, 12)
    signal = wanted([1], [1], [1], [1], [1], [0], [1], [1])
    run = simulate(path, signal, FREE, 1000, exits=Exits(stop_pct=10))
    # Bought at 10; the close of 8.9 is 11 % below; sold at the next open, 8; in again once the signal has left.
    assert run.shares[:, 0, 0].tolist() == near([0, 100, 100, 0, 0, 0, 0, 800 / 12])
    assert trades(run)["closed_by"].tolist() == ["stop", ""]


def test_close_just_above_the_stop_closes_nothing() -> None:
    run = simulate(flat(10, 10, 9.01, 9.01, 9.01), LONG, FREE, 1000, exits=Exits(stop_pct=10))
    assert run.shares[-1, 0, 0] == near(100)


def test_profit_is_taken_at_the_open_after_its_close() -> None:
    run = simulate(flat(10, 10, 12, 13, 20), LONG, FREE, 1000, exits=Exits(take_profit_pct=20))
    assert run.equity().tolist() == near([1000, 1000, 1200, 1300, 1300])
    assert trades(run)["closed_by"].tolist() == ["profit"]


def test_stop_of_a_short_position_is_above_its_entry() -> None:
    run = simulate(flat(10, 10, 11.1, 12, 5), -LONG, FREE, 1000, exits=Exits(stop_pct=10))
    assert run.equity().tolist() == near([1000, 1000, 890, 800, 800])


def test_stopped_long_turns_short_when_the_signal_does() -> None:
    run = simulate(flat(10, 10, 8, 8, 6), wanted([1], [1], [1], [-1], [-1]), FREE, 1000, exits=Exits(stop_pct=10))
    assert run.shares[3, 0, 0] == 0
    assert run.shares[4, 0, 0] == near(-800 / 6)


def test_position_that_its_signal_closes_in_the_same_session_is_not_said_to_be_stopped() -> None:
    run = simulate(flat(10, 10, 8, 8, 8), wanted([1], [1], [0], [0], [0]), FREE, 1000, exits=Exits(stop_pct=10))
    assert trades(run)["closed_by"].tolist() == ["signal"]


def test_borrowing_costs_a_252nd_of_the_rate_for_each_session_that_begins_short() -> None:
    signal = wanted([-1], [-1], [0], [0], [0])
    run = simulate(flat(10, 10, 12, 12, 12), signal, Costs(0, 0, borrow_pct=25.2), 1000)
    # 100 short: nothing in the session of the sale, 0.1 % of 1000, then 0.1 % of 1200 in the session of the purchase.
    assert run.costs_usd[:, 0].tolist() == near([0, 0, 1, 1.2, 0])
    assert run.equity().iloc[-1] == near(1000 - 200 - 2.2)
    assert trades(run)["profit_usd"].tolist() == near([-202.2])
    assert simulate(flat(10, 10, 12, 12, 12), LONG, Costs(0, 0, borrow_pct=25.2), 1000).costs_usd.sum() == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["equal", "fraction", "volatility"])
def test_profits_add_up_to_the_equity_under_all_rules_at_once(seed: int, kind: str) -> None:
    seeded = market(seed, sessions=200, wildness=0.02)
    setup = Setup(
        Costs(5, 5, 8), 1000, is_long_only=False, sizing=Sizing(kind, 15, 30), exits=Exits(6, 9), rebalance_sessions=10
    )
    done = run(seeded, SmaCrossover(3, 8), setup)
    found = trades(done)
    assert {"signal", "stop", "profit"} <= set(found["closed_by"])
    assert done.equity_usd[-1, 0] - 1000 == pytest.approx(found["profit_usd"].astype(float).sum())
    assert (done.gross_usd <= done.equity_usd * 1.3).all()


@pytest.mark.parametrize("seed", range(3))
def test_rules_never_look_ahead(seed: int) -> None:
    one, other = market(seed, sessions=160, wildness=0.02), market(seed + 9, sessions=160, wildness=0.02)
    setup = Setup(is_long_only=False, sizing=Sizing("volatility"), exits=Exits(5, 5), rebalance_sessions=7)
    opened, closed = one.open_usd.copy(), one.close_usd.copy()
    opened[100:], closed[100:] = other.open_usd[100:], other.close_usd[100:]
    changed = replace(one, open_usd=opened, close_usd=closed)
    first, second = (run(each, SmaCrossover(3, 8), setup).equity_usd[:100] for each in (one, changed))
    np.testing.assert_array_equal(first, second)


def test_excursions_are_of_highs_and_lows_from_the_fill_to_the_exit() -> None:
    bars = flat(10, 10, 11, 9, 10)
    high, low = np.array([[50.0], [12], [11], [9], [50]]), np.array([[1.0], [9], [8], [9], [1]])
    run = simulate(replace(bars, high_usd=high, low_usd=low), wanted([1], [1], [1], [0], [0]), FREE, 1000)
    only = trades(run).iloc[0]
    # Sessions 1 to 3 and the open of session 4; what was before the fill and after the exit counts for nothing.
    assert (only["mae_pct"], only["mfe_pct"]) == (near(-20), near(20))
    short = trades(simulate(replace(bars, high_usd=high, low_usd=low), -wanted([1], [1], [1], [0], [0]), FREE, 1000))
    assert (short["mae_pct"][0], short["mfe_pct"][0]) == (near(-20), near(20))


def test_range_begins_with_the_whole_capital_and_its_indicators_look_back_beyond_it() -> None:
    path = flat(10, 11, 12, 13, 14, 15, 16)
    first, last = path.sessions[3].date(), path.sessions[5].date()
    done = run(path, SmaCrossover(2, 3), Setup(FREE, 1000, first=first, last=last))
    # Decided at the close of session 3, where SMA 3 needs sessions 1 and 2; bought at 14; the range ends at 15.
    assert list(done.prices.sessions) == list(path.sessions[3:6])
    assert done.equity().tolist() == near([1000, 1000, 1000 / 14 * 15])


@pytest.mark.parametrize(
    ("first", "last", "rows"),
    [
        (None, None, (0, 4)),
        (date(2026, 1, 6), date(2026, 1, 7), (1, 3)),
        (date(2026, 1, 3), date(2026, 1, 11), (0, 4)),  # a Saturday, and the Sunday after the last
        (date(1, 1, 1), date(9999, 12, 31), (0, 4)),
        (date(9999, 1, 1), None, (4, 4)),
        (None, date(1, 1, 1), (0, 0)),
    ],
)
def test_range_is_the_sessions_from_one_day_to_another(
    first: date | None, last: date | None, rows: tuple[int, int]
) -> None:
    assert flat(10, 10, 10, 10).span(first, last) == rows


def test_security_that_ends_after_the_range_has_not_ended_in_it() -> None:
    gap = prices([[10], [10], [np.nan], [12], [np.nan]], [[10], [11], [np.nan], [12], [np.nan]])
    gone = replace(gap, ended=frozenset({"A"}))
    assert gone.between(0, 3).ended == frozenset()
    assert gone.between(0, 5).ended == {"A"}


def test_sweep_and_walk_forward_stay_in_the_range() -> None:
    seeded = market(4, sessions=200, wildness=0.02)
    setup = Setup(first=seeded.sessions[20].date(), last=seeded.sessions[179].date())
    found = sweep(seeded, SmaCrossover(), ("fast", (3,)), ("slow", (8,)), setup, "cagr_pct")
    equity = run(seeded, SmaCrossover(3, 8), setup).equity()
    assert found.value[0, 0] == pytest.approx(100 * ((equity.iloc[-1] / equity.iloc[0]) ** (252 / 159) - 1))
    walked = walk_forward(seeded, [SmaCrossover(3, 8)], setup, fit_sessions=60, test_sessions=40)
    assert walked is not None
    assert (walked.folds[0].fit_first, walked.folds[-1].test_last) == (20, 180)
    assert walked.held.equity().index[0] == seeded.sessions[79]


def test_buying_and_holding_ignores_sizes_and_exits() -> None:
    setup = Setup(FREE, 1000, sizing=Sizing("fraction"), exits=Exits(1, 1), rebalance_sessions=1)
    assert hold(flat(10, 10, 5, 20), setup).equity().tolist() == near([1000, 1000, 500, 2000])


def test_weights_are_parts_of_the_equity_and_a_short_is_below_zero() -> None:
    two = prices([[10, 20]] * 3, [[10, 20]] * 3)
    weights = simulate(two, wanted([1, -1], [1, -1], [1, -1]), FREE, 1000).weights_pct()
    assert weights["A"].tolist() == near([0, 50, 50])
    assert weights["B"].tolist() == near([0, -50, -50])


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Sizing("half"), "kind"),
        (lambda: Sizing("fraction", fraction_pct=0), "fraction_pct"),
        (lambda: Sizing("volatility", volatility_pct=np.nan), "volatility_pct"),
        (lambda: Exits(stop_pct=-1), "stop_pct"),
        (lambda: Exits(take_profit_pct=np.inf), "take_profit_pct"),
        (lambda: Costs(borrow_pct=101), "borrow_pct"),
        (lambda: Setup(rebalance_sessions=253), "rebalance_sessions"),
        (lambda: Setup(first=date(2026, 2, 1), last=date(2026, 1, 1)), "first"),
    ],
)
def test_setting_out_of_bounds_is_refused_by_name(make: object, name: str) -> None:
    with pytest.raises(ParameterError, match=f"^{name} must "):
        make()  # type: ignore[operator]
