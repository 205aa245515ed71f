"""Names of objects: database, schema and name, resolved against what the session uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.statement import Word


class ObjectName(NamedTuple):
    """A fully qualified name; each part as Snowflake stores it (unquoted parts in upper case)."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(self)

    @property
    def sql(self) -> str:
        """The name as quoted SQL."""
        return ".".join(quoted(part) for part in self)


def quoted(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def resolve(parts: Sequence[str], database: str | None, schema: str | None) -> ObjectName:
    """One, two or three parts to a full name. Raises as Snowflake does when the session has no database or schema."""
    if not 1 <= len(parts) <= 3:
        raise sql_error(f"SQL compilation error:\ninvalid identifier '{'.'.join(parts)}'", *SYNTAX_ERROR)
    found_database = parts[-3] if len(parts) > 2 else database
    found_schema = parts[-2] if len(parts) > 1 else schema
    for kind, value, errno in (("database", found_database, 90105), ("schema", found_schema, 90106)):
        if not value:
            raise sql_error(
                f"Cannot perform operation. This session does not have a current {kind}. "
                f"Call 'USE {kind.upper()}', or use a qualified name.",
                errno,
                "22000",
            )
    assert found_database
    assert found_schema
    return ObjectName(found_database, found_schema, parts[-1])


def read_name(words: Sequence[Word], at: int) -> tuple[list[str], int]:
    """The dotted name that starts at `words[at]`: its parts and the index after it."""
    parts: list[str] = []
    while at < len(words):
        parts.append(words[at].name)
        at += 1
        if at < len(words) and words[at].upper == ".":
            at += 1
        else:
            break
    if not parts:
        raise sql_error("SQL compilation error:\nsyntax error: a name is missing", *SYNTAX_ERROR)
    return parts, at
