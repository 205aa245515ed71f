"""What a day costs against the years that are there already: `python -m bench.history_slope`.

The same tickers with 1, 5 and 20 years of daily bars, put into raw at once and built. Then days come: each lands its
session and the five before it again, loads them and runs dbt with one thread. Counted are seconds and the rows that
scans read (bench/counting_warehouse.py). Goal: on log–log axes each rises with the years at a slope of at most 0.1.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import exchange_calendars
import numpy as np
from dbt.cli.main import dbtRunner

from bench import counting_warehouse, record, slope_plot
from bench.stack import Stack, running
from ingest import loader
from ingest.answers import Answer
from ingest.datasets import Dataset, Family, grouped
from ingest.landing import Landing
from ingest.manifests import WHOLE_MARKET, Manifest, new_manifest_id
from local.demo.settings import REPOSITORY

LAST_SESSION = "2026-11-20"
SESSIONS_A_YEAR, SESSIONS_AN_INSERT, REREAD, DAYS = 252, 252, 5, 4
GOAL = 0.1
PARTS = ("load", "snapshots", "models")
SQL = Path(__file__).with_name("sql")


class Market:
    """Bars of every session, as bench/sql/history_bars.sql has them; `sessions` are in order, the oldest is place 0."""

    def __init__(self, tickers: int, sessions: list[str]) -> None:
        self.tickers, self.sessions = tickers, sessions

    def insert_history(self, connection: Any, until: int) -> None:
        """The sessions before a place, straight into raw and the ledger."""
        for begin in range(0, until, SESSIONS_AN_INSERT):
            part = self.sessions[begin : min(begin + SESSIONS_AN_INSERT, until)]
            values = {"tickers": self.tickers, "offset": begin, "sessions": json.dumps(part)}
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


def main() -> None:
    """Run the benchmark, keep its figures and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickers", type=int, default=500)
    parser.add_argument("--years", type=int, nargs="+", default=[1, 5, 20])
    options = parser.parse_args()
    if len(options.years) < 2:
        parser.error("a slope needs two lengths of history")
    rows = [_measure(options.tickers, years) for years in options.years]
    slopes = {
        name: float(np.polyfit(np.log(options.years), np.log([max(row[name], 1e-3) for row in rows]), 1)[0])
        for part in PARTS
        for name in (f"{part}, s", f"{part}, rows")
    }
    verdict = f"{options.tickers} tickers. Slopes over the years, log–log (goal: at most {GOAL}): " + ", ".join(
        f"{name} {slope:.2f}" for name, slope in slopes.items()
    )
    question = "What a day costs against the years of history that are there already"
    record.save("history_slope", question, rows, verdict + ".", ["dbt-core", "dbt-snowflake", "duckdb"])
    slope_plot.draw(rows, slopes, record.RESULTS / "history_slope.svg")


def _measure(tickers: int, years: int) -> dict[str, Any]:
    history = years * SESSIONS_A_YEAR
    market = Market(tickers, _sessions(history + DAYS))
    with tempfile.TemporaryDirectory(prefix="snowtape-bench-") as folder:
        scans = Path(folder, "scans.jsonl")
        os.environ[counting_warehouse.VARIABLE] = str(scans)
        with running("bench.counting_warehouse") as stack, stack.connect() as connection:
            market.insert_history(connection, history)
            print(f"{years} years: {history * tickers:,} bars stand in raw", flush=True)
            full = sum(_dbt(folder, "--full-refresh").values())
            print(f"{years} years: built from nothing in {full:.0f} s", flush=True)
            # The first day is a rehearsal, the last is counted: that takes longer.
            days = [_day(stack, connection, market, place, folder) for place in range(history, history + DAYS - 1)]
            rows = _rows(stack, connection, market, history + DAYS - 1, folder, scans)
    seconds = {name: statistics.median(day[name] for day in days[1:]) for name in days[0]}
    return {"years": years, "bars": history * tickers, **seconds, **rows, "full refresh, s": full}


def _day(stack: Stack, connection: Any, market: Market, place: int, folder: str) -> dict[str, float]:
    key = market.land(stack.store, place)
    began = time.perf_counter()
    loader.load(connection, [key])
    seconds = {"load, s": time.perf_counter() - began, "snapshots, s": 0.0, "models, s": 0.0}
    nodes = _dbt(folder)
    for node, spent in nodes.items():
        seconds[f"{_part(node)}, s"] += spent
    slowest = sorted(nodes, key=lambda node: -nodes[node])[:8]
    print("slowest:", ", ".join(f"{node} {nodes[node]:.1f} s" for node in slowest), flush=True)
    return seconds


def _rows(stack: Stack, connection: Any, market: Market, place: int, folder: str, scans: Path) -> dict[str, int]:
    """Rows that the scans of a day read, by part; the most hungry models are printed."""
    key = market.land(stack.store, place)
    scans.touch()
    loader.load(connection, [key])
    load = sum(_counted(scans).values())
    scans.write_text("")
    _dbt(folder)
    nodes = _counted(scans)
    print("rows read most:", ", ".join(f"{node} {count:,}" for node, count in nodes.most_common(8)), flush=True)
    parts = {"load": load, "snapshots": 0, "models": 0}
    for node, count in nodes.items():
        parts[_part(node)] += count
    return {f"{part}, rows": count for part, count in parts.items()}


def _counted(scans: Path) -> Counter[str]:
    nodes: Counter[str] = Counter()
    for line in scans.read_text().splitlines():
        found = json.loads(line)
        nodes[found["node"]] += found["rows"]
    return nodes


def _part(node: str) -> str:
    return "snapshots" if node.startswith("snapshot_") else "models"


def _dbt(folder: str, *more: str) -> dict[str, float]:
    """Seconds of every model of a run."""
    project = str(REPOSITORY / "dbt")
    where = ["--project-dir", project, "--profiles-dir", project, "--target-path", folder, "--log-path", folder]
    done = dbtRunner().invoke(["run", "--threads", "1", *more, *where, "--quiet", "--no-version-check"])
    if not done.success:
        raise RuntimeError(f"dbt run failed: {done.exception or list(_failures(done.result))}")
    return {
        item.node.name: float(item.execution_time) for item in done.result if "model" in str(item.node.resource_type)
    }


def _failures(results: Any) -> Iterator[str]:
    return (f"{item.node.name}: {item.message}" for item in results if item.status == "error")


def _sessions(count: int) -> list[str]:
    calendar = exchange_calendars.get_calendar("XNYS", start="2000-01-03", end=LAST_SESSION)
    return [str(stamp.date()) for stamp in calendar.sessions[-count:]]


if __name__ == "__main__":
    main()
