"""What a backfill and the daily runs bring about whose the tickers of bench/history.py are, straight into raw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.history import SESSIONS_A_YEAR, SQL, Market, sessions
from ingest.datasets import Dataset

PAGE, LINES_AN_INSERT, YEARS = 1_000, 500, 5
SESSIONS_A_QUARTER = SESSIONS_A_YEAR // 4
# Rows of older days have no FIGI and no CIK.
IDENTIFIED_SESSIONS = 2 * SESSIONS_A_YEAR
Line = dict[str, Any]


class ListedMarket:
    """Lists of a market's tickers, and their events. Every ticker has been one security's from the beginning."""

    def __init__(self, connection: Any, market: Market) -> None:
        self._connection, self._market = connection, market

    def insert_history(self, until: int) -> None:
        """The list of every quarter of YEARS, that of the session before a place, and every ticker's events."""
        last = self._market.sessions[until - 1]
        at = datetime.fromisoformat(f"{last} 22:00:00")
        days = [day for day in sessions(YEARS * SESSIONS_A_YEAR) if day <= last]
        for place in range(0, len(days), SESSIONS_A_QUARTER):
            lines = self._lists({"date": days[place]}, is_identified=place >= len(days) - IDENTIFIED_SESSIONS)
            self._insert(Dataset.TICKER_LISTINGS, days[place], at, lines)
        self._insert(Dataset.TICKERS, last, at, self._lists({}, is_identified=True))
        self._insert(Dataset.TICKER_EVENTS, last, at, (_events(number) for number in range(self._market.tickers)))

    def insert_list(self, place: int) -> None:
        """A day's list of all active tickers."""
        self._insert(Dataset.TICKERS, self._market.sessions[place], _now(), self._lists({}, is_identified=True))

    def insert_events(self, place: int, numbers: Sequence[int], *, renamed: int) -> None:
        """A day's events; those of the first `renamed` tickers tell of a former ticker that was not known."""
        lines = (_events(number, is_renamed=turn < renamed) for turn, number in enumerate(numbers))
        self._insert(Dataset.TICKER_EVENTS, self._market.sessions[place], _now(), lines)

    def _lists(self, more: dict[str, str], *, is_identified: bool) -> Iterator[Line]:
        path, params = "/v3/reference/tickers", {"market": "stocks", "active": "true", "limit": str(PAGE)} | more
        for first in range(0, self._market.tickers, PAGE):
            after = min(first + PAGE, self._market.tickers)
            rows = [_row(number, is_identified=is_identified) for number in range(first, after)]
            next_page = {"next_url": f"{path}?cursor={after}"} if after < self._market.tickers else {}
            response = {"status": "OK", "count": len(rows), "results": rows} | next_page
            yield {"path": path, "params": params | ({"cursor": str(first)} if first else {}), "response": response}

    def _insert(self, dataset: Dataset, session: str, at: datetime, lines: Iterator[Line]) -> None:
        """As a manifest of its own."""
        known = list(lines)
        values = {"manifest_id": f"{session}-{dataset}", "session": session, "fetched_at": f"{at:%Y-%m-%d %H:%M:%S}"}
        text = insert_lines(dataset)
        for first in range(0, len(known), LINES_AN_INSERT):
            part = {"offset": first, "lines": json.dumps(known[first : first + LINES_AN_INSERT])}
            self._connection.cursor().execute(text, values | part)
        ledger = {"sessions": json.dumps([session]), "what": str(dataset), "rows": len(known)}
        self._connection.cursor().execute((SQL / "history_ledger.sql").read_text(), ledger)


def insert_lines(dataset: Dataset) -> str:
    """Answers as raw lines of one manifest: each a path, its parameters and the response."""
    return f"""
        insert into raw.{dataset} (manifest_id, object_key, line_number, request, response, fetched_at, loaded_at)
        select
            %(manifest_id)s,
            'raw/{dataset}/' || %(session)s || '/' || %(manifest_id)s || '/0000.ndjson.gz',
            %(offset)s + given.index + 1,
            object_construct('path', given.value:path, 'params', given.value:params),
            given.value:response,
            %(fetched_at)s::timestamp_ntz,
            %(fetched_at)s::timestamp_ntz
        from table(flatten(input => parse_json(%(lines)s))) as given
    """


def _now() -> datetime:
    return datetime.now(UTC)


def _row(number: int, *, is_identified: bool) -> dict[str, Any]:
    row = {"ticker": _ticker(number), "name": f"Company {number}", "market": "stocks", "type": "CS", "active": True}
    return row | ({"composite_figi": _figi(number), "cik": f"99{number:08d}"} if is_identified else {})


def _events(number: int, *, is_renamed: bool = False) -> Line:
    told = [{"type": "ticker_change", "date": "2010-01-04", "ticker_change": {"ticker": _ticker(number)}}]
    if is_renamed:
        told.append({"type": "ticker_change", "date": "2005-01-03", "ticker_change": {"ticker": f"OLD{number:06d}"}})
    results = {"name": f"Company {number}", "composite_figi": _figi(number), "events": told}
    path = f"/vX/reference/tickers/{_ticker(number)}/events"
    return {"path": path, "params": {}, "response": {"status": "OK", "results": results}}


def _ticker(number: int) -> str:
    return f"SIM{number:06d}"


def _figi(number: int) -> str:
    return f"BBGSIM{number:06d}"
