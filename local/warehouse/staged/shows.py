"""SHOW STAGES and SHOW FILE FORMATS, with LIKE and IN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.results import StatementResult
from local.warehouse.staged import catalog
from local.warehouse.staged.references import table_parts

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_STAGE_COLUMNS = """
    created_on, name, database_name, schema_name, url, has_credentials, has_encryption_key, owner, comment, region,
    type, cloud, notification_channel, storage_integration, endpoint, owner_role_type, directory_enabled"""
_FORMAT_COLUMNS = "created_on, name, database_name, schema_name, type, owner, comment, format_options, owner_role_type"
_FORMATS = f"""
    (SELECT created_on, name, database_name, schema_name, type, 'SYSADMIN' AS owner, comment,
            options AS format_options, 'ROLE' AS owner_role_type FROM {catalog.FILE_FORMATS})"""


def show(cursor: WarehouseCursor, tree: exp.Expr) -> StatementResult:
    """SHOW [TERSE] STAGES | FILE FORMATS [LIKE '…'] [IN ACCOUNT | DATABASE [name] | [SCHEMA] [name]]."""
    kind = tree.name.upper() if isinstance(tree, exp.Show) else ""
    if kind not in ("STAGES", "FILE FORMATS"):
        raise sql_error(f"SQL compilation error:\nsyntax error in: {tree.sql(dialect='snowflake')}", *SYNTAX_ERROR)
    names, relation = (_STAGE_COLUMNS, catalog.STAGES) if kind == "STAGES" else (_FORMAT_COLUMNS, _FORMATS)
    conditions, values = _scope(cursor, tree)
    if like := tree.args.get("like"):
        conditions.append("name ILIKE ? ESCAPE '\\'")
        values.append(like.name)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = f"SELECT {names} FROM {relation} {where} ORDER BY database_name, schema_name, name"
    rows = catalog.run(cursor, sql, values)
    columns = [
        (name, "TIMESTAMP WITH TIME ZONE" if name == "created_on" else "VARCHAR")
        for name in (part.strip() for part in names.split(","))
    ]
    return StatementResult(columns, rows, len(rows))


def _scope(cursor: WarehouseCursor, tree: exp.Expr) -> tuple[list[str], list[str | None]]:
    """Conditions on database_name and schema_name; without IN: what the session uses."""
    kind = str(tree.args.get("scope_kind") or "").upper()
    scope = tree.args.get("scope")
    parts = table_parts(scope) if isinstance(scope, exp.Table) else ()
    if kind == "ACCOUNT":
        return [], []
    if kind == "DATABASE":
        return ["database_name = ?"], [parts[0] if parts else cursor.current_database]
    if parts:
        database = parts[0] if len(parts) > 1 else cursor.current_database
        return ["database_name = ?", "schema_name = ?"], [database, parts[-1]]
    if cursor.current_database is None:
        return [], []
    if cursor.current_schema is None:
        return ["database_name = ?"], [cursor.current_database]
    return ["database_name = ?", "schema_name = ?"], [cursor.current_database, cursor.current_schema]
