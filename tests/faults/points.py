"""The named points at which something is killed, and what is killed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.traps import Point

WORKER = "worker"
# Of Airflow: "tasks" is the scheduler with all its tasks, "scheduler" its process alone.
TASKS, SCHEDULER, API_SERVER, DAG_PROCESSOR = "tasks", "scheduler", "api-server", "dag-processor"
MANIFEST, OBJECT = r"put manifests/", r"put raw/"
LOADED = r"insert into raw\.load_ledger"


@dataclass(frozen=True)
class Kill:
    """Work of a family that is at a point, and who is killed then: the worker, or a server."""

    name: str
    work: str
    point: Point
    victim: str = WORKER
    family: str = "stocks"


INGEST = (
    Kill("mid-download", "ingest", Point(r"download", skip=2)),
    Kill("after an object", "ingest", Point(rf"after {OBJECT}", skip=1)),
    Kill("before the manifest", "ingest", Point(rf"before {MANIFEST}", skip=1)),
    Kill("after the manifest", "ingest", Point(rf"after {MANIFEST}", skip=1)),
    Kill("before the asset event", "ingest", Point(r"announce")),
    Kill("API, mid-run", "ingest", Point(r"download", skip=2), "market"),
    Kill("object store, before an object", "ingest", Point(rf"before {OBJECT}", skip=1), "store"),
    Kill("object store, before the manifest", "ingest", Point(rf"before {MANIFEST}", skip=1), "store"),
)
LOAD = (
    Kill("task, after the lock", "load", Point(r"after update raw\.load_locks")),
    Kill("task, mid-COPY", "load", Point(r"read raw/stock_bars")),
    Kill("task, before commit", "load", Point(rf"after {LOADED}")),
    Kill("task, after commit", "load", Point(r"^after commit$")),
    Kill("warehouse, after the lock", "load", Point(r"after update raw\.load_locks"), "warehouse"),
    Kill("warehouse, mid-COPY", "load", Point(r"read raw/stock_bars"), "warehouse"),
    Kill("warehouse, before commit", "load", Point(rf"after {LOADED}"), "warehouse"),
    Kill("warehouse, after commit", "load", Point(r"^after commit$"), "warehouse"),
    Kill("object store, mid-COPY", "load", Point(r"read raw/stock_bars"), "store"),
)
OPTIONS = (
    Kill("options, mid-download", "ingest", Point(r"download", skip=20), family="options"),
    Kill("options, before the manifest", "ingest", Point(rf"before {MANIFEST}"), family="options"),
    Kill("options, after the manifest", "ingest", Point(rf"after {MANIFEST}"), family="options"),
    Kill("options: API, mid-run", "ingest", Point(r"download", skip=20), "market", "options"),
    Kill("options: task, before commit", "load", Point(rf"after {LOADED}"), family="options"),
    Kill("options: warehouse, mid-COPY", "load", Point(r"read raw/option_bars"), "warehouse", "options"),
)
BUILD = (
    Kill("dbt, mid-snapshot", "build", Point(r"before sql .*delete.*snapshot_polygon__stock_bars")),
    Kill("dbt, between snapshot and its note", "build", Point(r"before sql .*merge into .*absorbed_manifests")),
    Kill("dbt, mid-build", "build", Point(r"before sql .*int_polygon__stock_bars_enriched")),
    Kill("dbt, before the build is noted", "build", Point(r"before sql .*insert into .*ops\.builds")),
    Kill("warehouse, mid-snapshot", "build", Point(r"before .*delete.*snapshot_polygon__stock_bars"), "warehouse"),
    Kill("warehouse, mid-build", "build", Point(r"before .*int_polygon__stock_bars_enriched"), "warehouse"),
)
COPYING, BUILDING = Point(r"read raw/stock_bars"), Point(r"before .*int_polygon__stock_bars_enriched")
# No event: as soon as the run has landed an object.
LANDING = Point("")
AIRFLOW = (
    Kill("Airflow's scheduler with its tasks, mid-ingest", "ingest", LANDING, TASKS),
    Kill("Airflow's scheduler alone, mid-ingest", "ingest", LANDING, SCHEDULER),
    Kill("Airflow's API server, mid-ingest", "ingest", LANDING, API_SERVER),
    Kill("Airflow's DAG processor, mid-ingest", "ingest", LANDING, DAG_PROCESSOR),
    Kill("Airflow's scheduler with its tasks, mid-COPY", "load", COPYING, TASKS),
    Kill("Airflow's scheduler alone, mid-COPY", "load", COPYING, SCHEDULER),
    Kill("Airflow's API server, mid-COPY", "load", COPYING, API_SERVER),
    Kill("Airflow's scheduler with its tasks, mid-build", "build", BUILDING, TASKS),
    Kill("Airflow's API server, mid-build", "build", BUILDING, API_SERVER),
)
# What a schedule draws from; kills in Airflow take minutes each and stand alone.
ALL = (*INGEST, *LOAD, *OPTIONS, *BUILD)
# What `make test` has time for; `make faults` takes all of them.
EVERY_TIME = {
    "mid-download",
    "before the manifest",
    "after the manifest",
    "object store, before the manifest",
    "task, before commit",
    "warehouse, mid-COPY",
}


def chosen(kills: Sequence[Kill]) -> list[Kill]:
    """A few that differ most."""
    return [kill for kill in kills if kill.name in EVERY_TIME]
