"""Print the tables of docs/cost.md: what Snowtape costs a month, from the assumptions at the top of this file.

Usage: python3 scripts/cost.py            the tables
       python3 scripts/cost.py --write    put them into docs/cost.md

Needs nothing but Python 3.11. Sizes are measured here, on an object of made-up bars; prices are list prices (US,
AWS) that your contract may undercut. No bill of a real account was at hand.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "cost.md"
BEGIN, END = "<!-- scripts/cost.py -->\n", "<!-- end -->\n"

# --- Prices, US dollars ---
CREDIT_USD = 3.00  # Enterprise; Standard is 2.00
SNOWFLAKE_STORAGE_USD_TB_MONTH = 23.00
S3_USD_GB_MONTH = 0.023
S3_PUT_USD = 0.005 / 1000
S3_GET_USD = 0.0004 / 1000
# --- The warehouse: X-Small, billed by the second, suspended 60 seconds after its last query ---
CREDITS_AN_HOUR = 1.0
SUSPEND_SECONDS = 60
# --- What is done ---
SESSIONS_A_MONTH = 21
DAYS_A_MONTH = 30
TICKERS = 10_000
SESSIONS_READ_A_DAY = 6  # the session and the five before it
CONTRACTS = 40_000  # of 20 underlyings
YEARS_KEPT = 5


@dataclass(frozen=True)
class Work:
    """Something that wakes a warehouse: so many times a month, for so many seconds of work each time."""

    what: str
    warehouse: str
    times: int
    seconds: float
    note: str

    @property
    def credits(self) -> float:
        """Credits a month, with the minute in which the warehouse waits before it is suspended."""
        return self.times * (self.seconds + SUSPEND_SECONDS) / 3600 * CREDITS_AN_HOUR


WORK = [
    Work("Loads after an ingest", "loader", 2 * SESSIONS_A_MONTH, 60, "two families a session"),
    Work("Half-hourly sweeps that find something", "loader", SESSIONS_A_MONTH, 60, "one a session, after a lost event"),
    Work("`dbt build`", "transformer", 2 * SESSIONS_A_MONTH, 240, "one after each family's load"),
    Work("`dbt test`", "transformer", 2 * SESSIONS_A_MONTH, 90, "one after each build"),
    Work("Deployments", "deployer", 8, 60, ""),
    Work("Dashboard, cold questions", "reader", SESSIONS_A_MONTH * 30, 60, "30 wakes a session; the rest is cached"),
]
# The same, if nothing were answered from a cache.
WORST = [
    Work(
        "Half-hourly sweeps, each waking the warehouse",
        "loader",
        48 * DAYS_A_MONTH,
        2,
        "without Snowflake's result cache",
    ),
    Work("Hourly checks before a build, likewise", "loader", 24 * DAYS_A_MONTH, 2, "five minutes after a sweep"),
    Work("Dashboard, 60 wakes a session", "reader", SESSIONS_A_MONTH * 60, 60, "a busy team"),
]


def bytes_of_a_bar() -> float:
    """Compressed bytes of one bar in a raw object, measured on 2,000 made-up ones as the API writes them."""
    draw = random.Random(1)
    bars = []
    for number in range(2_000):
        price = round(draw.uniform(5, 500), 2)
        bar = {"T": f"{draw.choice('ABCDEFGH')}{number:04d}", "v": draw.randrange(1_000, 9_000_000)}
        for name in ("vw", "o", "c", "h", "l"):
            bar[name] = round(price * draw.uniform(0.98, 1.02), 4 if name == "vw" else 2)
        bars.append(bar | {"t": 1_795_208_400_000, "n": draw.randrange(10, 90_000)})
    return len(gzip.compress(json.dumps({"results": bars}).encode())) / len(bars)


def tables() -> str:
    """All tables, in Markdown."""
    expected = sum(work.credits for work in WORK)
    extra = sum(work.credits for work in WORST) - WORK[-1].credits
    lines = ["### Compute", "", "| What | Warehouse | Times a month | Seconds each | Credits | USD | |"]
    lines.append("|---|---|---:|---:|---:|---:|---|")
    lines += [_row(work) for work in WORK]
    lines.append(f"| **Together** | | | | **{expected:.1f}** | **{expected * CREDIT_USD:.0f}** | |")
    lines += ["", "At worst instead:", "", "| What | Warehouse | Times a month | Seconds each | Credits | USD | |"]
    lines.append("|---|---|---:|---:|---:|---:|---|")
    lines += [_row(work) for work in WORST]
    worst = expected + extra
    lines.append(
        f"| **Together, with the rest of the table above** | | | | **{worst:.1f}** | **{worst * CREDIT_USD:.0f}** | |"
    )
    lines += ["", "### Storage", "", *_storage()]
    lines += ["", "### Quotas", "", *_quotas()]
    return "\n".join(lines) + "\n"


def _row(work: Work) -> str:
    usd = work.credits * CREDIT_USD
    figures = f"{work.times} | {work.seconds:g} | {work.credits:.1f} | {usd:.0f}"
    return f"| {work.what} | {work.warehouse} | {figures} | {work.note} |"


def _storage() -> list[str]:
    bar = bytes_of_a_bar()
    sessions = 252 * YEARS_KEPT
    stock_gb = TICKERS * SESSIONS_READ_A_DAY * bar * sessions / 1e9
    option_gb = CONTRACTS * SESSIONS_READ_A_DAY * bar * sessions / 1e9
    raw_gb = stock_gb + option_gb
    # VARIANT and typed copies: raw once as VARIANT, versions and marts typed, each about as large as the gzip.
    snowflake_gb = 3 * raw_gb
    objects = 30 * SESSIONS_A_MONTH
    requests = objects * S3_PUT_USD + 10 * objects * S3_GET_USD
    return [
        f"A bar is {bar:.0f} bytes in a raw object. {TICKERS:,} tickers and {CONTRACTS:,} contracts, each session read "
        f"{SESSIONS_READ_A_DAY} times, {YEARS_KEPT} years:",
        "",
        "| What | GB | USD a month |",
        "|---|---:|---:|",
        f"| Raw objects of stocks in S3 | {stock_gb:.1f} | {stock_gb * S3_USD_GB_MONTH:.2f} |",
        f"| Raw objects of options in S3 | {option_gb:.1f} | {option_gb * S3_USD_GB_MONTH:.2f} |",
        f"| Requests to S3 | | {requests:.2f} |",
        f"| Tables in Snowflake, about three times that | {snowflake_gb:.1f} "
        f"| {snowflake_gb / 1000 * SNOWFLAKE_STORAGE_USD_TB_MONTH:.2f} |",
    ]


def _quotas() -> list[str]:
    lines = ["| Warehouse | Expected credits | At worst | Quota in example.toml |", "|---|---:|---:|---:|"]
    example = (Path(__file__).parents[1] / "snowflake" / "account" / "example.toml").read_text()
    worst = [work for work in WORK if not work.what.startswith("Dashboard")] + WORST
    for warehouse in ("deployer", "loader", "transformer", "reader"):
        quota = example.split(f"{warehouse}_credits = ")[1].split("\n")[0]
        sums = [sum(work.credits for work in works if work.warehouse == warehouse) for works in (WORK, worst)]
        lines.append(f"| {warehouse} | {sums[0]:.1f} | {sums[1]:.1f} | {quota} |")
    return lines


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
