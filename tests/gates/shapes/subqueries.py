"""Correlated subqueries. https://docs.snowflake.com/en/user-guide/querying-subqueries

What is documented: EXISTS, IN, ANY and ALL in a condition; a scalar subquery that an aggregate makes one row of; no
correlation inside FLATTEN. All examples compare a column of the subquery with a column outside, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope


def correlated_by_more_than_equal_columns(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """An outer column that is not one whole side of an equality in the subquery's WHERE."""
    for scope in _subqueries(tree):
        for column in _outer_columns(scope):
            if not _is_equality(column, scope):
                yield column, f"the subquery is correlated by more than an equality with {column.sql()}; join instead"


def correlated_scalar_without_aggregate(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """A correlated scalar subquery that is not one row for certain."""
    for scope in _subqueries(tree):
        if not isinstance(scope.expression.parent, exp.Subquery) or _belongs_to_in(scope.expression):
            continue
        query = scope.expression
        aggregates = isinstance(query, exp.Select) and all(s.find(exp.AggFunc) for s in query.selects)
        if _outer_columns(scope) and (not aggregates or query.args.get("group")):
            yield query, "a correlated scalar subquery without an aggregate, or with GROUP BY; join instead"


def correlated_in_flatten(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """FLATTEN of an outer column in a subquery."""
    for scope in _subqueries(tree):
        for column in _outer_columns(scope):
            if column.find_ancestor(exp.Explode, exp.Lateral, exp.TableFromRows):
                yield column, f"FLATTEN of {column.sql()}, a column outside of the subquery; flatten in a CTE and join"


def _subqueries(tree: exp.Expression) -> Iterator[Scope]:
    for query in tree.find_all(exp.Query):
        if query.parent is None or not query.find_ancestor(exp.Query):
            yield from (scope for scope in traverse_scope(query) if scope.is_subquery)
            return


def _outer_columns(scope: Scope) -> list[exp.Column]:
    inside = set(scope.sources) | {name for inner in scope.traverse() for name in inner.sources}
    return [column for column in scope.expression.find_all(exp.Column) if column.table and column.table not in inside]


def _is_equality(column: exp.Column, scope: Scope) -> bool:
    parent, other = column.parent, None
    if isinstance(parent, exp.EQ):
        other = parent.expression if parent.this is column else parent.this
    if not isinstance(other, exp.Expression) or any(c in _outer_columns(scope) for c in other.find_all(exp.Column)):
        return False
    node = parent
    while isinstance(node.parent, (exp.And, exp.Paren)):
        node = node.parent
    return isinstance(node.parent, exp.Where)


def _belongs_to_in(query: exp.Expression) -> bool:
    return isinstance(query.parent, exp.Subquery) and isinstance(
        query.parent.parent, (exp.In, exp.Any, exp.All, exp.From, exp.Join)
    )
