"""`…, TABLE(f(…)) AS n` in a query: a lateral join with what DuckDB gets from the handler, batch by batch."""

from __future__ import annotations

import hashlib
import inspect
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType
from sqlglot import exp

from local.warehouse.errors import sql_error
from local.warehouse.functions import store
from local.warehouse.functions.batch import Batch
from local.warehouse.functions.definition import DUCKDB_TYPES, TableFunction
from local.warehouse.naming import ObjectName, quoted

if TYPE_CHECKING:
    from local.warehouse.session import Session
    from local.warehouse.warehouse import Warehouse

# A part of a batch that is worth a process.
LEAST_ROWS = 256
_guard = threading.Lock()
_ARROW_TYPES = {"FLOAT": pa.float64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DATE": pa.date32()}


def rewrite(session: Session, expression: exp.Expr) -> exp.Expr:
    """Replace the calls of known table functions in a tree, in place."""
    for call in list(expression.find_all(exp.TableFromRows)):
        is_windowed = isinstance(call.this, exp.Window)
        parts, invoked = _name(call.this.this if is_windowed else call.this)
        if invoked is None:
            continue
        name = session.resolve(parts)
        known = store.overloads(session.warehouse.instance, name)
        if not known:
            continue
        if is_windowed:
            raise sql_error("The local warehouse knows no PARTITION BY of a table function.", 2140, "0A000")
        _replace(session.warehouse, call, name, _choose(known, name, len(invoked.expressions)), invoked.expressions)
    return expression


def _name(node: exp.Expr) -> tuple[list[str], exp.Anonymous | None]:
    parts: list[str] = []
    while isinstance(node, exp.Dot):
        parts += [_upper(part) for part in node.this.find_all(exp.Identifier, bfs=False)]
        node = node.expression
    if not isinstance(node, exp.Anonymous):
        return [], None
    return [*parts, str(node.this).upper()], node


def _upper(identifier: exp.Identifier) -> str:
    return str(identifier.this) if identifier.quoted else str(identifier.this).upper()


def _choose(known: list[TableFunction], name: ObjectName, count: int) -> TableFunction:
    for function in known:
        if len(function.arguments) == count:
            return function
    raise sql_error(
        f"SQL compilation error:\nInvalid argument types for function '{name.name}': got {count} arguments; known: "
        + "; ".join(f"{name.name}({function.signature})" for function in known),
        1044,
        "42P13",
    )


def _replace(
    warehouse: Warehouse, call: exp.Expr, name: ObjectName, function: TableFunction, arguments: list[exp.Expr]
) -> None:
    registered = _register(warehouse, name, function)
    casts: list[exp.Expr] = [
        exp.cast(argument.copy(), DUCKDB_TYPES[declared.type], dialect="duckdb")
        for argument, declared in zip(arguments, function.arguments, strict=True)
    ]
    row = exp.Anonymous(this="unnest", expressions=[exp.Anonymous(this=registered, expressions=casts)])
    alias = call.args.get("alias")
    call.replace(
        exp.Lateral(
            this=exp.Subquery(this=exp.Select(expressions=[row])),
            alias=alias.copy() if alias else exp.TableAlias(this=exp.to_identifier("_function")),
        )
    )


def _register(warehouse: Warehouse, name: ObjectName, function: TableFunction) -> str:
    """Make the handler known to DuckDB under a name of its own; one that was replaced keeps its old name."""
    text = f"{name} {function.to_json()}"
    registered = f"_snowtape_function_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    fields = ", ".join(f"{quoted(column.name)} {DUCKDB_TYPES[column.type]}" for column in function.columns)
    kinds = [pa.field(column.name, _ARROW_TYPES[column.type]) for column in function.columns]

    def run_rows(columns: Sequence[Any]) -> Any:
        batch = Batch(
            function.body,
            function.handler,
            function.packages,
            tuple(argument.name for argument in function.arguments),
            [column.to_pylist() for column in columns],
            len(kinds),
        )
        answer = warehouse.runner.run_batch(name.name, batch)
        arrays = [pa.array(values, kind.type, from_pandas=True) for values, kind in zip(answer, kinds, strict=True)]
        return pa.StructArray.from_arrays(arrays, fields=kinds)

    def run(*columns: Any) -> Any:
        """DuckDB's batch, in as many parts as there are processors: a warehouse runs functions on all its threads."""
        rows = len(columns[0])
        size = max(-(-rows // (os.cpu_count() or 1)), LEAST_ROWS)
        parts = [[column.slice(first, size) for column in columns] for first in range(0, rows, size)]
        with ThreadPoolExecutor(max(len(parts), 1)) as pool:
            return pa.concat_arrays(list(pool.map(run_rows, parts)) or [run_rows(columns)])

    # DuckDB counts the parameters of what it is given.
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(argument.name, inspect.Parameter.POSITIONAL_ONLY) for argument in function.arguments]
    )
    with _guard:
        if registered not in warehouse.table_functions:
            warehouse.instance.duck_conn.create_function(
                registered,
                run,
                [DUCKDB_TYPES[argument.type] for argument in function.arguments],
                f"STRUCT({fields})",
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )
            warehouse.table_functions.add(registered)
    return registered
