"""What the live tests run against: the account that SNOWTAPE_LIVE_* names, or, as a rehearsal, the local stand-ins.

SNOWTAPE_LIVE_ACCOUNT, SNOWTAPE_LIVE_USER, SNOWTAPE_LIVE_PRIVATE_KEY_FILE    a user that holds all five roles
SNOWTAPE_LIVE_DATABASE      made by snowflake/account/; its name ends with _LIVE, and the tests may fill it
SNOWTAPE_LIVE_BUCKET, SNOWTAPE_LIVE_PREFIX    where its integration may read; AWS credentials as boto3 finds them
SNOWTAPE_LIVE_TOKEN_FILE    a token with which the user <database>_DEPLOY signs in (workload identity federation)
SNOWTAPE_LIVE_REHEARSAL     without an account: 0 skips all, 1 rehearses all, else what takes long is left out
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import snowflake.connector

from ingest.settings import StorageSettings
from ingest.storage import LandingStore

REPOSITORY = Path(__file__).parents[2]
REQUIRED = ("ACCOUNT", "USER", "PRIVATE_KEY_FILE", "DATABASE", "BUCKET", "PREFIX")
NO_ACCOUNT = "no Snowflake account is configured: set SNOWTAPE_LIVE_ACCOUNT and the others of tests/live/target.py"
REHEARSAL = "SNOWTAPE_LIVE_REHEARSAL"


class NotConfigured(ValueError):
    """What is missing or unsafe in the settings, as one line."""


@dataclass(frozen=True)
class Target:
    """A database on a warehouse, with the stage's folder in the object store.

    `variables` are the SNOWFLAKE_* variables of every client but for role and warehouse, which are a role's own.
    `is_quick`: a rehearsal without what takes minutes.
    """

    database: str
    bucket: str
    prefix: str
    variables: Mapping[str, str]
    is_rehearsal: bool = False
    is_quick: bool = False

    @property
    def label(self) -> str:
        """What to call it where something is stated."""
        return "the local Snowflake" if self.is_rehearsal else "the account"

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
        return run([REPOSITORY / "scripts" / "deploy"], self.environment("deployer"))

    def judge(self, *arguments: str) -> str:
        """`make judge` as the deployer, in the database's scratch database; what it prints."""
        return run([sys.executable, "-m", "scripts.judge", *arguments], self.environment("deployer"))

    def dbt(self, *arguments: str, folder: Path, ok: bool = True) -> str:
        """dbt as the transformer; what it prints. With `ok` false it may end with an error."""
        command = [Path(sys.executable).parent / "dbt", "--no-use-colors", *arguments]
        project = ["--project-dir", "dbt", "--profiles-dir", "dbt", "--target-path", folder, "--log-path", folder]
        return run([*command, *project], self.environment("transformer"), ok=ok)

    def build(self, folder: Path) -> str:
        """All models and their data tests, as Airflow builds them; what dbt prints."""
        return self.dbt("build", "--exclude-resource-type", "unit_test", folder=folder)

    def put(self, key: str, body: bytes) -> None:
        """Store an object at a key relative to the stage, once: the bucket takes no other puts."""
        _store(self.bucket, self.prefix).put_once(key, body)


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


@lru_cache
def _store(bucket: str, prefix: str) -> LandingStore:
    return LandingStore(StorageSettings(bucket, prefix))


def run(command: list[Any], environment: Mapping[str, str], *, ok: bool = True) -> str:
    """Run a command of the repository to its end; returns what it prints, fails with that unless `ok` is false."""
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or not ok, done.stdout
    return done.stdout
