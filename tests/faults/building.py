"""dbt in a worker, and its tables against a full refresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.dbt import conftest as rows_of
from tests.dbt.conftest import Dbt
from tests.schemachange.deploying import Database

# Times of the build itself; the ledger of builds; what a build had pending.
TIMES = ("RECORDED_AT",)
LEFT_OUT = ("STG_POLYGON__MANIFESTS_PENDING", "ABSORBED_MANIFESTS")


def build(dbt: Dbt, *arguments: str) -> None:
    """`dbt run`, as the asset of a load starts it."""
    dbt("run", *arguments)


def parsed(target: Path) -> Dbt:
    """dbt with the project parsed, to be forked."""
    runner = Dbt(target)
    runner.parse()
    return runner


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that dbt builds, without times of the build."""
    tables = database.rows(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('STAGING', 'SNAPSHOTS', 'INTERMEDIATE', 'MARTS') and table_type = 'BASE TABLE'"
    )
    found = {}
    with database.connect() as connection, connection.cursor() as cursor:
        for schema, table in tables:
            if table in LEFT_OUT or table.endswith("__DBT_TMP"):
                continue
            cursor.execute(f"select * from {schema}.{table}")
            kept = [place for place, column in enumerate(cursor.description) if column.name not in TIMES]
            found[f"{schema}.{table}"] = sorted((tuple(row[at] for at in kept) for row in cursor.fetchall()), key=repr)
    return found


def differences(found: dict[str, list[tuple[Any, ...]]], expected: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """Tables that differ, each with an example."""
    told = []
    for table in sorted(found.keys() | expected.keys()):
        here, there = found.get(table, []), expected.get(table, [])
        if odd := rows_of.differences(here, there):
            told.append(f"{table}: {len(here)} rows against {len(there)} of a full refresh, such as {odd[:1]}")
    return told
