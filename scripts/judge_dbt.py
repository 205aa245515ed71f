"""What dbt's runs of scripts/judge.py say: one verdict a node, by its name and the kind of run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
AS_OF = "{as_of: '2026-01-02 12:00:00'}"
# By name. A later build's statements differ from a first one's where a model is incremental.
RUNS: Mapping[str, tuple[str, ...]] = {
    "first": ("build",),
    "later": ("run", "--select", "config.materialized:incremental"),
    "as of": ("run", "--select", "snapshots+", "--exclude", "snapshots", "marts.history", "--vars", AS_OF),
}
# A data test whose rows fail has been run: on empty tables that proves nothing of the data.
ACCEPTED = ("success", "pass", "warn", "fail", "no-op")


def verdicts(settings: Mapping[str, str], folder: Path) -> Iterator[tuple[str, str | None]]:
    """(name, error or None) of every node of every run; the runs after one that could not start are left out."""
    for run, arguments in RUNS.items():
        target = folder / run.replace(" ", "_")
        done = dbt(arguments, settings, target)
        results = target / "run_results.json"
        if not results.is_file():
            yield f"dbt {run} build", (done.stdout + done.stderr)[-3000:]
            return
        yield from read_results(run, json.loads(results.read_text()))


def dbt(arguments: tuple[str, ...], settings: Mapping[str, str], target: Path) -> subprocess.CompletedProcess[str]:
    """Run dbt on the project with these variables."""
    command = [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", "--quiet", *arguments]
    where = ["--project-dir", "dbt", "--profiles-dir", "dbt", "--target-path", str(target), "--log-path", str(target)]
    return subprocess.run(
        [*command, *where],
        cwd=REPOSITORY,
        env={**settings, **fresh_token(settings), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )


def fresh_token(settings: Mapping[str, str]) -> dict[str, str]:
    """CI's sign-in: GitHub's token is good for some minutes, so that each run of dbt gets a new one."""
    if settings.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        token = subprocess.run([REPOSITORY / "scripts" / "github-token"], stdout=subprocess.PIPE, text=True, check=True)
        return {"DBT_ENV_SECRET_SNOWFLAKE_TOKEN": token.stdout}
    return {}


def read_results(run: str, results: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The verdicts in a run_results.json."""
    for result in results["results"]:
        name, status = f"{run}: {result['unique_id']}", result["status"]
        is_unit_test = result["unique_id"].startswith("unit_test.")
        if status in ACCEPTED and not (is_unit_test and status == "fail"):
            yield name, None
        elif status == "skipped":
            yield name, "not judged: what it is built from was refused"
        else:
            yield name, result["message"] or status
