"""MERGE and INSERT OVERWRITE with DuckDB's own means."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from local.warehouse.errors import sql_error
from local.warehouse.results import StatementResult
from local.warehouse.sql.names import qualify

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_OVERWRITE = exp.table_("_overwrite", db="main", catalog="temp")


def merge(cursor: WarehouseCursor, expression: exp.Merge, params: Any) -> StatementResult:
    """MERGE: rows inserted, updated and deleted, as Snowflake counts them."""
    kinds = _prepare(expression)
    qualify(cursor.session, expression)
    # One kind of action: its count is the statement's. Otherwise DuckDB has to name the action of every row.
    if len(set(kinds)) > 1:
        expression.set("returning", exp.Returning(expressions=[exp.column("merge_action")]))
    counts: Counter[str] = Counter()
    for translated in cursor.translate(expression, params):
        try:
            cursor.duck.execute(translated.sql(dialect="duckdb"), params if translated.find(exp.Placeholder) else None)
        except duckdb.InvalidInputException as error:
            if "more than once" not in str(error):
                raise
            raise sql_error(f"Duplicate row detected during DML action\n{error}", 100090, "42P18") from None
        if len(set(kinds)) == 1:
            counts[kinds[0]] = cursor.duck.fetchall()[0][0]
        else:
            reader: Any = cursor.duck.to_arrow_reader(100_000)
            for batch in reader:
                for pair in batch.column(0).value_counts().to_pylist():
                    counts[pair["values"]] += pair["counts"]
    words = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}
    columns = [(f"number of rows {word}", "BIGINT") for kind, word in words.items() if kind in kinds]
    row = tuple(counts[kind] for kind in words if kind in kinds)
    return StatementResult(columns, [row], sum(row))


def _prepare(merge: exp.Merge) -> list[str]:
    """Make each action one that DuckDB takes; returns what they do."""
    source = merge.args["using"].alias_or_name
    kinds: list[str] = []
    for when in merge.args["whens"].expressions:
        then = when.args["then"]
        if isinstance(then, exp.Insert):
            kinds.append("INSERT")
            _qualify_inserted(then, source)
        elif isinstance(then, exp.Update):
            kinds.append("UPDATE")
            for assignment in then.expressions:
                assignment.this.set("table", None)
        else:
            kinds.append("DELETE")
    return kinds


def _qualify_inserted(insert: exp.Insert, source: str) -> None:
    """Only the source is visible in the values of an insertion; DuckDB finds plain names ambiguous."""
    for column in insert.expression.find_all(exp.Column) if insert.expression else []:
        if not column.table:
            column.set("table", exp.to_identifier(source))
    for column in insert.this.find_all(exp.Column) if insert.this else []:
        column.set("table", None)


def overwrite(cursor: WarehouseCursor, insert: exp.Insert, params: Any) -> StatementResult:
    """INSERT OVERWRITE: the query is read before the old rows go, since it may read the table itself."""
    qualify(cursor.session, insert)
    target = insert.this.this if isinstance(insert.this, exp.Schema) else insert.this
    query = insert.expression
    plain = insert.copy()
    plain.set("overwrite", None)
    plain.set("expression", exp.select("*").from_(_OVERWRITE.copy()))
    with cursor.atomic():
        keep = exp.Create(
            this=_OVERWRITE.copy(),
            kind="TABLE",
            replace=True,
            expression=query.copy(),
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        )
        rows = 0
        for statement in (keep, exp.Delete(this=target.copy()), plain):
            for translated in cursor.translate(statement, params):
                cursor.duck.execute(
                    translated.sql(dialect="duckdb"), params if translated.find(exp.Placeholder) else None
                )
                rows = (cursor.duck.fetchall() or [(0,)])[0][0]
        cursor.duck.execute(f"DROP TABLE {_OVERWRITE.sql(dialect='duckdb')}")
    return StatementResult([("number of rows inserted", "BIGINT")], [(rows,)], rows)
