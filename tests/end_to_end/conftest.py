"""One small demo for all tests here: the real Airflow, DAGs, object store, warehouse and dbt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from ingest.calendar import last_completed_session
from ingest.datasets import Family
from ingest.manifests import list_keys, read_all
from ingest.settings import StorageSettings
from ingest.storage import LandingStore
from local.demo.servers import Servers
from local.demo.settings import read_settings
from local.demo.warehouse import Warehouse

REPOSITORY = Path(__file__).resolve().parents[2]
# Small, and still every stage, dataset and kind of ticker, and the vendor's corrections after it.
ARGUMENTS = ("--once", "--corrections", "--years", "1", "--synthetic-tickers", "5", "--option-days", "15")


class Stored:
    """What a demo has left on disk, opened again: its manifests, raw objects and warehouse."""

    def __init__(self, servers: Servers) -> None:
        where = servers.endpoints
        client = boto3.client(
            "s3",
            endpoint_url=where.object_store_url,
            aws_access_key_id=where.access_key,
            aws_secret_access_key=where.secret_key,
            region_name="us-east-1",
        )
        self.store = LandingStore(StorageSettings(where.bucket, ""), client)
        self.manifests = read_all(self.store, [key for family in Family for key in list_keys(self.store, family)])
        self.warehouse = Warehouse(servers.environment)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement in the demo's database."""
        return self.warehouse.query(sql)

    def counts(self) -> dict[str, int]:
        """Rows of every table that a second run could add to, and the objects of the bucket."""
        tables = self.query(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema in ('RAW', 'SNAPSHOTS', 'MARTS') and table_type = 'BASE TABLE'"
        )
        counted = {
            f"{schema}.{table}": int(self.query(f"select count(*) from {schema}.{table}")[0][0])
            for schema, table in tables
        }
        return counted | {"objects": sum(1 for _ in self.store.keys(""))}


class Demo:
    """A demo on a folder of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        # The newest sessions from the last run's begin to its end: one, unless the exchange closed meanwhile.
        self.newest: set[date] = set()

    def run(self) -> subprocess.CompletedProcess[str]:
        """`make demo ARGS="--once …"` without make and without the caller's settings."""
        foreign = ("POLYGON_", "SNOWTAPE_", "SNOWFLAKE_", "AWS_", "AIRFLOW")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        began = last_completed_session(datetime.now(UTC))
        done = subprocess.run(
            [sys.executable, "-m", "local.demo", *ARGUMENTS],
            cwd=REPOSITORY,
            env=kept | {"SNOWTAPE_STATE_DIR": str(self.state)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=3500,
            check=False,
        )
        self.newest = {began, last_completed_session(datetime.now(UTC))}
        return done

    @contextmanager
    def stored(self) -> Iterator[Stored]:
        """Object store and warehouse of the ended demo, up for a while."""
        settings = read_settings(True, 5, 1, 15, environment={"SNOWTAPE_STATE_DIR": str(self.state)})
        with Servers(settings) as servers:
            servers.start_object_store()
            servers.start_warehouse()
            found = Stored(servers)
            yield found
            found.warehouse.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo that has come through once; its servers have ended."""
    demo = Demo(tmp_path_factory.mktemp("demo"))
    done = demo.run()
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (demo.state / "first-run.txt").write_text(done.stdout)
    return demo


@pytest.fixture
def stored(demo: Demo) -> Iterator[Stored]:
    """What the first run has stored."""
    opened: AbstractContextManager[Stored] = demo.stored()
    with opened as found:
        yield found
