"""Aggregates. No page of Snowflake's documentation has an aggregate beside a subquery in one SELECT list."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp


def beside_subquery(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """A SELECT list without GROUP BY that has both an aggregate and a subquery."""
    for select in tree.find_all(exp.Select):
        if select.args.get("group"):
            continue
        has_subquery = any(item.find(exp.Query) for item in select.selects)
        if has_subquery and any(is_aggregated(item, select) for item in select.selects):
            yield select, "an aggregate beside a subquery without GROUP BY; aggregate in a CTE of its own"


def is_aggregated(item: exp.Expression, select: exp.Select) -> bool:
    """Whether an item of a SELECT list aggregates the rows of that SELECT."""
    return any(
        call.parent_select is select and not isinstance(call.parent, exp.Window) and not call.find_ancestor(exp.Window)
        for call in item.find_all(exp.AggFunc)
    )
