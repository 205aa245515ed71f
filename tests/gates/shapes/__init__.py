"""Shapes of SQL that DuckDB runs and Snowflake refuses, or documents nowhere: one small module a kind.

A rule takes the tree of one statement and yields (node, message). The source of each rule is a page of Snowflake's
documentation, or that none mentions the shape; each has a plain way round, which its message names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp

from tests.gates.gate import Finding
from tests.gates.shapes import aggregates, limits, recursion, subqueries, windows

Rule = Callable[[exp.Expression], Iterator[tuple[exp.Expression, str]]]
RULES: dict[str, Rule] = {
    "bound limit": limits.bound,
    "limit in a subquery": limits.in_subquery,
    "correlation": subqueries.correlated_by_more_than_equal_columns,
    "correlated scalar": subqueries.correlated_scalar_without_aggregate,
    "correlated flatten": subqueries.correlated_in_flatten,
    "aggregate beside a subquery": aggregates.beside_subquery,
    "recursion": recursion.below_a_subquery,
    "recursive part": recursion.more_than_joins_and_filters,
    "window over an alias": windows.over_alias,
    "window without order": windows.without_order,
    "ordered median": windows.ordered_where_none_is_allowed,
    "qualify without window": windows.qualify_without_window,
}


def check(source: str, sql: str) -> list[Finding]:
    """Every shape of the rules in a text of one or more statements."""
    found = []
    for tree in sqlglot.parse(sql, read="snowflake"):
        for rule, search in RULES.items():
            if tree is not None:
                found += [Finding(source, line(node), rule, message) for node, message in search(tree)]
    return sorted(set(found), key=lambda finding: (finding.line, finding.rule, finding.message))


def line(node: exp.Expression) -> int:
    """The line of a node's first name; 1 where it has none."""
    return next((n.meta["line"] for n in node.find_all(exp.Identifier, bfs=False) if "line" in n.meta), 1)
