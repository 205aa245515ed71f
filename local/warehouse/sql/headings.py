"""Names of result columns: Snowflake calls an expression without an alias by its own text in upper case."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from local.warehouse.statement import Statement, Word

_NAMED = (exp.Alias, exp.Column, exp.Star, exp.Aliases)
_END = ("FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "MINUS")


def name(statement: Statement, expression: exp.Expr) -> None:
    """Give the outermost select list its names, in place. Leaves alone what it cannot match with the text."""
    select = expression
    while isinstance(select, exp.SetOperation):
        select = select.this
    if not isinstance(select, exp.Select) or all(isinstance(e, _NAMED) for e in select.expressions):
        return
    texts = _projections(statement.text, statement.words)
    if len(texts) != len(select.expressions):
        return
    named: list[exp.Expr] = []
    for projection, text in zip(select.expressions, texts, strict=True):
        is_named = isinstance(projection, _NAMED) and not isinstance(projection.this, exp.Star)
        if is_named or projection.is_star or isinstance(projection, exp.Parameter):
            named.append(projection)
        else:
            named.append(exp.alias_(projection, text, quoted=True))
    select.set("expressions", named)


def _projections(text: str, words: Sequence[Word]) -> list[str]:
    """The text of each item between the outermost SELECT and what follows its list."""
    depth = 0
    start: int | None = None
    parts: list[str] = []
    for index, word in enumerate(words):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(word.upper, 0)
        if depth:
            continue
        if start is None:
            if word.upper == "SELECT":
                start = (
                    index + 1 + (words[index + 1 : index + 2] != [] and words[index + 1].upper in ("DISTINCT", "ALL"))
                )
        elif index >= start and (word.upper == "," or word.upper in _END):
            parts.append(text[words[start].start : words[index - 1].end])
            start = index + 1
            if word.upper in _END:
                break
    else:
        if start is not None and start < len(words):
            parts.append(text[words[start].start : words[-1].end])
    return [part.upper() for part in parts]
