"""From the API to raw tables: sessions of all tickers, 50 ms latency a request, against dlt, a naive loop and a floor.

`python -m bench.ingest [--sessions 60] [--tickers 10000]`. Every contender is a process of its own,
measured from outside. CPU and memory are those of the process and its children; what the local warehouse takes for our
load and for the naive loop is added, because DuckDB works inside dlt's process. Airflow's scheduling is left out.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import requests

from bench import record
from bench.contenders import NAIVE_TICKERS
from bench.stack import Stack, running
from ingest import calendar
from ingest.tempfolder import TempFolder
from local.market.__main__ import KEY_VARIABLE, TOKEN_VARIABLE
from local.processes import LOOPBACK, Server, answers, free_port, start, stop, wait_until

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
DELAY_MS, LAST = 50, date(2026, 11, 20)
FLOOR_GOAL, DLT_GOAL = 1.5, 5.0


@dataclass(frozen=True)
class Cost:
    """What one contender took; memory is the highest sum over its processes, MiB."""

    seconds: float
    cpu_seconds: float
    memory_mib: float
    requests: int


def main() -> None:
    """Run everyone and keep the figures."""
    options = arguments()
    sessions = list(calendar.sessions(date(2024, 1, 2), LAST))[-options.sessions :]
    with running() as stack, Market(options.tickers) as market, TempFolder("bench") as folder:
        stack.environment["POLYGON_BASE_URL"] = market.url
        ours = [sys.executable, "-m", "bench.contenders"]
        span = [sessions[0].isoformat(), sessions[-1].isoformat()]
        dlt = [str(PEERS), str(ROOT / "bench" / "peers" / "dlt_bars.py")]
        # The floor on either side of ours: a machine that slows down shows.
        floors = [_measure(stack, market, [*ours, "floor", *span])]
        landed = _measure(stack, market, [*ours, "ours-ingest", *span])
        floors.append(_measure(stack, market, [*ours, "floor", *span]))
        loading = _measure(stack, market, [*ours, "ours-load", *span], with_warehouse=True)
        count = _loaded(stack)
        work = [str(folder), *(session.isoformat() for session in sessions), f"--bars={count}"]
        naive = _measure(stack, market, [*ours, "naive", *span], with_warehouse=True)
        staged = _measure(stack, market, [*dlt, "staged", *work])
        direct = _measure(stack, market, [*dlt, "direct", *work])
    floor = min(floors, key=lambda cost: cost.seconds)
    loaded = Cost(
        landed.seconds + loading.seconds,
        landed.cpu_seconds + loading.cpu_seconds,
        max(landed.memory_mib, loading.memory_mib),
        landed.requests,
    )
    naive_bars = NAIVE_TICKERS * len(sessions)
    compared = {
        "dlt: REST → bucket → DuckDB": (staged, count),
        "dlt: REST → DuckDB": (direct, count),
        f"naive: a request, an object, an insert a ticker ({NAIVE_TICKERS} tickers)": (naive, naive_bars),
    }
    rows = [
        _row("floor: GET, gzip, PUT", floor, count),
        _row("Snowtape: ingest", landed, count),
        _row("Snowtape: ingest and load", loaded, count),
        *[_row(name, cost, bars) for name, (cost, bars) in compared.items()],
    ]
    times = [cost.seconds / bars / (loaded.seconds / count) for cost, bars in compared.values()]
    verdict = (
        f"{len(sessions)} sessions of {options.tickers:,} tickers, {DELAY_MS} ms latency a request. Ingest alone takes "
        f"{landed.seconds / floor.seconds:.2f} times the floor (goal: {FLOOR_GOAL}). A bar, through ingest and load, "
        f"takes dlt's comparable path {times[0]:.1f} times as long (goal: {DLT_GOAL:.0f}), dlt without the bucket "
        f"{times[1]:.1f} times, the naive loop {times[2]:.1f} times (from {NAIVE_TICKERS} tickers). dlt is tuned as "
        "its documentation advises: parallel requests, whole pages, Parquet, files cut for two processes, Arrow tables."
    )
    record.save("ingest", __doc__.split("\n")[0], rows, verdict, ["boto3", "requests", "duckdb"], peer_versions())


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--tickers", type=int, default=10_000)
    return parser.parse_args()


class Market:
    """The market server with its latency; counts what it is asked."""

    def __init__(self, tickers: int) -> None:
        self.url = f"http://{LOOPBACK}:{free_port()}"
        self._token = secrets.token_urlsafe(32)
        self._control = {"Authorization": f"Bearer {self._token}"}
        self._log = TempFolder("bench")
        command = [sys.executable, "-m", "local.market", "--port", self.url.rsplit(":", 1)[1]]
        command += ["--synthetic-tickers", str(tickers), "--anchor", LAST.isoformat(), "--delay-ms", str(DELAY_MS)]
        variables = os.environ | {KEY_VARIABLE: "bench-key", TOKEN_VARIABLE: self._token}
        self._server: Server = start("market", command, self._log.path / "log", variables, ROOT)
        wait_until(lambda: answers(f"{self.url}/health"), self._server, 120)

    def __enter__(self) -> Market:
        return self

    def __exit__(self, *_: object) -> None:
        stop([self._server], 1)
        self._log.close()

    def requests(self) -> int:
        """How many came since the last time; forgets them."""
        count = self.count()
        requests.delete(f"{self.url}/_requests", headers=self._control, timeout=30)
        return count

    def count(self) -> int:
        """How many came since then."""
        asked = requests.get(f"{self.url}/_requests", headers=self._control, timeout=30).json()["requests"]
        return sum(1 for each in asked if not each["path"].startswith("/_"))


def _measure(stack: Stack, market: Market, command: Sequence[str], *, with_warehouse: bool = False) -> Cost:
    market.requests()
    server = _warehouse(stack) if with_warehouse else None
    before = _cpu(server) if server else 0.0
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=stack.environment | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
    )
    peak = [0.0]
    watch = threading.Thread(target=_watch, args=(process, server, peak), daemon=True)
    watch.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with exit code {process.returncode}")
    cpu = usage.ru_utime + usage.ru_stime + (_cpu(server) - before if server else 0.0)
    told = " ".join(Path(each).name for each in command[1:4])
    print(f"{seconds:7.1f} s  {told}", flush=True)
    return Cost(seconds, cpu, peak[0], market.requests())


def _watch(process: subprocess.Popen[bytes], server: psutil.Process | None, peak: list[float]) -> None:
    rest = _memory(server) if server else 0.0
    while process.returncode is None:
        try:
            now = _memory(psutil.Process(process.pid)) + (_memory(server) - rest if server else 0.0)
        except psutil.NoSuchProcess:
            return
        peak[0] = max(peak[0], now)
        time.sleep(0.1)


def _memory(process: psutil.Process) -> float:
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            continue
    return total


def _cpu(process: psutil.Process) -> float:
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def _warehouse(stack: Stack) -> psutil.Process:
    (server,) = [each for each in stack.servers.running if each.name == "the warehouse"]
    return psutil.Process(server.process.pid)


def _loaded(stack: Stack) -> int:
    """How many bars our load has brought: not every ticker trades in every session."""
    with closing(stack.connect()) as connection:
        ((count,),) = connection.cursor().execute("select sum(result_rows) from raw.load_ledger").fetchall()
    return int(count)


def _row(name: str, cost: Cost, bars: int) -> dict[str, Any]:
    return {
        "who": name, "bars": bars, "wall, s": round(cost.seconds, 1), "CPU, s": round(cost.cpu_seconds, 1),
        "peak memory, MiB": round(cost.memory_mib), "requests": cost.requests,
        "bars a second": round(bars / cost.seconds),
    }  # fmt: skip


def peer_versions() -> dict[str, str]:
    """Of dlt, which is in another environment."""
    code = "import importlib.metadata as m; print(m.version('dlt'))"
    return {"dlt": subprocess.check_output([PEERS, "-c", code], text=True).strip()}


if __name__ == "__main__":
    main()
