"""Which file was loaded into which table: what COPY skips and what it writes down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from local.warehouse.naming import ObjectName
from local.warehouse.staged.catalog import history_table
from local.warehouse.staged.documents import Problem
from local.warehouse.staged.objects import StagedFile

if TYPE_CHECKING:
    from local.warehouse.session import Session

LOADED = ("LOADED", "PARTIALLY_LOADED")


@dataclass(frozen=True)
class Load:
    """What became of one file in a COPY."""

    file: StagedFile
    status: str
    rows_parsed: int
    rows_loaded: int
    errors_seen: int
    error_limit: int
    first: Problem | None = None


def loaded(duck: duckdb.DuckDBPyConnection, table: ObjectName, files: Sequence[StagedFile]) -> set[str]:
    """URLs among the files that this table holds already, with the content they have now."""
    rows = duck.execute(
        f"""SELECT stage_location || file_name, etag FROM {history_table(table.database)}
            WHERE schema_name = ? AND table_name = ? AND is_current AND status IN {LOADED}""",
        [table.schema, table.name],
    ).fetchall()
    known = set(rows)
    return {file.url for file in files if (_location(file) + file.name, file.etag) in known}


def _location(file: StagedFile) -> str:
    return file.url.removesuffix(file.name)


def record(duck: duckdb.DuckDBPyConnection, table: ObjectName, loads: Sequence[Load]) -> None:
    """Write what a COPY did; runs in the transaction that is open."""
    rows = [
        (
            table.schema,
            table.name,
            load.file.name,
            _location(load.file),
            load.file.etag,
            load.file.size,
            load.status,
            load.rows_loaded,
            load.rows_parsed,
            load.first.message if load.first else None,
            load.first.line if load.first else None,
            load.first.character if load.first else None,
            load.first.column if load.first else None,
            load.errors_seen,
            load.error_limit,
        )
        for load in loads
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    # One statement for all files: a parameter a column, unnested side by side.
    kinds = ["VARCHAR"] * 5 + ["BIGINT", "VARCHAR", "BIGINT", "BIGINT", "VARCHAR", "BIGINT", "BIGINT", "VARCHAR"]
    kinds += ["BIGINT", "BIGINT"]
    unnested = [f"unnest(?::{kind}[]) AS c{at}" for at, kind in enumerate(kinds)]
    named = [f"c{at}" for at in range(len(kinds))]
    duck.execute(
        f"""INSERT INTO {history_table(table.database)}
            SELECT {", ".join(named[:6])}, now(), {", ".join(named[6:])}, true FROM (SELECT {", ".join(unnested)})""",
        columns,
    )


def forget_table(session: Session, name: ObjectName) -> None:
    """A table was created anew, truncated or dropped: no file counts as loaded into it any more.

    Runs in the transaction that is open, so a TRUNCATE that is rolled back forgets nothing.
    """
    duck = session.duck
    if _has_history(duck, name):
        duck.execute(
            f"UPDATE {history_table(name.database)} SET is_current = false WHERE schema_name = ? AND table_name = ?",
            [name.schema, name.name],
        )


def rename_table(session: Session, old: ObjectName, new: ObjectName) -> None:
    """A table has another name in the same database: its history goes with it."""
    duck = session.duck
    if old.database == new.database and _has_history(duck, old):
        duck.execute(
            f"""UPDATE {history_table(old.database)} SET schema_name = ?, table_name = ?
                WHERE schema_name = ? AND table_name = ?""",
            [new.schema, new.name, old.schema, old.name],
        )


def _has_history(duck: duckdb.DuckDBPyConnection, name: ObjectName) -> bool:
    sql = f"SELECT 1 FROM {history_table(name.database)} WHERE schema_name = ? AND table_name = ? LIMIT 1"
    return bool(duck.execute(sql, [name.schema, name.name]).fetchall())
