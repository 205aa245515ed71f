"""The dbt tasks, with dbt and Airflow's context replaced."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from transform.results import TestResult
from transform.run import DbtRun
from transform.settings import BadSetting

PASSED = TestResult(
    run_id="a run of dbt",
    invocation_id="an invocation",
    executed_at=datetime(2026, 11, 20),
    test_id="test.snowtape.unique",
    test_name="unique",
    model_name=None,
    column_name=None,
    status="pass",
    severity="error",
    failing_rows=0,
    execution_seconds=0.1,
    message=None,
    compiled_sql=None,
)


class Calls:
    """What the tasks did, in order."""

    def __init__(self) -> None:
        self.ran: list[dict] = []
        self.recorded: list[list] = []
        self.are_current = False
        self.has_unbuilt = True
        self.run = DbtRun(True, Path("/x"), "dbt: 3 pass", [PASSED])


@pytest.fixture
def calls(monkeypatch, tmp_path) -> Calls:
    import wiring.transforming
    import wiring.warehouse

    made = Calls()
    where = SimpleNamespace(target_path=lambda run_id: tmp_path / run_id, project_dir=tmp_path)
    monkeypatch.setattr("transform.settings.read_settings", lambda: where)

    def dbt(command, **options):
        made.ran.append({"command": command, **options})
        return made.run

    def record(connection, results):
        made.recorded.append(list(results))

    @contextmanager
    def warehouse():
        yield None

    monkeypatch.setattr("transform.run.dbt", dbt)
    monkeypatch.setattr("transform.results.record", record)
    monkeypatch.setattr("transform.results.of_tries", lambda folders, run_id: [replace(PASSED, run_id=run_id)])
    monkeypatch.setattr("transform.definitions.project_digest", lambda folder: "a digest")
    monkeypatch.setattr("transform.definitions.definitions_are_current", lambda connection, digest: made.are_current)
    monkeypatch.setattr("transform.unbuilt.has_unbuilt", lambda connection: made.has_unbuilt)
    monkeypatch.setattr(wiring.warehouse, "warehouse", warehouse)
    return made


@pytest.fixture
def start(monkeypatch):
    """Calls a task's function as try number `tried` of a run."""
    import wiring.transforming as transforming

    def run(name: str, tried: int = 1, run_type: str = "asset_triggered", events: Sequence = ()):
        context = {
            "dag": SimpleNamespace(dag_id="dbt_build"),
            "dag_run": SimpleNamespace(run_type=run_type),
            "run_id": "a_run",
            "triggering_asset_events": {transforming.MARTS_BUILT: events},
            "ti": SimpleNamespace(try_number=tried),
        }
        monkeypatch.setattr(transforming, "get_current_context", lambda: context)
        result = getattr(transforming, name).function()
        return list(result) if result is not None else []

    return run


def test_a_build_rings_the_marts_once(calls, start) -> None:
    (event,) = start("build")
    assert event.asset.name == "marts_built"
    assert calls.ran[0]["command"] == "build"
    assert calls.ran[0]["previous_target"] is None


@pytest.mark.parametrize("run_type", ["scheduled", "asset_triggered"])
def test_a_build_is_skipped_when_the_ledger_has_nothing_newer(calls, start, run_type) -> None:
    calls.has_unbuilt = False
    with pytest.raises(AirflowSkipException, match="Nothing was loaded or overridden"):
        start("build", run_type=run_type)
    assert calls.ran == []


def test_a_manual_build_is_never_skipped(calls, start) -> None:
    calls.has_unbuilt = False
    assert len(start("build", run_type="manual")) == 1


def test_a_second_try_of_a_build_goes_on_from_the_folder_of_the_first(calls, start, tmp_path) -> None:
    start("build", tried=1), start("build", tried=2)
    first, second = calls.ran
    assert second["previous_target"] == tmp_path / first["run_id"]
    assert second["run_id"] != first["run_id"]


@pytest.mark.parametrize(
    ("are_current", "run_type", "selector"),
    [
        (True, "asset_triggered", "build_rows"),
        (True, "scheduled", "build_rows"),
        (False, "scheduled", "build"),
        (True, "manual", "build"),
    ],
)
def test_a_build_defines_nothing_that_the_last_one_has_defined(calls, start, are_current, run_type, selector) -> None:
    calls.are_current = are_current
    start("build", run_type=run_type)
    assert calls.ran[0]["selector"] == selector


def test_the_tests_of_a_build_and_those_after_it_are_kept_as_one_run(calls, start) -> None:
    (event,) = start("build")
    older, newer = (
        SimpleNamespace(timestamp=datetime(2026, 11, 20, hour, tzinfo=UTC), extra=extra)
        for hour, extra in ((1, {"tests_of": "another"}), (2, event.extra))
    )
    start("test", events=[newer, older])

    assert [call["selector"] for call in calls.ran] == ["build", "after_build"]
    assert [result.run_id for results in calls.recorded for result in results] == ["dbt_build-a_run"] * 2


@pytest.mark.parametrize("extra", [None, {}])
def test_tests_that_no_build_has_started_are_all_run(calls, start, extra) -> None:
    events = [] if extra is None else [SimpleNamespace(timestamp=datetime(2026, 11, 20, tzinfo=UTC), extra=extra)]
    start("test", events=events)
    assert calls.ran[0]["selector"] is None


def test_a_failed_build_rings_nothing_and_may_be_tried_again(calls, start) -> None:
    calls.run = DbtRun(False, Path("/x"), "dbt: 1 error", [])
    with pytest.raises(RuntimeError, match="1 error"):
        start("build")


def test_results_are_kept_before_a_failed_test_turns_the_task_red_for_good(calls, start) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    calls.run = DbtRun(False, Path("/x"), "dbt: 1 fail", [PASSED])
    with pytest.raises(AirflowFailException, match="1 fail"):
        start("test")
    assert calls.recorded == [[replace(PASSED, run_id="dbt_build-a_run-try1")]]


def test_a_dbt_that_died_before_it_had_results_may_be_tried_again(calls, start) -> None:
    calls.run = DbtRun(False, Path("/x"), "dbt ended with code 2", [])
    with pytest.raises(RuntimeError, match="code 2"):
        start("test")
    assert calls.recorded == []


def test_a_setting_that_cannot_be_used_fails_the_task_at_once(calls, start, monkeypatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    def refuse():
        raise BadSetting("SNOWTAPE_DBT_EXECUTABLE is 'x'")

    monkeypatch.setattr("transform.settings.read_settings", refuse)
    with pytest.raises(AirflowFailException, match="SNOWTAPE_DBT_EXECUTABLE"):
        start("build")
