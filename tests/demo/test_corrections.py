"""What the built-in vendor corrects after the demo has come through."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from ingest.completeness import too_few
from local.demo.corrections import SPLIT, arguments, corrections, keep, kept
from local.market.corrections import read
from local.market.synthetic import Synthetic

SESSIONS = [date(2026, 11, day) for day in (23, 24, 25, 27)]
TICKERS = [f"SIM{number:04d}" for number in range(1, 101)]


def bar(ticker: str, session: date) -> dict[str, Any]:
    return {"o": 10.0, "h": 10.2, "l": 9.8, "c": 10.1, "vw": 10.0, "v": 1000, "n": 10}


FOUND = corrections(SESSIONS, TICKERS, bar)


def test_the_market_server_takes_each_and_the_real_bars_stay_what_they_are() -> None:
    assert [read(dict(item)) for item in FOUND.items] == list(FOUND.items)
    assert all(item.get("ticker", "SIM").startswith("SIM") for item in FOUND.items)
    assert all(ticker.startswith("SIM") for item in FOUND.items for ticker in item.get("left_out", ()))


def test_restated_bars_can_be_true_and_one_cannot() -> None:
    bars = [bar("", SESSIONS[0]) | item["fields"] for item in FOUND.items if "fields" in item]
    assert [one["l"] <= one["c"] <= one["h"] for one in bars] == [True, True, True, False]


def test_the_incomplete_answer_is_taken_for_one_whatever_the_number_of_tickers() -> None:
    for count in (5, 100, 1000):
        found = corrections(SESSIONS, TICKERS[:1] * count, bar)
        left_out = len(next(item["left_out"] for item in found.items if "left_out" in item))
        real = 6
        counts = {day.isoformat(): count + real for day in SESSIONS}
        assert too_few(counts | {found.incomplete.isoformat(): count + real - left_out})


def test_what_lasts_is_kept_and_the_incomplete_answer_is_not(tmp_path: Path) -> None:
    keep(tmp_path, FOUND)
    told = json.loads(kept(tmp_path).read_text())
    assert told == [item for item in FOUND.items if "left_out" not in item]
    assert len(told) == len(FOUND.items) - 1


def test_the_next_demo_begins_with_them_unless_its_tickers_are_too_few(tmp_path: Path) -> None:
    assert arguments(tmp_path, 100) == []
    keep(tmp_path, FOUND)
    assert arguments(tmp_path, 100) == ["--corrections", str(kept(tmp_path))]
    assert arguments(tmp_path, 0) == []


def test_each_line_leads_to_a_page_and_one_to_the_moment_before() -> None:
    lines = dict(FOUND.lines("http://127.0.0.1:8050", "2026-11-28 06:20:11"))
    assert "http://127.0.0.1:8050/chart?ticker=SIM0001&asof=2026-11-28&at=06:20:11" in lines.values()
    assert f"http://127.0.0.1:8050/chart?ticker={SPLIT}" in lines.values()


def test_the_tickers_have_a_bar_in_every_session_and_no_split_of_their_own() -> None:
    anchor = 3000
    series = Synthetic(5, anchor)
    for ticker in ("SIM0001", "SIM0002", "SIM0003"):
        index = series.index[ticker]
        assert len(series.ticker_bars(index, anchor - 300, anchor)) == 301
        assert series.ticker_splits(index, anchor) == []
