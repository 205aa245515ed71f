"""Databases and schemas: CREATE, DROP, USE. A database is a file; a new one becomes the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from local.warehouse import catalog
from local.warehouse.errors import ALREADY_EXISTS, NOT_FOUND, SYNTAX_ERROR, SqlError, sql_error
from local.warehouse.instance import METADATA_SCHEMA
from local.warehouse.naming import quoted, read_name
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.session import Session

PUBLIC = "PUBLIC"
_HIDDEN = ("memory", "system", "temp", "_fs_global")


def _has_database(session: Session, database: str) -> bool:
    sql = "SELECT 1 FROM duckdb_databases() WHERE database_name = ?"
    return database not in _HIDDEN and bool(session.duck.execute(sql, [database]).fetchall())


def has_schema(session: Session, database: str, schema: str) -> bool:
    """Whether a schema exists; every database has INFORMATION_SCHEMA."""
    if schema == "INFORMATION_SCHEMA":
        return _has_database(session, database)
    sql = "SELECT 1 FROM duckdb_schemas() WHERE (database_name, schema_name) = (?, ?)"
    return bool(session.duck.execute(sql, [database, schema]).fetchall())


def is_create(statement: Statement) -> bool:
    """CREATE [OR REPLACE] [TRANSIENT] SCHEMA | DATABASE."""
    words = [w for w in statement.head[:6] if w not in ("OR", "REPLACE", "TRANSIENT")]
    return words[:1] == ["CREATE"] and words[1:2] in (["SCHEMA"], ["DATABASE"])


def create(session: Session, statement: Statement) -> StatementResult:
    """Create a schema or a database; WITH MANAGED ACCESS, retention and the like are recorded in the statement only."""
    words = statement.words
    uppers = [word.upper for word in words]
    at = min(uppers.index(kind) for kind in ("SCHEMA", "DATABASE") if kind in uppers)
    is_schema = uppers[at] == "SCHEMA"
    replace = "REPLACE" in uppers[:at]
    at += 1
    if_not_exists = uppers[at : at + 3] == ["IF", "NOT", "EXISTS"]
    parts, end = read_name(words, at + 3 * if_not_exists)
    if "CLONE" in uppers[end : end + 1]:
        raise sql_error("The local warehouse clones tables only, not schemas or databases.", *SYNTAX_ERROR)
    if is_schema:
        database, schema, _ = session.resolve([*([] if len(parts) > 1 else [session.database or ""]), *parts, "*"])
        return _create_schema(session, database, schema, replace, if_not_exists)
    return _create_database(session, parts[-1], replace, if_not_exists)


def _create_schema(session: Session, database: str, schema: str, replace: bool, if_not_exists: bool) -> StatementResult:
    if not _has_database(session, database):
        raise _missing("Database", database)
    if has_schema(session, database, schema):
        if if_not_exists:
            return StatementResult.status(f"{schema} already exists, statement succeeded.")
        if not replace:
            raise sql_error(f"SQL compilation error:\nObject '{schema}' already exists.", *ALREADY_EXISTS)
        _drop_schema(session, database, schema)
    session.duck.execute(f"CREATE SCHEMA {quoted(database)}.{quoted(schema)}")
    session.use(database, schema)
    return StatementResult.status(f"Schema {schema} successfully created.")


def _create_database(session: Session, database: str, replace: bool, if_not_exists: bool) -> StatementResult:
    if _has_database(session, database):
        if if_not_exists:
            return StatementResult.status(f"{database} already exists, statement succeeded.")
        if not replace:
            raise sql_error(f"SQL compilation error:\nObject '{database}' already exists.", *ALREADY_EXISTS)
        _drop_database(session, database)
    session.warehouse.instance.create_database(database)
    session.duck.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}.{quoted(PUBLIC)}")
    session.use(database, PUBLIC)
    return StatementResult.status(f"Database {database} successfully created.")


def use(session: Session, statement: Statement) -> StatementResult:
    """USE [DATABASE | SCHEMA] name."""
    words = statement.words
    kind = words[1].upper if len(words) > 2 and words[1].upper in ("DATABASE", "SCHEMA") else ""
    at = 2 if kind else 1
    if words[at].upper == "IDENTIFIER":
        parts = [p if p.startswith('"') else p.upper() for p in words[at + 2].text.split(".")]
        parts = [part.strip('"') for part in parts]
    else:
        parts, _ = read_name(words, at)
    if kind == "DATABASE" or (not kind and len(parts) == 1 and _has_database(session, parts[0])):
        if not _has_database(session, parts[-1]):
            raise _no_object()
        has_public = has_schema(session, parts[-1], PUBLIC)
        session.use(parts[-1], PUBLIC if has_public else None)
        return StatementResult.status()
    if len(parts) == 1:
        if not session.database:
            raise sql_error(
                "Cannot perform USE SCHEMA. This session does not have a current database. Call 'USE DATABASE', "
                "or use a qualified name.",
                90105,
                "22000",
            )
        parts = [session.database, *parts]
    if not has_schema(session, *parts[-2:]):
        raise _no_object()
    session.use(*parts[-2:])
    return StatementResult.status()


def drop_schema(session: Session, table: exp.Table, if_exists: bool) -> StatementResult:
    """DROP SCHEMA [IF EXISTS] name, with all that is in it."""
    # sqlglot reads `DROP SCHEMA a.b` as schema b of catalog a, or as table b of schema a.
    names = [p.name if p.args.get("quoted") else p.name.upper() for p in table.parts]
    database = names[-2] if len(names) > 1 else session.database or ""
    if not has_schema(session, database, names[-1]):
        if if_exists:
            return StatementResult.status(f"{names[-1]} already dropped or does not exist, statement succeeded.")
        raise _missing("Schema", f"{database}.{names[-1]}")
    _drop_schema(session, database, names[-1])
    return StatementResult.status(f"{names[-1]} successfully dropped.")


def drop_database(session: Session, name: str, if_exists: bool) -> StatementResult:
    """DROP DATABASE [IF EXISTS] name."""
    database = name if _has_database(session, name) else name.upper()
    if not _has_database(session, database):
        if if_exists:
            return StatementResult.status(f"{database} already dropped or does not exist, statement succeeded.")
        raise _missing("Database", database)
    _drop_database(session, database)
    return StatementResult.status(f"{database} successfully dropped.")


def _drop_schema(session: Session, database: str, schema: str) -> None:
    if (session.database, session.schema) == (database, schema):
        session.use(database, None)
    session.duck.execute(f"DROP SCHEMA {quoted(database)}.{quoted(schema)} CASCADE")
    _forget(session, database, schema)


def _drop_database(session: Session, database: str) -> None:
    if session.database == database:
        session.duck.execute("SET schema = 'memory.main'")
        session.database, session.database_set = None, False
        session._schema, session.schema_set = None, False
    session.warehouse.instance.drop_database(database)
    _forget(session, database, None)


def _forget(session: Session, database: str, schema: str | None) -> None:
    """What the metadata keeps about a schema, or about a whole database."""
    instance = session.warehouse.instance
    for table, prefix in (
        ("_fs_global._fs_information_schema._fs_stages", ""),
        ("_fs_global._fs_information_schema._fs_file_formats", ""),
        (f"{METADATA_SCHEMA}.procedures", ""),
    ):
        catalog.run(
            instance,
            f"DELETE FROM {table} WHERE {prefix}database_name = ? AND coalesce({prefix}schema_name = ?, true)",
            [database, schema],
        )
    catalog.run(
        instance,
        """DELETE FROM _fs_global._fs_information_schema._fs_columns_ext
           WHERE ext_table_catalog = ? AND coalesce(ext_table_schema = ?, true)""",
        [database, schema],
    )


def _missing(kind: str, name: str) -> SqlError:
    return sql_error(f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", *NOT_FOUND)


def _no_object() -> SqlError:
    return sql_error("SQL compilation error:\nObject does not exist, or operation cannot be performed.", 2043, "02000")
