"""A database of its own in the local warehouse, raw tables as schemachange makes them, and dbt in this process."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner

from local.warehouse.process import RunningWarehouse
from tests.gates.sources import REPOSITORY, schemachange_scripts

DATABASE = "DBT_TESTS"


@dataclass(frozen=True)
class Observation:
    """A result as one response held it; the oracle's view of a raw line."""

    dataset: str
    path: str
    fetched_at: datetime
    manifest_id: str
    line: int
    index: int
    result: dict[str, Any]


@dataclass
class Lake:
    """Raw tables and the ledger, filled by hand; remembers what it was given."""

    connection: Any
    observations: list[Observation] = field(default_factory=list)
    manifests: int = 0

    def load(
        self,
        dataset: str,
        path: str,
        results: Sequence[dict[str, Any]],
        *,
        at: datetime,
        session: str | None = None,
        manifest: str | None = None,
        params: dict[str, str] | None = None,
        complete: bool = True,
        suspects: Sequence[dict[str, Any]] = (),
        closures: Sequence[str] | None = None,
        next_url: str | None = None,
    ) -> str:
        """One response in a manifest of its own (or in one that is named), loaded an hour after it was fetched."""
        line = 1 + sum(seen.manifest_id == manifest for seen in self.observations)
        if manifest is None:
            self.manifests += 1
            manifest = f"{at:%Y%m%dT%H%M%S%f}Z-{self.manifests:08x}"
            self.execute(
                """
                insert into raw.load_ledger (manifest_id, manifest_key, family, dag_id, run_id, is_complete, objects,
                    rows_loaded, result_rows, loaded_at, suspect_sessions, exchange_closures)
                select %s, 'manifests/x.json', %s, 'a_dag', 'a_run', %s, parse_json('[]'), 1, %s, %s::timestamp_ntz,
                    parse_json(%s), parse_json(%s)
                """,
                (
                    manifest,
                    "options" if dataset.startswith("option") else "stocks",
                    complete,
                    len(results),
                    at + timedelta(hours=1),
                    json.dumps(list(suspects)),
                    None if closures is None else json.dumps(list(closures)),
                ),
            )
        response = {"status": "OK", "resultsCount": len(results)} | ({"results": list(results)} if results else {})
        response |= {"next_url": next_url} if next_url else {}
        self.execute(
            f"""
            insert into raw.{dataset} (manifest_id, object_key, line_number, request, response, fetched_at, loaded_at)
            select %s, %s, %s, parse_json(%s), parse_json(%s), %s::timestamp_ntz, %s::timestamp_ntz
            """,
            (
                manifest,
                f"raw/{dataset}/{session or 'x'}/{manifest}/0000.ndjson.gz",
                line,
                json.dumps({"path": path, "params": params or {"adjusted": "false"}}),
                json.dumps(response),
                at,
                at + timedelta(hours=1),
            ),
        )
        self.observations += [
            Observation(dataset, path, at, manifest, line, index, result) for index, result in enumerate(results)
        ]
        return manifest

    def override(
        self,
        dataset: str,
        row_key: str,
        field: str,
        value: str | None,
        *,
        at: datetime,
        is_retracted: bool = False,
        reason: str = "a slip",
    ) -> None:
        """A decision as ops.override and ops.retract_override write it, entered at a moment."""
        self.manifests += 1
        decision = (f"{self.manifests:08x}", dataset, row_key, field, value, is_retracted, reason, "Ana", at)
        self.execute("insert into ops.overrides select %s, %s, %s, %s, %s, %s, %s, %s, %s::timestamp_ntz(6)", decision)

    def grouped(self, session: str, bars: Sequence[dict[str, Any]], *, at: datetime, **more: Any) -> str:
        """A grouped response of one session."""
        path = f"/v2/aggs/grouped/locale/us/market/stocks/{session}"
        return self.load("stock_bars", path, bars, at=at, session=session, **more)

    @contextmanager
    def without_what_came_after(self, moment: datetime) -> Iterator[None]:
        """Raw as it would be had nothing been fetched after a moment; what was taken away comes back at the end."""
        tables = [f"raw.{dataset}" for dataset in sorted({seen.dataset for seen in self.observations})]
        for table in tables:
            self.execute(f"create table {table}_later as select * from {table} where fetched_at > %s", (moment,))
            self.execute(f"delete from {table} where fetched_at > %s", (moment,))
        yield
        for table in tables:
            self.execute(f"insert into {table} select * from {table}_later")
            self.execute(f"drop table {table}_later")

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A transaction of this connection that is rolled back."""
        self.execute("begin")
        yield
        self.execute("rollback")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        with self.connection.cursor() as cursor:
            return list(cursor.execute(sql, tuple(parameters) or None).fetchall())

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Every row of a table without the time of its build, in an order that only its content gives."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"select * from {table}")
            kept = [place for place, column in enumerate(cursor.description) if column.name != "RECORDED_AT"]
            return sorted((tuple(row[place] for place in kept) for row in cursor.fetchall()), key=repr)


def differences(rows: list[tuple[Any, ...]], others: list[tuple[Any, ...]]) -> list[tuple[Any, Any]]:
    """Pairs of rows that are not the same; floats are to 1e-9, since sums taken in another order round otherwise."""
    return [pair for pair in zip_longest(rows, others, fillvalue=()) if not _same(*pair)]


def _same(row: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(row) == len(other) and all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(row, other, strict=True)
    )


@dataclass
class Dbt:
    """dbt in this process: imported once and parsed once, which is most of what an invocation costs."""

    target: Path
    manifest: Any = None

    def __call__(self, *arguments: str, ok: bool = True) -> Any:
        """Run one command; fails the test when dbt fails and should not."""
        project = str(REPOSITORY / "dbt")
        where = ("--project-dir", project, "--profiles-dir", project, "--target-path", str(self.target))
        # Variables take part in parsing: where schemas depend on one, a project that was parsed without it is another.
        done = dbtRunner(manifest=None if "--vars" in arguments else self.manifest).invoke(
            [*arguments, *where, "--log-level-file", "none", "--no-write-json", "--quiet", "--no-version-check"]
        )
        assert done.success or not ok, self.failures(done)
        return done.result

    def parse(self) -> Any:
        """Parse the project, without the descriptions that a build writes on tables and columns: tests/warehouse has
        those, and here they would be a third of all statements.
        """
        self.manifest = self("parse")
        # dbt reads them from the project; those in the manifest it can't copy.
        self.manifest.selectors = {}
        for node in self.manifest.nodes.values():
            node.config.persist_docs = {}
        return self.manifest

    def run_tables(self, *arguments: str) -> Any:
        """`dbt run` as the DAG's later builds are: the views of the first run hold for all of them."""
        return self("run", "--selector", "build_rows", *arguments)

    def run_behind(self, *tables: str, again: bool = False, full_refresh: bool = False) -> Any:
        """`dbt run` of some tables and everything that they are made of; `again`: of the tables alone, once the views
        are there.
        """
        chosen = [f"+{table.rpartition('.')[2]}" for table in tables]
        if again:
            kinds = ("table", "incremental")
            chosen = [f"{models},config.materialized:{kind}" for models in chosen for kind in kinds]
        return self("run", *(["--full-refresh"] if full_refresh else []), "--select", *chosen)

    @staticmethod
    def failures(done: Any) -> str:
        """What went wrong, for people."""
        if done.result is None:
            return str(done.exception)
        return "\n".join(
            f"{item.node.name}: {item.message}" for item in done.result if item.status in ("error", "fail")
        )


