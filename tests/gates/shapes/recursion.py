"""Recursive CTEs. https://docs.snowflake.com/en/sql-reference/constructs/with: the recursive part is
SELECT … FROM … [JOIN …], restricted to projections, filters and joins."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

FORBIDDEN = ("group", "order", "limit", "distinct", "having", "qualify")


def below_a_subquery(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """A recursive reference that is not in the FROM clause of the recursive part itself."""
    for name, recursive in _recursive_parts(tree):
        for table in _references(recursive, name):
            if table.parent_select is not recursive or not isinstance(table.parent, (exp.From, exp.Join)):
                yield table, f"{name} refers to itself below a subquery; only FROM and JOIN of its second SELECT may"


def more_than_joins_and_filters(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """A recursive part that aggregates, sorts, or uses windows."""
    for name, recursive in _recursive_parts(tree):
        clauses = [clause for clause in FORBIDDEN if recursive.args.get(clause)]
        if clauses or any(item.find(exp.AggFunc, exp.Window) for item in recursive.selects):
            yield recursive, f"the recursive part of {name} does more than project, filter and join"


def _recursive_parts(tree: exp.Expression) -> Iterator[tuple[str, exp.Select]]:
    for cte in tree.find_all(exp.CTE):
        if isinstance(cte.this, exp.Union) and any(_references(cte.this, cte.alias)):
            yield from ((cte.alias, part) for part in (cte.this.expression,) if isinstance(part, exp.Select))


def _references(query: exp.Expression, name: str) -> Iterator[exp.Table]:
    return (table for table in query.find_all(exp.Table) if not table.db and table.name.lower() == name.lower())
