"""Which tree goes where: what a statement writes, what it locks, who runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error, unknown_statement
from local.warehouse.naming import ObjectName
from local.warehouse.results import StatementResult
from local.warehouse.sql import alter, changes, comments, context, describe, result_scan, tables
from local.warehouse.sql.names import object_name, qualify

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor
    from local.warehouse.session import Session

_DDL = (exp.Create, exp.Drop, exp.Alter, exp.Comment)
_DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Copy, exp.TruncateTable, exp.MultitableInserts)
# What fakesnow shows.
_SHOWN = (
    *("OBJECTS", "TABLES", "VIEWS", "COLUMNS", "STAGES", "FILE FORMATS", "SEQUENCES", "SCHEMAS", "DATABASES"),
    *("PRIMARY KEYS", "UNIQUE KEYS", "IMPORTED KEYS"),
)
_RETRIES = 20


def run(cursor: WarehouseCursor, expression: exp.Expr, params: Any) -> None:
    """Run a statement in its transaction."""
    session = cursor.session
    _refuse(expression, session.statement)
    expression = result_scan.replace(session, context.inline(session, expression))
    cursor.check_db_and_schema(expression)
    is_write = isinstance(expression, _DML)
    locks = _locks(session, expression)
    session.transactions.before(locks, is_ddl=isinstance(expression, _DDL), is_write=is_write)
    _retry(session, lambda: _dispatch(cursor, expression.copy(), params))
    session.transactions.after(is_write)


def _refuse(expression: exp.Expr, text: str) -> None:
    """What nobody implements, and what DuckDB would take for something else."""
    kind = str(expression.args.get("kind")).upper()
    known = isinstance(expression, (exp.Query, *_DDL, *_DML, exp.Describe, exp.Show, exp.Put))
    if isinstance(expression, exp.Create):
        known = kind in ("TABLE", "VIEW", "SEQUENCE", "STAGE", "FILE FORMAT")
    elif isinstance(expression, exp.Show):
        known = expression.name.upper() in _SHOWN
    elif isinstance(expression, exp.Describe):
        known = kind in ("TABLE", "VIEW")
    if not known or expression.find(exp.HistoricalData, exp.DynamicProperty, exp.MatchRecognize):
        raise unknown_statement(text)
    refuse_bound_limit(expression)


def refuse_bound_limit(expression: exp.Expr) -> None:
    """The number of rows is a constant (docs.snowflake.com/en/sql-reference/constructs/limit), and not a bind."""
    for limit in expression.find_all(exp.Limit, exp.Fetch, exp.Offset):
        if limit.find(exp.Placeholder):
            raise sql_error("SQL compilation error:\nInvalid row count '?' in limit clause", *SYNTAX_ERROR)


def _dispatch(cursor: WarehouseCursor, expression: exp.Expr, params: Any) -> None:
    if result := _own(cursor, expression, params):
        cursor.answer(result)
    else:
        cursor.run_transformed(qualify(cursor.session, expression), params)


def _own(cursor: WarehouseCursor, expression: exp.Expr, params: Any) -> StatementResult | None:
    """The answer of the function that implements the statement here, or None where fakesnow does."""
    match expression:
        case exp.Create() if expression.kind == "TABLE":
            return tables.create_table(cursor, expression, params)
        case exp.Create() if expression.kind == "VIEW":
            return tables.create_view(cursor, expression, params)
        case exp.Drop():
            return alter.drop(cursor, expression)
        case exp.Alter():
            return alter.alter(cursor, expression)
        case exp.TruncateTable():
            return alter.truncate(cursor, expression)
        case exp.Comment():
            return comments.comment_on(cursor.session, expression)
        case exp.Describe() if str(expression.args.get("kind")).upper() in ("TABLE", "VIEW"):
            return describe.describe(cursor.session, expression)
        case exp.Merge():
            return changes.merge(cursor, expression, params)
        case exp.Insert() if expression.args.get("overwrite"):
            return changes.overwrite(cursor, expression, params)
    return None


def _locks(session: Session, expression: exp.Expr) -> Mapping[ObjectName, bool]:
    """Tables that the statement writes; True: alone."""
    target: Any = expression.this
    if isinstance(expression, exp.Drop):
        target = expression.args["tables"][0]
    elif isinstance(expression, exp.TruncateTable):
        target = expression.expressions[0]
    if isinstance(target, exp.Schema):
        target = target.this
    if not isinstance(target, exp.Table) or not isinstance(target.this, exp.Identifier):
        return {}
    if isinstance(expression, (exp.Insert, exp.Copy)):
        return {object_name(session, target): bool(expression.args.get("overwrite"))}
    if isinstance(expression, (exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)):
        return {object_name(session, target): True}
    if isinstance(expression, _DDL) and str(expression.args.get("kind")).upper() in ("TABLE", "VIEW"):
        return {object_name(session, target): True}
    return {}


def _retry(session: Session, work: Callable[[], None]) -> None:
    """Outside a transaction, try again when another session's commit came in between."""
    for attempt in range(_RETRIES):
        try:
            return work()
        except duckdb.TransactionException as error:
            if session.transactions.is_open or "onflict" not in str(error) or attempt == _RETRIES - 1:
                raise
            time.sleep(0.02 * (attempt + 1))
