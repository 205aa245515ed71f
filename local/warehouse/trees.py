"""Statements that sqlglot has a tree for: what they write, what they lock, and how they run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from local.warehouse.naming import ObjectName

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor
    from local.warehouse.session import Session

_DDL = (exp.Create, exp.Drop, exp.Alter, exp.Comment, exp.TruncateTable)
_DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Copy)
_RETRIES = 20


def object_name(session: Session, table: exp.Table) -> ObjectName:
    """The full name of a table in a tree, before any rewriting."""
    return session.resolve([part.name if part.args.get("quoted") else part.name.upper() for part in table.parts])


def _locks(session: Session, expression: exp.Expression) -> Mapping[ObjectName, bool]:
    """Tables that the statement writes; True: alone."""
    target: Any = expression.this
    if isinstance(target, exp.Schema):
        target = target.this
    if isinstance(expression, exp.TruncateTable):
        target = expression.expressions[0]
    if not isinstance(target, exp.Table) or not isinstance(target.this, exp.Identifier):
        return {}
    if isinstance(expression, (exp.Insert, exp.Copy)):
        return {object_name(session, target): bool(expression.args.get("overwrite"))}
    if isinstance(expression, (exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)):
        return {object_name(session, target): True}
    if isinstance(expression, (exp.Create, exp.Drop, exp.Alter)) and expression.kind in ("TABLE", "VIEW"):
        return {object_name(session, target): True}
    return {}


def run(cursor: WarehouseCursor, expression: exp.Expression, params: Any) -> None:
    """Run a statement in its transaction."""
    cursor.check_db_and_schema(expression)
    session = cursor.session
    is_write = isinstance(expression, _DML)
    locks = _locks(session, expression)
    session.transactions.before(locks, is_ddl=isinstance(expression, _DDL), is_write=is_write)
    _retry(session, lambda: cursor.run_transformed(expression.copy(), params))
    session.transactions.after(is_write)


def _retry(session: Session, work: Callable[[], None]) -> None:
    """Outside a transaction, try again when another session's commit came in between."""
    for attempt in range(_RETRIES):
        try:
            return work()
        except duckdb.TransactionException as error:
            if session.transactions.is_open or "onflict" not in str(error) or attempt == _RETRIES - 1:
                raise
            time.sleep(0.02 * (attempt + 1))
