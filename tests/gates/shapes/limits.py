"""LIMIT and FETCH. https://docs.snowflake.com/en/sql-reference/constructs/limit: the number of rows is a constant;
https://docs.snowflake.com/en/user-guide/querying-subqueries: allowed in no subquery but an uncorrelated scalar one."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp


def bound(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """A number of rows that is a bind."""
    for limit in tree.find_all(exp.Limit, exp.Fetch, exp.Offset):
        if limit.find(exp.Placeholder):
            yield limit.parent or limit, "the number of rows is a bind; paste a checked integer"


def in_subquery(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """LIMIT in the subquery of IN, EXISTS, ANY or ALL."""
    for operator in tree.find_all(exp.In, exp.Exists, exp.Any, exp.All):
        query = operator.args.get("query") or operator.this
        query = query.unnest() if isinstance(query, exp.Subquery) else query
        if isinstance(query, exp.Query) and (query.args.get("limit") or query.args.get("offset")):
            yield operator, "LIMIT in a subquery that is not a scalar one; number the rows in a CTE instead"
