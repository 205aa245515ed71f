"""Every way in: each client signs in as its documentation says, and has its role. test_tokens.py sees more of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector

from dashboard.data.warehouse import connect_options
from dashboard.settings import WarehouseSettings
from ingest.datasets import Family
from ingest.loader import ledger_ids
from scripts import judge
from tests.live.target import REPOSITORY, Target, run

ROLE = "select current_role()"
CONNECTED = "Connection test: [OK connection ok]"
pytestmark = pytest.mark.live


def airflow_connection(environment: Mapping[str, str]) -> str:
    """The value of AIRFLOW_CONN_SNOWFLAKE_DEFAULT, as .env.example has it."""
    names = ("account", "database", "warehouse", "role", "private_key_file", "host", "port", "protocol")
    given = {name: environment.get(f"SNOWFLAKE_{name.upper()}") for name in names}
    return json.dumps(
        {
            "conn_type": "snowflake",
            "login": environment["SNOWFLAKE_USER"],
            "password": environment.get("SNOWFLAKE_PASSWORD", ""),
            "schema": "RAW",
            "extra": {name: value for name, value in given.items() if value},
        }
    )


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Mapping[str, str]], Any]:
    """Opens the connection of Airflow's tasks with a client's variables."""
    if "AIRFLOW_HOME" not in os.environ:
        monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    def open_one(environment: Mapping[str, str]) -> Any:
        from wiring.warehouse import warehouse

        monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", airflow_connection(environment))
        return warehouse()

    return open_one


def test_airflow_signs_in_as_the_loader_and_reads_the_ledger(target: Target, airflow: Callable[..., Any]) -> None:
    with airflow(target.environment("loader")) as connection:
        assert connection.cursor().execute(ROLE).fetchall() == [(f"{target.database}_LOADER",)]
        assert isinstance(ledger_ids(connection, Family.STOCKS), frozenset)


def debug(folder: Path) -> list[str | Path]:
    """dbt, asked whether it can connect."""
    where = ["--project-dir", "dbt", "--profiles-dir", "dbt", "--log-path", folder]
    return [Path(sys.executable).parent / "dbt", "--no-use-colors", "debug", "--connection", *where]


def test_dbt_signs_in_as_the_transformer(target: Target, tmp_path: Path) -> None:
    assert CONNECTED in run(debug(tmp_path), target.environment("transformer"))


def test_dashboard_signs_in_as_the_reader(target: Target) -> None:
    settings = WarehouseSettings.from_env(target.environment("reader"))
    with closing(snowflake.connector.connect(**connect_options(settings))) as connection:
        assert connection.cursor().execute(ROLE).fetchall() == [(f"{target.database}_READER",)]


def test_judge_signs_in_as_the_deployer(target: Target) -> None:
    with closing(judge.connect(target.environment("deployer"), target.database)) as connection:
        assert connection.cursor().execute(ROLE).fetchall() == [(f"{target.database}_DEPLOYER",)]


def with_token(target: Target, role: str) -> dict[str, str]:
    """The variables of .github/workflows/deploy.yml; skips without a token."""
    path = os.environ.get("SNOWTAPE_LIVE_TOKEN_FILE", "")
    if target.is_rehearsal or not path:
        pytest.skip(
            "no workload signs in: set SNOWTAPE_LIVE_TOKEN_FILE beside SNOWTAPE_LIVE_ACCOUNT; in a GitHub job, to what "
            "scripts/github-token prints"
        )
    environment = target.environment(role)
    del environment["SNOWFLAKE_PRIVATE_KEY_FILE"]
    return environment | {
        "SNOWFLAKE_USER": f"{target.database}_DEPLOY",
        "SNOWFLAKE_AUTHENTICATOR": "WORKLOAD_IDENTITY",
        "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER": "OIDC",
        "SNOWFLAKE_TOKEN_FILE_PATH": path,
        "DBT_ENV_SECRET_SNOWFLAKE_TOKEN": Path(path).read_text().strip(),
    }


def test_schemachange_signs_in_with_a_workloads_token(target: Target) -> None:
    run([REPOSITORY / "scripts" / "deploy", "--schemachange-dry-run"], with_token(target, "deployer"))


def test_dbt_signs_in_with_a_workloads_token(target: Target, tmp_path: Path) -> None:
    assert CONNECTED in run(debug(tmp_path), with_token(target, "transformer"))


def test_judge_signs_in_with_a_workloads_token(target: Target) -> None:
    with closing(judge.connect(with_token(target, "deployer"), target.database)) as connection:
        assert connection.cursor().execute(ROLE).fetchall() == [(f"{target.database}_DEPLOYER",)]


def test_streamlit_app_is_deployed_by_the_operator(account_only: Target) -> None:
    run(["make", "streamlit-deploy"], account_only.environment("operator"))

    found = account_only.rows("operator", "show streamlits like 'operator' in schema apps")

    assert len(found) == 1
