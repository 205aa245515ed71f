"""CI's own files are safe and well-formed, and a planted mistake in them is found."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gates.sources import REPOSITORY
from tests.gates.workflows import problems

GITHUB = REPOSITORY / ".github"
CHECKOUT = "actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1"


def test_workflows_have_no_problem() -> None:
    assert list(problems(GITHUB)) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("workflows/test.yml", CHECKOUT, "actions/checkout@v6", id="tag instead of a commit"),
        pytest.param("workflows/test.yml", CHECKOUT, "actions/checkout@8e8c483 # v6.0.1", id="short commit"),
        pytest.param("workflows/test.yml", CHECKOUT, CHECKOUT[:58], id="commit without its version"),
        pytest.param(
            "workflows/test.yml",
            CHECKOUT,
            "somebody/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1",
            id="somebody's action",
        ),
        pytest.param("workflows/test.yml", "persist-credentials: false", "persist-credentials: true", id="credentials"),
        pytest.param("workflows/test.yml", "permissions: {}", "permissions: write-all", id="all permissions"),
        pytest.param("workflows/test.yml", "  pull_request:\n", "  pull_request_target:\n", id="pull_request_target"),
        pytest.param("workflows/test.yml", "- run: make test", "- run: echo ${{ github.head_ref }}", id="injection"),
        pytest.param("workflows/test.yml", "timeout-minutes: 60", "timeout_minutes: 60", id="misspelt key"),
        pytest.param("workflows/test.yml", "jobs:\n", "jobs:\n\t", id="no YAML"),
        pytest.param("dependabot.yml", "interval: weekly", "interval: sometimes", id="dependabot's interval"),
    ],
)
def test_mistake_in_a_workflow_is_found(file: str, old: str, new: str, tmp_path: Path) -> None:
    copy = shutil.copytree(GITHUB, tmp_path / ".github")
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1))

    assert next(problems(copy), None)


@pytest.fixture(scope="module")
def deploy() -> Any:
    return yaml.safe_load((GITHUB / "workflows" / "deploy.yml").read_text())


def test_every_job_that_reaches_an_account_waits_for_its_environment(deploy: Any) -> None:
    for name, job in deploy["jobs"].items():
        assert job["environment"] == "${{ inputs.environment || 'prod' }}", name
        assert job["permissions"] == {"contents": "read", "id-token": "write"}, name


def test_deployments_of_an_environment_go_one_after_the_other(deploy: Any) -> None:
    assert deploy["concurrency"] == {
        "group": "deploy-${{ inputs.environment || 'prod' }}",
        "cancel-in-progress": False,
    }


def test_no_long_lived_secret_is_read(deploy: Any) -> None:
    for path in GITHUB.glob("workflows/*.yml"):
        assert "secrets." not in path.read_text(), path.name


def test_dry_run_changes_nothing(deploy: Any) -> None:
    changing = {
        step["run"]
        for job in deploy["jobs"].values()
        if "!inputs.dry_run" not in job.get("if", "")
        for step in job["steps"]
        if "run" in step and "!inputs.dry_run" not in step.get("if", "")
    }

    assert {run for run in changing if not run.startswith(("scripts/environment", "(umask"))} == {
        "scripts/deploy --schemachange-dry-run",
        "scripts/dbt-as-ci compile",
        ".venv-dbt/bin/python -m scripts.judge",
    }


def test_nothing_is_deployed_before_snowflake_has_judged_every_statement(deploy: Any) -> None:
    jobs = deploy["jobs"]

    assert "scripts.judge" in jobs["judge"]["steps"][-1]["run"]
    assert "if" not in jobs["judge"]
    assert jobs["schema"]["needs"] == "judge"
    assert all("schema" in jobs[name]["needs"] for name in set(jobs) - {"judge", "schema"})


def test_scripts_that_workflows_run_exist_and_can_be_run(deploy: Any) -> None:
    for path in GITHUB.glob("workflows/*.yml"):
        for script in re.findall(r"\bscripts/[\w-]+", path.read_text()):
            assert os.access(REPOSITORY / script, os.X_OK), script
