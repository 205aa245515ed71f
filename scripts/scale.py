"""Print the tables of docs/scale.md: all US stocks for 20 years and all options, on Snowflake, planned on paper.

Usage: .venv/bin/python scripts/scale.py            the tables
       .venv/bin/python scripts/scale.py --write    put them into docs/scale.md

Sizes and seconds come from bench/results (two cores, the local warehouse); prices and the size of a bar from
scripts/cost.py; how the work is cut from ingest/planning.py. What is assumed stands at the top of this file and is
called so in the tables. Nothing here was run on Snowflake.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from ingest.packs import ROWS_A_MANIFEST, UNDERLYINGS_A_TASK
from ingest.planning import MANIFESTS_A_BATCH, REREAD_SESSIONS, SESSIONS_A_BATCH
from ingest.underlyings import STRETCHES
from scripts.cost import CREDIT_USD, CREDITS_AN_HOUR, SUSPEND_SECONDS, WORK, bytes_of_a_bar

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- scripts/scale.py -->\n", "<!-- end -->\n"

# --- What is planned ---
TICKERS, YEARS, UNDERLYINGS, CONTRACTS = 10_000, 20, 5_000, 265_000
SESSIONS_A_YEAR = 252
SESSIONS_READ_A_DAY = REREAD_SESSIONS + 1
# --- How the pipeline works ---
# ingest/landing.py: CUT_BYTES.
OBJECT_BYTES, BYTES_OF_A_PLAIN_BAR = 64 << 20, 95
# ingest/datasets.py: an underlying's live contracts, those that expired, and its chain: each ends with a page that may
# be nearly empty. ingest/underlyings.py: the underlyings are found among the calls, half of the contracts.
REQUESTS_AN_UNDERLYING = 3
CONTRACTS_A_CHAIN_PAGE, CONTRACTS_A_LISTING_PAGE = 250, 1_000
# A row of the market stand-in's chain, gzipped as ingest does.
BYTES_OF_A_CHAIN_ROW = 125
# snowflake/procedures/load_manifests.py: CALL and the ledger; of a group BEGIN, lock, ledger, ledger, COMMIT, and for
# each dataset COPY and the count. A day is one group: it is far from 1,000 objects and 256 MiB.
STATEMENTS_A_CALL, STATEMENTS_A_GROUP, STATEMENTS_A_DATASET = 2, 5, 2
DATASETS = {"stocks": 4, "options": 3}
# --- Assumed: a small statement on Snowflake, from the call until its answer ---
STATEMENT_SECONDS = 0.4
# --- The API's plans: requests a second ---
FREE, CAPPED, PAID = 5 / 60, 5, 100
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
    manifests = -(-sessions // SESSIONS_A_BATCH)
    objects = manifests * -(-SESSIONS_A_BATCH * TICKERS * BYTES_OF_A_PLAIN_BAR // OBJECT_BYTES)
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
        f"| Manifests | {manifests:,} | {SESSIONS_A_BATCH} sessions a manifest |",
        f"| Tasks that load | {-(-manifests // MANIFESTS_A_BATCH)} | {MANIFESTS_A_BATCH:,} manifests a task |",
    ]


def _day() -> list[str]:
    stocks, asked = TICKERS * SESSIONS_READ_A_DAY, _chain_requests()
    cost = _options_request_seconds()
    loads = {family: _load_seconds(family) for family in DATASETS}
    # Each contract is once in the listing and once, with its bar, in the chain.
    results = 2 * CONTRACTS
    tasks = -(-UNDERLYINGS // UNDERLYINGS_A_TASK)
    day = _row("marts", "what", "a day, 4 threads")["elapsed, s"]
    dbt = sum(work.seconds for work in WORK if work.what.startswith("`dbt"))
    return [
        f"### A day: {TICKERS:,} tickers, {CONTRACTS:,} contracts of {UNDERLYINGS:,} underlyings",
        "",
        "| What | Stocks | Options | From |",
        "|---|---:|---:|---|",
        f"| Requests | {SESSIONS_READ_A_DAY} | {asked:,} | one a session; pages of chains and listings, see "
        "below. Reference data apart |",
        f"| What they cost without waiting | – | {_time(asked * cost)} | at least: {cost * 1000:.1f} ms each, "
        "bench/options; a full page takes longer |",
        f"| Bars read | {stocks:,} | {CONTRACTS:,} | at most: not every contract trades |",
        f"| Raw objects, MB | {_mb(stocks)} | {CONTRACTS * BYTES_OF_A_CHAIN_ROW / 1e6:.1f} "
        f"| {bytes_of_a_bar():.0f} bytes a bar of stocks, {BYTES_OF_A_CHAIN_ROW} a row of a chain |",
        f"| Tasks that fetch | 1 | {tasks} | {UNDERLYINGS_A_TASK} underlyings a task |",
        f"| Manifests | 1 | {max(tasks, -(-results // ROWS_A_MANIFEST))} | at least one for every "
        f"{ROWS_A_MANIFEST:,} results |",
        f"| Loads on Snowflake | {_time(loads['stocks'])} | {_time(loads['options'])} | {_statements('stocks')} and "
        f"{_statements('options')} statements, however many manifests; assumed: {STATEMENT_SECONDS} s each. "
        "Reading the objects apart |",
        f"| Stock models, here | {_time(day)} | not measured | bench/marts: a day on top of {_bars():,} bars |",
        f"| `dbt build` and `dbt test` on Snowflake | {_time(dbt)} | not measured | assumed, as in [costs](cost.md): "
        "hundreds of small statements |",
        f"| Credits of the loads | {_credits(loads['stocks']):.2f} | {_credits(loads['options']):.2f} | X-Small, and "
        f"{SUSPEND_SECONDS} s until it is suspended |",
        f"| Credits of dbt | {_credits(dbt):.2f} | not measured | the same |",
        f"| US dollars of both | {(_credits(loads['stocks']) + _credits(dbt)) * CREDIT_USD:.2f} "
        f"| {_credits(loads['options']) * CREDIT_USD:.2f} | {CREDIT_USD:.2f} a credit; dashboard: "
        "[costs](cost.md) |",
    ]


def _refresh(bars: int) -> list[str]:
    full = _row("marts", "what", "all models from nothing")["elapsed, s"]
    seconds = full * bars / _bars()
    lines = [
        "### A full refresh of the stock models",
        "",
        f"{_time(full)} for {_bars():,} bars here, so about {_time(seconds)} for {bars:,} if it grows as the bars do. "
        "A larger warehouse costs the same if it is faster by its size, and spills less:",
        "",
        "| Warehouse | Time, at best | Credits | USD |",
        "|---|---:|---:|---:|",
    ]
    for name, size in SIZES:
        credits = seconds / size / 3600 * CREDITS_AN_HOUR * size
        lines.append(f"| {name} | {_time(seconds / size)} | {credits:.2f} | {credits * CREDIT_USD:.2f} |")
    return lines


def _chain_requests() -> int:
    """Requests of a day by chain, at most: each underlying's last pages may be nearly empty, all others are full."""
    pages = CONTRACTS // CONTRACTS_A_CHAIN_PAGE + CONTRACTS // CONTRACTS_A_LISTING_PAGE
    return REQUESTS_AN_UNDERLYING * UNDERLYINGS + pages + _finding_requests()


