"""The chain is through when the facts say so, and a lost event is made good by hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from local.demo import chain as chain_module
from local.demo.airflow import DagRun
from local.demo.board import Board, Stage
from local.demo.chain import BUILD, DAG_IDS, INGESTS, LOADS, TEST, Chain, ChainFailed, Landed
from local.demo.warehouse import Ledger, Outcome

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class World:
    """Airflow, object store and warehouse in one: a triggered run ends at the second look, and does its work."""

    landed: list[Landed] = field(default_factory=list)
    loaded: dict[tuple[str, str], datetime] = field(default_factory=dict)
    every: dict[str, list[DagRun]] = field(default_factory=dict)
    rings: bool = True
    fails: frozenset[str] = frozenset()
    clock: datetime = START
    triggered: list[str] = field(default_factory=list)
    marked_failed: list[str] = field(default_factory=list)

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> DagRun:
        self.clock += timedelta(seconds=1)
        run = DagRun(dag_id, f"run-{len(self.triggered)}", "running", self.clock, self.clock, None)
        self.every.setdefault(dag_id, []).insert(0, run)
        self.triggered.append(dag_id)
        return run

    def runs(self, dag_id: str) -> list[DagRun]:
        runs = list(self.every.get(dag_id, []))
        for run in runs:
            if run.is_active:
                self._finish(run)
        return runs

    def latest_runs(self) -> dict[str, list[DagRun]]:
        return {dag_id: self.runs(dag_id) for dag_id in list(self.every)}

    def fail(self, run: DagRun) -> None:
        self.marked_failed.append(run.run_id)
        self.every[run.dag_id] = [replace(r, state="failed") if r == run else r for r in self.every[run.dag_id]]

    def failed_tasks(self, run: DagRun) -> list[str]:
        return ["land[1]"]

    def manifests(self) -> list[Landed]:
        return list(self.landed)

    def ledger(self) -> Ledger:
        return Ledger(frozenset(self.loaded), {}, max(self.loaded.values(), default=None))

    def mart_rows(self) -> int:
        return 10 * len(self.loaded)

    def latest_tests(self) -> Outcome:
        return Outcome(passed=7, warned=0, failed=0)

    def _finish(self, run: DagRun) -> None:
        self.clock += timedelta(seconds=1)
        state = "failed" if run.dag_id in self.fails else "success"
        index = self.every[run.dag_id].index(run)
        self.every[run.dag_id][index] = replace(run, state=state, ended=self.clock)
        if state == "failed":
            return
        if family := INGESTS.get(run.dag_id):
            self.landed.append(Landed(f"manifest-{run.run_id}", family, run.dag_id, run.run_id, 10))
            self._ring(LOADS[family])
        elif run.dag_id in LOADS.values():
            for manifest in self.landed:
                if LOADS[manifest.family] == run.dag_id:
                    self.loaded.setdefault((manifest.family, manifest.manifest_id), self.clock)
            self._ring(BUILD)
        elif run.dag_id == BUILD:
            self._ring(TEST)

    def _ring(self, dag_id: str) -> None:
        if self.rings and not any(run.is_active for run in self.every.get(dag_id, [])):
            self.trigger(dag_id, {})


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_module, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(chain_module, "PATIENCE_SECONDS", -1.0)


def follow(
    world: World, confs: dict[str, dict[str, Any]] | None = None, revive: Callable[[], bool] = lambda: False
) -> Board:
    board = Board([Stage(dag_id, "") for dag_id in DAG_IDS], Console(file=io.StringIO()))
    confs = {dag_id: {} for dag_id in INGESTS} if confs is None else confs
    chain = Chain(world, world, world.manifests, board, confs, world.clock)  # type: ignore[arg-type]
    chain.trigger()
    chain.follow(5, revive)
    return board


def test_chain_is_through_when_all_is_loaded_built_and_tested() -> None:
    world = World()
    board = follow(world)
    assert {(manifest.family, manifest.manifest_id) for manifest in world.landed} == set(world.loaded)
    assert {stage.state for stage in board.stages.values()} == {"done"}


def test_lost_events_are_made_good_by_hand() -> None:
    world = World(rings=False)
    follow(world)
    assert {(manifest.family, manifest.manifest_id) for manifest in world.landed} == set(world.loaded)
    assert world.triggered[-2:] == [BUILD, TEST]


def test_nothing_new_runs_nothing_twice() -> None:
    world = World()
    follow(world)
    before = list(world.triggered)
    board = follow(world, confs={})
    assert world.triggered == before
    assert {stage.state for stage in board.stages.values()} == {"unchanged"}


def test_run_left_by_an_interrupted_demo_is_closed_and_its_work_done() -> None:
    earlier = START - timedelta(hours=3)
    left = DagRun(BUILD, "left", "running", earlier, earlier, None)
    world = World(every={BUILD: [left]})
    world.runs = lambda dag_id: list(world.every.get(dag_id, []))  # type: ignore[method-assign]
    board = Board([Stage(dag_id, "") for dag_id in DAG_IDS], Console(file=io.StringIO()))
    Chain(world, world, world.manifests, board, {}, START).trigger()  # type: ignore[arg-type]
    assert world.marked_failed == ["left"]


def test_a_scheduled_run_that_makes_up_for_a_missed_time_is_followed_and_not_closed() -> None:
    now = START + timedelta(seconds=20)
    dag_id = LOADS["stocks"]
    world = World(
        landed=[Landed("m", "stocks", "polygon_stocks_ingest_daily", "r", 10)],
        every={dag_id: [DagRun(dag_id, "scheduled", "running", now, now, None)]},
        clock=now,
    )
    board = follow(world, confs={})
    assert world.marked_failed == []
    assert board.stages[dag_id].state == "done"


@pytest.mark.parametrize("dag_id", [BUILD, TEST, LOADS["stocks"]])
def test_failed_run_downstream_ends_the_chain_red(dag_id: str) -> None:
    with pytest.raises(ChainFailed, match=dag_id):
        follow(World(fails=frozenset({dag_id})))


def test_failed_ingest_turns_its_stage_red_and_the_rest_goes_on() -> None:
    board = follow(World(fails=frozenset({"polygon_options_ingest_daily"})))
    assert board.failed == ["polygon_options_ingest_daily"]
    assert board.stages[TEST].state == "done"


def test_a_board_without_an_ingest_leaves_it_out() -> None:
    world = World()
    follow(world)
    daily = "polygon_stocks_ingest_daily"
    board = Board([Stage(name, "") for name in (daily, *LOADS.values(), BUILD, TEST)], Console(file=io.StringIO()))
    chain = Chain(world, world, world.manifests, board, {daily: {}}, world.clock)  # type: ignore[arg-type]
    chain.trigger()
    chain.follow(seconds=5)
    assert world.triggered.count(daily) == 2
    assert board.stages[LOADS["options"]].state == "unchanged"
    assert board.stages[TEST].state == "done"


def test_look_that_failed_while_a_server_was_dead_is_made_again() -> None:
    world, dead, revived = World(), [True], []
    looks = world.latest_runs

    def latest_runs() -> dict[str, list[DagRun]]:
        if len(world.triggered) == len(INGESTS) and dead:
            raise ConnectionError("connection refused")
        return looks()

    def revive() -> bool:
        revived.append(bool(dead))
        # It dies after the look for dead servers, so the look itself is what fails first.
        return bool(len(revived) > 1 and dead and dead.pop())

    world.latest_runs = latest_runs  # type: ignore[method-assign]
    follow(world, revive=revive)
    assert revived[:2] == [True, True]
    assert len(world.loaded) == len(INGESTS)


def test_look_that_failed_while_every_server_was_up_ends_the_chain() -> None:
    world = World()

    def latest_runs() -> dict[str, list[DagRun]]:
        if world.triggered:
            raise ConnectionError("connection refused")
        return {}

    world.latest_runs = latest_runs  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        follow(world)
