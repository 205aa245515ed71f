"""What a session sets and reads back: role, warehouse, parameters. None of it changes what the warehouse does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement, Word

if TYPE_CHECKING:
    from local.warehouse.session import Session

_UTC = ("UTC", "ETC/UTC", "GMT", "ETC/GMT")
# Shown although no client set them: name to (value, description, type).
_DEFAULTS = {
    "AUTOCOMMIT": ("true", "whether each statement commits by itself", "BOOLEAN"),
    "QUERY_TAG": ("", "free text that marks a session's queries", "STRING"),
    "QUOTED_IDENTIFIERS_IGNORE_CASE": ("false", "If true, the case of quoted identifiers is ignored", "BOOLEAN"),
    "TIMEZONE": ("Etc/UTC", "time zone; the local warehouse knows UTC only", "STRING"),
}


def check(name: str, value: str) -> None:
    """Raise for a parameter whose value would change results and that the local warehouse cannot honour."""
    unsupported = (name == "TIMEZONE" and value.upper() not in _UTC) or (
        name == "QUOTED_IDENTIFIERS_IGNORE_CASE" and value.upper() == "TRUE"
    )
    if unsupported:
        raise sql_error(
            f"The local warehouse does not know the session parameter {name} = '{value}' (it works in UTC, and quoted "
            "identifiers keep their case).",
            2118,
            "22023",
        )


def _argument(words: list[Word]) -> str:
    """`name`, `"name"` or `IDENTIFIER('name')`."""
    if len(words) > 2 and words[0].upper == "IDENTIFIER":
        return words[2].text.strip('"').upper()
    return words[0].name


def use_role(session: Session, statement: Statement) -> StatementResult:
    """USE ROLE name: any name will do."""
    session.identity.role = _argument(statement.words[2:])
    return StatementResult.status()


def use_warehouse(session: Session, statement: Statement) -> StatementResult:
    """USE WAREHOUSE name: any name will do."""
    session.identity.warehouse = _argument(statement.words[2:])
    return StatementResult.status()


def use_secondary_roles(session: Session, statement: Statement) -> StatementResult:
    """USE SECONDARY ROLES ALL | NONE."""
    return StatementResult.status()


def alter_session(session: Session, statement: Statement) -> StatementResult:
    """ALTER SESSION SET name = value [name = value …] | UNSET name [, name …]."""
    words = statement.words
    verb = words[2].upper if len(words) > 3 else ""
    if verb == "UNSET":
        for word in words[3:]:
            session.parameters.pop(word.name, None)
        return StatementResult.status()
    if verb != "SET":
        raise sql_error("SQL compilation error:\nALTER SESSION needs SET or UNSET", *SYNTAX_ERROR)
    at = 3
    while at < len(words):
        if words[at].upper == ",":
            at += 1
            continue
        if at + 2 >= len(words) or words[at + 1].upper != "=":
            raise sql_error("SQL compilation error:\nALTER SESSION SET needs name = value", *SYNTAX_ERROR)
        name, value = words[at].name, words[at + 2].text
        if value == "-" and at + 3 < len(words):
            value, at = "-" + words[at + 3].text, at + 1
        set_parameter(session, name, value)
        at += 3
    return StatementResult.status()


def set_parameter(session: Session, name: str, value: str) -> None:
    """Set one session parameter; AUTOCOMMIT is the only one that does something."""
    check(name, value)
    if name == "AUTOCOMMIT":
        session.autocommit(value.upper() == "TRUE")
    else:
        session.parameters[name] = value


def show_parameters(session: Session, statement: Statement) -> StatementResult:
    """SHOW PARAMETERS [LIKE 'pattern'] [IN | FOR SESSION | …]: the session's, whatever is asked for."""
    words = statement.words
    pattern = words[3].text if len(words) > 3 and words[2].upper == "LIKE" else "%"
    current = {name: value for name, (value, _, _) in _DEFAULTS.items()} | session.parameters
    current["AUTOCOMMIT"] = str(session.transactions.autocommit).lower()
    rows = []
    for name, value in sorted(current.items()):
        if _like(name, pattern):
            default, description, kind = _DEFAULTS.get(name, ("", "", "STRING"))
            level = "SESSION" if name in session.parameters else ""
            rows.append((name, value, default, level, description, kind))
    names = ("key", "value", "default", "level", "description", "type")
    return StatementResult([(name, "VARCHAR") for name in names], rows, len(rows))


def _like(text: str, pattern: str) -> bool:
    """SQL's LIKE without regard to case."""
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    if head == "%":
        return any(_like(text[i:], rest) for i in range(len(text) + 1))
    return bool(text) and (head == "_" or head.upper() == text[0].upper()) and _like(text[1:], rest)
