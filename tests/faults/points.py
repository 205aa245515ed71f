"""The named points at which something is killed, and what is killed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.traps import Point

WORKER = "worker"
MANIFEST, OBJECT = r"put manifests/", r"put raw/"
LOADED = r"insert into raw\.load_ledger"


@dataclass(frozen=True)
class Kill:
    """Work that is at a point, and who is killed then: the worker, or a server."""

    name: str
    work: str
    point: Point
    victim: str = WORKER


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
BUILD = (
    Kill("dbt, mid-snapshot", "build", Point(r"before sql .*delete.*snapshot_polygon__stock_bars")),
    Kill("dbt, between snapshot and its note", "build", Point(r"before sql .*merge into .*absorbed_manifests")),
    Kill("dbt, mid-build", "build", Point(r"before sql .*int_polygon__stock_bars_enriched")),
    Kill("dbt, before the build is noted", "build", Point(r"before sql .*insert into .*ops\.builds")),
    Kill("warehouse, mid-snapshot", "build", Point(r"before .*delete.*snapshot_polygon__stock_bars"), "warehouse"),
    Kill("warehouse, mid-build", "build", Point(r"before .*int_polygon__stock_bars_enriched"), "warehouse"),
)
ALL = (*INGEST, *LOAD, *BUILD)
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
