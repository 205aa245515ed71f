"""EXPLAIN [USING …] <statement>: the statement is compiled against the tables that are there, and not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.results import StatementResult
from local.warehouse.sql import context, trees
from local.warehouse.sql.names import qualify
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

EXPLAINED = (exp.Query, exp.Insert, exp.Update, exp.Delete)
COLUMNS = [
    *(("step", "BIGINT"), ("id", "BIGINT"), ("parentOperators", "VARCHAR"), ("operation", "VARCHAR")),
    *(("objects", "VARCHAR"), ("alias", "VARCHAR"), ("expressions", "VARCHAR")),
    *(("partitionsTotal", "BIGINT"), ("partitionsAssigned", "BIGINT"), ("bytesAssigned", "BIGINT")),
]


def explain(cursor: WarehouseCursor, statement: Statement, params: Any) -> StatementResult:
    """One row with DuckDB's plan as `expressions`. Raises what running the statement would, up to its first row."""
    words = statement.words
    first = 3 if statement.starts("EXPLAIN", "USING") else 1
    if len(words) <= first:
        raise sql_error("SQL compilation error:\nEXPLAIN needs a statement", *SYNTAX_ERROR)
    tree = cursor.parse(statement.text[words[first].start :])
    if not isinstance(tree, EXPLAINED):
        raise sql_error(
            f"SQL compilation error:\nEXPLAIN of {tree.key.upper()}: the local warehouse explains queries, INSERT, "
            "UPDATE and DELETE.",
            *SYNTAX_ERROR,
        )
    trees.refuse_bound_limit(tree)
    inlined = context.inline(cursor.session, tree)
    plans = [
        _plan(cursor.duck, translated, params)
        for translated in cursor.translate(qualify(cursor.session, inlined), params)
    ]
    return StatementResult(COLUMNS, [(1, 0, None, "Result", None, None, "\n".join(plans), None, None, None)], 1)


def _plan(duck: duckdb.DuckDBPyConnection, tree: exp.Expr, params: Any) -> str:
    bound = params if tree.find(exp.Placeholder) else None
    return "\n".join(str(row[-1]) for row in duck.execute(f"explain {tree.sql(dialect='duckdb')}", bound).fetchall())
