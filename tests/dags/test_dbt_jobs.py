"""The dbt tasks, with dbt and Airflow's context replaced."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from transform.run import DbtRun
from transform.settings import BadSetting


class Calls:
    """What the tasks did, in order."""

    def __init__(self) -> None:
        self.ran: list[dict] = []
        self.recorded = 0
        self.has_unbuilt = True
        self.run = DbtRun(True, Path("/x"), "dbt: 3 pass", [object()])  # type: ignore[list-item]


@pytest.fixture
def calls(monkeypatch, tmp_path) -> Calls:
    import wiring.transforming
    import wiring.warehouse

    made = Calls()
    where = SimpleNamespace(target_path=lambda run_id: tmp_path / run_id)
    monkeypatch.setattr("transform.settings.read_settings", lambda: where)

    def dbt(command, **options):
        made.ran.append({"command": command, **options})
        return made.run

    def record(connection, run):
        made.recorded += 1

    @contextmanager
    def warehouse():
        yield None

    monkeypatch.setattr("transform.run.dbt", dbt)
    monkeypatch.setattr("transform.results.record", record)
    monkeypatch.setattr("transform.unbuilt.has_unbuilt_loads", lambda connection: made.has_unbuilt)
    monkeypatch.setattr(wiring.warehouse, "warehouse", warehouse)
    return made


@pytest.fixture
def start(monkeypatch):
    """Calls a task's function as try number `tried` of a run."""
    import wiring.transforming as transforming

    def run(name: str, tried: int = 1, run_type: str = "asset_triggered"):
        context = {
            "dag": SimpleNamespace(dag_id="dbt_build"),
            "dag_run": SimpleNamespace(run_type=run_type),
            "run_id": "a_run",
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
    with pytest.raises(AirflowSkipException, match="nothing newer than the last build"):
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


def test_a_failed_build_rings_nothing_and_may_be_tried_again(calls, start) -> None:
    calls.run = DbtRun(False, Path("/x"), "dbt: 1 error", [])
    with pytest.raises(RuntimeError, match="1 error"):
        start("build")


def test_results_are_kept_before_a_failed_test_turns_the_task_red_for_good(calls, start) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    calls.run = DbtRun(False, Path("/x"), "dbt: 1 fail", [object()])  # type: ignore[list-item]
    with pytest.raises(AirflowFailException, match="1 fail"):
        start("test")
    assert calls.recorded == 1


def test_a_dbt_that_died_before_it_had_results_may_be_tried_again(calls, start) -> None:
    calls.run = DbtRun(False, Path("/x"), "dbt ended with code 2", [])
    with pytest.raises(RuntimeError, match="code 2"):
        start("test")
    assert calls.recorded == 0


def test_a_setting_that_cannot_be_used_fails_the_task_at_once(calls, start, monkeypatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    def refuse():
        raise BadSetting("SNOWTAPE_DBT_EXECUTABLE is 'x'")

    monkeypatch.setattr("transform.settings.read_settings", refuse)
    with pytest.raises(AirflowFailException, match="SNOWTAPE_DBT_EXECUTABLE"):
        start("build")
