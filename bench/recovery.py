"""What a backfill costs again that was killed half-way, against starting over and against dlt's resume.

`python -m bench.recovery [--sessions 240] [--tickers 500]`. The process gets SIGKILL when half of the requests have
come in, and is started once more as it was. The market server counts requests; 50 ms latency each.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date

from bench import record
from bench.ingest import LAST, PEERS, ROOT, Market, peer_versions
from bench.stack import Stack, running
from ingest import calendar
from ingest.planning import SESSIONS_A_BATCH
from ingest.tempfolder import TempFolder

LONGEST_SECONDS = 300.0


def main() -> None:
    """Run everyone and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.recovery", description=__doc__)
    parser.add_argument("--sessions", type=int, default=240)
    parser.add_argument("--tickers", type=int, default=500)
    options = parser.parse_args()
    sessions = list(calendar.sessions(date(2024, 1, 2), LAST))
    earlier, later = sessions[-2 * options.sessions : -options.sessions], sessions[-options.sessions :]
    with running() as stack, Market(options.tickers) as market, TempFolder("bench") as folder:
        stack.environment["POLYGON_BASE_URL"] = market.url
        ours = [sys.executable, "-m", "bench.contenders", "ours-ingest"]
        dlt = [str(PEERS), str(ROOT / "bench" / "peers" / "dlt_bars.py"), "direct", str(folder)]
        whole = _run(stack, market, [*ours, *_span(earlier)])
        _killed(stack, market, [*ours, *_span(later)], options.sessions // 2)
        resumed = _run(stack, market, [*ours, *_span(later)])
        days = [session.isoformat() for session in later]
        _killed(stack, market, [*dlt, *days], options.sessions // 2)
        peer = _run(stack, market, [*dlt, *days])
    rows = [
        {"who": who, "sessions": options.sessions, "requests": count, "seconds": round(seconds, 1)}
        for who, (count, seconds) in {
            "Snowtape, from the beginning": whole,
            "Snowtape, after a kill at half": resumed,
            "dlt, after a kill at half": peer,
        }.items()
    ]
    verdict = (
        f"After a kill at half of {options.sessions} sessions of {options.tickers:,} tickers, Snowtape sends "
        f"{resumed[0]} requests of the {whole[0]} that starting over takes, dlt {peer[0]}. A batch "
        f"is {SESSIONS_A_BATCH} sessions: the one under way is fetched again."
    )
    record.save("recovery", __doc__.split("\n")[0], rows, verdict, ["boto3", "requests"], peer_versions())


def _span(sessions: Sequence[date]) -> list[str]:
    return [sessions[0].isoformat(), sessions[-1].isoformat()]


def _start(stack: Stack, command: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = stack.environment | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)


def _run(stack: Stack, market: Market, command: Sequence[str]) -> tuple[int, float]:
    market.requests()
    began = time.perf_counter()
    process = _start(stack, command)
    if process.wait(LONGEST_SECONDS):
        raise SystemExit(f"{command[1:4]} ended with exit code {process.returncode}")
    return market.requests(), time.perf_counter() - began


def _killed(stack: Stack, market: Market, command: Sequence[str], at: int) -> None:
    """SIGKILL for the process and its children once `at` requests have come in."""
    market.requests()
    process = _start(stack, command)
    while market.count() < at:
        if process.poll() is not None:
            raise SystemExit(f"{command[1:4]} ended before {at} requests")
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    main()
