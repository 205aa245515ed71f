"""Common table expressions that several compiled models have in common, so that each is parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import sqlglot
from sqlglot.tokens import Token, TokenType

SHORT = 100


def without_repeats(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts by name, the longest first, where `select 1` stands for a body that one before it has word for word.

    Lines keep their numbers. What is wrong in a body is told once, of the longest text that has it.
    """
    seen: set[str] = set()
    return {name: _cut(texts[name], seen) for name in sorted(texts, key=lambda name: len(texts[name]), reverse=True)}


def _cut(text: str, seen: set[str]) -> str:
    kept, at = [], 0
    for start, end in _bodies(sqlglot.tokenize(text, read="snowflake")):
        body = text[start:end]
        if body in seen:
            kept += [text[at:start], "\nselect 1", "\n" * (body.count("\n") - 1)]
            at = end
        elif len(body) > SHORT:
            seen.add(body)
    return "".join([*kept, text[at:]])


def _bodies(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where the text between the parentheses of each outermost `as ( … )` begins and ends."""
    found, depth, start = [], 0, None
    for before, token in pairwise(tokens):
        if token.token_type == TokenType.L_PAREN:
            if depth == 0 and before.token_type == TokenType.ALIAS:
                start = token.end + 1
            depth += 1
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
            if depth == 0 and start is not None:
                found.append((start, token.start))
                start = None
    return found
