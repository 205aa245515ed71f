"""What a day costs against the years that are there already: `python -m bench.history_slope`.

The same tickers with 1, 5 and 20 years of daily bars, put into raw at once and built. Then days come: each lands its
session and the five before it again, loads them and runs dbt with one thread. Counted are seconds and the rows that
scans read (bench/counting_warehouse.py). Goal: on log–log axes each rises with the years at a slope of at most 0.1.
2,000 tickers × 20 years are what two cores build in some minutes; bench/marts.py has 10,000 × 5.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from bench import counting_warehouse, record, slope_plot
from bench.history import SESSIONS_A_YEAR, Market, build, sessions
from bench.stack import Stack, running
from ingest import loader
from ingest.tempfolder import TempFolder

DAYS = 4
GOAL = 0.1
PARTS = ("load", "snapshots", "models")


def main() -> None:
    """Run the benchmark, keep its figures and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickers", type=int, default=2_000)
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
    told = ", ".join(f"{name} {slope:.2f}" for name, slope in slopes.items())
    most = max(options.years) * SESSIONS_A_YEAR
    verdict = (
        f"{options.tickers:,} tickers. Slopes over the years, log–log (goal: at most {GOAL}): {told}. Where rows of "
        "load and snapshots rise, they are those of the ledger and of what a snapshot has absorbed: a row a manifest, "
        f"{most:,} at most in each table, fewer than DuckDB can skip (its row groups have 122,880)"
    )
    question = "What a day costs against the years of history that are there already"
    record.save("history_slope", question, rows, verdict + ".", ["dbt-core", "dbt-snowflake", "duckdb"])
    slope_plot.draw(rows, slopes, record.RESULTS / "history_slope.svg")


def _measure(tickers: int, years: int) -> dict[str, Any]:
    history = years * SESSIONS_A_YEAR
    market = Market(tickers, sessions(history + DAYS))
    with TempFolder("bench") as folder:
        scans = folder / "scans.jsonl"
        os.environ[counting_warehouse.VARIABLE] = str(scans)
        with running("bench.counting_warehouse") as stack, stack.connect() as connection:
            market.insert_history(connection, history)
            print(f"{years} years: {history * tickers:,} bars stand in raw", flush=True)
            full = sum(build(folder, "--full-refresh").models.values())
            print(f"{years} years: built from nothing in {full:.0f} s", flush=True)
            # The first day is a rehearsal, the last is counted: that takes longer.
            days = [_day(stack, connection, market, place, folder) for place in range(history, history + DAYS - 1)]
            rows = _rows(stack, connection, market, history + DAYS - 1, folder, scans)
    seconds = {name: statistics.median(day[name] for day in days[1:]) for name in days[0]}
    return {"years": years, "bars": history * tickers, **seconds, **rows, "full refresh, s": full}


def _day(stack: Stack, connection: Any, market: Market, place: int, folder: Path) -> dict[str, float]:
    key = market.land(stack.store, place)
    began = time.perf_counter()
    loader.load(connection, [key])
    seconds = {"load, s": time.perf_counter() - began, "snapshots, s": 0.0, "models, s": 0.0}
    nodes = build(folder).models
    for node, spent in nodes.items():
        seconds[f"{_part(node)}, s"] += spent
    slowest = sorted(nodes, key=lambda node: -nodes[node])[:8]
    print("slowest:", ", ".join(f"{node} {nodes[node]:.1f} s" for node in slowest), flush=True)
    return seconds


def _rows(stack: Stack, connection: Any, market: Market, place: int, folder: Path, scans: Path) -> dict[str, int]:
    """Rows that the scans of a day read, by part; the most hungry models are printed."""
    key = market.land(stack.store, place)
    scans.touch()
    loader.load(connection, [key])
    load = sum(_counted(scans).values())
    scans.write_text("")
    build(folder)
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


if __name__ == "__main__":
    main()
