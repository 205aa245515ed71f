"""Trigger the ingests, then follow the asset chain until the marts hold everything that was landed.

An asset event can be lost (it is a doorbell, not a ledger), so the end is read from the facts: every manifest of the
object store is in the ledger, a build began after the newest load, and the tests ran after that build. Where nothing
moves although work is left, the DAG that would do it is triggered by hand, as an operator would.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.demo.airflow import AirflowClient, DagRun
from local.demo.board import DONE, FAILED, UNCHANGED, Board
from local.demo.warehouse import Ledger, Warehouse

INGESTS = {
    "polygon_stocks_ingest_backfill": "stocks",
    "polygon_options_ingest_backfill": "options",
    "polygon_stocks_ingest_daily": "stocks",
    "polygon_options_ingest_daily": "options",
}
LOADS = {"stocks": "polygon_stocks_load", "options": "polygon_options_load"}
BUILD, TEST = "dbt_build", "dbt_test"
DAG_IDS = (*INGESTS, *LOADS.values(), BUILD, TEST)
POLL_SECONDS = 1.5
# How long the chain may rest with work left before the next DAG is triggered by hand.
PATIENCE_SECONDS = 6.0


@dataclass(frozen=True)
class Landed:
    """A manifest of the object store, as far as the demo looks at it."""

    manifest_id: str
    family: str
    dag_id: str
    run_id: str
    result_rows: int


class ChainFailed(RuntimeError):
    """A DAG of the chain ended red; the board says which."""


class Chain:
    """One pass through the asset chain.

    `landed` lists all manifests of the object store; `confs` holds the params of the ingests to trigger: a DAG of the
    board that is not in it is left alone because nothing is new for it. `began`: when this demo started; an active run
    that is older was left behind by an interrupted one.
    """

    def __init__(
        self,
        airflow: AirflowClient,
        warehouse: Warehouse,
        landed: Callable[[], list[Landed]],
        board: Board,
        confs: Mapping[str, dict[str, Any]],
        began: datetime,
    ) -> None:
        self._airflow, self._warehouse, self._landed, self._board = airflow, warehouse, landed, board
        self._confs, self._began = confs, began
        self._triggered: dict[str, DagRun] = {}
        self._before: dict[str, set[str]] = {}
        # As they were at the latest look.
        self._runs: dict[str, list[DagRun]] = {}
        self._resting_since: dict[str, float] = {}

    def trigger(self) -> None:
        """Close runs that an interrupted demo left behind, then start the ingests."""
        self._runs = self._airflow.latest_runs()
        for dag_id in DAG_IDS:
            # A schedule that was missed while nothing ran is made up for at once: such a run is part of this chain.
            older = [run for run in self._runs.get(dag_id, []) if self._is_older(run)]
            for run in older:
                if run.is_active:
                    self._airflow.fail(run)
            self._before[dag_id] = {run.run_id for run in older}
        for dag_id in (dag_id for dag_id in INGESTS if dag_id in self._board.stages):
            if dag_id in self._confs:
                self._board.start(dag_id)
                self._triggered[dag_id] = self._airflow.trigger(dag_id, self._confs[dag_id])
            else:
                self._board.end(dag_id, UNCHANGED, "no session has closed since the last run")

    def _is_older(self, run: DagRun) -> bool:
        since = run.queued_at or run.started
        return since is None or since < self._began

    def follow(self, seconds: float, revive: Callable[[], bool] = lambda: False) -> None:
        """Poll until the chain has come through.

        Args:
            revive: starts again what has died since the last look; whether there was any.

        Raises:
            ChainFailed: a run of the chain failed and nothing else is on its way, or the time is over.
        """
        deadline = time.monotonic() + seconds
        while not self._looked(revive):
            if time.monotonic() > deadline:
                raise ChainFailed(f"the chain did not come through within {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def _looked(self, revive: Callable[[], bool]) -> bool:
        """One look; whatever it fails with while a server was dead is forgiven once that server is up again."""
        revive()
        try:
            return self._step()
        except ChainFailed:
            raise
        except Exception:
            if not revive():
                raise
            return False

    def _step(self) -> bool:
        """Look once; True when the chain has come through."""
        self._runs = self._airflow.latest_runs()
        if not self._ingests_ended():
            self._show_downstream()
            return False
        landed, ledger = self._landed(), self._warehouse.ledger()
        settled = [self._load_settled(family, landed, ledger) for family in LOADS]
        if not all(settled):
            self._show_downstream()
            return False
        built = self._ended_after(BUILD, ledger.newest_load)
        if built is None:
            self._show(TEST)
            return False
        return self._ended_after(TEST, built.ended) is not None

    def _ingests_ended(self) -> bool:
        for dag_id, run in self._triggered.items():
            if not run.is_active:
                continue
            run = next((seen for seen in self._runs.get(dag_id, []) if seen.run_id == run.run_id), run)
            self._triggered[dag_id] = run
            if run.is_active:
                continue
            rows = sum(
                manifest.result_rows
                for manifest in self._landed()
                if manifest.run_id == run.run_id and manifest.dag_id == dag_id
            )
            if run.state == "success":
                held = "every session is held already" if rows == 0 else ""
                self._board.end(dag_id, UNCHANGED if held else DONE, held, rows, _took(run))
            else:
                self._board.end(dag_id, FAILED, _tasks(self._airflow, run), rows, _took(run))
        return not any(run.is_active for run in self._triggered.values())

    def _load_settled(self, family: str, landed: list[Landed], ledger: Ledger) -> bool:
        dag_id = LOADS[family]
        runs = self._new_runs(dag_id)
        known = {(manifest.family, manifest.manifest_id) for manifest in landed if manifest.family == family}
        left = len(known - ledger.manifests)
        if any(run.is_active for run in runs):
            self._running(dag_id, f"{left} manifests to go" if left else "")
            return False
        if left:
            if runs and runs[0].state == "failed":
                self._board.end(dag_id, FAILED, _tasks(self._airflow, runs[0]), ledger.result_rows.get(family, 0))
                raise ChainFailed(f"{dag_id} failed with {left} manifests left")
            self._nudge(dag_id, f"{left} manifests to go")
            return False
        state = DONE if runs else UNCHANGED
        self._board.end(dag_id, state, "", ledger.result_rows.get(family, 0), _span(runs))
        return True

    def _ended_after(self, dag_id: str, moment: datetime | None) -> DagRun | None:
        """The newest run of `dag_id` that began after `moment` and succeeded; triggers one when the chain rests."""
        every = self._runs.get(dag_id, [])
        if any(run.is_active for run in every):
            self._running(dag_id)
            return None
        fresh = [run for run in every if run.started and (moment is None or run.started >= moment)]
        new = self._new_runs(dag_id)
        if fresh and fresh[0].state == "success":
            rows, detail = self._outcome(dag_id)
            self._board.end(dag_id, DONE if new else UNCHANGED, detail, rows, _span(new))
            return fresh[0]
        if fresh and fresh[0].run_id in {run.run_id for run in new}:
            self._board.end(dag_id, FAILED, _tasks(self._airflow, fresh[0]), seconds=_span(new))
            raise ChainFailed(f"{dag_id} failed")
        self._nudge(dag_id)
        return None

    def _outcome(self, dag_id: str) -> tuple[int | None, str]:
        """Rows of the marts after a build; after the tests, how they went."""
        if dag_id == BUILD:
            return self._warehouse.mart_rows(), ""
        tests = self._warehouse.latest_tests()
        return None, f"{tests.passed} passed, {tests.warned} warned"

    def _nudge(self, dag_id: str, detail: str = "") -> None:
        """Trigger a DAG by hand once nothing has moved for a while."""
        since = self._resting_since.setdefault(dag_id, time.monotonic())
        if time.monotonic() - since > PATIENCE_SECONDS:
            del self._resting_since[dag_id]
            self._running(dag_id, detail)
            self._airflow.trigger(dag_id, {})

    def _running(self, dag_id: str, detail: str = "") -> None:
        self._resting_since.pop(dag_id, None)
        if self._board.stages[dag_id].state != "running":
            self._board.start(dag_id, detail)
        else:
            self._board.note(dag_id, detail)

    def _show(self, dag_id: str) -> None:
        if any(run.is_active for run in self._new_runs(dag_id)):
            self._running(dag_id)

    def _show_downstream(self) -> None:
        """What already runs while earlier stages still work."""
        for dag_id in (*LOADS.values(), BUILD, TEST):
            self._show(dag_id)

    def _new_runs(self, dag_id: str) -> list[DagRun]:
        return [run for run in self._runs.get(dag_id, []) if run.run_id not in self._before[dag_id]]


def _took(run: DagRun) -> float | None:
    return (run.ended - run.started).total_seconds() if run.started and run.ended else None


def _span(runs: list[DagRun]) -> float | None:
    """Seconds that these runs worked, in all."""
    return sum(_took(run) or 0.0 for run in runs) if runs else 0.0


def _tasks(airflow: AirflowClient, run: DagRun) -> str:
    failed = airflow.failed_tasks(run)
    return (
        "failed: " + ", ".join(failed[:4]) + (f" and {len(failed) - 4} more" if len(failed) > 4 else "")
        if failed
        else run.state
    )