@pytest.fixture(scope="module")
def warehouse_settings(warehouse: RunningWarehouse) -> Iterator[dict[str, str]]:
    """The variables that dbt's profile reads, set meanwhile."""
    settings = {
        "SNOWFLAKE_ACCOUNT": "local",
        "SNOWFLAKE_USER": "tester",
        "SNOWFLAKE_PASSWORD": warehouse.token,
        "SNOWFLAKE_DATABASE": DATABASE,
        "SNOWFLAKE_WAREHOUSE": "LOCAL",
        "SNOWFLAKE_ROLE": "SYSADMIN",
        "SNOWFLAKE_HOST": warehouse.host,
        "SNOWFLAKE_PORT": str(warehouse.port),
        "SNOWFLAKE_PROTOCOL": "http",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # Contracts and columns are held against each other once, in test_builds.
        "SNOWTAPE_DEFINITIONS": "current",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SNOWFLAKE_")]:
            patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(name, value)
        yield settings


@pytest.fixture(scope="module")
def lake(warehouse: RunningWarehouse, warehouse_settings: dict[str, str]) -> Iterator[Lake]:
    """An empty database with the schemas and raw tables of schemachange."""
    scripts = [
        script
        for script in schemachange_scripts(SNOWFLAKE_DATABASE=DATABASE)
        if script.name.startswith("V") or "create or replace function" in script.text
    ]
    with warehouse.connect() as connection:
        lake = Lake(connection)
        lake.execute(f"create or replace database {DATABASE}")
        lake.execute(f"use database {DATABASE}")
        for script in scripts:
            for statement in script.statements:
                lake.execute(statement)
        yield lake


@pytest.fixture(scope="session")
def parsed() -> list[Any]:
    """The parsed project, once there is one: no parse depends on where the warehouse is."""
    return []


@pytest.fixture(scope="module")
def dbt(warehouse_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory, parsed: list[Any]) -> Dbt:
    """dbt with the project parsed."""
    runner = Dbt(tmp_path_factory.mktemp("dbt"))
    if not parsed:
        parsed.append(runner.parse())
    runner.manifest = parsed[0]
    return runner


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a file waits for all its builds, which take their time on a busy machine."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(1200))
