"""What each client shows when it signs in, with a key and with a workload's token: no account is needed to see that."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import jwt
import pytest
import snowflake.connector
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake.connector.errors import Error

from dashboard.data.warehouse import connect_options
from dashboard.settings import WarehouseSettings
from scripts import judge
from tests.live import gate
from tests.live.gate import Gate
from tests.live.target import REPOSITORY
from tests.live.test_sign_in import airflow_connection, debug

pytestmark = pytest.mark.server

COMMON = {
    "SNOWFLAKE_ACCOUNT": "MYORG-MYACCOUNT",
    "SNOWFLAKE_USER": "SOMEBODY",
    "SNOWFLAKE_DATABASE": "NOWHERE",
    "SNOWFLAKE_ROLE": "NOWHERE_ROLE",
    "SNOWFLAKE_WAREHOUSE": "NOWHERE_WAREHOUSE",
    "SNOWTAPE_BUCKET": "none",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A private key in a file, as docs/deployment.md makes it, and its public half."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("keys") / "key.p8"
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    return path, private.public_key()


@pytest.fixture
def refusing() -> Iterator[Gate]:
    """Snowflake's place."""
    with gate.opened() as opened:
        yield opened


def connector(environment: Mapping[str, str], folder: Path, patch: pytest.MonkeyPatch) -> None:
    judge.connect(environment, environment["SNOWFLAKE_DATABASE"])


def dashboard(environment: Mapping[str, str], folder: Path, patch: pytest.MonkeyPatch) -> None:
    snowflake.connector.connect(**connect_options(WarehouseSettings.from_env(environment)))


def airflow(environment: Mapping[str, str], folder: Path, patch: pytest.MonkeyPatch) -> None:
    if "AIRFLOW_HOME" not in os.environ:
        patch.setenv("AIRFLOW_HOME", str(folder))
    from wiring.warehouse import warehouse

    patch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", airflow_connection(environment))
    with warehouse():
        pass


def command(environment: Mapping[str, str], *words: str | Path) -> None:
    """A client that is a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOW")}
    subprocess.run(words, cwd=REPOSITORY, env=kept | dict(environment), capture_output=True, check=False)


def dbt(environment: Mapping[str, str], folder: Path, patch: pytest.MonkeyPatch) -> None:
    command(environment, *debug(folder))


def schemachange(environment: Mapping[str, str], folder: Path, patch: pytest.MonkeyPatch) -> None:
    command(environment, "scripts/deploy", "--schemachange-dry-run")


Client = Callable[[Mapping[str, str], Path, pytest.MonkeyPatch], None]


def shown(
    client: Client, environment: Mapping[str, str], refusing: Gate, folder: Path, patch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What a client shows at its first try."""
    with suppress(Error):
        client({**COMMON, **refusing.variables(), **environment}, folder, patch)
    assert refusing.shown, "it did not come to the gate"
    return refusing.shown[0]


@pytest.mark.parametrize("client", [connector, dashboard, airflow, dbt, schemachange])
def test_client_with_a_private_key_shows_a_token_that_its_public_half_verifies(
    client: Client, keys: tuple[Path, Any], refusing: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, public = keys

    data = shown(client, {"SNOWFLAKE_PRIVATE_KEY_FILE": str(path)}, refusing, tmp_path, monkeypatch)

    assert (data["AUTHENTICATOR"], data["LOGIN_NAME"]) == ("SNOWFLAKE_JWT", "SOMEBODY")
    assert "PASSWORD" not in data
    assert jwt.decode(data["TOKEN"], public, algorithms=["RS256"])["sub"] == "MYORG-MYACCOUNT.SOMEBODY"


@pytest.mark.parametrize("client", [connector, dbt, schemachange])
def test_client_of_ci_shows_the_workloads_token_and_no_key(
    client: Client, refusing: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = {"iss": "https://token.actions.githubusercontent.com", "sub": "repo:o/r:environment:prod", "aud": "x"}
    token = jwt.encode(issued, "k" * 32, algorithm="HS256")
    (tmp_path / "token").write_text(token)
    environment = {
        "SNOWFLAKE_AUTHENTICATOR": "WORKLOAD_IDENTITY",
        "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER": "OIDC",
        "SNOWFLAKE_TOKEN_FILE_PATH": str(tmp_path / "token"),
        "DBT_ENV_SECRET_SNOWFLAKE_TOKEN": token,
        # The connector shows such a token to Snowflake's hosts only: the gate is the proxy on the way to one.
        "SNOWFLAKE_HOST": "myorg-myaccount.snowflakecomputing.com",
        "SNOWFLAKE_PORT": "80",
        "http_proxy": f"http://127.0.0.1:{refusing.port}",
    }
    monkeypatch.setenv("http_proxy", environment["http_proxy"])

    data = shown(client, environment, refusing, tmp_path, monkeypatch)

    assert (data["AUTHENTICATOR"], data["PROVIDER"], data["TOKEN"]) == ("WORKLOAD_IDENTITY", "OIDC", token)
    assert "PASSWORD" not in data


@pytest.mark.parametrize(
    ("given", "authenticator"),
    [
        ({"SNOWFLAKE_PRIVATE_KEY_FILE": "/keys/mine.p8"}, "SNOWFLAKE_JWT"),
        ({"SNOWFLAKE_AUTHENTICATOR": "WORKLOAD_IDENTITY"}, "WORKLOAD_IDENTITY"),
        ({}, ""),
    ],
    ids=["a key", "a workload's token", "neither"],
)
def test_streamlit_deployment_names_the_authenticator_that_the_cli_insists_on(
    given: dict[str, str], authenticator: str, tmp_path: Path
) -> None:
    """`snow` refuses a private key unless it is told that it is one; it has an environment of its own, not of tests."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(REPOSITORY / "scripts" / "deploy-streamlit", tmp_path / "scripts")
    (tmp_path / "snowflake" / "streamlit").mkdir(parents=True)
    snow = tmp_path / ".venv-snow" / "bin" / "snow"
    snow.parent.mkdir(parents=True)
    snow.write_text('#!/bin/sh\nprintf "%s|%s" "$SNOWFLAKE_AUTHENTICATOR" "$PRIVATE_KEY_PASSPHRASE"\n')
    snow.chmod(0o700)
    environment = {"PATH": os.environ["PATH"], **COMMON, **given, "SNOWFLAKE_PRIVATE_KEY_FILE_PWD": "its passphrase"}

    done = subprocess.run(
        [tmp_path / "scripts" / "deploy-streamlit"], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == f"{authenticator}|its passphrase"
