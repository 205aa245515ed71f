"""Years of daily bars that stand in raw, and the days that come after: for bench/history_slope.py and bench/marts.py.

The bars are made in the warehouse (bench/sql/history_bars.sql); days are landed and loaded as an ingest does it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import exchange_calendars
from dbt.cli.main import dbtRunner

from ingest.answers import Answer
from ingest.datasets import Dataset, Family, grouped
from ingest.landing import Landing
from ingest.manifests import WHOLE_MARKET, Manifest, new_manifest_id
from local.demo.settings import REPOSITORY

LAST_SESSION = "2026-11-20"
SESSIONS_A_YEAR, REREAD = 252, 5
BARS_AN_INSERT = 250_000
SQL = Path(__file__).with_name("sql")


class Market:
    """Bars of every session, as bench/sql/history_bars.sql has them; `sessions` are in order, the oldest is place 0."""

    def __init__(self, tickers: int, sessions: list[str]) -> None:
        self.tickers, self.sessions = tickers, sessions

    def insert_history(self, connection: Any, until: int, since: int = 0) -> None:
        """The sessions before a place, from another one on, straight into raw and the ledger."""
        step = max(1, BARS_AN_INSERT // self.tickers)
        for begin in range(since, until, step):
            part = self.sessions[begin : min(begin + step, until)]
            values = {"tickers": self.tickers, "offset": begin, "sessions": json.dumps(part)}
            values |= {"what": "history", "rows": self.tickers}
            for name in ("history_bars", "history_ledger"):
                connection.cursor().execute((SQL / f"{name}.sql").read_text(), values)

    def land(self, store: Any, place: int) -> str:
        """What a daily run lands for a session: it and the five before it; returns the manifest's key."""
        now = datetime.now(UTC)
        manifest_id = new_manifest_id(now)
        places = range(place - REREAD, place + 1)
        span = f"{self.sessions[places[0]]}_{self.sessions[place]}"
        with Landing(store, manifest_id) as landing:
            for one in places:
                request = grouped(date.fromisoformat(self.sessions[one]), span)
                body = self._answer(one)
                landing.add(
                    Dataset.STOCK_BARS,
                    span,
                    Answer(request.path, dict(request.params), datetime.now(UTC), 200, body, range(self.tickers)),
                )
            objects = landing.finish()
        manifest = Manifest(
            manifest_id=manifest_id,
            family=Family.STOCKS,
            created_at=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            dag_id="bench",
            run_id=span,
            sessions=tuple(self.sessions[one] for one in places),
            scope=(WHOLE_MARKET,),
            expected=len(places),
            answered=len(places),
            complete=True,
            missing=(),
            objects=objects,
        )
        store.put_once(manifest.key, manifest.to_json())
        return manifest.key

    def _answer(self, place: int) -> bytes:
        bars = []
        for number in range(self.tickers):
            cents = 5000 + number * 37 % 15000 + (place * place * 31 + number * 17) % 997
            volume = 1000 + (place * 7919 + number * 104729) % 1_000_000
            prices = {"o": cents, "h": cents + 40, "l": cents - 40, "c": cents, "vw": cents}
            bars.append(
                {
                    "T": f"SIM{number:06d}",
                    **{name: value / 100 for name, value in prices.items()},
                    "v": volume,
                    "n": 100,
                }
            )
        return json.dumps({"status": "OK", "resultsCount": len(bars), "results": bars}).encode()


@dataclass(frozen=True)
class Build:
    """Seconds of a run of dbt: of every model, and from the first model's start to the last one's end."""

    models: dict[str, float]
    elapsed: float


def build(folder: Path, *more: str, threads: int = 1) -> Build:
    """Run all models of dbt."""
    project = str(REPOSITORY / "dbt")
    where = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(folder)]
    where += ["--log-path", str(folder)]
    done = dbtRunner().invoke(["run", "--threads", str(threads), *more, *where, "--quiet", "--no-version-check"])
    result: Any = done.result
    if not done.success:
        raise RuntimeError(f"dbt run failed: {done.exception or list(_failures(result))}")
    models = {item.node.name: float(item.execution_time) for item in result if "model" in str(item.node.resource_type)}
    return Build(models, float(result.elapsed_time))


def _failures(results: Any) -> Iterator[str]:
    return (f"{item.node.name}: {item.message}" for item in results if item.status == "error")


def sessions(count: int) -> list[str]:
    """The exchange's last sessions until LAST_SESSION, in order."""
    calendar = exchange_calendars.get_calendar("XNYS", start="2000-01-03", end=LAST_SESSION)
    return [str(stamp.date()) for stamp in calendar.sessions[-count:]]
