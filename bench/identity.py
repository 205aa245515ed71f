"""What knowing the security behind each ticker adds to a day's build: `python -m bench.identity`.

10,000 tickers × 1 year stand in raw, with what a backfill and the daily runs bring about whose they are: the list of
each quarter of five years, the newest list and every ticker's events. Then days come, in turn with the models of
identity and without them. A day with them also brings the events of 1,000 tickers, RENAMES of which tell of a former
ticker that was not known: those securities' bars are computed again. Both sorts of days join bars with the securities
as they were left, so what that costs is in both. Builds are as those of the DAG when nothing is to be defined.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from pathlib import Path
from typing import Any

import psutil

from bench import record
from bench.history import SESSIONS_A_YEAR, Market, build, sessions
from bench.listed_market import ListedMarket
from bench.stack import Stack, running
from ingest import loader
from ingest.tempfolder import TempFolder

QUESTION = "What knowing the security behind each ticker adds to a day's build"
MODELS = (
    "snapshot_polygon__ticker_listings", "snapshot_polygon__ticker_events", "int_polygon__ticker_spans_claimed",
    "int_polygon__ticker_spans", "int_polygon__contract_lineage", "dim_polygon__securities",
)  # fmt: skip
# As a later build of the DAG does: views are there, and nothing is to be defined.
ROWS = ("config.materialized:table", "config.materialized:incremental")
# Of each sort; the first of each is a rehearsal.
DAYS = 6
ASKED_A_DAY, RENAMES, BARS_A_STEP = 1_000, 5, 900_000
GOAL_PCT = 10


def main() -> None:
    """Run the benchmark and keep its figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.identity", description=__doc__)
    parser.add_argument("--tickers", type=int, default=10_000)
    parser.add_argument("--years", type=int, default=1)
    options = parser.parse_args()
    history = options.years * SESSIONS_A_YEAR
    market = Market(options.tickers, sessions(history + 2 * DAYS))
    days: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    with TempFolder("bench") as folder, running() as stack, stack.connect() as connection:
        listed = ListedMarket(connection, market)
        listed.insert_history(history)
        # In steps: the local warehouse parses all answers of one at once, in its memory.
        step = max(1, BARS_A_STEP // options.tickers)
        for since in range(0, history, step):
            until = min(since + step, history)
            market.insert_history(connection, until, since)
            built = build(folder, *([] if since else ["--full-refresh"]))
            print(f"{until} of {history} sessions stand in the marts, after {built.elapsed:.0f} s", flush=True)
        os.environ["SNOWTAPE_DEFINITIONS"] = "current"
        for place in range(history, history + 2 * DAYS):
            is_with = (place - history) % 2 == 0
            days[is_with].append(_day(stack, connection, market, listed, place, folder, is_with=is_with))
    _keep(options, days)


def _day(
    stack: Stack, connection: Any, market: Market, listed: ListedMarket, place: int, folder: Path, *, is_with: bool
) -> dict[str, float]:
    loader.load(connection, [market.land(stack.store, place)])
    listed.insert_list(place)
    if is_with:
        first = place * ASKED_A_DAY
        asked = [number % market.tickers for number in range(first, first + ASKED_A_DAY)]
        listed.insert_events(place, asked, renamed=RENAMES)
    began = _cpu(stack)
    built = build(folder, "--select", *ROWS, *([] if is_with else ["--exclude", *MODELS]))
    spent = _cpu(stack) - began
    slowest = sorted(built.models, key=lambda node: -built.models[node])
    shown = [node for node in slowest if node in MODELS] if is_with else slowest[:8]
    told = ", ".join(f"{node} {built.models[node]:.2f} s" for node in shown)
    print(f"{'with' if is_with else 'without'}: {built.elapsed:.1f} s, CPU {spent:.1f} s; {told}", flush=True)
    return {
        "CPU, s": spent,
        "elapsed, s": built.elapsed,
        "models of identity, s": sum(seconds for node, seconds in built.models.items() if node in MODELS),
        "other models, s": sum(seconds for node, seconds in built.models.items() if node not in MODELS),
    }


def _cpu(stack: Stack) -> float:
    """CPU seconds of dbt, in this process, and of the warehouse so far."""
    (server,) = [each for each in stack.servers.running if each.name == "the warehouse"]
    times = psutil.Process(server.process.pid).cpu_times()
    return time.process_time() + times.user + times.system


def _more(with_it: list[float], without: list[float]) -> float:
    """The middle share that a day with identity costs more than the days without before and after it: a day has more
    history behind it than the one before.
    """
    around = [statistics.mean(pair) for pair in itertools.pairwise(without)]
    return statistics.median(day / beside - 1 for day, beside in zip(with_it[1:], around, strict=True))


def _keep(options: argparse.Namespace, days: dict[bool, list[dict[str, float]]]) -> None:
    middle = {
        is_with: {name: statistics.median(day[name] for day in found[1:]) for name in found[0]}
        for is_with, found in days.items()
    }
    rows = [{"a day": "with" if is_with else "without", **found} for is_with, found in middle.items()]
    more = _more([day["CPU, s"] for day in days[True]], [day["CPU, s"] for day in days[False]])
    verdict = (
        f"{options.tickers:,} tickers × {options.years} years, one thread, {DAYS - 1} days of each. With the models of "
        f"identity, {ASKED_A_DAY:,} tickers' events and {RENAMES} former tickers that become known, a day takes "
        f"{100 * more:.1f} % more CPU of dbt and the warehouse than its neighbours without (goal: at most {GOAL_PCT})."
    )
    record.save("identity", QUESTION, rows, verdict, ["dbt-core", "dbt-snowflake", "duckdb"])


if __name__ == "__main__":
    main()
