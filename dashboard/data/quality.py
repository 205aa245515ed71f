"""Test results, loads and freshness, in the form of the data-quality page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime

HISTORY_RUNS = 30
LOAD_ROWS = 200
# The worst first: the order of the table and of every legend.
STATUSES = ("error", "fail", "warn", "skipped", "pass")
# What a test adds to Health (ops.test_states), the worst first.
HEALTH = ("fail", "warn", "pass")


@dataclass(frozen=True)
class TestRun:
    """Counts of the data tests of a build and after it, or of a dbt_test by hand.

    `failed` holds failures and errors, `execution_seconds` the tests' own time.
    """

    run_id: str
    executed_at: datetime | None
    tests: int
    passed: int
    warned: int
    failed: int
    skipped: int
    execution_seconds: float

    @property
    def pass_rate(self) -> float:
        """Share of the tests that passed, 0 to 1; a skipped test did not pass."""
        return self.passed / self.tests if self.tests else 0.0


@dataclass(frozen=True)
class Freshness:
    """The newest session of one dataset (None: no bar yet), its bars, and when they were fetched (UTC)."""

    dataset: str
    last_session: date | None
    bars: int
    fetched_at: datetime | None


@dataclass(frozen=True)
class FamilyLoads:
    """The manifests of one family in the ledger and the time of the newest load (UTC)."""

    family: str
    manifests: int
    incomplete: int
    rows_loaded: int
    loaded_at: datetime | None


def read_runs(door: Door) -> list[TestRun]:
    """The newest runs, newest first."""
    frame = door.read("test_runs", runs=HISTORY_RUNS)
    return [
        TestRun(
            run_id=str(row.run_id),
            executed_at=as_datetime(row.executed_at),
            tests=int(row.tests),
            passed=int(row.passed),
            warned=int(row.warned),
            failed=int(row.failed),
            skipped=int(row.skipped),
            execution_seconds=0.0 if pd.isna(row.execution_seconds) else float(row.execution_seconds),
        )
        for row in frame.itertuples()
    ]


def read_latest_tests(door: Door) -> pd.DataFrame:
    """The newest result of every test: first what counts for Health, then the worst.

    queries/test_latest.sql plus `history`, the statuses of the newest runs, oldest first, "" where the test wasn't in a
    run.
    """
    latest = door.read("test_latest")
    if latest.empty:
        return latest.assign(history=[])
    history = door.read("test_history", runs=HISTORY_RUNS)
    runs = list(dict.fromkeys(history["run_id"]))
    table = history.pivot_table(index="test_id", columns="run_id", values="status", aggfunc="last")
    table = table.reindex(index=latest["test_id"], columns=runs).fillna("")
    places = [
        latest[column].map({value: place for place, value in enumerate(values)}).fillna(0)
        for column, values in (("health", HEALTH), ("status", STATUSES))
    ]
    return (
        latest.assign(history=table.to_numpy().tolist(), first=places[0], second=places[1])
        .sort_values(["first", "second", "model_name", "test_name"], kind="stable")
        .drop(columns=["first", "second"])
    )


def read_loads(door: Door) -> pd.DataFrame:
    """The newest loads, newest first."""
    return door.read("loads", rows=LOAD_ROWS)


def read_rejects(door: Door) -> pd.DataFrame:
    """The newest rejected manifests, newest first."""
    return door.read("load_rejects", rows=LOAD_ROWS)


def read_freshness(door: Door) -> list[Freshness]:
    """The newest session of each dataset."""
    return [
        Freshness(str(row.dataset), as_date(row.last_session_date), int(row.bars), as_datetime(row.fetched_at))
        for row in door.read("freshness").itertuples()
    ]


def read_families(door: Door) -> list[FamilyLoads]:
    """What the ledger holds, by family."""
    return [
        FamilyLoads(
            str(row.family), int(row.manifests), int(row.incomplete), int(row.rows_loaded), as_datetime(row.loaded_at)
        )
        for row in door.read("load_families").itertuples()
    ]
