"""The text of CREATE PROCEDURE, read into a value.

CREATE [OR REPLACE | OR ALTER] [SECURE] PROCEDURE [IF NOT EXISTS] name ( arg type [DEFAULT value], … )
  [COPY GRANTS] RETURNS type [NOT NULL] LANGUAGE PYTHON RUNTIME_VERSION = '3.11' PACKAGES = ('…', …)
  [IMPORTS = (…)] HANDLER = 'function' [CALLED ON NULL INPUT | STRICT …] [COMMENT = '…']
  [EXECUTE AS OWNER | CALLER] AS '…' | $$…$$
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from local.warehouse.errors import SYNTAX_ERROR, SqlError, sql_error
from local.warehouse.naming import read_name
from local.warehouse.statement import Statement, Word

SNOWPARK = "snowflake-snowpark-python"


@dataclass(frozen=True)
class Argument:
    """A declared argument; `default` is an SQL expression or None."""

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True)
class Overload:
    """What is called by its name and the types of its arguments: a procedure or a function."""

    arguments: tuple[Argument, ...]

    @property
    def signature(self) -> str:
        """The argument types, which tell those of one name apart."""
        return ", ".join(argument.type for argument in self.arguments)

    def to_json(self) -> str:
        """For the catalog."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Definition(Overload):
    """A procedure as it was created."""

    returns: str
    language: str
    runtime_version: str
    packages: tuple[str, ...]
    handler: str
    execute_as: str
    comment: str
    body: str

    @classmethod
    def from_json(cls, text: str) -> Definition:
        """Back from the catalog."""
        values = json.loads(text)
        values["arguments"] = tuple(Argument(**argument) for argument in values["arguments"])
        values["packages"] = tuple(values["packages"])
        return cls(**values)


@dataclass(frozen=True)
class Creation:
    """A CREATE PROCEDURE statement: what to do with a procedure of the same name and signature, and the definition."""

    name: list[str]
    replace: bool
    if_not_exists: bool
    definition: Definition


def syntax_error(message: str) -> SqlError:
    """A syntax error with this message."""
    return sql_error(f"SQL compilation error:\n{message}", *SYNTAX_ERROR)


# One spelling a type: NUMBER and INT name the same signature, VARCHAR and STRING too.
_SAME_TYPE = {
    **dict.fromkeys(("STRING", "TEXT", "CHAR", "CHARACTER"), "VARCHAR"),
    **dict.fromkeys(("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT", "NUMERIC", "DECIMAL"), "NUMBER"),
    **dict.fromkeys(("DOUBLE", "REAL", "FLOAT4", "FLOAT8"), "FLOAT"),
    **dict.fromkeys(("DATETIME", "TIMESTAMP"), "TIMESTAMP_NTZ"),
}


def plain_type(text: str) -> str:
    """A type without its length: `varchar(16)` and `string` are VARCHAR."""
    base = text.partition("(")[0].strip().upper()
    return _SAME_TYPE.get(base, base)


def closing(words: Sequence[Word], at: int) -> int:
    """Index of the parenthesis that closes the one at `at`."""
    depth = 0
    for index in range(at, len(words)):
        depth += {"(": 1, ")": -1}.get(words[index].upper, 0)
        if not depth:
            return index
    raise syntax_error("a closing parenthesis is missing")


def split_list(words: Sequence[Word]) -> list[Sequence[Word]]:
    """Words between commas of the same depth."""
    parts: list[Sequence[Word]] = []
    depth = start = 0
    for index, word in enumerate(words):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(word.upper, 0)
        if word.upper == "," and not depth:
            parts.append(words[start:index])
            start = index + 1
    return [*parts, words[start:]] if words else []


def read_argument(text: str, words: Sequence[Word]) -> Argument:
    """`name type [DEFAULT value]`."""
    default = next((i for i, word in enumerate(words) if word.upper in ("DEFAULT", ":=")), len(words))
    if default < 2:
        raise syntax_error("an argument needs a name and a type")
    return Argument(
        words[0].name,
        plain_type(text[words[1].start : words[default - 1].end]),
        text[words[default + 1].start : words[-1].end] if default < len(words) else None,
    )


