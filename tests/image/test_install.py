"""The Airflow image's install steps, run as the Dockerfile runs them, in clean environments instead of a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gates.sources import REPOSITORY

PARSE = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
print(*sorted(bag.dags))
"""


def copied(folder: Path) -> Path:
    """What the Dockerfile copies before it installs, at the same places."""
    (folder / "requirements").mkdir(parents=True)
    (folder / "scripts").mkdir()
    shutil.copy(REPOSITORY / "requirements.txt", folder / "requirements")
    shutil.copy(REPOSITORY / "requirements" / "dbt.txt", folder / "requirements")
    shutil.copy(REPOSITORY / "scripts" / "install-image", folder / "scripts")
    return folder


@pytest.mark.skipif(not os.environ.get("SNOWTAPE_IMAGE_CHECK"), reason="two minutes; `make image-check` runs it")
@pytest.mark.timeout(1800)
def test_image_installs_and_its_dags_parse(tmp_path: Path) -> None:
    home, python = copied(tmp_path / "home"), tmp_path / "airflow" / "bin" / "python"
    uv = shutil.which("uv") or str(REPOSITORY / ".venv-uv" / "bin" / "uv")
    subprocess.run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, python.parents[1]], check=True)
    # The machine's own settings for packages stay; what belongs to another environment goes.
    strange = ("AIRFLOW", "PYTHON", "VIRTUAL_ENV", "SNOW", "POLYGON", "DBT")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(strange)} | {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "AIRFLOW_HOME": str(tmp_path / "state"),
        "SNOWTAPE_PIP": f"{uv} pip install --quiet",
    }

    subprocess.run([home / "scripts" / "install-image", tmp_path / "dbt"], env=clean, check=True)

    for environment in (python, tmp_path / "dbt" / "bin" / "python"):
        subprocess.run([uv, "pip", "check", "--python", environment], check=True)
    imports = {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}"}
    done = subprocess.run(
        [python, "-c", PARSE, REPOSITORY / "dags"], env=clean | imports, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].split() == [
        "dbt_build",
        "dbt_test",
        "polygon_options_ingest_backfill",
        "polygon_options_ingest_daily",
        "polygon_options_load",
        "polygon_stocks_ingest_backfill",
        "polygon_stocks_ingest_daily",
        "polygon_stocks_load",
    ]

    # A production deployment's people: the FAB auth manager with its own tables.
    fab = clean | {
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    airflow = python.with_name("airflow")
    subprocess.run([airflow, "db", "migrate"], env=fab, check=True, capture_output=True)
    person = ("--username", "ada", "--email", "ada@example.com", "--firstname", "Ada", "--lastname", "L")
    create = [airflow, "users", "create", "--role", "Viewer", *person, "--use-random-password"]
    subprocess.run(create, env=fab, check=True, capture_output=True)
    listed = subprocess.run([airflow, "users", "list"], env=fab, check=True, capture_output=True, text=True).stdout
    assert "ada@example.com" in listed
    assert "Viewer" in listed
