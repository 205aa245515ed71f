"""What keeps web pages out of the demo: Airflow's answers, and who may read the connection that others can use."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from local.demo import environment
from local.demo.airflow_plugins.loopback_only import LoopbackOnly


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("rebound.example:8080", 400),
        ("127.0.0.1.rebound.example", 400),
    ],
)
def test_airflow_answers_for_loopback_only(host: str, status: int) -> None:
    app = FastAPI()
    app.get("/auth/token")(lambda: {})
    for added in LoopbackOnly.fastapi_root_middlewares:
        app.add_middleware(added["middleware"], *added["args"], **added["kwargs"])
    assert TestClient(app).get("/auth/token", headers={"Host": host}).status_code == status


def test_airflow_looks_for_plugins_where_ours_is(tmp_path: Path) -> None:
    folder = Path(environment.airflow(tmp_path, 8080)["AIRFLOW__CORE__PLUGINS_FOLDER"])
    assert (folder / "loopback_only.py").is_file()


def test_the_connection_for_other_clients_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.env"
    for token in ("old", "new"):
        environment.write(file, {"SNOWFLAKE_USER": "snowtape", "SNOWFLAKE_PASSWORD": token})
    assert file.read_text() == "SNOWFLAKE_USER=snowtape\nSNOWFLAKE_PASSWORD=new\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
