"""scripts/judge.py on the local Snowflake: what it prints, what it ends with, and that nothing stays behind.

The whole of it, all models and tests three times over, is part of tests/live; here dbt builds two models.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.warehouse.process import RunningWarehouse
from scripts import judge, judge_dbt

SCRATCH = "JUDGED_SCRATCH"
FEW = ("build", "--select", "loads", "load_rejects")


@pytest.fixture
def schemas(
    warehouse: RunningWarehouse, warehouse_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Asks for the schemas of the scratch database, in which a run that was killed has left one."""
    monkeypatch.setenv("SNOWFLAKE_DATABASE", "JUDGED")
    monkeypatch.setattr(judge_dbt, "RUNS", {"first": FEW})
    with warehouse.connect() as connection:
        cursor = connection.cursor()
        cursor.execute(f"create or replace database {SCRATCH}")
        cursor.execute(f"create schema {SCRATCH}.left_behind")

        def ask() -> set[str]:
            cursor.execute(f"select schema_name from {SCRATCH}.information_schema.schemata")
            return {name for (name,) in cursor.fetchall()} - {"INFORMATION_SCHEMA", "PUBLIC"}

        yield ask
        cursor.execute(f"drop database {SCRATCH}")


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of two queries, one of which names a column that is not there."""
    folder = tmp_path / "worksheets"
    folder.mkdir()
    (folder / "good.sql").write_text(
        "set since = '2026-01-02';\nselect family\nfrom ops.loads\nwhere loaded_at > $since"
    )
    (folder / "bad.sql").write_text("select famly\nfrom ops.loads")
    monkeypatch.setattr(judge, "REPOSITORY", tmp_path)
    return folder


def test_statement_that_is_refused_is_named_with_its_error_and_nothing_stays_behind(
    schemas: Any, queries: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert schemas() == {"LEFT_BEHIND"}

    assert judge.main([]) == 1

    said = capsys.readouterr().out
    assert "ok       V1.0.0__schemas.sql" in said
    assert "ok       first: model.snowtape.load_rejects" in said
    assert "ok       worksheets/good.sql" in said
    assert "refused  worksheets/bad.sql\n         " in said
    assert "famly" in said.lower()
    assert ", 1 refused, 0 skipped." in said
    assert schemas() == set()


def test_error_in_the_middle_leaves_nothing_behind(schemas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(judge_dbt, "verdicts", fail)

    with pytest.raises(RuntimeError, match="in the middle"):
        judge.main([])
    assert schemas() == set()


def test_scratch_database_that_is_missing_is_named(
    warehouse: RunningWarehouse,
    warehouse_settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SNOWFLAKE_DATABASE", "NOWHERE")

    assert judge.main([]) == 1
    assert capsys.readouterr().out.startswith("Database NOWHERE_SCRATCH is missing, or this role may not use it;")


@pytest.mark.parametrize(
    ("status", "unique_id", "error"),
    [
        ("success", "model.snowtape.loads", None),
        ("fail", "test.snowtape.not_null_loads", None),
        ("error", "test.snowtape.not_null_loads", "no such column"),
        ("fail", "unit_test.snowtape.loads.counts", "no such column"),
        ("skipped", "model.snowtape.loads", "not judged: what it is built from was refused"),
    ],
)
def test_result_of_dbt_is_a_verdict(status: str, unique_id: str, error: str | None) -> None:
    results = {"results": [{"unique_id": unique_id, "status": status, "message": "no such column"}]}

    assert list(judge_dbt.read_results("first", results)) == [(f"first: {unique_id}", error)]


def test_every_parameter_becomes_a_literal_of_its_type() -> None:
    assert judge.with_values("dashboard/x.sql", "select a from b where c = :ticker and d > :since limit :rows") == (
        "select a from b where c = 'AAPL' and d > '2026-01-02'::date limit 10"
    )
    assert judge.with_values("transform/x.sql", "select %(executed_at)s, %(failing_rows)s") == (
        "select '2026-01-02 12:00:00'::timestamp_ntz, 0"
    )
    assert judge.with_values("ingest/x.sql", "select a from b where c = %s") == "select a from b where c = '2026'"


def test_only_a_scratch_database_is_emptied() -> None:
    with pytest.raises(AssertionError):
        judge.drop_schemas(None, "SNOWTAPE")


def test_call_has_no_plan() -> None:
    assert judge.explain(None, "ingest/sql/load_manifests.sql", "call raw.load_manifests(%s)", "SNOWTAPE").skipped
