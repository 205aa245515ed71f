"""INFORMATION_SCHEMA.LOAD_HISTORY and TABLE(INFORMATION_SCHEMA.COPY_HISTORY(…)) in a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from local.warehouse.errors import NOT_FOUND, SYNTAX_ERROR, sql_error
from local.warehouse.naming import ObjectName, literal
from local.warehouse.staged import catalog
from local.warehouse.staged.catalog import history_table
from local.warehouse.staged.references import identifier_parts, table_parts

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_LOAD_HISTORY = """
    SELECT schema_name AS SCHEMA_NAME, file_name AS FILE_NAME, table_name AS TABLE_NAME,
           last_load_time AS LAST_LOAD_TIME, status AS STATUS, row_count AS ROW_COUNT, row_parsed AS ROW_PARSED,
           first_error_message AS FIRST_ERROR_MESSAGE, first_error_line_number AS FIRST_ERROR_LINE_NUMBER,
           first_error_character_position AS FIRST_ERROR_CHARACTER_POSITION,
           first_error_column_name AS FIRST_ERROR_COL_NAME, error_count AS ERROR_COUNT, error_limit AS ERROR_LIMIT
    FROM {table} WHERE status <> 'LOAD_FAILED'"""
_COPY_HISTORY = """
    SELECT file_name AS FILE_NAME, stage_location AS STAGE_LOCATION, last_load_time AS LAST_LOAD_TIME,
           row_count AS ROW_COUNT, row_parsed AS ROW_PARSED, file_size AS FILE_SIZE,
           first_error_message AS FIRST_ERROR_MESSAGE, first_error_line_number AS FIRST_ERROR_LINE_NUMBER,
           first_error_character_position AS FIRST_ERROR_CHARACTER_POS,
           first_error_column_name AS FIRST_ERROR_COLUMN_NAME, error_count AS ERROR_COUNT, error_limit AS ERROR_LIMIT,
           CASE status WHEN 'LOAD_FAILED' THEN 'Load failed' WHEN 'PARTIALLY_LOADED' THEN 'Partially loaded'
                       ELSE 'Loaded' END AS STATUS,
           {database} AS TABLE_CATALOG_NAME, schema_name AS TABLE_SCHEMA_NAME, table_name AS TABLE_NAME,
           NULL::VARCHAR AS PIPE_CATALOG_NAME, NULL::VARCHAR AS PIPE_SCHEMA_NAME, NULL::VARCHAR AS PIPE_NAME,
           NULL::TIMESTAMP_TZ AS PIPE_RECEIVED_TIME
    FROM {table} WHERE schema_name = {schema} AND table_name = {name}"""


def replace(cursor: WarehouseCursor, tree: exp.Expr) -> bool:
    """Put queries on the kept history in place of the view and the table function; returns whether there were any."""
    is_changed = False
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or table.name.upper() != "LOAD_HISTORY":
            continue
        parts = table_parts(table)
        if len(parts) > 1 and parts[-2] == "INFORMATION_SCHEMA":
            database = parts[0] if len(parts) == 3 else _current_database(cursor)
            query = _parse(_LOAD_HISTORY.format(table=history_table(database)))
            table.replace(query.subquery(table.alias or "LOAD_HISTORY"))
            is_changed = True
    for source in list(tree.find_all(exp.TableFromRows)):
        path, function = _function(source.this)
        if function is not None and function.name.upper() == "COPY_HISTORY":
            database = path[0] if len(path) > 1 else _current_database(cursor)
            query = _copy_history(cursor, database, function)
            source.replace(query.subquery(source.alias or "COPY_HISTORY"))
            is_changed = True
    return is_changed


def _parse(sql: str) -> exp.Select:
    query = sqlglot.parse_one(sql, read="snowflake")
    assert isinstance(query, exp.Select)
    return query


def _function(node: exp.Expr) -> tuple[list[str], exp.Anonymous | None]:
    """The schema path in front of a table function, and the function."""
    path: list[str] = []
    while isinstance(node, exp.Dot):
        path += identifier_parts(node.this.sql(dialect="snowflake"))
        node = node.expression
    return path, node if isinstance(node, exp.Anonymous) else None


def _copy_history(cursor: WarehouseCursor, database: str, function: exp.Anonymous) -> exp.Select:
    given: dict[str, exp.Expr] = {}
    for argument in function.expressions:
        if not isinstance(argument, exp.Kwarg):
            raise sql_error("SQL compilation error:\nCOPY_HISTORY takes named arguments, NAME => value", *SYNTAX_ERROR)
        given[argument.this.name.upper()] = argument.expression
    for name in given:
        if name not in ("TABLE_NAME", "START_TIME", "END_TIME"):
            raise sql_error(f"SQL compilation error:\ninvalid argument '{name}' for COPY_HISTORY", *SYNTAX_ERROR)
    if "TABLE_NAME" not in given or "START_TIME" not in given:
        raise sql_error("SQL compilation error:\nCOPY_HISTORY needs TABLE_NAME and START_TIME", *SYNTAX_ERROR)
    table = _table(cursor, database, given["TABLE_NAME"].name)
    query = _parse(
        _COPY_HISTORY.format(
            table=history_table(table.database),
            database=literal(table.database),
            schema=literal(table.schema),
            name=literal(table.name),
        )
    )
    query = query.where(exp.GTE(this=exp.column("last_load_time"), expression=given["START_TIME"].copy()))
    if end := given.get("END_TIME"):
        query = query.where(exp.LTE(this=exp.column("last_load_time"), expression=end.copy()))
    return query


def _table(cursor: WarehouseCursor, database: str, text: str) -> ObjectName:
    parts = identifier_parts(text)
    name = catalog.resolve(cursor, parts)
    if len(parts) < 3:
        name = name._replace(database=database)
    sql = "SELECT 1 FROM duckdb_tables() WHERE (database_name, schema_name, table_name) = (?, ?, ?)"
    if not cursor.duck.execute(sql, list(name)).fetchall():
        raise sql_error(f"SQL compilation error:\nTable '{name}' does not exist or not authorized.", *NOT_FOUND)
    return name


def _current_database(cursor: WarehouseCursor) -> str:
    if not cursor.current_database:
        raise sql_error("Cannot perform SELECT. This session does not have a current database.", 90105, "22000")
    return cursor.current_database
