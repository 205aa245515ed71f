"""A new session, from the moment the API has it until the dashboard shows it, through real Airflow: by stage.

`python -m bench.end_to_end [--tickers 1000]`. Airflow as the demo runs it (LocalExecutor, SQLite, its servers on the
same cores); a run is triggered by hand, since a timetable would add what is left until its hour. Work is the time in
which at least one of a run's tasks ran, a process that starts and imports included; Airflow is the rest: until a run is
made for an asset event, until its tasks are queued and started, and between them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, TypeVar

from bench import record
from bench.dashboard import Chart
from bench.ingest import Market
from bench.stack import Stack, running
from ingest import calendar
from local.demo.airflow import AirflowClient, DagRun
from local.demo.chain import DAG_IDS
from local.demo.run import POOL, POOL_SLOTS
from local.processes import LOOPBACK

CHAIN = {"ingest": "polygon_stocks_ingest_backfill", "load": "polygon_stocks_load", "build": "dbt_build"}
AFTERWARDS = "dbt_test"
HISTORY, DAYS = 30, 3
LONGEST_SECONDS, REST_SECONDS = 900.0, 12.0
LAST = date(2026, 11, 20)
T = TypeVar("T")
TICKER = "SIM0001"


def main() -> None:
    """Run it and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.end_to_end", description=__doc__)
    parser.add_argument("--tickers", type=int, default=1_000)
    options = parser.parse_args()
    sessions = list(calendar.sessions(date(2026, 1, 2), LAST))[-HISTORY - DAYS :]
    with running() as stack, Market(options.tickers) as market:
        stack.environment["POLYGON_BASE_URL"] = market.url
        client = stack.servers.launch_airflow()
        stack.servers.wait_for_airflow(client, set(DAG_IDS))
        client.ensure_pool(POOL, POOL_SLOTS)
        stack.servers.start_dashboard()
        _come_through(client, sessions[:HISTORY])
        chart = Chart(f"http://{LOOPBACK}:{stack.servers.settings.dashboard_port}")
        days = [_day(stack, client, chart, session) for session in sessions[HISTORY:]]
    day = sorted(days, key=lambda each: each["dashboard"][2])[len(days) // 2]
    rows: list[dict[str, Any]] = [
        {"stage": stage, "work, s": work, "Airflow, s": rest, "ended after, s": ended}
        for stage, (work, rest, ended) in day.items()
    ]
    total = rows[-1]["ended after, s"]
    work, rest = (sum(row[name] for row in rows) for name in ("work, s", "Airflow, s"))
    verdict = (
        f"{options.tickers:,} tickers on top of {HISTORY} sessions, the median of {DAYS} days: {total:.0f} s from the "
        f"API to the dashboard, of which {work:.0f} s are work and {rest:.0f} s Airflow's. The dashboard "
        "looks for a new build every few seconds; its stage is the wait for that."
    )
    question = "From the API to the dashboard through Airflow: a new session, by stage"
    record.save("end_to_end", question, rows, verdict, ["apache-airflow", "dbt-core", "dash"])


def _day(stack: Stack, client: AirflowClient, chart: Chart, session: date) -> dict[str, tuple[float, float, float]]:
    """By stage: seconds of work, of Airflow, and since the trigger until its end."""
    began, ended, stages = datetime.now(UTC), datetime.now(UTC), {}
    stack.servers.check()
    for stage, dag_id in CHAIN.items():
        if stage == "ingest":
            client.trigger(dag_id, {"start": session.isoformat(), "end": session.isoformat()})
        run = _wait(partial(_newest, client, dag_id, began), f"{dag_id} of {session}")
        if run.state != "success" or run.ended is None:
            raise SystemExit(f"{dag_id} of {session}: {run.state}, {client.failed_tasks(run)}")
        work = _union(client.work(run))
        stages[stage] = (work, (run.ended - ended).total_seconds() - work, (run.ended - began).total_seconds())
        ended = run.ended
    _wait(lambda: session.isoformat() in chart.ask(TICKER).text or None, f"{session} on the dashboard")
    shown = datetime.now(UTC)
    waited = (shown - ended).total_seconds()
    stages["dashboard"] = (waited, 0.0, (shown - began).total_seconds())
    print(f"{session}: {stages['dashboard'][2]:.1f} s", flush=True)
    _rest(client)
    return stages


def _come_through(client: AirflowClient, sessions: list[date]) -> None:
    """The history, as far as the end of the chain."""
    span = {"start": sessions[0].isoformat(), "end": sessions[-1].isoformat()}
    began = datetime.now(UTC)
    client.trigger(CHAIN["ingest"], span)
    _wait(lambda: _newest(client, CHAIN["build"], began), "the first build")
    _rest(client)


def _newest(client: AirflowClient, dag_id: str, since: datetime) -> DagRun | None:
    """A DAG's run that was made after a moment and is over."""
    for run in client.runs(dag_id):
        if run.queued_at and run.queued_at >= since and not run.is_active:
            return run
    return None


def _rest(client: AirflowClient) -> None:
    """Until nothing has been active for a while."""
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < REST_SECONDS:
        if any(run.is_active for dag_id in (*CHAIN.values(), AFTERWARDS) for run in client.runs(dag_id)):
            quiet_since = time.monotonic()
        time.sleep(1)


def _wait(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + LONGEST_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {LONGEST_SECONDS:.0f} s: {what}")
        time.sleep(0.3)
    return found


def _union(spans: list[tuple[datetime, datetime]]) -> float:
    """Seconds in which at least one span lay."""
    total, until = 0.0, None
    for begin, end in sorted(spans):
        begin = begin if until is None else max(begin, until)
        total += max((end - begin).total_seconds(), 0)
        until = end if until is None else max(until, end)
    return total


if __name__ == "__main__":
    main()
