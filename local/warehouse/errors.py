"""SQL errors as Snowflake's clients expect them: a ProgrammingError with a message, a number and an SQL state.

Every DuckDB error becomes one, so that a client never sees HTTP 500 (which the connector retries until it times out).
"""

from __future__ import annotations

import duckdb
import snowflake.connector.errors as connector_errors

SqlError = connector_errors.ProgrammingError

SYNTAX_ERROR = (1003, "42000")
NOT_FOUND = (2003, "42S02")
ALREADY_EXISTS = (2002, "42710")
INTERNAL = (603, "XX000")

_BY_TYPE: tuple[tuple[type[Exception], int, str], ...] = (
    (duckdb.ParserException, *SYNTAX_ERROR),
    (duckdb.SyntaxException, *SYNTAX_ERROR),
    (duckdb.CatalogException, *NOT_FOUND),
    (duckdb.BinderException, 904, "42000"),
    (duckdb.ConversionException, 100038, "22018"),
    (duckdb.OutOfRangeException, 100039, "22003"),
    (duckdb.ConstraintException, 100072, "22000"),
    (duckdb.TransactionException, 625, "57014"),
    (duckdb.InterruptException, 604, "57014"),
    (duckdb.OutOfMemoryException, 300005, "XX000"),
    (duckdb.InvalidInputException, 100183, "22000"),
    (duckdb.Error, *INTERNAL),
)


def sql_error(message: str, errno: int = INTERNAL[0], sqlstate: str = INTERNAL[1]) -> SqlError:
    """A ProgrammingError that the server sends to the client as it is."""
    return SqlError(msg=message, errno=errno, sqlstate=sqlstate)


def unknown_statement(statement: str) -> SqlError:
    """The answer to anything that is neither implemented nor on the list of recorded no-ops."""
    first = " ".join(statement.split()[:6])
    return sql_error(
        f"SQL compilation error:\nthe local warehouse does not know this statement: {first} …\n"
        "docs/local-snowflake.md lists what it knows.",
        *SYNTAX_ERROR,
    )


def from_duckdb(error: Exception) -> SqlError:
    """The SQL error for what DuckDB raised; its first lines stay, its hints about DuckDB's own settings go."""
    text = str(error)
    if "Division by zero" in text:
        return sql_error("Division by zero", 100051, "22012")
    if "Function with name" in text and "does not exist" in text:
        return sql_error(f"SQL compilation error:\nUnknown function: {text}", 2140, "42601")
    if isinstance(error, duckdb.CatalogException) and "does not exist" in text:
        return sql_error(f"SQL compilation error:\n{text.splitlines()[0]} (or not authorized)", *NOT_FOUND)
    if "already exists" in text:
        return sql_error(f"SQL compilation error:\n{text}", *ALREADY_EXISTS)
    if isinstance(error, duckdb.ConstraintException) and "NOT NULL constraint failed" in text:
        column = text.rpartition(".")[2].strip()
        return sql_error(f"NULL result in a non-nullable column ({column})", 100072, "22000")
    for kind, errno, sqlstate in _BY_TYPE:
        if isinstance(error, kind):
            prefix = "SQL compilation error:\n" if errno in (904, *NOT_FOUND[:1], *SYNTAX_ERROR[:1]) else ""
            return sql_error(prefix + text, errno, sqlstate)
    return sql_error(f"the local warehouse failed on this statement: {type(error).__name__}: {text}", *INTERNAL)