class Options:
    """The words between the argument list and AS, looked up by option name."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self._text = text
        self._words = words

    def _at(self, name: str) -> int | None:
        return next((i for i, word in enumerate(self._words) if word.upper == name), None)

    def value(self, name: str, default: str = "") -> str:
        """`NAME = value` or `NAME value`."""
        if (at := self._at(name)) is None:
            return default
        at += 1 + (self._words[at + 1].upper == "=")
        return self._words[at].text

    def list(self, name: str) -> tuple[str, ...]:
        """`NAME = ('a', 'b')`."""
        if (at := self._at(name)) is None:
            return ()
        at += 1 + (self._words[at + 1].upper == "=")
        return tuple(word.text for word in self._words[at : closing(self._words, at)] if word.is_string)

    def returns(self) -> str:
        """The type after RETURNS; TABLE (…) keeps its columns."""
        if (at := self._at("RETURNS")) is None:
            raise syntax_error("RETURNS is missing")
        last = at + 1
        if last + 1 < len(self._words) and self._words[last + 1].upper == "(":
            last = closing(self._words, last + 1)
        return self._text[self._words[at + 1].start : self._words[last].end].upper()

    def table_columns(self) -> tuple[Argument, ...]:
        """The columns of RETURNS TABLE (…)."""
        at = self._at("RETURNS")
        assert at is not None
        inside = self._words[at + 3 : closing(self._words, at + 2)]
        return tuple(read_argument(self._text, part) for part in split_list(inside))

    def execute_as(self) -> str:
        """OWNER unless something else is said."""
        if (at := self._at("EXECUTE")) is None:
            return "OWNER"
        return " ".join(
            word.upper for word in self._words[at + 2 :][:2] if word.upper in ("OWNER", "CALLER", "RESTRICTED")
        )


def is_create(statement: Statement) -> bool:
    """Whether this is a CREATE PROCEDURE statement of any form."""
    words = [w for w in statement.head if w not in ("OR", "REPLACE", "ALTER", "SECURE", "TEMP", "TEMPORARY")]
    return words[:2] == ["CREATE", "PROCEDURE"]


def read(statement: Statement) -> Creation:
    """Read a CREATE PROCEDURE statement. Raises a syntax error for what Snowflake would refuse at creation."""
    words = statement.words
    at = next(i for i, word in enumerate(words) if word.upper == "PROCEDURE")
    before = [word.upper for word in words[:at]]
    at += 1
    if_not_exists = [w.upper for w in words[at : at + 3]] == ["IF", "NOT", "EXISTS"]
    name, at = read_name(words, at + 3 * if_not_exists)
    end = closing(words, at)
    arguments = tuple(read_argument(statement.text, part) for part in split_list(words[at + 1 : end]))
    if len(words) < end + 3 or not words[-1].is_string or words[-2].upper != "AS":
        raise syntax_error("the body of the procedure is missing: AS '…' or AS $$…$$ has to come last")
    options = Options(statement.text, words[end + 1 : -2])
    language = options.value("LANGUAGE", "SQL").upper()
    if language != "PYTHON":
        raise sql_error(f"The local warehouse runs procedures in Python only, not in {language}.", 2140, "0A000")
    definition = Definition(
        arguments,
        options.returns(),
        language,
        options.value("RUNTIME_VERSION"),
        options.list("PACKAGES"),
        options.value("HANDLER"),
        options.execute_as(),
        options.value("COMMENT"),
        words[-1].text,
    )
    for value, option in ((definition.runtime_version, "RUNTIME_VERSION"), (definition.handler, "HANDLER")):
        if not value:
            raise syntax_error(f"Python procedures need {option}.")
    if not any(package.lower().startswith(SNOWPARK) for package in definition.packages):
        raise syntax_error(f"PACKAGES must contain '{SNOWPARK}'.")
    if options.list("IMPORTS"):
        raise sql_error("The local warehouse does not know IMPORTS of a procedure.", 2140, "0A000")
    return Creation(name, "REPLACE" in before or "ALTER" in before, if_not_exists, definition)
