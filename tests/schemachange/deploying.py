"""`make deploy` as an operator runs it, into a database of its own on the local warehouse."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.warehouse.process import RunningWarehouse

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "scripts" / "deploy"


@dataclass(frozen=True)
class Database:
    """A database on a warehouse, whose stage is s3://<bucket>/<prefix>."""

    warehouse: RunningWarehouse
    name: str
    bucket: str
    prefix: str

    def create(self) -> None:
        """What an administrator does before the first deployment."""
        with self.warehouse.connect() as connection:
            connection.cursor().execute(f"create database if not exists {self.name}")

    def deploy(self, *arguments: str, **settings: str) -> str:
        """Run it; returns what it prints, raises with that when it fails."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNOW", "SCHEMACHANGE"))}
        environment = kept | {
            "SNOWFLAKE_ACCOUNT": "local",
            "SNOWFLAKE_USER": "deployer",
            "SNOWFLAKE_PASSWORD": self.warehouse.token,
            "SNOWFLAKE_ROLE": "DEPLOYER",
            "SNOWFLAKE_WAREHOUSE": "DEPLOY",
            "SNOWFLAKE_DATABASE": self.name,
            "SNOWFLAKE_HOST": self.warehouse.host,
            "SNOWFLAKE_PORT": str(self.warehouse.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWTAPE_BUCKET": self.bucket,
            "SNOWTAPE_PREFIX": self.prefix,
        }
        done = subprocess.run(
            [DEPLOY, *arguments],
            cwd=REPOSITORY / "schemachange",
            env=environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def connect(self, **settings: Any) -> Any:
        """A connection to this database."""
        return self.warehouse.connect(database=self.name, **settings)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with self.connect() as connection, connection.cursor() as cursor:
            return list(cursor.execute(sql).fetchall())
