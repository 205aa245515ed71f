"""From raw to marts: all stock models from nothing, and a day on top of them: `python -m bench.marts`.

10,000 tickers × 5 years stand in raw. dbt builds every model, then days come: each lands its session and the five
before it again, loads them and runs dbt. The floor is bare DuckDB: what the models of the last day asked it is recorded
and done again in a process of its own on a copy of the database, without a server, a client, dbt or a dialect.
Since such a warehouse takes long to build, bench/dashboard.py measures on it too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from bench import dashboard, record, recording_warehouse
from bench.history import SESSIONS_A_YEAR, Build, Market, build, sessions
from bench.stack import Stack, running
from ingest import loader
from ingest.tempfolder import TempFolder
from local.demo.settings import REPOSITORY

QUESTION = "From raw to marts: all models from nothing, and a day on top of them, against bare DuckDB"
DAYS = 3
# As in dbt/profiles.yml.
THREADS = 4
INCREMENT_GOAL_SECONDS, FLOOR_GOAL = 10, 2.0
FULL_GOAL_SECONDS, FULL_GOAL_GIB = 600, 10


def main() -> None:
    """Run the benchmark and keep its figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.marts", description=__doc__)
    parser.add_argument("--tickers", type=int, default=10_000)
    parser.add_argument("--years", type=int, default=5)
    options = parser.parse_args()
    history = options.years * SESSIONS_A_YEAR
    market = Market(options.tickers, sessions(history + DAYS + 1))
    with TempFolder("bench") as folder:
        statements, copy = folder / "statements.jsonl", folder / "copy"
        os.environ[recording_warehouse.VARIABLE] = str(statements)
        with running("bench.recording_warehouse") as stack, stack.connect() as connection:
            server = _server(stack)
            market.insert_history(connection, history)
            print(f"{history * options.tickers:,} bars stand in raw", flush=True)
            full = build(folder, "--full-refresh", threads=THREADS)
            full_gib = _peak_gib(server)
            print(f"from nothing in {full.elapsed:.0f} s, {full_gib:.1f} GiB at most", flush=True)
            # The first day is a rehearsal.
            days = [_day(stack, connection, market, history + day, folder) for day in range(DAYS)]
            key = market.land(stack.store, history + DAYS)
            loader.load(connection, [key])
            connection.cursor().execute("select 1")
            shutil.copytree(_directory(server), copy, ignore=shutil.ignore_patterns("spill"))
            statements.touch()
            last = build(folder)
            recorded = statements.with_suffix(".done")
            statements.rename(recorded)
            dashboard.measure(stack, options.tickers, options.years)
        floor = _replayed(copy, recorded)
    _keep(options, (full, full_gib), days[1:], last, floor)


def _keep(
    options: argparse.Namespace, full: tuple[Build, float], days: list[dict[str, float]], last: Build, floor: float
) -> None:
    """The floor is held against the day that it replays, which ran with one thread."""
    day = {name: statistics.median(each[name] for each in days) for name in days[0]}
    bars = options.tickers * options.years * SESSIONS_A_YEAR
    rows = [
        _row("all models from nothing", full[0].elapsed, sum(full[0].models.values()), f"{full[1]:.1f}"),
        _row(f"a day, {THREADS} threads", day["elapsed"], day["models"]),
        _row("a day, one thread", last.elapsed, sum(last.models.values())),
        _row("floor: that day's SQL in bare DuckDB", floor, floor),
    ]
    for row in rows:
        row["bars"] = bars
    verdict = (
        f"{options.tickers:,} tickers × {options.years} years, {bars:,} bars. From nothing: {full[0].elapsed:.0f} s "
        f"(goal: {FULL_GOAL_SECONDS}), {full[1]:.1f} GiB (goal: {FULL_GOAL_GIB}). A day: {day['elapsed']:.1f} s (goal: "
        f"{INCREMENT_GOAL_SECONDS}) after {day['load']:.1f} s to load it and {day['start']:.1f} s in which dbt starts, "
        f"parses and ends; a full refresh each day takes {full[0].elapsed / day['elapsed']:.0f} times as long. With "
        f"one thread its models take {sum(last.models.values()) / floor:.1f} times the floor (goal: {FLOOR_GOAL:.0f})."
    )
    record.save("marts", QUESTION, rows, verdict, ["dbt-core", "dbt-snowflake", "duckdb"])


def _row(what: str, elapsed: float, models: float, memory: str = "–") -> dict[str, Any]:
    return {"what": what, "elapsed, s": elapsed, "sum of the models, s": models, "peak memory, GiB": memory}


def _day(stack: Stack, connection: Any, market: Market, place: int, folder: Path) -> dict[str, float]:
    key = market.land(stack.store, place)
    began = time.perf_counter()
    loader.load(connection, [key])
    load = time.perf_counter() - began
    built = build(folder, threads=THREADS)
    start = time.perf_counter() - began - load - built.elapsed
    slowest = sorted(built.models, key=lambda node: -built.models[node])[:8]
    told = ", ".join(f"{node} {built.models[node]:.1f} s" for node in slowest)
    print(f"a day: {load:.1f} s to load, {built.elapsed:.1f} s to build; {told}", flush=True)
    return {"load": load, "elapsed": built.elapsed, "models": sum(built.models.values()), "start": start}


def _replayed(copy: Path, statements: Path) -> float:
    """Seconds of the models' statements in a process of their own."""
    command = [sys.executable, "-m", "bench.replay", str(copy), str(statements)]
    found: dict[str, float] = json.loads(subprocess.check_output(command, text=True, cwd=REPOSITORY))
    slowest = sorted(found, key=lambda node: -found[node])[:8]
    print("floor:", ", ".join(f"{node} {found[node]:.1f} s" for node in slowest), flush=True)
    return sum(found.values())


def _server(stack: Stack) -> psutil.Process:
    (server,) = [each for each in stack.servers.running if each.name == "the warehouse"]
    return psutil.Process(server.process.pid)


def _directory(server: psutil.Process) -> Path:
    command = server.cmdline()
    return Path(command[command.index("--directory") + 1])


def _peak_gib(server: psutil.Process) -> float:
    """The highest resident memory so far."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 2**20


if __name__ == "__main__":
    main()
