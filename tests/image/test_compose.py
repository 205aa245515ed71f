"""The compose file, service by service: secrets, networks, environment, user, limits, health."""

from __future__ import annotations

import copy
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gates.sources import REPOSITORY
from tests.image.compose import SERVICES, problems

TOOLS = Path(sys.executable).parent
TEXT = (REPOSITORY / "docker-compose.yaml").read_text()
COMPOSED = yaml.safe_load(TEXT)


def test_every_service_has_what_it_needs_and_no_more() -> None:
    assert problems(COMPOSED) == []


def changed(service: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    """A mistake: other values in one service; None removes a key, a dict is merged."""

    def change(composed: dict[str, Any]) -> None:
        for key, value in values.items():
            if value is None:
                del composed["services"][service][key]
            elif isinstance(value, dict):
                composed["services"][service].setdefault(key, {}).update(value)
            else:
                composed["services"][service][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(changed("dashboard", secrets=["dashboard_key", "loader_key"]), "loader_key", id="loader's key"),
        pytest.param(changed("streamlit", secrets=["transformer_key"]), "transformer_key", id="transformer's key"),
        pytest.param(changed("worker", secrets=["loader_key"]), "worker: secrets are", id="secret missing"),
        pytest.param(
            changed("worker", environment={"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "cat /run/secrets/x"}),
            "worker: AIRFLOW__DATABASE__",
            id="worker with the database",
        ),
        pytest.param(changed("dashboard", env_file=".env"), "env_file", id="all settings"),
        pytest.param(
            changed("scheduler", environment={"POLYGON_API_KEY_FILE": "/run/secrets/polygon_api_key"}),
            "POLYGON_API_KEY_FILE is nothing",
            id="setting of another",
        ),
        pytest.param(
            changed("worker", environment={"POLYGON_API_KEY": "${POLYGON_API_KEY}"}),
            "puts a secret into the environment",
            id="secret in the environment",
        ),
        pytest.param(
            changed("redis", command=["redis-server", "--requirepass", "${REDIS_PASSWORD}"]),
            "command line shows REDIS_PASSWORD",
            id="secret in a command line",
        ),
        pytest.param(changed("postgres", networks=["back", "front"]), "postgres: networks", id="database in front"),
        pytest.param(changed("redis", networks=None), "['default']", id="default network"),
        pytest.param(changed("dashboard", ports=["8050:8050"]), "open to other machines", id="port for everybody"),
        pytest.param(
            changed("streamlit", ports=["${DASHBOARD_BIND:-127.0.0.1}:8501:8501"]),
            "open to other machines",
            id="port past the proxy",
        ),
        pytest.param(changed("worker", cap_drop=None), "capabilities", id="capabilities"),
        pytest.param(changed("worker", cap_add=["SYS_ADMIN"]), "capabilities", id="capability added"),
        pytest.param(changed("redis", security_opt=None), "privileges", id="privileges"),
        pytest.param(changed("api-server", read_only=False), "written to", id="writable root"),
        pytest.param(changed("postgres", user="root"), "postgres: user is root", id="root"),
        pytest.param(changed("dashboard", user="50000"), "reads files of group 0", id="group that can't read secrets"),
        pytest.param(changed("redis", group_add=None), "reads files of group 0", id="user that can't read secrets"),
        pytest.param(changed("triggerer", mem_limit=None), "no mem_limit", id="no memory limit"),
        pytest.param(changed("init", pids_limit=None), "no pids_limit", id="no process limit"),
        pytest.param(changed("dashboard", tmpfs=["/tmp"]), "no size", id="tmpfs without a size"),
        pytest.param(changed("worker", volumes=["./keys:/run/keys:ro"]), "part of the host", id="folder of the host"),
        pytest.param(changed("auth-proxy", healthcheck=None), "auth-proxy: no health check", id="no health check"),
        pytest.param(changed("redis", image="redis:8.2.1"), "pinned by digest", id="image by version alone"),
        pytest.param(lambda composed: composed["services"].pop("redis"), "redis: missing", id="no broker"),
        pytest.param(
            lambda composed: composed["services"].update(flower=composed["services"]["redis"]),
            "flower: not in",
            id="service that nobody has looked at",
        ),
        pytest.param(lambda composed: composed["networks"].update(back=None), "networks:", id="back with a way out"),
        pytest.param(
            lambda composed: composed["secrets"].update(extra={"file": "./.env"}), "given to nobody", id="spare secret"
        ),
    ],
)
def test_planted_mistake_is_found(change: Callable[[dict[str, Any]], Any], says: str) -> None:
    composed = copy.deepcopy(COMPOSED)
    change(composed)

    assert any(says in line for line in problems(composed)), problems(composed)


def test_compose_file_has_the_form_of_one(tmp_path: Path) -> None:
    schema = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    broken = tmp_path / "docker-compose.yaml"
    broken.write_text(TEXT.replace("healthcheck:", "health_check:"))

    assert subprocess.run([*schema, REPOSITORY / "docker-compose.yaml"], capture_output=True).returncode == 0
    assert subprocess.run([*schema, broken], capture_output=True).returncode != 0


@pytest.mark.parametrize("service", ["api-server", "scheduler", "dag-processor", "triggerer", "worker"])
def test_airflow_starts_on_a_database_that_is_up_to_date(service: str) -> None:
    assert COMPOSED["services"][service]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}


def test_airflow_signs_people_in_by_a_manager_made_for_it() -> None:
    for service in COMPOSED["services"].values():
        if service["image"] == "${SNOWTAPE_IMAGE:-snowtape-airflow}":
            manager = service["environment"]["AIRFLOW__CORE__AUTH_MANAGER"]
            assert manager == "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def test_dashboard_is_asked_whether_it_is_alive_which_keeps_no_warehouse_awake() -> None:
    assert "http://127.0.0.1:8050/alive" in COMPOSED["services"]["dashboard"]["healthcheck"]["test"][-1]


def test_proxy_is_a_choice_and_reaches_both_apps() -> None:
    proxy = COMPOSED["services"]["auth-proxy"]

    assert proxy["profiles"] == ["auth"]
    assert set(proxy["environment"]["OAUTH2_PROXY_UPSTREAMS"].split(",")) == {
        "http://dashboard:8050/",
        "http://streamlit:8501/operator/",
    }
    assert "--server.baseUrlPath=operator" in COMPOSED["services"]["streamlit"]["command"]


def test_whatever_has_to_be_set_is_in_the_example() -> None:
    example = (REPOSITORY / ".env.example").read_text()

    for variable in set(re.findall(r"\$\{(\w+)[:?}-]", TEXT)):
        assert re.search(rf"^(# )?{variable}=", example, re.MULTILINE), variable


def made(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([REPOSITORY / "scripts" / "compose-secrets", folder], capture_output=True, text=True)


def test_secrets_are_made_once_and_what_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first = made(folder)
    values = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in ("polygon_api_key", "loader_key", "transformer_key", "dashboard_key"):
        assert f"missing: {folder}/{name}" in first.stdout
        (folder / name).write_text("mine")
    second = made(folder)

    assert first.returncode == 1
    assert second.returncode == (0 if os.geteuid() == 0 else 1)
    assert {path.name for path in folder.iterdir()} == set(COMPOSED["secrets"])
    assert {name: (folder / name).read_bytes() for name in values} == values
    assert len(set(values.values()) - {b""}) == 6


def test_secrets_are_for_their_owner_and_the_containers_group_only(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o640, path
        if os.geteuid() == 0:
            assert path.stat().st_gid == 0


def test_every_service_is_one_that_the_table_knows() -> None:
    assert len(SERVICES) == 11
