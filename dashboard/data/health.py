"""Health of each dataset: the worst of its newest load, its freshness by session and its tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.data import quality
from dashboard.data.door import Door
from dashboard.data.market import as_datetime
from dashboard.data.sessions import sessions_behind

WORST_FIRST = ("fail", "warn", "pass")
# Dataset → the ledger's family.
DATASETS = {"stock_bars": "stocks", "option_bars": "options"}
_OPTION_MODELS = "option|volatility|put_call|open_interest"


@dataclass(frozen=True)
class Check:
    """One reason for a dataset's health: "pass", "warn" or "fail", and the cause in words."""

    name: str
    status: str
    said: str


@dataclass(frozen=True)
class Health:
    """A dataset's checks; it is as well as the worst of them."""

    dataset: str
    checks: tuple[Check, ...]

    @property
    def status(self) -> str:
        """The worst status of the checks."""
        return min((check.status for check in self.checks), key=WORST_FIRST.index)


def read_health(door: Door) -> list[Health]:
    """The health of every dataset."""
    loads, rejects = quality.read_loads(door), quality.read_rejects(door)
    tests, fresh = door.read("test_latest"), {row.dataset: row for row in quality.read_freshness(door)}
    found = []
    for dataset, family in DATASETS.items():
        checks = (
            last_run(loads[loads["family"] == family], rejects[rejects["family"] == family]),
            freshness(fresh.get(dataset)),
            tested(of_dataset(tests, dataset)),
        )
        found.append(Health(dataset, checks))
    return found


def of_dataset(tests: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The tests on models of options for option_bars, all others for stock_bars."""
    if tests.empty:
        return tests
    is_option = tests["model_name"].fillna("").str.contains(_OPTION_MODELS, regex=True)
    return tests[is_option if dataset == "option_bars" else ~is_option]


def last_run(loads: pd.DataFrame, rejects: pd.DataFrame) -> Check:
    """The newest manifest: loaded whole, loaded incomplete (warn), rejected or none at all (fail)."""
    newest = _newest(loads, "loaded_at")
    refused = _newest(rejects, "rejected_at")
    if refused is not None and (newest is None or refused > newest):
        return Check("Last run", "fail", f"the newest manifest was rejected at {refused:%d %b %H:%M} UTC")
    if newest is None:
        return Check("Last run", "fail", "nothing was loaded yet")
    row = loads.loc[pd.to_datetime(loads["loaded_at"]).idxmax()]
    if not bool(row["is_complete"]):
        return Check("Last run", "warn", f"the load of {newest:%d %b %H:%M} UTC was incomplete")
    return Check("Last run", "pass", f"loaded whole at {newest:%d %b %H:%M} UTC")


def freshness(row: quality.Freshness | None) -> Check:
    """One session behind the calendar is a warning, more are a failure."""
    if row is None or row.last_session is None:
        return Check("Freshness", "fail", "no bar yet")
    behind = sessions_behind(row.last_session)
    status = "pass" if not behind else "warn" if behind == 1 else "fail"
    late = f", {behind} session{'s' * (behind > 1)} behind" if behind else ""
    return Check("Freshness", status, f"newest session {row.last_session:%d %b %Y}{late}")


def tested(tests: pd.DataFrame) -> Check:
    """The worst that a test adds (ops.test_states): failures, and warnings with more rows than the day before.

    Warnings as before and muted tests are named and don't count; no test at all is a warning.
    """
    if tests.empty:
        return Check("Tests", "warn", "no test has run yet")
    is_muted, health = tests["is_muted"].astype(bool), tests["health"]
    known = (tests["status"] != "pass") & (health == "pass") & ~is_muted
    counts = {
        "failed": int((health == "fail").sum()),
        "new or skipped": int((health == "warn").sum()),
        "warned as before": int(known.sum()),
        "muted": int(is_muted.sum()),
    }
    status = "fail" if counts["failed"] else "warn" if counts["new or skipped"] else "pass"
    said = [f"{count} {word}" for word, count in counts.items() if count]
    return Check("Tests", status, f"{', '.join(said)}, of {len(tests)}" if said else f"all {len(tests)} passed")


def _newest(frame: pd.DataFrame, column: str) -> datetime | None:
    return None if frame.empty else as_datetime(pd.to_datetime(frame[column]).max())
