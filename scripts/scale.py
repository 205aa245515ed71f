"""Print the tables of docs/scale.md: all US stocks for 20 years and all options, on Snowflake, planned on paper.

Usage: python3 scripts/scale.py            the tables
       python3 scripts/scale.py --write    put them into docs/scale.md

Sizes and seconds come from bench/results (two cores, the local warehouse); prices and the size of a bar from
scripts/cost.py. Nothing here was run on Snowflake.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from scripts.cost import CREDIT_USD, CREDITS_AN_HOUR, SUSPEND_SECONDS, bytes_of_a_bar

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- scripts/scale.py -->\n", "<!-- end -->\n"

# --- What is planned ---
TICKERS, YEARS, CONTRACTS = 10_000, 20, 265_000
SESSIONS_A_YEAR, SESSIONS_READ_A_DAY = 252, 6
# --- How the pipeline works: ingest/planning.py, ingest/landing.py, ingest/datasets.py ---
SESSIONS_A_MANIFEST, CONTRACTS_A_MANIFEST = 60, 1_000
OBJECT_BYTES, BYTES_OF_A_PLAIN_BAR = 64 << 20, 95
CONTRACTS_A_SNAPSHOT_PAGE = 250
# --- The API's plans: requests a second ---
FREE, PAID = 5 / 60, 100
# A size up has twice the nodes, for twice the credits.
SIZES = (("X-Small", 1), ("Small", 2), ("Medium", 4), ("Large", 8))


def tables() -> str:
    """All tables, in Markdown."""
    bars = TICKERS * YEARS * SESSIONS_A_YEAR
    return "\n".join(
        [*_backfill(bars), "", *_day(), "", *_refresh(bars), "", *_requests()],
    ) + "\n"  # fmt: skip


def _backfill(bars: int) -> list[str]:
    sessions = YEARS * SESSIONS_A_YEAR
    ours = _row("ingest", "who", "Snowtape: ingest and load")["bars a second"]
    manifests = -(-sessions // SESSIONS_A_MANIFEST)
    objects = manifests * -(-SESSIONS_A_MANIFEST * TICKERS * BYTES_OF_A_PLAIN_BAR // OBJECT_BYTES)
    return [
        f"### The backfill: {TICKERS:,} tickers, {YEARS} years",
        "",
        "| What | How much | From |",
        "|---|---:|---|",
        f"| Bars | {bars:,} | {TICKERS:,} × {sessions:,} sessions; fewer, since tickers come and go |",
        f"| Requests | {sessions:,} | one a session, besides a few of reference data |",
        f"| Time at {FREE * 60:g} requests a minute (free plan) | {_time(sessions / FREE)} | requests by rate |",
        f"| Time without a limit, ingest and load | {_time(bars / ours)} | {ours:,} bars a second, bench/ingest |",
        f"| Raw objects | {objects:,}, {bars * bytes_of_a_bar() / 1e9:.1f} GB | cut at 64 MiB before gzip |",
        f"| Manifests, each a COPY a dataset | {manifests:,} | {SESSIONS_A_MANIFEST} sessions a manifest |",
    ]


def _day() -> list[str]:
    loaded, day = (
        _row("ingest", "who", "Snowtape: ingest and load")["bars a second"],
        _found("marts", "a day, 2 threads"),
    )
    stocks, options = TICKERS * SESSIONS_READ_A_DAY, CONTRACTS * SESSIONS_READ_A_DAY
    manifests = -(-CONTRACTS // CONTRACTS_A_MANIFEST)
    lines = [
        f"### A day: {TICKERS:,} tickers and {CONTRACTS:,} contracts",
        "",
        "| Stage | Stocks | Options | From |",
        "|---|---:|---:|---|",
        f"| Requests | {SESSIONS_READ_A_DAY} | {CONTRACTS:,} | one a session; one a contract for all of them |",
        f"| Bars read | {stocks:,} | {options:,} | at most: not every contract trades |",
        f"| Raw objects, MB | {_mb(stocks)} | {_mb(options)} | {bytes_of_a_bar():.0f} bytes a bar |",
        f"| Manifests | 1 | {manifests:,} | {CONTRACTS_A_MANIFEST:,} contracts a manifest |",
        f"| Ingest and load | {_time(stocks / loaded)} | {_time(options / loaded)} | bench/ingest; requests apart |",
    ]
    if day is None:
        return [*lines, "| Models | not measured | not measured | `python -m bench.marts` |"]
    seconds = day["elapsed, s"]
    credits = (seconds + SUSPEND_SECONDS) / 3600 * CREDITS_AN_HOUR
    return [
        *lines,
        f"| Models | {_time(seconds)} | not measured | bench/marts: a day on top of {_bars():,} bars |",
        f"| Credits of that on an X-Small | {credits:.3f} | | and {SUSPEND_SECONDS} s until it is suspended |",
        f"| US dollars | {credits * CREDIT_USD:.2f} | | {CREDIT_USD:.2f} a credit |",
    ]


def _refresh(bars: int) -> list[str]:
    full = _found("marts", "all models from nothing")
    head = ["### A full refresh of the stock models", ""]
    if full is None:
        return [*head, "Not measured yet: `python -m bench.marts`."]
    seconds = full["elapsed, s"] * bars / _bars()
    lines = [
        f"{_time(full['elapsed, s'])} for {_bars():,} bars here, so about {_time(seconds)} for {bars:,} if it grows as "
        "the bars do. A larger warehouse costs the same if it is faster by its size, and spills less:",
        "",
        "| Warehouse | Time, at best | Credits | USD |",
        "|---|---:|---:|---:|",
    ]
    for name, size in SIZES:
        credits = seconds / size / 3600 * CREDITS_AN_HOUR * size
        lines.append(f"| {name} | {_time(seconds / size)} | {credits:.2f} | {credits * CREDIT_USD:.2f} |")
    return [*head, *lines]


def _requests() -> list[str]:
    pages = -(-CONTRACTS // CONTRACTS_A_SNAPSHOT_PAGE)
    return [
        "### The options' requests",
        "",
        f"| Way | Requests a day | At {FREE * 60:g} a minute | At {PAID} a second |",
        "|---|---:|---:|---:|",
        *[
            f"| {way} | {count:,} | {_time(count / FREE)} | {_time(count / PAID)} |"
            for way, count in (
                ("a request per contract and session", CONTRACTS * SESSIONS_READ_A_DAY),
                ("a request per contract: what is built", CONTRACTS),
                (f"the chain's snapshot, {CONTRACTS_A_SNAPSHOT_PAGE} contracts a page", pages),
            )
        ],
    ]


def _result(name: str) -> dict[str, Any] | None:
    path = ROOT / "bench" / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _row(name: str, column: str, value: str) -> dict[str, Any]:
    found = _result(name)
    (row,) = [row for row in (found or {})["rows"] if row[column] == value]
    return dict(row)


def _found(name: str, what: str) -> dict[str, Any] | None:
    return _row(name, "what", what) if _result(name) else None


def _bars() -> int:
    """How many bars the models were measured on."""
    found = _result("marts") or {}
    return int(found["verdict"].split(" years, ")[1].split(" bars")[0].replace(",", ""))


def _mb(bars: int) -> str:
    return f"{bars * bytes_of_a_bar() / 1e6:.1f}"


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 3 * 86400 else f"{seconds / 86400:.0f} days"


def main() -> None:
    """Print the tables, or write them into the page."""
    if sys.argv[1:] == ["--write"]:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(before + BEGIN + tables() + END + after)
    else:
        print(tables(), end="")


if __name__ == "__main__":
    main()
