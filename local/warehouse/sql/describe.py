"""DESCRIBE TABLE and DESCRIBE VIEW, temporary ones too, with Snowflake's type names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from local.warehouse import catalog
from local.warehouse.errors import NOT_FOUND, sql_error
from local.warehouse.results import StatementResult
from local.warehouse.sql.names import object_name

if TYPE_CHECKING:
    from local.warehouse.session import Session

_COLUMNS = (
    *("name", "type", "kind", "null?", "default", "primary key", "unique key"),
    *("check", "expression", "comment", "policy name", "privacy domain"),
)
_TYPES = {
    **dict.fromkeys(("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT", "UINTEGER"), "NUMBER(38,0)"),
    **dict.fromkeys(("DOUBLE", "FLOAT"), "FLOAT"),
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME(9)",
    "TIMESTAMP": "TIMESTAMP_NTZ(9)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ(9)",
    "BLOB": "BINARY(8388608)",
    "JSON": "VARIANT",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


def snowflake_type(duckdb_type: str, length: int | None = None) -> str:
    """The type as DESCRIBE shows it."""
    if decimal := _DECIMAL.fullmatch(duckdb_type):
        return f"NUMBER({decimal[1]},{decimal[2]})"
    return _TYPES.get(duckdb_type, f"VARCHAR({length or 16777216})")


def describe(session: Session, expression: exp.Describe) -> StatementResult:
    """DESCRIBE TABLE | VIEW name."""
    name = object_name(session, expression.this)
    is_temporary = name in session.temporary
    place = ("temp", "main", str(name)) if is_temporary else tuple(name)
    if name.schema == "INFORMATION_SCHEMA":
        place = (name.database, "_fs_information_schema", f"_fs_{name.name.lower()}")
    rows = session.duck.execute(
        """SELECT column_name, data_type, is_nullable, column_default, comment FROM duckdb_columns()
           WHERE (upper(database_name), upper(schema_name), table_name) = (upper(?), upper(?), ?)
           ORDER BY column_index""",
        list(place),
    ).fetchall()
    if not rows:
        kind = expression.args["kind"].capitalize()
        raise sql_error(f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", *NOT_FOUND)
    lengths = dict(
        catalog.run(
            session.warehouse.instance,
            """SELECT ext_column_name, ext_character_maximum_length
               FROM _fs_global._fs_information_schema._fs_columns_ext
               WHERE (ext_table_catalog, ext_table_schema, ext_table_name) = (?, ?, ?)""",
            name,
        )
    )
    described = [
        (
            column,
            snowflake_type(kind, lengths.get(column)),
            "COLUMN",
            "Y" if nullable else "N",
            default,
            *("N", "N", None, None),
            comment,
            *(None, None),
        )
        for column, kind, nullable, default, comment in rows
    ]
    return StatementResult([(column, "VARCHAR") for column in _COLUMNS], described, len(described))
