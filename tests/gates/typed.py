"""Names and types of a statement against a schema: tables and columns that are not there, values that cannot meet.

DuckDB casts where Snowflake refuses or fails at the first value that is not a number; so a text never meets a number, a
date or a truth value here without a cast that says so. What sqlglot has no type for meets everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from tests.gates.gate import Finding
from tests.gates.shapes import line

# {schema: {table: {column: type}}}, names in upper case.
Schema = dict[str, dict[str, dict[str, str]]]

COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)
NUMERIC_ONLY = (exp.Sum, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Median, exp.Ln, exp.Exp, exp.Abs)
VARIABLE = re.compile(r"(?im)^set\s+(\w+)\s*=\s*(.+?);\s*$")


def check(source: str, sql: str, schema: Schema) -> list[Finding]:
    """What is wrong with the names and types of one statement; SET statements before it give `$name` its value."""
    for name, value in VARIABLE.findall(sql):
        sql = re.sub(rf"\${name}\b", value, sql)
    text = VARIABLE.sub(lambda match: "\n" * match.group(0).count("\n"), sql)
    tree = sqlglot.parse_one(text.strip().rstrip(";"), read="snowflake")
    if isinstance(tree, exp.Command):  # a CALL: procedures have no schema here
        return []
    try:
        return [*_written(source, tree, schema), *check_tree(source, resolved(_as_query(tree), schema))]
    except SqlglotError as error:
        return [Finding(source, 1, "column", str(error))]


def resolved(query: exp.Expression, schema: Schema) -> exp.Query:
    """The query with every column qualified and typed. Raises SqlglotError for what the schema does not have."""
    for table in query.find_all(exp.Table):
        table.set("catalog", None)
    read = (source for scope in traverse_scope(query) for source in scope.sources.values())
    for table in (source for source in read if isinstance(source, exp.Table)):
        if isinstance(table.this, exp.Identifier) and table.name.upper() not in schema.get(table.db.upper(), {}):
            raise SqlglotError(f"Unknown table: {table.db}.{table.name}".lower())
    mapping = MappingSchema(schema, dialect="snowflake")
    qualified = qualify(query, schema=mapping, dialect="snowflake")
    typed = annotate_types(qualified, schema=mapping, dialect="snowflake")
    assert isinstance(typed, exp.Query)
    return typed


def check_tree(source: str, tree: exp.Expression) -> list[Finding]:
    """Values that meet and are of two kinds, in a tree of `resolved`."""
    found = {Finding(source, line(node), "type", message) for node, message in _clashes(tree)}
    return sorted(found, key=lambda finding: (finding.line, finding.message))


def kind(node: exp.Expression) -> str | None:
    """text, number, boolean, time or variant; None where the type is not known, or NULL."""
    if node.type is None:
        return None
    if node.is_type(*exp.DataType.TEXT_TYPES):
        return "text"
    if node.is_type(*exp.DataType.NUMERIC_TYPES):
        return "number"
    if node.is_type(exp.DataType.Type.BOOLEAN):
        return "boolean"
    if node.is_type(*exp.DataType.TEMPORAL_TYPES):
        return "time"
    return None


def _clashes(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    for node in tree.walk():
        for values in _meeting(node):
            kinds = {kind(value): value for value in values if kind(value) and not _is_fitting_literal(value, values)}
            if len(kinds) > 1:
                shown = ", ".join(f"{value.sql('snowflake')[:60].lower()} is a {name}" for name, value in kinds.items())
                yield node, f"{node.key}: {shown}; cast one of them"
        if isinstance(node, (*ARITHMETIC, *NUMERIC_ONLY)) and not isinstance(node.parent, exp.Interval):
            for value in (node.this, node.expression):
                if isinstance(value, exp.Expression) and kind(value) in ("text", "boolean"):
                    yield node, f"{node.key} of {value.sql('snowflake')[:60].lower()}, which is a {kind(value)}"
        if isinstance(node, exp.Sub) and kind(node.this) == kind(node.expression) == "time" and _has_timestamp(node):
            yield node, "a timestamp minus a timestamp is an interval in DuckDB and an error in Snowflake; use datediff"
        if isinstance(node, exp.SetOperation) and len(node.this.selects) != len(node.expression.selects):
            yield node, f"{len(node.this.selects)} columns meet {len(node.expression.selects)}"


def _meeting(node: exp.Expression) -> Iterator[list[exp.Expression]]:
    """Values that must be of one kind."""
    if isinstance(node, COMPARISONS):
        other = node.expression
        query = other.this.unnest() if isinstance(other, (exp.All, exp.Any)) else None  # NOT IN (SELECT …)
        yield [node.this, query.selects[0] if isinstance(query, exp.Query) else other]
    elif isinstance(node, exp.Between):
        yield [node.this, node.args["low"], node.args["high"]]
    elif isinstance(node, exp.In):
        query = node.args.get("query")
        inner = query.unnest() if query is not None else None
        if isinstance(inner, exp.Query) and len(inner.selects) == 1:
            yield [node.this, inner.selects[0]]
        elif node.expressions:
            yield [node.this, *node.expressions]
    elif isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least, exp.Nullif)):
        yield [v for v in (node.this, node.expression, *node.expressions) if isinstance(v, exp.Expression)]
    elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        yield [v for v in (node.args["true"], node.args.get("false")) if v is not None]
    elif isinstance(node, exp.Case):
        yield [*(branch.args["true"] for branch in node.args["ifs"]), *filter(None, [node.args.get("default")])]
        if node.this is not None:
            yield [node.this, *(branch.this for branch in node.args["ifs"])]
    elif isinstance(node, exp.SetOperation):
        yield from ([a, b] for a, b in zip(node.this.selects, node.expression.selects, strict=False))


def _is_fitting_literal(value: exp.Expression, others: list[exp.Expression]) -> bool:
    """Whether Snowflake reads a text as the time that it meets: '2026-01-02' beside a date."""
    if not (isinstance(value, exp.Literal) and value.is_string) or {kind(v) for v in others} - {"text", "time", None}:
        return False
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            read(value.name)
        except ValueError:
            continue
        return True
    return False


def _has_timestamp(node: exp.Sub) -> bool:
    return not (node.this.is_type(exp.DataType.Type.DATE) and node.expression.is_type(exp.DataType.Type.DATE))


def _as_query(tree: exp.Expression) -> exp.Expression:
    """A SELECT that names and compares what a statement names and compares."""
    if isinstance(tree, exp.Update):
        select = exp.select(*(exp.alias_(equal.copy(), f"c{n}") for n, equal in enumerate(tree.expressions)))
        where = tree.args.get("where")
        return select.from_(tree.this.copy()).where(where.this.copy() if where else None)
    if isinstance(tree, exp.Delete):
        return exp.select("*").from_(tree.this.copy()).where(tree.args["where"].this.copy())
    if isinstance(tree, exp.Insert) and isinstance(tree.expression, exp.Values):
        (row,) = tree.expression.expressions
        return exp.select(*(exp.alias_(value.copy(), f"c{n}") for n, value in enumerate(row.expressions)))
    return tree.expression if isinstance(tree, exp.Insert) else tree


def _written(source: str, tree: exp.Expression, schema: Schema) -> Iterator[Finding]:
    """What an INSERT writes: columns that are there, and values of their kinds."""
    if not isinstance(tree, exp.Insert):
        return
    table, columns = tree.this.this, [column.name for column in tree.this.expressions]
    known = schema.get(table.db.upper(), {}).get(table.name.upper())
    if known is None:
        raise SqlglotError(f"Unknown table: {table.db}.{table.name}".lower())
    for column in columns:
        if column.upper() not in known:
            yield Finding(source, line(tree), "column", f"Unknown column: {column}")
    values = resolved(_as_query(tree), schema).selects
    if len(values) != len(columns):
        yield Finding(source, line(tree), "column", f"{len(values)} values for {len(columns)} columns")
    for column, value in zip(columns, values, strict=False):
        made = annotate_types(exp.cast(exp.Null(), known.get(column.upper(), "variant"), dialect="snowflake"))
        if kind(made) and kind(value) and kind(made) != kind(value):
            yield Finding(source, line(tree), "type", f"{column} is a {kind(made)}, and its value a {kind(value)}")
