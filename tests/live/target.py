"""What the live tests run against: the account that SNOWTAPE_LIVE_* names, or, as a rehearsal, the local stand-ins.

SNOWTAPE_LIVE_ACCOUNT, SNOWTAPE_LIVE_USER, SNOWTAPE_LIVE_PRIVATE_KEY_FILE    a user that holds all five roles
SNOWTAPE_LIVE_DATABASE      made by snowflake/account/; its name ends with _LIVE, and the tests may fill it
SNOWTAPE_LIVE_BUCKET, SNOWTAPE_LIVE_PREFIX    where its integration may read; AWS credentials as boto3 finds them
SNOWTAPE_LIVE_REHEARSAL=1   the local Snowflake and object store instead; what they don't have is skipped
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import snowflake.connector

from tests.snowflake.stub import document, entry

REPOSITORY = Path(__file__).parents[2]
REQUIRED = ("ACCOUNT", "USER", "PRIVATE_KEY_FILE", "DATABASE", "BUCKET", "PREFIX")
NO_ACCOUNT = "no Snowflake account is configured: set SNOWTAPE_LIVE_ACCOUNT and the others of tests/live/target.py"


class NotConfigured(ValueError):
    """What is missing or unsafe in the settings, as one line."""


@dataclass(frozen=True)
class Target:
    """A database on a warehouse, with the stage's folder in the object store.

    `variables` are the SNOWFLAKE_* variables of every client but for role and warehouse, which are a role's own.
    """

    database: str
    bucket: str
    prefix: str
    variables: Mapping[str, str]
    is_rehearsal: bool = False

    def environment(self, role: str) -> dict[str, str]:
        """Environment of a client that works in a role of the database."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNOW", "SCHEMACHANGE"))}
        warehouse = "reader" if role == "operator" else role
        integration = {} if self.is_rehearsal else {"SNOWTAPE_STORAGE_INTEGRATION": f"{self.database}_S3"}
        return kept | dict(self.variables) | integration | {
            "SNOWFLAKE_DATABASE": self.database,
            "SNOWFLAKE_ROLE": f"{self.database}_{role}".upper(),
            "SNOWFLAKE_WAREHOUSE": f"{self.database}_{warehouse}".upper(),
            "SNOWTAPE_BUCKET": self.bucket,
            "SNOWTAPE_PREFIX": self.prefix,
        }  # fmt: skip

    def connect(self, role: str, **settings: Any) -> Any:
        """A connection of the connector in a role; the caller closes it."""
        names = {"PRIVATE_KEY_FILE": "private_key_file"}
        environment = self.environment(role)
        options: dict[str, Any] = {
            names.get(name, name.lower()): environment[f"SNOWFLAKE_{name}"]
            for name in ("ACCOUNT", "USER", "PASSWORD", "PRIVATE_KEY_FILE", "DATABASE", "ROLE", "WAREHOUSE", "HOST",
                         "PORT", "PROTOCOL")
            if f"SNOWFLAKE_{name}" in environment
        }  # fmt: skip
        if "port" in options:
            options["port"] = int(options["port"])
        connection = snowflake.connector.connect(**options, autocommit=settings.pop("autocommit", True), **settings)
        if not self.is_rehearsal:  # the user holds all roles, and must have the rights of one
            connection.cursor().execute("use secondary roles none")
        return connection

    def rows(self, role: str, *statements: str) -> list[tuple[Any, ...]]:
        """Rows of the last of some statements, in one session."""
        with self.connect(role) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def deploy(self) -> str:
        """`make deploy` as the deployer; what it prints."""
        return _run([REPOSITORY / "scripts" / "deploy"], self.environment("deployer"), REPOSITORY)

    def judge(self, *arguments: str) -> str:
        """`make judge` as the deployer, in the database's scratch database; what it prints."""
        return _run([sys.executable, "-m", "scripts.judge", *arguments], self.environment("deployer"), REPOSITORY)

    def dbt(self, *arguments: str, folder: Path) -> str:
        """dbt as the transformer; what it prints."""
        command = [Path(sys.executable).parent / "dbt", "--no-use-colors", *arguments]
        project = ["--project-dir", "dbt", "--profiles-dir", "dbt", "--target-path", folder, "--log-path", folder]
        return _run([*command, *project], self.environment("transformer"), REPOSITORY)

    def put(self, key: str, body: bytes) -> None:
        """Store an object at a key relative to the stage."""
        boto3.client("s3").put_object(Bucket=self.bucket, Key=self.prefix + key, Body=body)

    def land(self, session: str, close_usd: float, tickers: tuple[str, ...] = ("AAPL",)) -> str:
        """A manifest with one object: the grouped bars of a session. Returns its id."""
        manifest_id = f"20261120T231500123456Z-{secrets.token_hex(4)}"
        bar = {"o": close_usd, "h": close_usd, "l": close_usd, "c": close_usd, "v": 100, "vw": close_usd, "n": 1}
        results = [{"T": ticker, "t": 1_795_208_400_000, **bar} for ticker in tickers]
        answer = {
            "request": {"path": f"/v2/aggs/grouped/locale/us/market/stocks/{session}", "params": {"adjusted": "false"}},
            "fetched_at": "2026-11-20T23:15:07.123456Z",
            "status_code": 200,
            "response": {"status": "OK", "resultsCount": len(results), "results": results},
        }
        body = gzip.compress(json.dumps(answer).encode() + b"\n")
        key = f"raw/stock_bars/{session}/{manifest_id}/0000.ndjson.gz"
        self.put(key, body)
        manifest = document(manifest_id=manifest_id, objects=[entry(key, body, 1, len(results))])
        self.put(manifest_key(manifest_id), json.dumps(manifest).encode())
        return manifest_id


def manifest_key(manifest_id: str) -> str:
    """Where a manifest of the family stocks stands, relative to the stage."""
    return f"manifests/stocks/{manifest_id}.json"


def account(environment: Mapping[str, str] = os.environ) -> Target | None:
    """The configured account; None without one. Raises NotConfigured when it is not whole, or no test's own."""
    given = {name: environment.get(f"SNOWTAPE_LIVE_{name}", "").strip() for name in REQUIRED}
    if not given["ACCOUNT"]:
        return None
    for name in ("USER", "PRIVATE_KEY_FILE", "DATABASE", "BUCKET"):
        if not given[name]:
            raise NotConfigured(f"SNOWTAPE_LIVE_{name} is not set, and SNOWTAPE_LIVE_ACCOUNT is.")
    if not given["DATABASE"].upper().endswith("_LIVE"):
        raise NotConfigured(
            f"SNOWTAPE_LIVE_DATABASE is {given['DATABASE']!r}; a database that tests may fill ends with _LIVE."
        )
    variables = {f"SNOWFLAKE_{name}": given[name] for name in ("ACCOUNT", "USER", "PRIVATE_KEY_FILE")}
    return Target(given["DATABASE"].upper(), given["BUCKET"], given["PREFIX"], variables)


def _run(command: list[Any], environment: Mapping[str, str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
