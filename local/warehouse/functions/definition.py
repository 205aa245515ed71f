"""The text of CREATE FUNCTION, read into a value.

CREATE [OR REPLACE] [SECURE] FUNCTION name ( arg type, … ) [COPY GRANTS] RETURNS TABLE ( column type, … )
  LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = ('…', …) HANDLER = 'Class' [COMMENT = '…'] AS '…' | $$…$$

Scalar functions, other languages and IMPORTS are unknown here and refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from local.warehouse.errors import sql_error
from local.warehouse.naming import read_name
from local.warehouse.procedures.definition import (
    Argument,
    Options,
    Overload,
    closing,
    read_argument,
    split_list,
    syntax_error,
)
from local.warehouse.statement import Statement

DUCKDB_TYPES = {"FLOAT": "DOUBLE", "VARCHAR": "VARCHAR", "BOOLEAN": "BOOLEAN", "DATE": "DATE"}


@dataclass(frozen=True)
class TableFunction(Overload):
    """A table function as it was created; `columns` is what it returns."""

    columns: tuple[Argument, ...]
    runtime_version: str
    packages: tuple[str, ...]
    handler: str
    comment: str
    body: str

    @classmethod
    def from_json(cls, text: str) -> TableFunction:
        """Back from the catalog."""
        values = json.loads(text)
        for name in ("arguments", "columns"):
            values[name] = tuple(Argument(**argument) for argument in values[name])
        values["packages"] = tuple(values["packages"])
        return cls(**values)


@dataclass(frozen=True)
class Creation:
    """A CREATE FUNCTION statement."""

    name: list[str]
    replace: bool
    function: TableFunction


def is_create(statement: Statement) -> bool:
    """Whether this is a CREATE FUNCTION statement."""
    words = [w for w in statement.head if w not in ("OR", "REPLACE", "ALTER", "SECURE", "TEMP", "TEMPORARY")]
    return words[:2] == ["CREATE", "FUNCTION"]


def read(statement: Statement) -> Creation:
    """Read it. Raises a syntax error for what Snowflake would refuse, and says what is not known here."""
    words = statement.words
    at = next(i for i, word in enumerate(words) if word.upper == "FUNCTION")
    before = [word.upper for word in words[:at]]
    name, at = read_name(words, at + 1)
    end = closing(words, at)
    arguments = tuple(read_argument(statement.text, part) for part in split_list(words[at + 1 : end]))
    if len(words) < end + 3 or not words[-1].is_string or words[-2].upper != "AS":
        raise syntax_error("the body of the function is missing: AS '…' or AS $$…$$ has to come last")
    options = Options(statement.text, words[end + 1 : -2])
    if options.value("LANGUAGE", "SQL").upper() != "PYTHON" or not options.returns().startswith("TABLE"):
        raise sql_error(
            "The local warehouse knows functions that are in Python and return a TABLE only.", 2140, "0A000"
        )
    function = TableFunction(
        arguments,
        options.table_columns(),
        options.value("RUNTIME_VERSION"),
        options.list("PACKAGES"),
        options.value("HANDLER"),
        options.value("COMMENT"),
        words[-1].text,
    )
    for value, option in ((function.runtime_version, "RUNTIME_VERSION"), (function.handler, "HANDLER")):
        if not value:
            raise syntax_error(f"Python functions need {option}.")
    if options.list("IMPORTS"):
        raise sql_error("The local warehouse does not know IMPORTS of a function.", 2140, "0A000")
    for part in (*function.arguments, *function.columns):
        if part.type not in DUCKDB_TYPES:
            raise sql_error(f"The local warehouse knows no {part.type} in a table function.", 2140, "0A000")
    return Creation(name, "REPLACE" in before, function)
