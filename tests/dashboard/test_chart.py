"""The ticker page: what the figure holds, what the head says, what each address leads to."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.io.json import to_json_plotly

from dashboard.data.as_of import bars_as_of, indicators
from dashboard.data.door import Door
from dashboard.data.market import Bars, search_tickers
from dashboard.pages.chart import figure as chart_figure
from dashboard.pages.chart import page as chart
from dashboard.pages.chart.summary import key_numbers
from dashboard.pages.search import search_options
from tests.dashboard import seed
from tests.dashboard.said import said

if TYPE_CHECKING:
    from tests.dashboard.conftest import FakeWarehouse

pytestmark = pytest.mark.usefixtures("morning_after")


@pytest.fixture
def bars(fake: FakeWarehouse) -> Bars:
    return Bars("AAPL", fake.bars["AAPL"])


def test_one_slot_a_session_leaves_no_gaps(bars: Bars) -> None:
    figure = chart_figure.price_figure(bars, chart_figure.ADJUSTED)
    price = next(trace for trace in figure["data"] if trace["meta"] == "price")
    assert figure["layout"]["xaxis"]["type"] == "category"
    assert price["x"] == [day.isoformat() for day in bars.frame["session_date"]]
    assert not {day.weekday() for day in bars.frame["session_date"]} & {5, 6}


def test_every_trace_has_a_value_for_each_session(bars: Bars) -> None:
    figure = chart_figure.price_figure(bars, chart_figure.ADJUSTED, {"MSFT": bars})
    metas = [trace["meta"] for trace in figure["data"]]
    assert metas[:2] == ["volume", "price"]
    assert set(metas[2:]) == {*chart_figure.OVERLAYS, *chart_figure.PANES, "compare"}
    lengths = {len(trace.get("close", trace.get("y"))) for trace in figure["data"]}
    assert lengths == {len(bars.frame)}


@pytest.mark.parametrize("engine", ["orjson", "json"])
@pytest.mark.parametrize("basis", list(chart_figure.BASES))
def test_plotly_knows_every_property_and_json_knows_every_value(bars: Bars, basis: str, engine: str) -> None:
    figure = chart_figure.price_figure(bars, basis)
    go.Figure(figure)
    written = json.loads(to_json_plotly(figure, engine=engine), parse_constant=pytest.fail)
    closes = next(trace["close"] for trace in written["data"] if trace["meta"] == "price")
    assert closes[-1] == pytest.approx(figure["data"][1]["close"][-1])


def test_an_average_is_empty_until_its_window_is_full(bars: Bars) -> None:
    figure = chart_figure.price_figure(bars, chart_figure.ADJUSTED)
    averages = [trace for trace in figure["data"] if trace["meta"].startswith("sma")]
    assert len(averages) == 4
    for trace in averages:
        length = int(trace["meta"].removeprefix("sma"))
        assert np.isnan(trace["y"][: length - 1]).all()
        assert not np.isnan(trace["y"][length - 1 :]).any()


def test_total_return_ends_at_the_close_and_was_lower_before_a_dividend(bars: Bars) -> None:
    total, adjusted = (chart_figure.prices(bars, basis) for basis in (chart_figure.TOTAL, chart_figure.ADJUSTED))
    assert total["close"].iloc[-1] == adjusted["close"].iloc[-1]
    assert (total["close"].iloc[:-90] < adjusted["close"].iloc[:-90]).all()
    spans = [(table["high"] / table["close"]).to_numpy() for table in (total, adjusted)]
    assert spans[0] == pytest.approx(spans[1])


def test_dividends_are_marked_as_paid(bars: Bars) -> None:
    meta = chart_figure.price_figure(bars, chart_figure.ADJUSTED)["layout"]["meta"]
    assert [amount for _session, amount in meta["dividends"]] == ["0.26", "0.26"]


def test_indicators_as_of_a_moment_are_talibs(bars: Bars) -> None:
    ours = indicators(bars.frame["adjusted_close_usd"])
    for column in ("sma_200_usd", "ema_12_usd", "bollinger_upper_usd", "rsi_14", "volatility_21d_pct"):
        assert ours[column].to_numpy() == pytest.approx(bars.frame[column].to_numpy(), rel=1e-9, nan_ok=True)
    # TA-Lib starts the fast average of MACD later; after enough sessions that is forgotten.
    late = bars.frame["macd_usd"].iloc[-200:].to_numpy()
    assert ours["macd_usd"].iloc[-200:].to_numpy() == pytest.approx(late, abs=1e-4)


def test_as_of_a_day_shows_the_version_of_then_and_nothing_later(fake: FakeWarehouse) -> None:
    frame, versions = fake.bars["AAPL"], fake.versions[fake.versions["ticker"] == "AAPL"]
    restated = frame.iloc[-10]
    then = bars_as_of(frame, versions, versions["known_until"].iloc[0])
    assert then["session_date"].iloc[-1] == restated["session_date"]
    assert then["close_usd"].iloc[-1] == pytest.approx(0.99 * restated["close_usd"])
    assert then["adjusted_close_usd"].iloc[-1] == then["close_usd"].iloc[-1]
    now = bars_as_of(frame, versions, datetime(2026, 11, 22))
    assert now["close_usd"].to_numpy() == pytest.approx(frame["close_usd"].to_numpy())


def test_bar_that_was_withdrawn_is_there_as_of_a_day_before(fake: FakeWarehouse) -> None:
    frame = fake.bars["AAPL"]
    lost = frame.iloc[-10]
    version = {"session_date": lost["session_date"], "known_from": datetime(2026, 1, 1), "is_current": False,
               "is_dropped": False, "override_reason": None}  # fmt: skip
    version |= {name: lost[name] for name in ("open_usd", "high_usd", "low_usd", "volume_shares")}
    version |= {"known_until": datetime(2026, 11, 21), "close_usd": 77.0}
    left = frame[frame["session_date"] != lost["session_date"]].assign(fetched_at=datetime(2026, 1, 1))

    then = bars_as_of(left, pd.DataFrame([version]), datetime(2026, 11, 20))
    now = bars_as_of(left, pd.DataFrame([version]), datetime(2026, 11, 22))

    assert then["session_date"].tolist() == frame["session_date"].tolist()
    assert then["adjusted_close_usd"].iloc[-10] == 77.0
    assert now["session_date"].tolist() == left["session_date"].tolist()


def test_as_of_a_day_before_the_first_fetch_is_an_empty_state(door: Door) -> None:
    view = chart.read_view(door, "AAPL", as_of="2020-01-01")
    assert view.content.state == "empty"
    assert "was known yet" in said(view.content.body)


def test_prices_are_adjusted_or_as_they_traded(bars: Bars) -> None:
    adjusted, traded = (chart_figure.prices(bars, basis) for basis in (chart_figure.ADJUSTED, chart_figure.UNADJUSTED))
    assert traded["close"].iloc[0] == pytest.approx(4 * adjusted["close"].iloc[0])
    assert traded["sma_20_usd"].iloc[30] == pytest.approx(4 * adjusted["sma_20_usd"].iloc[30])
    assert traded["volume"].iloc[0] == pytest.approx(adjusted["volume"].iloc[0] / 4, abs=0.5)
    assert traded.iloc[-1].equals(adjusted.iloc[-1])


@pytest.mark.parametrize(
    ("ticker", "label"), [pytest.param("AAPL", "4:1", id="split"), pytest.param("SIM0001", "1:10", id="reverse")]
)
def test_a_split_is_marked_at_its_session(fake: FakeWarehouse, ticker: str, label: str) -> None:
    frame = fake.bars[ticker]
    (split,) = chart_figure.splits(Bars(ticker, frame))
    assert split.label == label
    assert split.session == frame["session_date"].iloc[len(frame) - seed.SPLITS[ticker][0]]


def test_key_numbers_come_from_the_newest_bars(bars: Bars) -> None:
    numbers = key_numbers(bars)
    assert numbers is not None
    year = bars.frame.tail(252)
    assert numbers.session == date(2026, 11, 20)
    assert numbers.year_high_usd == year["adjusted_high_usd"].max()
    assert numbers.year_low_usd == year["adjusted_low_usd"].min()
    assert numbers.average_volume_shares == pytest.approx(year["adjusted_volume_shares"].tail(21).mean())
    assert numbers.change_pct == pytest.approx(year["simple_return_pct"].iloc[-1])


def test_three_bars_have_no_average_and_no_volatility(fake: FakeWarehouse) -> None:
    numbers = key_numbers(Bars("SIM0002", fake.bars["SIM0002"]))
    assert numbers is not None
    assert (numbers.average_volume_shares, numbers.volatility_pct, numbers.year_sessions) == (None, None, 3)


def test_a_known_ticker_is_ready_with_its_origin_and_its_time(door: Door) -> None:
    view = chart.read_view(door, "MSFT", None)
    assert (view.content.state, view.ticker) == ("ready", "MSFT")
    assert "Fri 20 Nov 2026" in said(view.content.as_of)
    assert "20 Nov 2026 22:40 UTC" in said(view.content.as_of)
    assert "Replayed data: MSFT" in said(view.banner)
    assert "[replayed]" not in said(view.head)


def test_market_data_has_no_banner(door: Door) -> None:
    assert chart.read_view(door, "NEWCO", None).banner is None


def test_an_address_without_a_ticker_shows_a_preferred_one(door: Door) -> None:
    assert chart.read_view(door, None, None).ticker == "AAPL"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("NOSUCH", id="unknown"),
        pytest.param("<script>alert(1)</script>", id="script"),
        pytest.param("'; drop table marts.dim_polygon__tickers; --", id="sql"),
        pytest.param("A" * 100_000, id="huge"),
        pytest.param("\x00\u202e🂡", id="odd-characters"),
        pytest.param("[(*+", id="pattern"),
    ],
)
def test_a_hostile_ticker_is_a_clean_empty_state(door: Door, fake: FakeWarehouse, text: str) -> None:
    view = chart.read_view(door, text, text, [text], text)
    assert view.content.state == "empty"
    assert view.content.figure is None
    assert "No ticker named" in said(view.content.body)
    assert len(said(view.content.body)) < 3_000
    assert "bars" not in fake.asked


def test_a_ticker_in_small_letters_is_found(door: Door) -> None:
    assert chart.read_view(door, "aapl", None).ticker == "AAPL"


def test_a_ticker_without_bars_says_what_to_do(door: Door) -> None:
    view = chart.read_view(door, "NEWCO", None)
    assert view.content.state == "empty"
    assert "No bars for NEWCO yet" in said(view.content.body)
    assert "polygon_stocks_ingest_backfill" in said(view.content.body)


def test_away_is_failed_unbuilt_is_empty_and_both_recover(door: Door, fake: FakeWarehouse) -> None:
    fake.is_away = True
    away = chart.read_view(door, "AAPL", None)
    assert (away.content.state, away.content.figure) == ("failed", None)
    assert "does not answer" in said(away.content.body)
    fake.is_away, fake.is_built = False, False
    unbuilt = chart.read_view(door, "AAPL", None)
    assert unbuilt.content.state == "empty"
    assert "dbt_build" in said(unbuilt.content.body)
    fake.is_built = True
    assert chart.read_view(door, "AAPL", None).content.state == "ready"


def test_a_fault_of_the_page_is_said_and_not_a_skeleton_for_ever(door: Door, fake: FakeWarehouse) -> None:
    fake.bars = {**fake.bars, "AAPL": fake.bars["AAPL"].drop(columns="high_usd").drop(columns="adjusted_high_usd")}
    assert chart.read_view(door, "AAPL", None).content.state == "failed"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("aapl", "AAPL", id="ticker"),
        pytest.param("micro", "MSFT", id="name"),
        pytest.param("corp", "MSFT", id="later-word-in-a-name"),
        pytest.param("sim0002", "SIM0002", id="synthetic"),
    ],
)
def test_the_search_finds_by_ticker_and_by_name(door: Door, text: str, first: str) -> None:
    assert search_tickers(door, text)[0].ticker == first


def test_the_search_takes_any_text_and_nothing_while_the_warehouse_is_away(door: Door, fake: FakeWarehouse) -> None:
    assert search_options(door, "(.*[") == []
    assert len(search_options(door, None)) == 5
    assert search_options(door, " AAPL ")[0]["value"] == "AAPL"
    fake.is_away = True
    assert search_options(Door(fake), "AAPL") == []


def test_bars_behind_the_calendar_are_stale_with_cause_and_next_step(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.data.sessions.now", lambda: datetime(2026, 11, 25, 11, tzinfo=UTC))
    view = chart.read_view(door, "AAPL")
    assert view.content.state == "stale"
    assert view.content.figure is not None
    assert "2 sessions since then" in said(view.content.notice)
    assert "polygon_stocks_ingest_daily" in said(view.content.notice)