def _finding_requests() -> int:
    """Requests that find the underlyings, at most: each ends its stretch or takes in a page of calls."""
    return CONTRACTS // 2 // CONTRACTS_A_LISTING_PAGE + len(STRETCHES) - 1


def _requests() -> list[str]:
    listed = REQUESTS_AN_UNDERLYING * UNDERLYINGS
    return [
        "### The options' requests",
        "",
        f"By chain: {UNDERLYINGS + CONTRACTS // CONTRACTS_A_CHAIN_PAGE:,} pages of chains at most, "
        f"{2 * UNDERLYINGS + CONTRACTS // CONTRACTS_A_LISTING_PAGE:,} of listings, {_finding_requests()} to find the "
        "underlyings. Besides, one for each contract that expired with the session, and for each underlying of which "
        "nothing traded.",
        "",
        f"| Way | Requests a day | At {FREE * 60:g} a minute | At {CAPPED} a second | At {PAID} a second |",
        "|---|---:|---:|---:|---:|",
        *[
            f"| {way} | {count:,} | {_time(count / FREE)} | {_time(count / CAPPED)} | {_time(count / PAID)} |"
            for way, count in (
                ("a request per contract and session", CONTRACTS * SESSIONS_READ_A_DAY + listed),
                (
                    "a request per contract: `rest`, or a plan without the chain",
                    CONTRACTS + listed,
                ),
                (f"by chain, {CONTRACTS_A_CHAIN_PAGE} contracts a page: `auto`", _chain_requests()),
            )
        ],
    ]


def _options_request_seconds() -> float:
    """What a request for options costs without waiting for a limit, landing included."""
    (row,) = [row for row in _result("options")["rows"] if row["who"].endswith("uncapped")]
    return float(row["seconds"] / row["requests"])


def _statements(family: str) -> int:
    return STATEMENTS_A_CALL + STATEMENTS_A_GROUP + STATEMENTS_A_DATASET * DATASETS[family]


def _load_seconds(family: str) -> float:
    return _statements(family) * STATEMENT_SECONDS


def _credits(seconds: float) -> float:
    return (seconds + SUSPEND_SECONDS) / 3600 * CREDITS_AN_HOUR


def _result(name: str) -> dict[str, Any]:
    """A benchmark's figures; without them there is nothing to plan with."""
    path = ROOT / "bench" / "results" / f"{name}.json"
    if not path.exists():
        raise SystemExit(f"{path.relative_to(ROOT)} is missing: run python -m bench.{name} first")
    return dict(json.loads(path.read_text()))


def _row(name: str, column: str, value: str) -> dict[str, Any]:
    (row,) = [row for row in _result(name)["rows"] if row[column] == value]
    return dict(row)


def _bars() -> int:
    """How many bars the models were measured on."""
    return int(_row("marts", "what", "all models from nothing")["bars"])


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
