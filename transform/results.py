"""What dbt says about its tests, as rows of ops.dbt_test_results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

SQL = Path(__file__).parent / "sql"
TESTS = ("test", "unit_test")
# A statement may have 1 MB in Snowflake; a query that a person still reads is shorter than this.
LONGEST_TEXT = 4_000


@dataclass(frozen=True)
class TestResult:
    """One test of one run; the fields are the columns of ops.dbt_test_results.

    `executed_at` is UTC without a zone; `failing_rows` is None where the test did not run.
    """

    __test__ = False  # not a class of tests for pytest

    run_id: str
    invocation_id: str
    executed_at: datetime
    test_id: str
    test_name: str
    model_name: str | None
    column_name: str | None
    status: str
    severity: str | None
    failing_rows: int | None
    execution_seconds: float
    message: str | None
    compiled_sql: str | None


@dataclass(frozen=True)
class Outcome:
    """What dbt did with one resource: a status of dbt's, and its message where there is one."""

    unique_id: str
    status: str
    message: str | None

    @property
    def name(self) -> str:
        """The name without type and project."""
        return ".".join(self.unique_id.split(".")[2:])


@dataclass(frozen=True)
class Artifacts:
    """run_results.json and manifest.json of one dbt invocation."""

    invocation_id: str
    generated_at: datetime
    elapsed_seconds: float
    results: tuple[Mapping[str, Any], ...]
    resources: Mapping[str, Mapping[str, Any]]

    @property
    def outcomes(self) -> list[Outcome]:
        """Every resource that the invocation took up, in dbt's order."""
        return [Outcome(result["unique_id"], result["status"], result.get("message")) for result in self.results]

    def test_results(self, run_id: str) -> list[TestResult]:
        """The tests among them, passes too."""
        tests = (result for result in self.results if result["unique_id"].split(".")[0] in TESTS)
        return [self._test_result(run_id, result) for result in tests]

    def _test_result(self, run_id: str, result: Mapping[str, Any]) -> TestResult:
        resource = self.resources.get(result["unique_id"], {})
        severity = (resource.get("config") or {}).get("severity")
        done = [step["completed_at"] for step in result.get("timing", ()) if step.get("completed_at")]
        return TestResult(
            run_id=run_id,
            invocation_id=self.invocation_id,
            executed_at=_utc(max(done)) if done else self.generated_at,
            test_id=result["unique_id"],
            test_name=resource.get("name", result["unique_id"]),
            model_name=_model(resource),
            column_name=resource.get("column_name"),
            status=result["status"],
            severity=severity.lower() if severity else None,
            failing_rows=result.get("failures"),
            execution_seconds=float(result.get("execution_time") or 0),
            message=_short(result.get("message")),
            compiled_sql=_short(result.get("compiled_code")),
        )


def read_artifacts(target_path: Path) -> Artifacts | None:
    """The artifacts of the run that wrote to this folder; None when it ended before it had results."""
    try:
        run_results = json.loads((target_path / "run_results.json").read_text())
        manifest = json.loads((target_path / "manifest.json").read_text())
    except FileNotFoundError:
        return None
    return Artifacts(
        invocation_id=run_results["metadata"]["invocation_id"],
        generated_at=_utc(run_results["metadata"]["generated_at"]),
        elapsed_seconds=float(run_results["elapsed_time"]),
        results=tuple(run_results["results"]),
        resources={**manifest["nodes"], **manifest.get("unit_tests", {})},
    )


def of_tries(target_paths: Sequence[Path], run_id: str) -> list[TestResult]:
    """The newest result of each test over the tries of one run, oldest first: a retry tests only what it takes up."""
    artifacts = filter(None, map(read_artifacts, target_paths))
    return list({result.test_id: result for tried in artifacts for result in tried.test_results(run_id)}.values())


def record(connection: SnowflakeConnection, results: Sequence[TestResult]) -> int:
    """Append results to ops.dbt_test_results; returns how many, 0 when those of their invocation are there already.

    One statement, so either all rows are kept or none. The connection commits by itself (autocommit).
    """
    if not results:
        return 0
    with connection.cursor() as cursor:
        key = {"run_id": results[0].run_id, "invocation_id": results[0].invocation_id}
        cursor.execute((SQL / "recorded_test_results.sql").read_text(), key)
        (recorded,) = cursor.fetchone() or (0,)
        if recorded:
            return 0
        cursor.executemany((SQL / "record_test_results.sql").read_text(), [asdict(result) for result in results])
    return len(results)


def _model(resource: Mapping[str, Any]) -> str | None:
    """What is under test: a model's name, or schema and table of a source."""
    depends_on = (resource.get("depends_on") or {}).get("nodes") or [None]
    tested = resource.get("attached_node") or depends_on[0]
    return ".".join(tested.split(".")[2:]) if tested else None


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _short(text: str | None) -> str | None:
    return None if text is None else text.strip()[:LONGEST_TEXT]
