"""fakesnow's own transformations that are switched off, because a better one runs before them."""

from __future__ import annotations

import fakesnow.transforms
from sqlglot import exp


def _unchanged(expression: exp.Expr) -> exp.Expr:
    return expression


def apply() -> None:
    """Replace functions of fakesnow by ones that leave the tree alone.

    - numeric_agg_implicit_cast makes every SUM a DOUBLE: sums of integers and decimals must stay exact.
    - to_timestamp wraps casts in a macro that lives in the current database and reads dates as text.
    - extract_comment_on_table and …_columns look for comments in a copy of the whole tree: local.warehouse.sql.comments
      has taken them out.
    """
    comments = ("extract_comment_on_table", "extract_comment_on_columns")
    for name in ("numeric_agg_implicit_cast", "to_timestamp", *comments):
        if not callable(getattr(fakesnow.transforms, name, None)):
            raise RuntimeError(f"fakesnow has no transformation {name}: this is not the pinned version")
        setattr(fakesnow.transforms, name, _unchanged)
