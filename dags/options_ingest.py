"""Option contracts, their bars and chain snapshots from the Polygon.io API to S3."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag

from ingest.datasets import Family
from ingest.publication import scheduled
from wiring.defaults import DEFAULT_ARGS, NEW_YORK, ends_within
from wiring.landing import ingest, plan_backfill, plan_daily

TAGS = ["polygon", "options", "ingest"]

DAILY = """
### The newest published session of the options on every underlying in SNOWTAPE_UNDERLYINGS (*: all that have options)

Runs 15 minutes after the stocks. Fetches the contracts as of the session and the chain snapshot (implied volatility,
greeks, open interest), which has no history: a missed day cannot be fetched later. It has the session's bars too; a
request remains for each contract that it lacks. If the plan has no snapshot, the manifest says so, every contract is a
request for the session and the five before it, and the run succeeds. The run emits `options_landed`.
"""
BACKFILL = """
### The bars of every contract that was listed in a range

One request per contract for the whole range, including expired contracts. What a manifest already covers is fetched
again only with `refetch`.
"""


@dag(
    dag_id="polygon_options_ingest_daily",
    schedule=CronTriggerTimetable(scheduled().daily_cron(15), timezone=NEW_YORK, run_immediately=timedelta()),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    deadline=ends_within(6, "polygon_options_ingest_daily"),
    tags=[*TAGS, "daily"],
    doc_md=DAILY,
)
def daily() -> None:
    ingest(Family.OPTIONS, plan_daily)


@dag(
    dag_id="polygon_options_ingest_backfill",
    schedule=None,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[*TAGS, "backfill"],
    params={
        "start": Param(type="string", format="date", description="First session"),
        "end": Param(
            None, type=["null", "string"], format="date", description="Last session; empty: the newest published"
        ),
        "underlyings": Param([], type="array", items={"type": "string"}, description="Empty: SNOWTAPE_UNDERLYINGS"),
        "refetch": Param(False, type="boolean", description="Fetch also what a manifest already holds"),
    },
    doc_md=BACKFILL,
)
def backfill() -> None:
    ingest(Family.OPTIONS, plan_backfill)


daily()
backfill()
