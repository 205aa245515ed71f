"""Builds of the newest days and what became of each model in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from dashboard.data.door import Door
from dashboard.data.market import as_datetime

BUILDS = 30


@dataclass(frozen=True)
class Build:
    """One run of `dbt build`; times are UTC. `run_id` is Airflow's, "" for a build by hand."""

    build_id: str
    run_id: str
    started_at: datetime
    finished_at: datetime
    built: int
    failed: int
    skipped: int

    @property
    def seconds(self) -> float:
        """From the first model's start until dbt's end; by two clocks, so never below 0."""
        return max((self.finished_at - self.started_at).total_seconds(), 0.0)

    @property
    def status(self) -> str:
        """`fail` where a model failed, `warn` where one was left out, else `pass`."""
        return "fail" if self.failed else "warn" if self.skipped else "pass"


@dataclass(frozen=True)
class Model:
    """One model of a build; `after` is the seconds from the build's start to its own, None where it did not run."""

    name: str
    layer: str
    materialization: str
    status: str
    after: float | None
    seconds: float
    rows: int | None
    message: str


def read_builds(door: Door) -> list[Build]:
    """The newest builds, newest first."""
    return [
        Build(
            build_id=str(row.build_id),
            run_id="" if pd.isna(row.run_id) else str(row.run_id),
            started_at=as_datetime(row.started_at) or _time(row.finished_at),
            finished_at=_time(row.finished_at),
            built=int(row.models_built),
            failed=int(row.models_failed),
            skipped=int(row.models_skipped),
        )
        for row in door.read("builds", builds=BUILDS).itertuples()
    ]


def read_models(door: Door, build: Build) -> list[Model]:
    """The models of a build in the order in which they began."""
    return [
        Model(
            name=str(row.model_name),
            layer=str(row.layer),
            materialization=str(row.materialization),
            status=str(row.status),
            after=_seconds(as_datetime(row.started_at), build.started_at),
            seconds=float(row.execution_seconds),
            rows=None if pd.isna(row.stored_rows) else int(row.stored_rows),
            message="" if pd.isna(row.message) else str(row.message),
        )
        for row in door.read("build_models", build_id=build.build_id).itertuples()
    ]


def _time(value: object) -> datetime:
    moment = as_datetime(value)
    assert moment is not None, "ops.build_models.finished_at is never null"
    return moment


def _seconds(moment: datetime | None, since: datetime) -> float | None:
    return None if moment is None else max(moment - since, timedelta()).total_seconds()
