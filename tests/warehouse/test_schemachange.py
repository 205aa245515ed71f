"""schemachange itself deploys a small project, twice."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.warehouse import process

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLE = ROOT / ".venv-migrate" / "bin" / "schemachange"
PROJECT = Path(__file__).with_name("schemachange_project")

pytestmark = pytest.mark.skipif(not EXECUTABLE.exists(), reason="needs .venv-migrate: run make environments")


@pytest.fixture(scope="module")
def deploy(warehouse: process.RunningWarehouse) -> Callable[[], str]:
    with warehouse.connect() as connection:
        connection.cursor().execute("create database migrated")

    def run() -> str:
        environment = {
            **os.environ,
            "SNOWFLAKE_ACCOUNT": "local",
            "SNOWFLAKE_USER": "deployer",
            "SNOWFLAKE_PASSWORD": warehouse.token,
            "SNOWFLAKE_HOST": warehouse.host,
            "SNOWFLAKE_PORT": str(warehouse.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_ROLE": "DEPLOYER",
            "SNOWFLAKE_WAREHOUSE": "MINI_WH",
            "SNOWFLAKE_DATABASE": "MIGRATED",
        }
        command = [
            *(str(EXECUTABLE), "deploy", "--root-folder", str(PROJECT), "--modules-folder", str(PROJECT / "modules")),
            *("--create-change-history-table", "--change-history-table", "MIGRATED.METADATA.CHANGE_HISTORY"),
            *("--vars", json.dumps({"reader": "MINI_READER"})),
        ]
        ended = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=800)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    return run


def test_deploying_twice_runs_each_script_once_and_always_scripts_always(
    deploy: Callable[[], str], warehouse: process.RunningWarehouse
) -> None:
    deploy()
    deploy()
    with warehouse.connect(database="MIGRATED") as connection:
        rows: Any = (
            connection.cursor()
            .execute(
                "select script, status, count(*) from metadata.change_history group by script, status order by script"
            )
            .fetchall()
        )
        assert rows == [
            ("A__grants.sql", "Success", 2),
            ("R__loader.sql", "Success", 1),
            ("V1.0.0__schema.sql", "Success", 1),
            ("V1.1.0__more.sql", "Success", 1),
        ]
        cursor = connection.cursor()
        assert cursor.execute("select ticker, volume, loaded_at is not null from raw.bars").fetchall() == [
            ("AAPL", None, True)
        ]
        answer = cursor.execute("call raw.loader('k')").fetchall()[0][0]
        assert json.loads(answer) == {"key": "k", "text": "{1}"}
        roles = [row[1] for row in cursor.execute("show roles").fetchall()]
        assert "MINI_READER" in roles
