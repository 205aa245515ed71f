"""The allow-list of statements: one .sql file each, parameters written `:name` and always bound, never pasted in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

Value = str | int | float | bool | date | None

_FOLDER = Path(__file__).with_name("queries")
# A comment or a string first, so that a colon inside one is left alone; `::` is a cast.
_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|(?<!:):([a-z_][a-z0-9_]*)")

STATEMENTS: Mapping[str, str] = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.sql"))}
# Statements whose answers change with loads and test runs too, not only with builds.
READS_OPS = frozenset(name for name, text in STATEMENTS.items() if re.search(r"\bops\.", text))


def bind(statement: str, params: Mapping[str, Value]) -> tuple[str, tuple[Value, ...]]:
    """The statement with `?` for every `:name`, and the values in that order.

    Raises KeyError for a name without a value and ValueError for a value without a name.
    """
    values: list[Value] = []
    used: set[str] = set()

    def placeholder(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return match.group(0)
        values.append(params[name])
        used.add(name)
        return "?"

    text = _TOKEN.sub(placeholder, statement)
    if unused := set(params) - used:
        raise ValueError(f"no such parameter in the statement: {', '.join(sorted(unused))}")
    return text, tuple(values)
