"""Options under a request cap: 5 underlyings × 2,000 contracts, 60 sessions: `python -m bench.options`.

A backfill through the product's own planning, client and landing, against a stand-in of the API
(bench/options_market.py). First a slice of the contracts under the real cap, 300 requests in any 60 s, which the server
enforces: that gives the rate. Then all contracts without a cap worth the name: that gives the requests and what they
cost without waiting. Time under the cap is requests by rate. The other way, a request per contract and day, isn't run:
its requests are counted and take the same rate.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from bench import record
from bench.options_market import OptionsMarket
from bench.stack import running
from ingest import calendar, runs
from ingest.datasets import Family

UNDERLYINGS, CONTRACTS, SLICE, SESSIONS = 5, 2_000, 120, 60
CAP_A_MINUTE, NO_CAP = 300, 1_000_000
LAST = date(2026, 11, 20)


def main() -> None:
    """Run both and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.options", description=__doc__)
    parser.add_argument("--contracts", type=int, default=CONTRACTS, help="of each of the 5 underlyings")
    options = parser.parse_args()
    sessions = list(calendar.sessions(date(2026, 1, 2), LAST))[-SESSIONS:]
    capped, capped_requests, refused = _backfill(SLICE, sessions, CAP_A_MINUTE)
    free, requests, _ = _backfill(options.contracts, sessions, NO_CAP)
    days = UNDERLYINGS * options.contracts * SESSIONS
    rows = [
        _row(f"Snowtape, {SLICE} contracts an underlying, capped", capped_requests, capped),
        _row(f"Snowtape, {options.contracts:,} contracts an underlying, uncapped", requests, free),
        _row("the same, capped: requests by rate", requests, requests / (CAP_A_MINUTE / 60)),
        _row("a request per contract and day, capped: requests by rate", days, days / (CAP_A_MINUTE / 60)),
    ]
    # A minute's worth of requests may go at once.
    least = (capped_requests - 1) // CAP_A_MINUTE * 60
    verdict = (
        f"Against a stand-in of the API, {UNDERLYINGS} underlyings × {options.contracts:,} contracts × {SESSIONS} "
        f"sessions take {requests:,} "
        f"requests, a request per contract and day {days:,}: {days / requests:.0f} times as many, {_hours(days)} "
        f"against {_hours(requests)} at {CAP_A_MINUTE / 60:g} a second. Under the cap the slice took {capped:.0f} s, "
        f"where {least} s is the least for its {capped_requests} requests; {refused} were refused. Without waiting, "
        f"a request costs {free / requests * 1000:.1f} ms, landing included."
    )
    question = f"Options under a cap of {CAP_A_MINUTE / 60:g} requests a second, against a request per contract and day"
    record.save("options", question, rows, verdict, ["boto3", "requests"])


def _backfill(contracts: int, sessions: Sequence[date], a_minute: int) -> tuple[float, int, int]:
    """Seconds, requests and refusals of a backfill, from the plan to the last manifest."""
    with running() as stack, OptionsMarket(UNDERLYINGS, contracts, sessions, a_minute) as market:
        stack.environment["POLYGON_BASE_URL"] = market.url
        stack.environment["POLYGON_REQUESTS_PER_MINUTE"] = str(a_minute)
        stack.environment["SNOWTAPE_UNDERLYINGS"] = ",".join(market.underlyings)
        os.environ.update(stack.environment)
        span = {"start": sessions[0].isoformat(), "end": sessions[-1].isoformat()}
        began = time.perf_counter()
        rows = 0
        for batch in runs.plan_backfill(Family.OPTIONS, span):
            landed = runs.land(batch, "bench", "bench")
            rows += landed.result_rows if landed else 0
        seconds = time.perf_counter() - began
        # Listed as of the end and as of the start.
        expected = UNDERLYINGS * contracts * (len(sessions) + 2)
        if rows != expected:
            raise SystemExit(f"{rows:,} rows were landed, {expected:,} are due: contracts and their bars")
        print(f"{contracts} contracts an underlying: {market.requests:,} requests in {seconds:.1f} s", flush=True)
        return seconds, market.requests, market.refused


def _hours(requests: int) -> str:
    seconds = requests / (CAP_A_MINUTE / 60)
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"


def _row(who: str, requests: int, seconds: float) -> dict[str, Any]:
    return {"who": who, "requests": requests, "seconds": round(seconds, 1)}


if __name__ == "__main__":
    main()
