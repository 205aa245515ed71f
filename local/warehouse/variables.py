"""Session variables: SET name = expression, UNSET name; `$name` in a later statement stands for the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.naming import literal
from local.warehouse.procedures.definition import closing, split_list
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor


def set_variables(cursor: WarehouseCursor, statement: Statement, params: Any) -> StatementResult:
    """`SET name = expression` or `SET (a, b) = (1, 2)`; the expression is evaluated now."""
    words = statement.words
    if len(words) > 3 and words[1].upper == "(":
        end = closing(words, 1)
        names = [part[0].name for part in split_list(words[2:end])]
        values = split_list(words[end + 3 : closing(words, end + 2)])
    elif len(words) > 3 and words[2].upper == "=":
        names, values = [words[1].name], [words[3:]]
    else:
        raise sql_error("SQL compilation error:\nSET needs name = value", *SYNTAX_ERROR)
    for name, value in zip(names, values, strict=True):
        expression = statement.text[value[0].start : value[-1].end]
        found = cursor.session.cursor().query(f"SELECT {expression}", params)[0][0]
        cursor.session.variable_values[name.upper()] = _as_sql(found)
    return StatementResult.status()


def unset_variables(cursor: WarehouseCursor, statement: Statement, _: Any) -> StatementResult:
    """`UNSET name` or `UNSET (a, b)`."""
    for word in statement.words[1:]:
        cursor.session.variable_values.pop(word.name.upper(), None)
    return StatementResult.status()


def _as_sql(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, (int, float)) else literal(str(value))
