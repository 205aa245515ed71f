"""The allow-list of statements: one .sql file each, parameters written `:name`.

Values are bound, never pasted in, but for the number of rows behind `limit`: Snowflake documents a constant there and
nothing else, so a checked integer is written into the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

Value = str | int | float | bool | date | None

_FOLDER = Path(__file__).with_name("queries")
# A comment or a string first, so that a colon inside one is left alone; `::` is a cast.
_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|(\blimit\s+)?(?<!:):([a-z_][a-z0-9_]*)")

STATEMENTS: Mapping[str, str] = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.sql"))}
# Statements whose answers change with loads and test runs too, not only with builds.
READS_OPS = frozenset(name for name, text in STATEMENTS.items() if re.search(r"\bops\.", text))


def bind(statement: str, params: Mapping[str, Value]) -> tuple[str, tuple[Value, ...]]:
    """The statement with `?` for every `:name`, and the values in that order; `limit :name` gets the number itself.

    Raises KeyError for a name without a value and ValueError for a value without a name, or for a limit that is not a
    whole number of rows.
    """
    values: list[Value] = []
    used: set[str] = set()

    def placeholder(match: re.Match[str]) -> str:
        limit, name = match.groups()
        if name is None:
            return match.group(0)
        used.add(name)
        if limit is not None:
            return f"{limit}{row_count(name, params[name])}"
        values.append(params[name])
        return "?"

    text = _TOKEN.sub(placeholder, statement)
    if unused := set(params) - used:
        raise ValueError(f"no such parameter in the statement: {', '.join(sorted(unused))}")
    return text, tuple(values)


def parameters(statement: str) -> set[str]:
    """The names of a statement's parameters."""
    return {match.group(2) for match in _TOKEN.finditer(statement) if match.group(2)}


def row_count(name: str, value: Value) -> int:
    """The value as what may stand behind `limit`. Raises ValueError unless it is an int of 0 or more."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is {value!r}; expected a whole number of rows, 0 or more. Nothing was asked.")
    return value
