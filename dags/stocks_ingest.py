"""Stock bars, splits, dividends and tickers from the Polygon.io API to S3."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ingest.datasets import Family
from ingest.publication import scheduled
from wiring.defaults import DEFAULT_ARGS, NEW_YORK, ends_within
from wiring.landing import ingest, plan_backfill, plan_daily

TAGS = ["polygon", "stocks", "ingest"]

DAILY = """
### The newest published session of all US stocks

POLYGON_PLAN says when the API starts to serve a session, and so when this runs. A session that has closed but is not
served yet is outstanding: the run logs it and succeeds, and the next run fetches it.

Fetches the session's bars (unadjusted), the five sessions before it again for late corrections, and the splits,
dividends and tickers that changed. Each batch lands raw objects and one manifest; the run emits `stocks_landed`.
`polygon_stocks_ingest_backfill` fetches sessions that were missed altogether.
"""
BACKFILL = """
### A range of sessions

Fetches whatever no manifest covers in the range, by whole sessions, or by ticker where a few tickers need fewer
requests; with `refetch`, everything. A run that was interrupted is simply started again.
"""


@dag(
    dag_id="polygon_stocks_ingest_daily",
    schedule=CronTriggerTimetable(scheduled().daily_cron(), timezone=NEW_YORK, run_immediately=timedelta()),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    deadline=ends_within(6, "polygon_stocks_ingest_daily"),
    tags=[*TAGS, "daily"],
    doc_md=DAILY,
)
def daily() -> None:
    ingest(Family.STOCKS, plan_daily)


@dag(
    dag_id="polygon_stocks_ingest_backfill",
    schedule=None,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[*TAGS, "backfill"],
    params={
        "start": Param(type="string", format="date", description="First session"),
        "end": Param(
            None, type=["null", "string"], format="date", description="Last session; empty: the newest published"
        ),
        "tickers": Param([], type="array", items={"type": "string"}, description="Empty: SNOWTAPE_TICKERS, or all"),
        "refetch": Param(False, type="boolean", description="Fetch also what a manifest already holds"),
    },
    doc_md=BACKFILL,
)
def backfill() -> None:
    ingest(Family.STOCKS, plan_backfill)


daily()
backfill()
