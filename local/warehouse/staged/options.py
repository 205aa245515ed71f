"""`NAME = value` lists as Snowflake's statements carry them: read into Python, checked, written as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from local.warehouse.errors import SYNTAX_ERROR, sql_error

Options = dict[str, Any]


def parse_statement(statement: str) -> exp.Expr:
    """sqlglot's tree of one Snowflake statement; a syntax error as Snowflake's clients know it."""
    try:
        return sqlglot.parse_one(statement, read="snowflake")
    except ParseError as error:
        message = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
        raise sql_error(f"SQL compilation error:\nsyntax error: {message}", *SYNTAX_ERROR) from None


def invalid_parameter(name: str) -> Exception:
    """The error for an option that the statement does not have."""
    return sql_error(f"SQL compilation error:\ninvalid parameter '{name}'", *SYNTAX_ERROR)


def invalid_value(name: str, value: object, expected: str) -> Exception:
    """The error for a value that the option cannot take."""
    return sql_error(
        f"SQL compilation error:\ninvalid value [{value}] for parameter '{name}'; expected is {expected}", *SYNTAX_ERROR
    )


def unsupported(name: str, value: object) -> Exception:
    """The error for what Snowflake does and the local warehouse does not."""
    return sql_error(
        f"SQL compilation error:\n{name} = {value} is not supported by the local warehouse "
        "(docs/local-snowflake.md lists what is)",
        1003,
        "0A000",
    )


def read(properties: Iterable[exp.Expr]) -> Options:
    """Options by upper-case name. A nested list becomes a dict, a name (FORMAT_NAME) its text. Doubles are refused."""
    found: Options = {}
    for item in properties:
        if isinstance(item, exp.SchemaCommentProperty):
            name, value = "COMMENT", item.this.name
        elif isinstance(item, exp.FileFormatProperty):
            name, value = "FILE_FORMAT", _list(item)
        elif isinstance(item, exp.Property) and isinstance(item.this, (exp.Var, exp.Identifier)):
            name, value = item.this.name.upper(), value_of(item.args.get("value"))
        elif isinstance(item, exp.CopyParameter):
            name = item.this.name.upper()
            value = _list(item) if item.expressions or item.expression is None else value_of(item.expression)
        else:
            raise sql_error(f"SQL compilation error:\nsyntax error near {item.sql(dialect='snowflake')}", *SYNTAX_ERROR)
        if name in found:
            raise sql_error(f"SQL compilation error:\nduplicate parameter '{name}'", *SYNTAX_ERROR)
        found[name] = value
    return found


def _list(node: exp.Expr) -> Any:
    return read(node.expressions) if node.expressions else {} if node.args.get("this") is None else _single(node)


def _single(node: exp.Expr) -> Any:
    if isinstance(node, exp.CopyParameter):
        raise sql_error(f"SQL compilation error:\nparameter '{node.this.name.upper()}' has no value", *SYNTAX_ERROR)
    return value_of(node.this)


def value_of(node: exp.Expr | None) -> Any:
    """A Python value: str, int, float, bool, list, or a dict for a list in parentheses."""
    match node:
        case None:
            return {}
        case exp.Literal():
            return node.this if node.is_string else _number(node.this)
        case exp.Boolean():
            return bool(node.this)
        case exp.Paren():
            return _pairs([node.this]) if isinstance(node.this, exp.EQ) else [value_of(node.this)]
        case exp.Tuple():
            if node.expressions and isinstance(node.expressions[0], exp.EQ):
                return _pairs(node.expressions)
            return [value_of(item) for item in node.expressions]
        case exp.Neg():
            return -value_of(node.this)
        case exp.Null():
            return None
        case exp.Table() | exp.Column() | exp.Dot():
            return node.sql(dialect="snowflake")
        case exp.Identifier():
            return node.sql(dialect="snowflake") if node.args.get("quoted") else node.name
        case exp.Var():
            return node.name
    raise sql_error(f"SQL compilation error:\nsyntax error near {node.sql(dialect='snowflake')}", *SYNTAX_ERROR)


def _pairs(items: Iterable[exp.Expr]) -> Options:
    return {str(value_of(item.this)).upper(): value_of(item.expression) for item in items if isinstance(item, exp.EQ)}


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def as_bool(name: str, value: object) -> bool:
    """TRUE or FALSE, bare or as a text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.upper() in ("TRUE", "FALSE"):
        return value.upper() == "TRUE"
    raise invalid_value(name, value, "TRUE or FALSE")


def check_names(options: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise for the first option that is not known."""
    allowed = set(known)
    for name in options:
        if name not in allowed:
            raise invalid_parameter(name)
