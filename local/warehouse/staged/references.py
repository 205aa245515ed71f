"""References to stages in SQL: `@database.schema.stage/path`, bare or in quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error

# A part of a name and what follows it: a dot, or the end of the text.
_PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\s".]+))\s*(\.|$)')


@dataclass(frozen=True)
class StageReference:
    """The parts of a stage's name (unquoted ones in upper case) and the path behind it, without a leading slash."""

    parts: tuple[str, ...]
    path: str
    text: str


def parse(text: str) -> StageReference:
    """Take `@name/path` apart.

    Raises an SQL error for what is not a reference and for the stages of users and tables, which are not supported.
    """
    inner = text.strip()
    if len(inner) > 1 and inner[0] == inner[-1] == "'":
        inner = inner[1:-1].replace("''", "'")
    if not inner.startswith("@"):
        raise sql_error(f"SQL compilation error:\nsyntax error: {text} is not a reference to a stage", *SYNTAX_ERROR)
    name, path = _split(inner[1:])
    if name.startswith(("~", "%")):
        raise sql_error(
            f"SQL compilation error:\nthe local warehouse reads JSON from named stages, not from {text}", *SYNTAX_ERROR
        )
    return StageReference(identifier_parts(name), path, inner)


def _split(text: str) -> tuple[str, str]:
    """Name and path: the first slash outside of double quotes divides them."""
    is_quoted = False
    for at, character in enumerate(text):
        if character == '"':
            is_quoted = not is_quoted
        elif character == "/" and not is_quoted:
            return text[:at], text[at + 1 :]
    return text, ""


def identifier_parts(text: str) -> tuple[str, ...]:
    """A dotted name as Snowflake resolves it: quoted parts as written, others in upper case."""
    parts: list[str] = []
    at = 0
    while match := _PART.match(text, at):
        parts.append(match[1].replace('""', '"') if match[1] is not None else match[2].upper())
        at = match.end()
        if not match[3]:
            break
    if at != len(text) or not 1 <= len(parts) <= 3 or text.rstrip().endswith("."):
        raise sql_error(f"SQL compilation error:\ninvalid identifier '{text}'", *SYNTAX_ERROR)
    return tuple(parts)


def table_parts(table: exp.Table) -> tuple[str, ...]:
    """The parts of a name that sqlglot parsed, as Snowflake resolves them."""
    if isinstance(table.this, exp.Identifier):
        return tuple(part.name if part.args.get("quoted") else part.name.upper() for part in table.parts)
    # IDENTIFIER('a.b')
    return identifier_parts(table.this.this.name)


def stage_tables(tree: exp.Expr) -> list[exp.Table]:
    """Every reference to a stage that stands in the place of a table, in the order of the text."""
    return [table for table in tree.find_all(exp.Table) if is_stage(table)]


def is_stage(table: exp.Expr) -> bool:
    """Whether a table in a tree is a reference to a stage."""
    return isinstance(table, exp.Table) and (
        (isinstance(table.this, exp.Var) and table.this.name.startswith("@"))
        or (isinstance(table.this, exp.Literal) and table.this.is_string and table.this.name.startswith("@"))
    )
