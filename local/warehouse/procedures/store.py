"""CREATE, DROP, DESCRIBE and SHOW of procedures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.warehouse import catalog
from local.warehouse.errors import ALREADY_EXISTS, sql_error
from local.warehouse.instance import METADATA_SCHEMA, Instance
from local.warehouse.naming import ObjectName, read_name
from local.warehouse.procedures.definition import Definition, closing, plain_type, read, split_list
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.session import Session

_TABLE = f"{METADATA_SCHEMA}.procedures"
_KEY = "(database_name, schema_name, name) = (?, ?, ?)"


def overloads(instance: Instance, name: ObjectName) -> list[Definition]:
    """All procedures of this name."""
    rows = catalog.run(instance, f"SELECT definition FROM {_TABLE} WHERE {_KEY} ORDER BY signature", name)
    return [Definition.from_json(text) for (text,) in rows]


def create(session: Session, statement: Statement) -> StatementResult:
    """CREATE [OR REPLACE | OR ALTER] PROCEDURE."""
    creation = read(statement)
    name = session.resolve(creation.name)
    definition = creation.definition
    exists = any(d.signature == definition.signature for d in overloads(session.warehouse.instance, name))
    if exists and creation.if_not_exists:
        return StatementResult.status(f"{name.name} already exists, statement succeeded.")
    if exists and not creation.replace:
        raise sql_error(f"SQL compilation error:\nObject '{name}' already exists.", *ALREADY_EXISTS)
    catalog.run(
        session.warehouse.instance,
        f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?, ?, now())",
        [*name, definition.signature, definition.to_json()],
    )
    return StatementResult.status(f"Function {name.name} successfully created.")


def _named(session: Session, statement: Statement) -> tuple[ObjectName, str, bool]:
    """Name, signature and IF EXISTS of `DROP | DESCRIBE kind [IF EXISTS] name(types)`."""
    words = statement.words
    if_exists = [w.upper for w in words[2:4]] == ["IF", "EXISTS"]
    parts, at = read_name(words, 2 + 2 * if_exists)
    types: list[str] = []
    if at < len(words):
        types = [plain_type(part[0].text) for part in split_list(words[at + 1 : closing(words, at)])]
    return session.resolve(parts), ", ".join(types), if_exists


def drop(session: Session, statement: Statement) -> StatementResult:
    """DROP PROCEDURE [IF EXISTS] name(types)."""
    return drop_from(_TABLE, "Procedure", session, statement)


def drop_from(table: str, kind: str, session: Session, statement: Statement) -> StatementResult:
    """DROP kind [IF EXISTS] name(types), with `table` the catalog's of that kind."""
    name, signature, if_exists = _named(session, statement)
    gone = catalog.run(
        session.warehouse.instance,
        f"DELETE FROM {table} WHERE {_KEY} AND signature = ? RETURNING name",
        [*name, signature],
    )
    if not gone and not if_exists:
        raise _unknown(kind, name, signature)
    already = " already dropped or does not exist, statement succeeded" if not gone else " successfully dropped"
    return StatementResult.status(f"{name.name}{already}.")


def describe(session: Session, statement: Statement) -> StatementResult:
    """DESCRIBE PROCEDURE name(types)."""
    name, signature, _ = _named(session, statement)
    found = [d for d in overloads(session.warehouse.instance, name) if d.signature == signature]
    if not found:
        raise _unknown("Procedure", name, signature)
    definition = found[0]
    rows = [
        ("signature", "(" + ", ".join(f"{a.name} {a.type}" for a in definition.arguments) + ")"),
        ("returns", definition.returns),
        ("language", definition.language),
        ("null handling", "CALLED ON NULL INPUT"),
        ("volatility", "VOLATILE"),
        ("execute as", definition.execute_as),
        ("body", definition.body),
        ("imports", "[]"),
        ("handler", definition.handler),
        ("runtime_version", definition.runtime_version),
        ("packages", str(list(definition.packages))),
    ]
    return StatementResult([("property", "VARCHAR"), ("value", "VARCHAR")], rows, len(rows))


# The columns of SHOW PROCEDURES: name, DuckDB type, where it comes from.
_SHOWN = (
    ("created_on", "TIMESTAMP WITH TIME ZONE", "created_on"),
    ("name", "VARCHAR", "name"),
    ("schema_name", "VARCHAR", "schema_name"),
    ("is_builtin", "VARCHAR", "'N'"),
    ("is_aggregate", "VARCHAR", "'N'"),
    ("is_ansi", "VARCHAR", "'N'"),
    ("min_num_arguments", "BIGINT", "json_array_length(definition, '$.arguments')::BIGINT"),
    ("max_num_arguments", "BIGINT", "json_array_length(definition, '$.arguments')::BIGINT"),
    ("arguments", "VARCHAR", "name || '(' || signature || ') RETURN ' || (definition ->> '$.returns')"),
    ("description", "VARCHAR", "coalesce(nullif(definition ->> '$.comment', ''), 'user-defined procedure')"),
    ("catalog_name", "VARCHAR", "database_name"),
    ("is_table_function", "VARCHAR", "'N'"),
    ("valid_for_clustering", "VARCHAR", "'N'"),
    ("is_secure", "VARCHAR", "'N'"),
    ("secrets", "VARCHAR", "''"),
    ("external_access_integrations", "VARCHAR", "''"),
)


def show(session: Session, statement: Statement) -> StatementResult:
    """SHOW [USER] PROCEDURES [LIKE '…'] [IN ACCOUNT | DATABASE x | SCHEMA y]."""
    words = statement.words
    uppers = [word.upper for word in words]
    conditions, parameters = ["true"], []
    if "LIKE" in uppers:
        conditions.append("name ILIKE ?")
        parameters.append(words[uppers.index("LIKE") + 1].text)
    if "IN" in uppers:
        at = uppers.index("IN") + 1
        kind = uppers[at] if uppers[at] in ("ACCOUNT", "DATABASE", "SCHEMA") else "SCHEMA"
        parts = [w.name for w in words[at + (uppers[at] == kind) :] if w.upper != "."]
        if kind == "DATABASE":
            conditions.append("database_name = ?")
            parameters.append(parts[0] if parts else session.database or "")
        elif kind == "SCHEMA":
            conditions.append("(database_name, schema_name) = (?, ?)")
            parameters += session.resolve([*(parts or [session.schema or ""]), "*"])[:2]
    elif session.database:
        conditions.append("database_name = ?")
        parameters.append(session.database)
    rows = catalog.run(
        session.warehouse.instance,
        f"SELECT {', '.join(sql for _, _, sql in _SHOWN)} FROM {_TABLE} WHERE {' AND '.join(conditions)} "
        "ORDER BY database_name, schema_name, name, signature",
        parameters,
    )
    return StatementResult([(name, kind) for name, kind, _ in _SHOWN], rows, len(rows))


def show_functions(session: Session, statement: Statement) -> StatementResult:
    """SHOW [USER] FUNCTIONS: scalar functions are unknown here, and table functions are not listed yet."""
    names = [*(name for name, _, _ in _SHOWN), "is_external_function", "language", "is_memoizable", "is_data_metric"]
    return StatementResult([(name, "VARCHAR") for name in names])


def _unknown(kind: str, name: ObjectName, signature: str) -> Exception:
    return sql_error(
        f"SQL compilation error:\n{kind} '{name}({signature})' does not exist or not authorized.", 2003, "02000"
    )
