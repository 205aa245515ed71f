"""Window functions. https://docs.snowflake.com/en/sql-reference/functions-window-syntax (ORDER BY is required for
rank-related functions), …/functions/median (no ORDER BY in OVER), …/constructs/qualify (needs a window function)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

ORDERED = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead,
           exp.FirstValue, exp.LastValue, exp.NthValue)  # fmt: skip
UNORDERED = (exp.Median, exp.PercentileCont, exp.PercentileDisc, exp.Mode)


def over_alias(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """A window over a name that the same SELECT list gives: documented for plain expressions only."""
    for select in tree.find_all(exp.Select):
        given = {item.alias.lower(): item for item in select.selects if isinstance(item, exp.Alias)}
        for window in select.find_all(exp.Window):
            if window.parent_select is not select:
                continue
            own = window.find_ancestor(exp.Alias)
            for column in window.find_all(exp.Column):
                item = given.get(column.name.lower()) if not column.table else None
                if item is not None and item is not own and not _is_itself(item, column):
                    yield column, f"a window over {column.name}, which the same SELECT list makes; make it in a CTE"


def without_order(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """A function of a row's place in an order that is not given."""
    for window in tree.find_all(exp.Window):
        call = window.this.this if isinstance(window.this, (exp.IgnoreNulls, exp.RespectNulls)) else window.this
        if isinstance(call, ORDERED) and not window.args.get("order"):
            yield window, f"{call.sql_name().lower()} without ORDER BY in its window"


def ordered_where_none_is_allowed(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """An ORDER BY in the window of a median, a percentile or a mode."""
    for window in tree.find_all(exp.Window):
        call = window.this.this if isinstance(window.this, exp.WithinGroup) else window.this
        if isinstance(call, UNORDERED) and window.args.get("order"):
            yield window, f"{call.sql_name().lower()} takes no ORDER BY in its window"


def qualify_without_window(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """QUALIFY in a SELECT that has no window function."""
    for select in tree.find_all(exp.Select):
        qualify = select.args.get("qualify")
        if qualify and not any(part.find(exp.Window) for part in (qualify, *select.selects)):
            yield select, "QUALIFY without a window function; use WHERE or HAVING"


def _is_itself(item: exp.Alias, column: exp.Column) -> bool:
    return isinstance(item.this, exp.Column) and item.this.name.lower() == column.name.lower()
