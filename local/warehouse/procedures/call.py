"""CALL: find the procedure, evaluate its arguments, run the handler on the caller's session, return its value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from local.warehouse.errors import sql_error
from local.warehouse.naming import ObjectName, read_name
from local.warehouse.procedures.definition import Argument, Definition, closing, split_list
from local.warehouse.procedures.handler import SEMI_STRUCTURED, Outcome
from local.warehouse.procedures.store import overloads
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement, Word

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_DUCKDB_TYPES = {
    "NUMBER": "BIGINT",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    **dict.fromkeys(SEMI_STRUCTURED, "JSON"),
}


def call(cursor: WarehouseCursor, statement: Statement, parameters: Any) -> StatementResult:
    """Run `CALL name(argument, …)`; arguments are expressions, by position or `name => value`, with binds."""
    session = cursor.session
    words = statement.words
    parts, at = read_name(words, 1)
    name = session.resolve(parts)
    if at >= len(words) or words[at].upper != "(":
        raise sql_error("SQL compilation error:\nsyntax error: CALL needs an argument list", 1003, "42000")
    given = split_list(words[at + 1 : closing(words, at)])
    definition = _choose(overloads(session.warehouse.instance, name), name, len(given))
    expressions = _expressions(definition.arguments, given, statement.text, name)
    arguments = _evaluate(cursor, expressions, definition.arguments, parameters)
    outcome = session.run_procedure(name, definition, arguments)
    return _result(name, definition, outcome)


def _choose(candidates: Sequence[Definition], name: ObjectName, count: int) -> Definition:
    if not candidates:
        raise sql_error(
            f"SQL compilation error:\nUnknown user-defined procedure {name}\n(it does not exist or is not authorized)",
            2141,
            "42601",
        )
    for definition in candidates:
        needed = sum(argument.default is None for argument in definition.arguments)
        if needed <= count <= len(definition.arguments):
            return definition
    raise sql_error(
        f"SQL compilation error:\nInvalid argument count for procedure '{name.name}': got {count}; known: "
        + "; ".join(f"{name.name}({definition.signature})" for definition in candidates),
        1030,
        "42601",
    )


def _expressions(
    declared: Sequence[Argument], given: Sequence[Sequence[Word]], text: str, name: ObjectName
) -> list[str]:
    """One SQL expression for each declared argument."""
    by_name: dict[str, str] = {}
    by_position: list[str] = []
    for words in given:
        if len(words) > 2 and words[1].upper == "=>":
            by_name[words[0].name] = text[words[2].start : words[-1].end]
        else:
            by_position.append(text[words[0].start : words[-1].end])
    expressions: list[str] = []
    for position, argument in enumerate(declared):
        if position < len(by_position):
            expression: str | None = by_position[position]
        else:
            expression = by_name.get(argument.name, argument.default)
        if expression is None:
            raise sql_error(
                f"SQL compilation error:\nargument {argument.name} of procedure '{name.name}' is missing", 1030, "42601"
            )
        expressions.append(expression)
    return expressions


def _evaluate(
    cursor: WarehouseCursor, expressions: Sequence[str], declared: Sequence[Argument], parameters: Any
) -> list[Any]:
    if not expressions:
        return []
    columns = ", ".join(f"{expression} AS A{index}" for index, expression in enumerate(expressions))
    rows = cursor.session.cursor().query(f"SELECT {columns}", parameters)
    return [_as_argument(value, argument.type) for value, argument in zip(rows[0], declared, strict=True)]


def _as_argument(value: Any, type_name: str) -> Any:
    """A value as Snowflake would hand it to Python."""
    if value is None:
        return None
    if type_name in SEMI_STRUCTURED:
        return json.loads(value) if isinstance(value, str) else value
    if type_name == "NUMBER":
        number = Decimal(str(value))
        return int(number) if number == number.to_integral_value() else number
    if type_name == "FLOAT":
        return float(value)
    if type_name == "VARCHAR":
        return str(value)
    return value


def _result(name: ObjectName, definition: Definition, outcome: Outcome) -> StatementResult:
    if definition.returns.startswith("TABLE"):
        columns = [(column.strip('"'), "VARCHAR") for column in outcome.columns]
        rows = [tuple(None if v is None else str(v) for v in row) for row in outcome.value]
        return StatementResult(columns, rows, len(rows))
    base = definition.returns.partition("(")[0].strip()
    return StatementResult([(name.name, _DUCKDB_TYPES.get(base, "VARCHAR"))], [(outcome.value,)], 1)
