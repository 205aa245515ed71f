"""CREATE TABLE and CREATE VIEW: constraints as Snowflake treats them, temporary objects in a schema, comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import sqlglot
from fakesnow.info_schema import insert_text_lengths_sql
from sqlglot import exp

from local.warehouse import catalog
from local.warehouse.errors import ALREADY_EXISTS, NOT_FOUND, sql_error, unknown_statement
from local.warehouse.naming import ObjectName
from local.warehouse.results import StatementResult
from local.warehouse.sql import comments
from local.warehouse.sql.names import full_table, object_name, qualify, temporary_table

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_UNENFORCED = (exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey, exp.Constraint)
_UNENFORCED_ON_COLUMN = (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference)


def drop_unenforced(schema: exp.Schema) -> None:
    """Take PRIMARY KEY, UNIQUE and FOREIGN KEY out of a column list: Snowflake records them and enforces none."""
    schema.set("expressions", [e for e in schema.expressions if not isinstance(e, _UNENFORCED)])
    for column in schema.expressions:
        if isinstance(column, exp.ColumnDef):
            kept = [c for c in column.args.get("constraints") or [] if not isinstance(c.kind, _UNENFORCED_ON_COLUMN)]
            column.set("constraints", kept)


def create_table(cursor: WarehouseCursor, create: exp.Create, params: Any) -> StatementResult:
    """CREATE [OR REPLACE] [TEMPORARY | TRANSIENT] TABLE, plain, AS SELECT, LIKE or CLONE."""
    session = cursor.session
    if create.find(exp.DynamicProperty):
        raise unknown_statement("CREATE DYNAMIC TABLE")
    target = create.this.this if isinstance(create.this, exp.Schema) else create.this
    name = object_name(session, target)
    comment, column_comments = comments.take_from(create)
    is_temporary = _take_temporary(create)
    if not create.args.get("replace") and _exists(cursor, name, is_temporary):
        if create.args.get("exists"):
            return StatementResult.status(f"{name.name} already exists, statement succeeded.")
        raise sql_error(f"SQL compilation error:\nObject '{name}' already exists.", *ALREADY_EXISTS)
    create.set("exists", False)
    created = temporary_table(name) if is_temporary else full_table(name)
    statements = _copy_of_table(cursor, create, created) or _split(create, created)
    lengths: list[tuple[str, int]] = []
    with cursor.atomic():
        for statement in statements:
            qualify(session, statement)
            if is_temporary and isinstance(statement, exp.Create):
                properties = exp.Properties(expressions=[exp.TemporaryProperty()])
                statement.set("properties", properties)
            for translated in cursor.translate(statement, params):
                lengths += translated.args.get("text_lengths") or []
                # Nobody needs the tree afterwards.
                sql = translated.sql(dialect="duckdb", copy=False)
                cursor.duck.execute(sql, params if translated.find(exp.Placeholder) else None)
    if is_temporary:
        session.temporary[name] = "TABLE"
    else:
        _remember_lengths(cursor, name, lengths)
        comments.write(session, name, "TABLE", comment, column_comments)
        session.warehouse.forget_table(session, name)
    return StatementResult.status(f"Table {name.name} successfully created.")


def create_view(cursor: WarehouseCursor, create: exp.Create, params: Any) -> StatementResult:
    """CREATE [OR REPLACE] [SECURE] [TEMPORARY] VIEW."""
    session = cursor.session
    target = create.this.this if isinstance(create.this, exp.Schema) else create.this
    name = object_name(session, target)
    comment, column_comments = comments.take_from(create)
    is_temporary = _take_temporary(create)
    if create.args.get("exists") and _exists(cursor, name, is_temporary):
        return StatementResult.status(f"{name.name} already exists, statement succeeded.")
    create.set("exists", False)
    _retarget(create, temporary_table(name) if is_temporary else full_table(name))
    if isinstance(create.this, exp.Schema):
        # Names only: types and masking policies cannot stand in DuckDB's view columns.
        create.this.set("expressions", [e.this if isinstance(e, exp.ColumnDef) else e for e in create.this.expressions])
    create.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]) if is_temporary else None)
    qualify(session, create.expression)
    for translated in cursor.translate(create, params):
        cursor.duck.execute(translated.sql(dialect="duckdb", copy=False))
    if is_temporary:
        session.temporary[name] = "VIEW"
    else:
        comments.write(session, name, "VIEW", comment, column_comments)
    return StatementResult.status(f"View {name.name} successfully created.")


def _take_temporary(create: exp.Create) -> bool:
    """Whether a temporary object is asked for; properties that mean nothing to DuckDB go."""
    properties = create.args.get("properties")
    found = bool(properties and properties.find(exp.TemporaryProperty))
    if properties:
        kept = [p for p in properties.expressions if isinstance(p, exp.LikeProperty)]
        create.set("properties", exp.Properties(expressions=kept) if kept else None)
    return found


def _exists(cursor: WarehouseCursor, name: ObjectName, is_temporary: bool) -> bool:
    if is_temporary:
        return name in cursor.session.temporary
    sql = "SELECT 1 FROM information_schema.tables WHERE (table_catalog, table_schema, table_name) = (?, ?, ?)"
    return bool(cursor.duck.execute(sql, list(name)).fetchall())


def _retarget(create: exp.Create, table: exp.Table) -> None:
    if isinstance(create.this, exp.Schema):
        create.this.set("this", table)
    else:
        create.set("this", table)


def _split(create: exp.Create, created: exp.Table) -> list[exp.Expr]:
    """CREATE TABLE with typed columns AS SELECT becomes CREATE TABLE and INSERT: types and NOT NULL then hold."""
    _retarget(create, created)
    query = create.expression
    if not isinstance(create.this, exp.Schema):
        return [create]
    drop_unenforced(create.this)
    if not query:
        return [create]
    columns = [e.this if isinstance(e, exp.ColumnDef) else e for e in create.this.expressions]
    if isinstance(query, exp.Subquery) and not query.alias:
        query = query.unnest()
    if any(isinstance(e, exp.ColumnDef) and e.args.get("kind") for e in create.this.expressions):
        create.set("expression", None)
        into = exp.Schema(this=created.copy(), expressions=[column.copy() for column in columns])
        return [create, exp.Insert(this=into, expression=query)]
    renamed = exp.Subquery(
        this=query, alias=exp.TableAlias(this=exp.to_identifier("_named"), columns=[c.copy() for c in columns])
    )
    create.set("this", created)
    create.set("expression", exp.select("*").from_(renamed))
    return [create]


def _copy_of_table(cursor: WarehouseCursor, create: exp.Create, created: exp.Table) -> list[exp.Expr] | None:
    """CLONE and LIKE: the source's own definition under the new name, for CLONE with its rows."""
    like = create.find(exp.LikeProperty)
    source = create.args["clone"].this if create.args.get("clone") else like.this if like else None
    if source is None:
        return None
    name = object_name(cursor.session, source)
    place = ("temp", "main", str(name)) if name in cursor.session.temporary else tuple(name)
    found = cursor.duck.execute(
        "SELECT sql FROM duckdb_tables() WHERE (database_name, schema_name, table_name) = (?, ?, ?)", list(place)
    ).fetchone()
    if not found:
        raise sql_error(f"SQL compilation error:\nTable '{name}' does not exist or not authorized.", *NOT_FOUND)
    definition = sqlglot.parse_one(found[0], read="duckdb")
    assert isinstance(definition, exp.Create)
    _retarget(definition, created)
    definition.set("replace", create.args.get("replace"))
    definition.set("properties", None)
    if like:
        return [definition]
    return [definition, exp.Insert(this=created.copy(), expression=exp.select("*").from_(full_table(name)))]


def _remember_lengths(cursor: WarehouseCursor, name: ObjectName, lengths: list[tuple[str, int]]) -> None:
    """Lengths of VARCHAR columns, which DuckDB does not keep."""
    instance = cursor.session.warehouse.instance
    catalog.run(
        instance,
        """DELETE FROM _fs_global._fs_information_schema._fs_columns_ext
           WHERE (ext_table_catalog, ext_table_schema, ext_table_name) = (?, ?, ?)""",
        name,
    )
    if lengths:
        escaped = [(column.replace("'", "''"), size) for column, size in lengths]
        catalog.run(instance, insert_text_lengths_sql(*name, escaped))


def is_table(duck: duckdb.DuckDBPyConnection, name: ObjectName) -> bool:
    """Whether a table (not a view) of this name exists."""
    sql = "SELECT 1 FROM duckdb_tables() WHERE (database_name, schema_name, table_name) = (?, ?, ?)"
    return bool(duck.execute(sql, list(name)).fetchall())
