"""CREATE and DROP of table functions, and what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.warehouse import catalog
from local.warehouse.errors import ALREADY_EXISTS, sql_error
from local.warehouse.functions.definition import TableFunction, read
from local.warehouse.instance import METADATA_SCHEMA, Instance
from local.warehouse.naming import ObjectName
from local.warehouse.procedures.store import drop_from
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.session import Session

TABLE = f"{METADATA_SCHEMA}.functions"
_KEY = "(database_name, schema_name, name) = (?, ?, ?)"


def overloads(instance: Instance, name: ObjectName) -> list[TableFunction]:
    """All table functions of this name."""
    rows = catalog.run(instance, f"SELECT definition FROM {TABLE} WHERE {_KEY} ORDER BY signature", name)
    return [TableFunction.from_json(text) for (text,) in rows]


def create(session: Session, statement: Statement) -> StatementResult:
    """CREATE [OR REPLACE] FUNCTION."""
    creation = read(statement)
    name = session.resolve(creation.name)
    function = creation.function
    known = overloads(session.warehouse.instance, name)
    if not creation.replace and any(one.signature == function.signature for one in known):
        raise sql_error(f"SQL compilation error:\nObject '{name}' already exists.", *ALREADY_EXISTS)
    catalog.run(
        session.warehouse.instance,
        f"INSERT OR REPLACE INTO {TABLE} VALUES (?, ?, ?, ?, ?, now())",
        [*name, function.signature, function.to_json()],
    )
    return StatementResult.status(f"Function {name.name} successfully created.")


def drop(session: Session, statement: Statement) -> StatementResult:
    """DROP FUNCTION [IF EXISTS] name(types)."""
    return drop_from(TABLE, "Function", session, statement)
