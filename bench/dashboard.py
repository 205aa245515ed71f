"""The dashboard's chart page with 10,000 tickers × 5 years in the warehouse: `python -m bench.dashboard`.

A change of ticker is one request of the page's reading callback, sent as the browser sends it and timed until its last
byte is there. Cold: nobody asked for the ticker since the build; warm: it was just shown. Ten users each change their
ticker about once a second, half of the time to one that is warm. bench/marts.py runs this on the warehouse that it has
built; alone it builds one.
"""

from __future__ import annotations

import argparse
import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import requests

from bench import record
from bench.history import SESSIONS_A_YEAR, Market, build, sessions
from bench.stack import Stack, running
from ingest.tempfolder import TempFolder
from local.processes import LOOPBACK

CHANGES, KNOWN, USERS, SECONDS, PAUSE = 200, 20, 10, 60, 1.0
WARM_GOAL_MS, COLD_GOAL_MS, FIRST_GOAL_KB, USERS_GOAL = 150, 700, 200, 2.0
QUESTION = "A change of ticker on the dashboard's chart, for one user and for ten"


class Chart:
    """The chart page as one browser uses it."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()
        callbacks = self.session.get(f"{url}/_dash-dependencies", timeout=30).json()
        (found,) = [
            callback
            for callback in callbacks
            if "chart-figure.data" in callback["output"]
            and any(each["id"] == "chart-ticker" for each in callback["inputs"])
        ]
        self._body: dict[str, Any] = {
            "output": found["output"],
            "outputs": [
                dict(zip(("id", "property"), each.rsplit(".", 1), strict=True))
                for each in found["output"].strip(".").split("...")
            ],
            "inputs": [dict(each) for each in found["inputs"]],
            "changedPropIds": ["chart-ticker.data"],
        }

    def ask(self, ticker: str | None) -> requests.Response:
        """The answer to a change of ticker, its body not read yet."""
        for each in self._body["inputs"]:
            if each["id"] == "chart-ticker":
                each["value"] = ticker
        return self.session.post(f"{self.url}/_dash-update-component", json=self._body, timeout=60, stream=True)

    def show(self, ticker: str | None) -> tuple[float, int, bool]:
        """Milliseconds, bytes as sent, and whether it was answered."""
        began = time.perf_counter()
        answer = self.ask(ticker)
        sent = len(answer.raw.read(decode_content=False))
        spent = (time.perf_counter() - began) * 1000
        answer.raw.close()
        return spent, sent, answer.status_code == 200


def measure(stack: Stack, tickers: int, years: int) -> None:
    """Start the dashboard on the stack's warehouse, use it, keep the figures."""
    stack.servers.start_dashboard()
    url = f"http://{LOOPBACK}:{stack.servers.settings.dashboard_port}"
    chart, chosen = Chart(url), random.Random(1).sample(range(tickers), tickers)
    names = [f"SIM{number:06d}" for number in chosen]
    first = chart.show(None)
    fresh = iter(names)
    pairs = [(_shown(chart, name), _shown(chart, name)) for name in itertools.islice(fresh, CHANGES)]
    cold, warm = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    known = [next(fresh) for _ in range(KNOWN)]
    for name in known:
        _shown(chart, name)
    alone = _mixed(url, known, fresh, 1)
    together = _mixed(url, known, fresh, USERS)
    rows = [
        _row("one user, cold", cold),
        _row("one user, warm", warm),
        _row("one user, half of them warm, a change a second", alone),
        _row(f"{USERS} users, half of them warm, a change a second each", together),
    ]
    verdict = (
        f"{tickers:,} tickers × {years} years. Cold p95 {_p95(cold):.0f} ms (goal: {COLD_GOAL_MS}), warm "
        f"{_p95(warm):.0f} ms (goal: {WARM_GOAL_MS}); {USERS} users wait {_p95(together) / _p95(alone):.1f} times as "
        f"long as one at p95 (goal: {USERS_GOAL:.0f}). The first page's data are {first[1] / 1000:.0f} kB (goal: "
        f"{FIRST_GOAL_KB}), compressed. Server and users share the machine's cores."
    )
    record.save("dashboard", QUESTION, rows, verdict, ["dash", "plotly", "waitress"])


def main() -> None:
    """Build a warehouse and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard", description=__doc__)
    parser.add_argument("--tickers", type=int, default=10_000)
    parser.add_argument("--years", type=int, default=5)
    options = parser.parse_args()
    history = options.years * SESSIONS_A_YEAR
    with running() as stack, stack.connect() as connection, TempFolder("bench") as folder:
        Market(options.tickers, sessions(history)).insert_history(connection, history)
        build(folder, "--full-refresh", threads=4)
        measure(stack, options.tickers, options.years)


def _shown(chart: Chart, name: str) -> float:
    spent, sent, is_good = chart.show(name)
    if not is_good or sent < 5_000:
        raise SystemExit(f"the chart has no bars of {name}: an answer of {sent} bytes")
    return spent


def _mixed(url: str, known: Sequence[str], fresh: Iterator[str], users: int) -> list[float]:
    """Everyone changes tickers for SECONDS; all that they waited, milliseconds."""
    waited: list[float] = []
    charts = [Chart(url) for _ in range(users)]
    until = time.perf_counter() + SECONDS

    def use(seed: int) -> None:
        chart, random_one = charts[seed], random.Random(seed)
        # Nobody begins at the very same moment.
        time.sleep(PAUSE * random_one.random())
        while time.perf_counter() < until:
            name = random_one.choice(known) if random_one.random() < 0.5 else next(fresh)
            waited.append(_shown(chart, name))
            time.sleep(PAUSE * random_one.uniform(0.5, 1.5))

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waited


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95))


def _row(who: str, values: Sequence[float]) -> dict[str, Any]:
    return {"who": who, "changes": len(values), "median, ms": float(np.median(values)), "p95, ms": _p95(values)}


if __name__ == "__main__":
    main()
