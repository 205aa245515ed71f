"""Queries on files in stages: the files become a table of their own, the rest of the statement stays as it is."""

from __future__ import annotations

import tempfile
import uuid
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.staged import formats, listing, stages, transform
from local.warehouse.staged.copy import abort_error, spool
from local.warehouse.staged.formats import FileFormat
from local.warehouse.staged.references import is_stage, parse, stage_tables
from local.warehouse.staged.source import Source
from local.warehouse.staged.transform import DOCUMENT, METADATA

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor
    from local.warehouse.session import Session

# What drops the tables of each session's last statement. A failed one's cursor may live on in its traceback.
_kept: weakref.WeakKeyDictionary[Session, list[Callable[[], object]]] = weakref.WeakKeyDictionary()


def replace_stages(cursor: WarehouseCursor, tree: exp.Expr) -> None:
    """Read every stage that the statement names and put a table in its place, in place.

    The tables live until the cursor is gone or the session reads a stage again: it runs one statement at a time. A
    document that is not JSON is an error that names file and line.
    """
    for forget in _kept.pop(cursor.session, []):
        forget()
    transform.columns_of_stages(tree, lambda table: _file_format(cursor, table))
    for table in stage_tables(tree):
        table.replace(_read(cursor, table))


def _read(cursor: WarehouseCursor, table: exp.Table) -> exp.Expr:
    """The files behind one reference as a subquery with the columns $1 and METADATA$…"""
    assert is_stage(table)
    reference = parse(table.this.name)
    stage = stages.lookup(cursor, reference)
    file_format = _file_format(cursor, table)
    if isinstance(file_format, formats.CsvFormat) and _asks_for_star(table):
        raise sql_error(
            "SQL compilation error:\nthe local warehouse reads the columns of CSV as $1, $2, …", *SYNTAX_ERROR
        )
    pattern = table.args.get("pattern")
    files = listing.under(stage.location, reference.path, pattern.name if pattern else None)
    duck = cursor.duck.cursor()
    name = f"_staged_{uuid.uuid4().hex}"
    duck.execute(f"ATTACH ':memory:' AS {name} (HIDDEN)")
    _kept.setdefault(cursor.session, []).append(weakref.finalize(cursor, _forget, duck, name))
    with tempfile.TemporaryDirectory(prefix="staged-", dir=spool(cursor)) as folder:
        source = Source(stage.location, files, file_format, Path(folder), datetime.now(UTC))
        if problems := source.invalid(duck):
            index = min(problems)
            raise abort_error(files[index], problems[index][0], advice="")
        duck.register("_staged_source", source.reader())
        columns = ", ".join(f'"{column}"' for column in (DOCUMENT, *METADATA))
        duck.execute(f"CREATE TABLE {name}.main.documents AS SELECT {columns} FROM _staged_source")
        duck.unregister("_staged_source")
    relation = exp.table_("documents", db="main", catalog=name)
    if not _asks_for_star(table):
        relation.set("alias", table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(f"_{name}")))
        return relation
    only = exp.select(exp.column(exp.to_identifier(DOCUMENT, quoted=True))).from_(relation)
    return only.subquery(table.alias or f"_{name}")


def _file_format(cursor: WarehouseCursor, table: exp.Table) -> FileFormat:
    """The format of the files behind one reference: the one that it names, else the stage's."""
    if (named := table.args.get("format")) is not None:
        name = named.name if isinstance(named, exp.Literal) else named.sql(dialect="snowflake")
        return formats.file_format(formats.lookup(cursor, name))
    return formats.file_format(stages.lookup(cursor, parse(table.this.name)).file_format)


def _asks_for_star(table: exp.Table) -> bool:
    """Whether the query around a stage asks for all its columns: that is $1, without METADATA$."""
    select = table.find_ancestor(exp.Select)
    return select is not None and any(isinstance(e, exp.Star) or e.find(exp.Star) for e in select.expressions)


def _forget(duck: duckdb.DuckDBPyConnection, name: str) -> None:
    """Drop a statement's table once the statement is gone."""
    with suppress(duckdb.Error):
        duck.execute(f"DETACH {name}")
    with suppress(duckdb.Error):
        duck.close()
