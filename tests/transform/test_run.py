"""The runner's own part, with a stand-in for the dbt executable that notes its arguments and leaves artifacts."""

from __future__ import annotations

import json
import logging
import stat
import sys
from datetime import datetime
from pathlib import Path

import pytest

from transform.results import TestResult, read_artifacts
from transform.run import arguments, dbt
from transform.settings import BadSetting, TransformSettings, read_settings

TEST_ID = "test.snowtape.not_null_fct_ticker.1a2b"
MANIFEST = {
    "nodes": {
        TEST_ID: {
            "name": "not_null_fct_ticker",
            "column_name": "ticker",
            "config": {"severity": "WARN"},
            "attached_node": "model.snowtape.fct",
            "depends_on": {"nodes": ["model.snowtape.fct"]},
        },
        "test.snowtape.source_not_null.3c4d": {
            "name": "source_not_null",
            "config": {"severity": "ERROR"},
            "depends_on": {"nodes": ["source.snowtape.raw.load_ledger"]},
        },
    },
    "unit_tests": {},
}
RUN_RESULTS = {
    "metadata": {"invocation_id": "an-invocation", "generated_at": "2026-11-20T23:15:09Z"},
    "elapsed_time": 12.4,
    "results": [
        {"unique_id": "model.snowtape.fct", "status": "success", "timing": [], "execution_time": 1.0, "message": "OK"},
        {
            "unique_id": TEST_ID,
            "status": "warn",
            "timing": [
                {"name": "compile", "started_at": "2026-11-20T23:15:01Z", "completed_at": "2026-11-20T23:15:02Z"},
                {"name": "execute", "started_at": "2026-11-20T23:15:02Z", "completed_at": "2026-11-20T23:15:03.5Z"},
            ],
            "execution_time": 2.5,
            "failures": 3,
            "message": "Got 3 results, configured to warn if != 0",
            "compiled_code": "\n\nselect ticker from fct where ticker is null\n",
        },
        {
            "unique_id": "test.snowtape.source_not_null.3c4d",
            "status": "error",
            "timing": [],
            "execution_time": 0.0,
            "failures": None,
            "message": "Database Error\n  no such\n  table",
            "compiled_code": None,
        },
    ],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "dbt"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: nothing\n")
    return folder


def executable(folder: Path, body: str) -> Path:
    """A program that stands for dbt; `target` is the folder that it was told to write to."""
    path = folder / "dbt-stand-in"
    head = f"#!{sys.executable}\nimport json, sys\nfrom pathlib import Path\n"
    path.write_text(head + "target = Path(sys.argv[sys.argv.index('--target-path') + 1])\n" + body)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def leaves(run_results: dict[str, object] = RUN_RESULTS) -> str:
    return (
        f"(target / 'run_results.json').write_text({json.dumps(run_results)!r})\n"
        f"(target / 'manifest.json').write_text({json.dumps(MANIFEST)!r})\n"
    )


def test_results_are_the_columns_of_the_table_with_utc_times(tmp_path: Path) -> None:
    (tmp_path / "run_results.json").write_text(json.dumps(RUN_RESULTS))
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    artifacts = read_artifacts(tmp_path)
    assert artifacts is not None

    assert artifacts.test_results("a-run") == [
        TestResult(
            run_id="a-run",
            invocation_id="an-invocation",
            executed_at=datetime(2026, 11, 20, 23, 15, 3, 500000),
            test_id=TEST_ID,
            test_name="not_null_fct_ticker",
            model_name="fct",
            column_name="ticker",
            status="warn",
            severity="warn",
            failing_rows=3,
            execution_seconds=2.5,
            message="Got 3 results, configured to warn if != 0",
            compiled_sql="select ticker from fct where ticker is null",
        ),
        TestResult(
            run_id="a-run",
            invocation_id="an-invocation",
            executed_at=datetime(2026, 11, 20, 23, 15, 9),
            test_id="test.snowtape.source_not_null.3c4d",
            test_name="source_not_null",
            model_name="raw.load_ledger",
            column_name=None,
            status="error",
            severity="error",
            failing_rows=None,
            execution_seconds=0.0,
            message="Database Error\n  no such\n  table",
            compiled_sql=None,
        ),
    ]


def test_summary_counts_and_names_the_first_failure(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    program = executable(project, leaves() + "print('a line of dbt')\nsys.exit(1)\n")

    with caplog.at_level(logging.INFO, logger="transform.run"):
        run = dbt("test", settings=TransformSettings(program, project), run_id="dbt_test-manual__2026-11-20T23:15")

    assert not run.ok
    assert run.summary == (
        "dbt test: 1 error, 1 success, 1 warn in 12 s; first failure: "
        "source_not_null.3c4d: Database Error no such table"
    )
    assert [result.status for result in run.results] == ["warn", "error"]
    assert run.target_path == project / "target" / "runs" / "dbt_test-manual__2026-11-20T23_15"
    assert "a line of dbt" in caplog.messages


def test_dbt_is_told_the_run_that_its_queries_name(project: Path) -> None:
    body = leaves() + "import os\n(target / 'run').write_text(os.environ['SNOWTAPE_RUN'])\n"

    run = dbt("build", settings=TransformSettings(executable(project, body), project), run_id="dbt_build-manual-try1")

    assert (run.target_path / "run").read_text() == "dbt_build/dbt_build-manual-try1"


def test_dbt_that_dies_before_it_has_results_is_reported_with_its_last_words(project: Path) -> None:
    program = executable(project, "print('Env var required but not provided: SNOWFLAKE_ACCOUNT')\nsys.exit(2)\n")

    run = dbt("build", settings=TransformSettings(program, project), run_id="a")

    assert (run.ok, run.results) == (False, [])
    assert run.summary == (
        "dbt build ended with code 2 before it had results; "
        "it said: Env var required but not provided: SNOWFLAKE_ACCOUNT"
    )


def test_retry_goes_on_from_the_previous_run_and_starts_anew_where_that_left_nothing(project: Path) -> None:
    settings = TransformSettings(Path("/bin/dbt"), project)
    previous = settings.target_path("before")
    previous.mkdir(parents=True)

    assert arguments("build", settings, settings.target_path("now"), None, previous)[1:4] == [
        "build",
        "--exclude-resource-type",
        "unit_test",
    ]
    (previous / "run_results.json").write_text("{}")
    assert arguments("build", settings, settings.target_path("now"), None, previous)[1:4] == [
        "retry",
        "--state",
        str(previous),
    ]


def test_parsed_project_is_handed_on_to_the_next_run(project: Path) -> None:
    program = executable(
        project,
        "parsed = target / 'partial_parse.msgpack'\n"
        "print('parsed before' if parsed.exists() else 'parsed now')\nparsed.write_text('x')\nsys.exit(2)\n",
    )
    settings = TransformSettings(program, project)

    said = [dbt("build", settings=settings, run_id=name).summary.split(": ")[-1] for name in ("one", "two")]

    assert said == ["parsed now", "parsed before"]


def test_settings_find_dbt_on_path_and_the_project_of_the_repository(tmp_path: Path) -> None:
    program = executable(tmp_path, "")

    settings = read_settings({"PATH": str(tmp_path), "SNOWTAPE_DBT_EXECUTABLE": program.name})

    assert settings.executable == program
    assert settings.project_dir == Path(__file__).parents[2] / "dbt"


@pytest.mark.parametrize(
    ("environment", "variable", "held"),
    [
        pytest.param({"SNOWTAPE_DBT_EXECUTABLE": "no-such-dbt"}, "SNOWTAPE_DBT_EXECUTABLE", "no-such-dbt", id="dbt"),
        pytest.param(
            {"SNOWTAPE_DBT_EXECUTABLE": sys.executable, "SNOWTAPE_DBT_PROJECT_DIR": "/nowhere"},
            "SNOWTAPE_DBT_PROJECT_DIR",
            "/nowhere",
            id="project",
        ),
    ],
)
def test_bad_setting_is_one_line_that_names_the_variable(environment: dict[str, str], variable: str, held: str) -> None:
    with pytest.raises(BadSetting) as raised:
        read_settings(environment)

    assert str(raised.value).startswith(f"{variable} is {held!r}; expected ")
    assert "\n" not in str(raised.value)
