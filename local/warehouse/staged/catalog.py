"""Where stages, file formats and the load history are kept.

Stages and file formats stand in fakesnow's own tables in `_fs_global`; what those lack stands beside them. The load
history lives in each table's own database: it commits and rolls back with the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from local.warehouse import catalog
from local.warehouse.naming import ObjectName, quoted

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

STAGES = "_fs_global._fs_information_schema._fs_stages"
FILE_FORMATS = "_fs_global._fs_information_schema._fs_file_formats"
STAGE_OPTIONS = "_fs_global._snowtape.stage_options"
_HISTORY = "_fs_information_schema._snowtape_load_history"

METADATA_SQL = f"""
CREATE TABLE IF NOT EXISTS {STAGE_OPTIONS} (
    database_name VARCHAR, schema_name VARCHAR, name VARCHAR,
    options JSON, -- as CREATE STAGE gave them, FILE_FORMAT among them
    PRIMARY KEY (database_name, schema_name, name)
);
"""

DATABASE_METADATA_SQL = f"""
CREATE SCHEMA IF NOT EXISTS {{database}}._fs_information_schema;
CREATE TABLE IF NOT EXISTS {{database}}.{_HISTORY} (
    schema_name VARCHAR, table_name VARCHAR,
    file_name VARCHAR, stage_location VARCHAR, etag VARCHAR, file_size BIGINT,
    last_load_time TIMESTAMPTZ, status VARCHAR, row_count BIGINT, row_parsed BIGINT,
    first_error_message VARCHAR, first_error_line_number BIGINT, first_error_character_position BIGINT,
    first_error_column_name VARCHAR, error_count BIGINT, error_limit BIGINT,
    is_current BOOLEAN -- false after TRUNCATE: the file counts as not loaded, its load stays in the history
);
"""


def history_table(database: str) -> str:
    """The load history of a database, as SQL."""
    return f"{quoted(database)}.{_HISTORY}"


def run(cursor: WarehouseCursor, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement on the metadata in `_fs_global`, outside of the session's transaction."""
    return catalog.run(cursor.session.warehouse.instance, sql, parameters)


def begin_ddl(cursor: WarehouseCursor) -> None:
    """DDL commits what is open, as in Snowflake."""
    cursor.session.transactions.before({}, is_ddl=True, is_write=False)
    cursor.session.transactions.after(False)


def resolve(cursor: WarehouseCursor, parts: Sequence[str]) -> ObjectName:
    """One to three parts of a name in full, by what the session uses."""
    return cursor.session.resolve(list(parts))


def exists(cursor: WarehouseCursor, kind: str, name: ObjectName) -> bool:
    """Whether a stage (kind STAGE) or a file format (FILE FORMAT) of this name exists."""
    table = STAGES if kind == "STAGE" else FILE_FORMATS
    sql = f"SELECT 1 FROM {table} WHERE (database_name, schema_name, name) = (?, ?, ?)"
    return bool(run(cursor, sql, name))
