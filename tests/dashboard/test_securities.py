"""Tickers that were others' before, or have another name now: what the pages make of them."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.data.correlation import read_correlation
from dashboard.data.door import Door
from dashboard.data.market import find_ticker, has_ended, read_bars
from dashboard.pages.backtest.work import Work, find_work
from dashboard.pages.chart.page import read_view
from dashboard.pages.search import search_options
from tests.dashboard import seed
from tests.dashboard.conftest import FakeWarehouse

FUND, META = "figi:FUND", "figi:META"
RENAMED, LEARNED = date(2026, 8, 3), datetime(2026, 8, 6, 12)
FUND_LAST = date(2026, 3, 31)


def named(frame: pd.DataFrame, security: str, old: str, new: str) -> pd.DataFrame:
    """Bars that had another ticker before the rename."""
    tickers = [old if day < RENAMED else new for day in frame["session_date"]]
    return frame.assign(ticker=tickers, security_id=security)


@pytest.fixture
def seams(fake: FakeWarehouse) -> FakeWarehouse:
    """MSFT's bars are FB's and then META's; META was a fund's before, at a price of its own."""
    company = named(fake.bars["MSFT"], META, "FB", "META")
    fund = fake.bars["SIM0001"].assign(ticker="META", security_id=FUND)
    fund = fund[fund["session_date"] <= date(2026, 6, 30)]
    fund = fund.assign(session_date=[day - timedelta(days=91) for day in fund["session_date"]])
    rows = fake.tickers.set_index("ticker")
    now = rows.loc["MSFT"].copy()
    now["security_id"], now["ticker_name"] = META, "Meta Platforms"
    then = now.copy()
    then["ticker_name"], then["is_active"] = "Facebook", False
    then["renamed_to"], then["renamed_date"] = "META", RENAMED
    rows.loc["META"], rows.loc["FB"] = now, then
    columns = ["security_id", "ticker", "valid_from", "valid_until", "security_name", "known_from", "known_until"]
    columns += ["last_session_date"]
    spans = [
        (FUND, "META", None, FUND_LAST + timedelta(days=1), "Metaverse ETF", None, None, FUND_LAST),
        (META, "META", RENAMED, None, "Meta Platforms", None, None, None),
        (META, "FB", None, RENAMED, "Facebook", LEARNED, None, None),
        ("ticker:FB", "FB", None, None, None, None, LEARNED, None),
    ]
    known = pd.DataFrame(spans, columns=columns, dtype=object)
    known = known.reindex(columns=seed.column_names("marts.dim_polygon__securities")).astype(object)
    fake.bars = {**fake.bars, META: company, FUND: fund}
    fake.tickers = rows.sort_index().reset_index()[fake.tickers.columns]
    fake.securities = pd.concat([fake.securities, known], ignore_index=True)
    return fake


def said(view: object) -> str:
    return json.dumps(view, cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_search_finds_the_old_name_and_says_the_new_one(seams: FakeWarehouse, door: Door) -> None:
    (found,) = search_options(door, "fb")
    assert (found["value"], found["name"]) == ("FB", "FB → META since 2026-08-03")
    assert [option["value"] for option in search_options(door, "META")] == ["META", "FB"]


def test_both_names_show_the_whole_history_with_the_ticker_of_each_session(seams: FakeWarehouse, door: Door) -> None:
    old, new = read_bars(door, "FB").frame, read_bars(door, "META").frame
    pd.testing.assert_frame_equal(old, new)
    assert list(dict.fromkeys(new["ticker"])) == ["FB", "META"]
    assert "FB → META since 2026-08-03" in said(read_view(door, "META").head)


def test_session_in_the_address_shows_whose_the_ticker_was(seams: FakeWarehouse, door: Door) -> None:
    head = said(read_view(door, "META", session="2026-03-02").head)
    assert "Metaverse ETF" in head
    assert "had META until" in head
    assert read_bars(door, "META", date(2026, 3, 2)).security == FUND
    between = read_view(door, "META", session="2026-05-04")
    assert "Nobody is known to have had META" in said(between.content.notice)


def test_as_of_a_day_before_a_rename_was_known_the_old_name_has_its_own_bars_alone(
    seams: FakeWarehouse, door: Door
) -> None:
    seams.bars[META]["fetched_at"] = datetime(2026, 8, 4)
    shown = [read_view(door, "FB", as_of=day).content.figure for day in ("2026-08-05", "2026-08-07")]
    assert None not in shown
    sessions = [len(figure["data"][0]["y"]) for figure in shown if figure]
    frame = seams.bars[META]
    assert sessions == [int((frame["ticker"] == "FB").sum()), len(frame)]


def test_correlation_counts_a_security_under_two_names_once(seams: FakeWarehouse, door: Door) -> None:
    returns = pd.concat([seams.bars[META], seams.bars["AAPL"]])[
        ["security_id", "session_date", "log_return", "fetched_at"]
    ]
    seams.frames["returns"] = returns
    result = read_correlation(door, ["AAPL", "FB", "META"], 63, seed.LAST_SESSION)
    assert sorted(result.matrix.columns) == ["AAPL", "FB"]


def test_backtest_of_a_security_that_ended_says_that_its_position_ends_with_it(
    seams: FakeWarehouse, door: Door
) -> None:
    work = find_work(door, {"ticker": "META", "session": "2026-03-02", "strategy": "hold"})
    assert isinstance(work, Work)
    assert "positions in META end with the last close" in said(work.as_of)
    company = find_work(door, {"ticker": "META", "strategy": "hold"})
    assert isinstance(company, Work)
    assert company.prices.ended == frozenset()


def test_renamed_ticker_has_not_ended(seams: FakeWarehouse, door: Door) -> None:
    assert find_ticker(door, "FB").is_active is False  # type: ignore[union-attr]
    assert not has_ended(door, read_bars(door, "FB"))
