"""DROP and ALTER of tables and views, and TRUNCATE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from local.warehouse.errors import NOT_FOUND, sql_error, unknown_statement
from local.warehouse.naming import ObjectName, quoted
from local.warehouse.results import StatementResult
from local.warehouse.sql import comments, schemas
from local.warehouse.sql.names import object_name, qualify, temporary_table
from local.warehouse.sql.tables import is_table

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor


def drop(cursor: WarehouseCursor, expression: exp.Drop) -> StatementResult:
    """DROP TABLE | VIEW | SCHEMA | DATABASE | SEQUENCE [IF EXISTS] name."""
    session = cursor.session
    kind = (expression.args["kind"] or "").upper()
    table = expression.args["tables"][0]
    if kind == "SCHEMA":
        return schemas.drop_schema(session, table, bool(expression.args.get("exists")))
    if kind == "DATABASE":
        return schemas.drop_database(session, table.name, bool(expression.args.get("exists")))
    if kind not in ("TABLE", "VIEW", "SEQUENCE"):
        raise unknown_statement(f"DROP {kind}")
    name = object_name(session, table)
    if name in session.temporary and kind != "SEQUENCE":
        session.duck.execute(f"DROP {session.temporary.pop(name)} {temporary_table(name).sql(dialect='duckdb')}")
        return StatementResult.status(f"{name.name} successfully dropped.")
    if expression.args.get("exists") and not _schema_exists(cursor, name):
        return StatementResult.status(f"{name.name} already dropped or does not exist, statement succeeded.")
    exists = "IF EXISTS " if expression.args.get("exists") else ""
    session.duck.execute(f"DROP {kind} {exists}{name.sql}")
    session.warehouse.forget_table(session, name)
    return StatementResult.status(f"{name.name} successfully dropped.")


def _schema_exists(cursor: WarehouseCursor, name: ObjectName) -> bool:
    sql = "SELECT 1 FROM duckdb_schemas() WHERE (database_name, schema_name) = (?, ?)"
    return bool(cursor.duck.execute(sql, [name.database, name.schema]).fetchall())


def alter(cursor: WarehouseCursor, expression: exp.Alter) -> StatementResult:
    """ALTER TABLE | VIEW: RENAME TO, SWAP WITH, ADD, DROP and ALTER COLUMN, SET COMMENT."""
    session = cursor.session
    if expression.kind not in ("TABLE", "VIEW"):
        raise unknown_statement(expression.sql(dialect="snowflake"))
    name = object_name(session, expression.this)
    actions = expression.args["actions"]
    first = actions[0]
    if isinstance(first, exp.AlterSet):
        comment = first.find(exp.SchemaCommentProperty)
        if comment is None:
            raise unknown_statement(expression.sql(dialect="snowflake"))
        comments.write(session, name, expression.kind, comment.this.name, {})
        return StatementResult.status()
    if expression.args.get("exists") and name not in session.temporary and not is_table(cursor.duck, name):
        return StatementResult.status()
    if isinstance(first, exp.AlterRename):
        return _rename(cursor, expression.kind, name, object_name(session, first.this))
    if isinstance(first, exp.SwapTable):
        return _swap(cursor, name, object_name(session, first.this))
    if isinstance(first, exp.Command):
        raise unknown_statement(expression.sql(dialect="snowflake"))
    described = comments.take_from_columns(action for action in actions if isinstance(action, exp.ColumnDef))
    with cursor.atomic():
        for action in actions:
            for single in _single(action):
                one = expression.copy()
                one.set("actions", [single.copy()])
                qualify(session, one)
                for translated in cursor.translate(one, None):
                    cursor.duck.execute(translated.sql(dialect="duckdb"))
        comments.write(session, name, expression.kind, None, described)
    return StatementResult.status()


def _single(action: exp.Expr) -> list[exp.Expr]:
    """DROP COLUMN a, b as one action a column."""
    if isinstance(action, exp.Drop) and len(action.args["tables"]) > 1:
        parts: list[exp.Expr] = []
        for table in action.args["tables"]:
            part = action.copy()
            part.set("tables", [table.copy()])
            parts.append(part)
        return parts
    return [action]


def _rename(cursor: WarehouseCursor, kind: str, old: ObjectName, new: ObjectName) -> StatementResult:
    if old[:2] != new[:2]:
        raise sql_error(f"The local warehouse renames within a schema only, not {old} to {new}.", *NOT_FOUND)
    session = cursor.session
    if old in session.temporary:
        temporary = temporary_table(old).sql(dialect="duckdb")
        cursor.duck.execute(f"ALTER {session.temporary[old]} {temporary} RENAME TO {quoted(str(new))}")
        session.temporary[new] = session.temporary.pop(old)
    else:
        # ALTER TABLE renames views too in Snowflake.
        real = "TABLE" if is_table(cursor.duck, old) else "VIEW"
        cursor.duck.execute(f"ALTER {real} {old.sql} RENAME TO {quoted(new.name)}")
        session.warehouse.rename_table(session, old, new)
    return StatementResult.status()


def _swap(cursor: WarehouseCursor, one: ObjectName, other: ObjectName) -> StatementResult:
    if one[:2] != other[:2]:
        raise sql_error("The local warehouse swaps tables of one schema only.", *NOT_FOUND)
    between = one._replace(name=f"{one.name} $swap")
    with cursor.atomic():
        for old, new in ((one, between), (other, one), (between, other)):
            cursor.duck.execute(f"ALTER TABLE {old.sql} RENAME TO {quoted(new.name)}")
    for old, new in ((one, between), (other, one), (between, other)):
        cursor.session.warehouse.rename_table(cursor.session, old, new)
    return StatementResult.status()


def truncate(cursor: WarehouseCursor, expression: exp.TruncateTable) -> StatementResult:
    """TRUNCATE [TABLE] [IF EXISTS] name. Part of the transaction, like DELETE; forgets which files were loaded."""
    session = cursor.session
    name = object_name(session, expression.expressions[0])
    if name in session.temporary:
        session.duck.execute(f"TRUNCATE {temporary_table(name).sql(dialect='duckdb')}")
    elif not expression.args.get("exists") or is_table(cursor.duck, name):
        session.duck.execute(f"TRUNCATE {name.sql}")
        session.warehouse.forget_table(session, name)
    return StatementResult.status()
