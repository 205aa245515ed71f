"""The back-test page: what the address means, its numbers by another way, and every hostile value."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from backtest.strategies import STRATEGIES
from dashboard.data.door import Door
from dashboard.pages import parts
from dashboard.pages.backtest import more, page
from dashboard.pages.backtest.form import PARAMS
from dashboard.pages.backtest.work import Work, find_work
from tests.dashboard.conftest import Clock, FakeWarehouse
from tests.dashboard.said import said

pytestmark = pytest.mark.usefixtures("morning_after")

HOSTILE = [
    "'; drop table marts.x; --", "<script>alert(1)</script>", "A" * 10_000, "\x00", "-1", "1e999", "nan", "ÅÄÖ雪",
    ["x"], [["y"]], {"a": 1}, -5, None, True,
]  # fmt: skip


@pytest.fixture
def door(fake: FakeWarehouse) -> Door:
    return Door(fake)  # type: ignore[arg-type]


def address(**changes: Any) -> dict[str, Any]:
    return {param.name: param.default for param in PARAMS} | {"ticker": "AAPL"} | changes


def panels(door: Door, **changes: Any) -> dict[str, parts.Content]:
    values = address(**changes).values()
    return {
        name: parts.guarded(partial(page.read_panel, door, *values, read=read))
        for name, (read, _) in page.PANELS.items()
    }


def work(door: Door, **changes: Any) -> Work:
    found = find_work(door, address(**changes))
    assert isinstance(found, Work)
    return found


@pytest.mark.parametrize("bars", ["today", "then"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_panel_of_every_strategy_shows_data_or_says_why_not(door: Door, strategy: str, bars: str) -> None:
    shown = panels(door, strategy=strategy, against="hold" if strategy == "sma" else "sma", bars=bars)
    states = {name: content.state for name, content in shown.items()}
    empty = {name for name, state in states.items() if state == parts.EMPTY}
    assert set(states.values()) <= {parts.READY, parts.EMPTY}
    assert empty <= ({"backtest-sweep", "backtest-walk"} if strategy == "hold" else {"backtest-trades"})
    assert all(content.as_of for content in shown.values() if content.state == parts.READY)


@pytest.mark.slow
@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda value: repr(value)[:20])
def test_a_hostile_address_is_never_a_failed_panel(door: Door, hostile: Any) -> None:
    for name in address():
        work_or_message = find_work(door, address(**{name: hostile}))
        assert isinstance(work_or_message, Work) or work_or_message.state == parts.EMPTY, name
    assert parts.FAILED not in {content.state for content in panels(door, **dict.fromkeys(address(), hostile)).values()}


def test_a_parameter_out_of_bounds_is_named_with_its_bounds(door: Door) -> None:
    content = find_work(door, address(sma_fast="90", sma_slow="20"))
    assert isinstance(content, parts.Content)
    assert content.state == parts.EMPTY
    assert "SMA crossover, Fast, sessions, must be less than SMA crossover, Slow, sessions: 90" in said(content.body)
    content = find_work(door, address(cost="-1"))
    assert isinstance(content, parts.Content)
    assert "Commission, bp, must be from 0 to 200, not -1.0" in said(content.body)


def test_a_ticker_with_three_bars_runs_and_what_needs_more_says_how_many(door: Door) -> None:
    shown = panels(door, ticker="SIM0002")
    assert shown["backtest-equity"].state == parts.READY
    assert "has 3 sessions; this needs 127" in said(shown["backtest-sharpe"].body)


def test_buying_and_holding_earns_the_adjusted_price(door: Door, fake: FakeWarehouse) -> None:
    bars = fake.bars["MSFT"]
    free = work(door, ticker="MSFT", strategy="hold", cost="0", slippage="0")
    scale = bars["adjusted_close_usd"] / bars["close_usd"]
    bought = float((bars["open_usd"] * scale).iloc[1])
    equity = free.runs[0][1].equity()
    assert equity.iloc[-1] / equity.iloc[0] == pytest.approx(float(bars["adjusted_close_usd"].iloc[-1]) / bought)


def test_costs_only_ever_cost(door: Door) -> None:
    ends = [work(door, cost=cost, slippage="0").runs[0][1].equity().iloc[-1] for cost in ("0", "10", "50")]
    assert ends == sorted(ends, reverse=True)
    assert len(set(ends)) == 3


def test_a_basket_holds_its_known_tickers_once(door: Door) -> None:
    assert work(door, **{"with": ["MSFT", "AAPL", "NOSUCH", "MSFT"]}).tickers == ("AAPL", "MSFT")


def test_the_sweep_runs_the_page_s_own_strategy_where_its_parameters_are(door: Door) -> None:
    figure = panels(door)["backtest-sweep"].figure
    assert figure is not None
    (trace,) = figure["data"]
    cell = trace["z"][trace["y"].index("20")][trace["x"].index("50")]
    assert cell == pytest.approx(work(door).measures[0][1].sharpe, abs=1e-4)


def test_the_same_build_is_run_once_and_a_new_one_anew(fake: FakeWarehouse) -> None:
    clock = Clock()
    door = Door(fake, clock=clock)  # type: ignore[arg-type]
    first = work(door)
    assert work(door) is first
    fake.version += 1
    clock.now += 60
    assert work(door) is not first


def test_an_unknown_ticker_is_said_once_on_a_page(door: Door) -> None:
    values = address(ticker="NOSUCH").values()
    shown = {
        name: page.read_panel(door, *values, read=read, is_lead=name == page.LEAD)
        for name, (read, _) in page.PANELS.items()
    }
    assert [name for name, content in shown.items() if content.state != parts.ABSENT] == [page.LEAD]
    assert "No ticker named “NOSUCH”" in said(shown[page.LEAD].body)


def test_a_basket_names_the_tickers_that_it_is_without(door: Door) -> None:
    lead = panels(door, **{"with": ["MSFT", "NOSUCH"]})[page.LEAD]
    assert "The marts don’t know NOSUCH; the basket is without." in said(lead.notice)


def test_more_settings_are_in_the_run_and_each_is_refused_in_the_words_of_the_screen(door: Door) -> None:
    given = {
        "from": "2026-01-05", "to": "2026-06-30", "size": "fraction", "fraction": "25", "rebalance": "21", "stop": "5",
        "profit": "12.5", "borrow": "2",
    }  # fmt: skip
    setup = work(door, direction="both", **given).setup
    assert (str(setup.first), str(setup.last), setup.rebalance_sessions) == ("2026-01-05", "2026-06-30", 21)
    assert (setup.sizing.kind, setup.sizing.fraction_pct) == ("fraction", 25)
    assert (setup.exits.stop_pct, setup.exits.take_profit_pct, setup.costs.borrow_pct) == (5, 12.5, 2)
    for name, (label, *_) in more.NUMBERS.items():
        content = find_work(door, address(**{name: "-3"}))
        assert isinstance(content, parts.Content)
        assert f"{label}, must be from" in said(content.body)
        assert "not -3" in said(content.body)


def test_a_range_is_what_every_panel_is_of(door: Door) -> None:
    span = {"from": "2026-03-02", "to": "2026-09-30"}
    shown = panels(door, **span)
    for name in ("backtest-equity", "backtest-underwater", "backtest-holdings"):
        figure = shown[name].figure
        assert figure is not None
        days = figure["data"][0]["x"]
        assert (days[0], days[-1]) == ("2026-03-02", "2026-09-30")
    assert "The range has 148 sessions; this needs 254" in said(shown["backtest-walk"].body)
    assert "run from 2026-03-02 to 2026-09-30" in said(shown["backtest-metrics"].as_of)
    assert work(door, **span).runs[0][1].equity().iloc[0] == 10_000


@pytest.mark.parametrize("span", [{"from": "2026-11-20"}, {"to": "0002-01-04"}, {"from": "9999-01-01"}])
def test_a_range_without_enough_sessions_says_which_there_are(door: Door, span: dict[str, str]) -> None:
    content = find_work(door, address(**span))
    assert isinstance(content, parts.Content)
    assert "Too few sessions in the range" in said(content.body)
    assert "to 2026-11-20" in said(content.body)


def test_a_range_that_ends_before_it_begins_is_refused(door: Door) -> None:
    content = find_work(door, address(**{"from": "2026-06-01", "to": "2026-05-01"}))
    assert isinstance(content, parts.Content)
    assert "From must not be after 2026-05-01" in said(content.body)


def test_a_benchmark_is_held_beside_on_the_same_sessions_and_costs(door: Door) -> None:
    beside = work(door, benchmark="msft", bars="today", cost="0", slippage="0")
    name, run = beside.runs[-1]
    alone = work(door, ticker="MSFT", strategy="hold", cost="0", slippage="0").runs[0][1].equity()
    assert name == "Hold MSFT"
    assert run.equity().iloc[-1] == pytest.approx(alone.iloc[-1])
    assert list(run.equity().index) == list(beside.runs[0][1].equity().index)
    assert beside.relatives[-1].beta == pytest.approx(1)
    assert beside.relatives[-1].alpha_pct == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("asked", "why"), [("NOSUCH", "the marts don’t know"), ("a b'", "the marts don’t know")])
def test_a_benchmark_that_is_not_there_is_said_and_the_basket_takes_its_place(door: Door, asked: str, why: str) -> None:
    shown = panels(door, benchmark=asked)[page.LEAD]
    assert why in said(shown.notice)
    assert work(door, benchmark=asked).runs[-1][0] == "Buy and hold"


def test_a_sweep_says_whether_its_best_is_better_than_chance(door: Door) -> None:
    text = said(panels(door)["backtest-sweep"].body)
    assert "Best of 24: Sharpe" in text
    assert ("No better than chance" in text) == ("under 95%" in text)


def test_figures_have_an_interval_around_them(door: Door) -> None:
    text = said(panels(door)["backtest-metrics"].body)
    assert "95% interval" in text
    low, high = work(door).intervals["sharpe"]
    assert low < work(door).measures[0][1].sharpe < high


def test_settings_in_use_are_counted_without_a_number_that_has_no_effect() -> None:
    none = {param.name: param.default for param in more.PARAMS}
    assert more.in_use(none) == 0
    assert more.in_use(none | {"target": "20"}) == 0
    assert more.in_use(none | {"target": "20", "size": "volatility", "stop": "5"}) == 3


def test_holdings_are_each_tickers_part_of_the_equity(door: Door) -> None:
    figure = panels(door, strategy="hold", **{"with": ["MSFT"]})["backtest-holdings"].figure
    assert figure is not None
    (trace,) = figure["data"]
    assert trace["y"] == ["AAPL", "MSFT"]
    assert 99 < sum(row[-1] for row in trace["z"]) <= 100.01
