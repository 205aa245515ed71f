"""Statements that do nothing here but are written down: accounts, grants, and what only steers a real Snowflake.

The list is explicit. What is neither here nor implemented raises an error; nothing else is ignored in silence.
`select * from _fs_global._snowtape.recorded_statements` shows all of them, with the object kinds that CREATE and DROP
keep in `recorded_objects` (SHOW ROLES, SHOW TASKS, … read that).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.warehouse import catalog
from local.warehouse.errors import ALREADY_EXISTS, sql_error
from local.warehouse.instance import METADATA_SCHEMA
from local.warehouse.naming import read_name
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.session import Session

# Kinds of objects whose CREATE, ALTER, DROP and DESCRIBE are recorded and have no other effect.
KINDS: tuple[tuple[str, ...], ...] = (
    ("ROLE",),
    ("DATABASE", "ROLE"),
    ("APPLICATION", "ROLE"),
    ("WAREHOUSE",),
    ("USER",),
    ("RESOURCE", "MONITOR"),
    ("INTEGRATION",),
    ("STORAGE", "INTEGRATION"),
    ("NOTIFICATION", "INTEGRATION"),
    ("API", "INTEGRATION"),
    ("SECURITY", "INTEGRATION"),
    ("CATALOG", "INTEGRATION"),
    ("EXTERNAL", "ACCESS", "INTEGRATION"),
    ("NETWORK", "POLICY"),
    ("NETWORK", "RULE"),
    ("AUTHENTICATION", "POLICY"),
    ("PASSWORD", "POLICY"),
    ("SESSION", "POLICY"),
    ("SECRET",),
    ("COMPUTE", "POOL"),
    ("BUDGET",),
    ("TASK",),
    ("STREAM",),
    ("PIPE",),
    ("ALERT",),
    ("STREAMLIT",),
    ("TAG",),
    ("DATA", "METRIC", "FUNCTION"),
    ("ACCOUNT",),
)

# What ALTER TABLE | VIEW | SCHEMA | DATABASE … may say without effect: the words after the name.
ALTERATIONS: tuple[tuple[str, ...], ...] = (
    ("SET", "TAG"),
    ("UNSET", "TAG"),
    ("SET", "DATA_RETENTION_TIME_IN_DAYS"),
    ("UNSET", "DATA_RETENTION_TIME_IN_DAYS"),
    ("SET", "MAX_DATA_EXTENSION_TIME_IN_DAYS"),
    ("SET", "CHANGE_TRACKING"),
    ("SET", "DATA_METRIC_SCHEDULE"),
    ("UNSET", "DATA_METRIC_SCHEDULE"),
    ("SET", "ENABLE_SCHEMA_EVOLUTION"),
    ("SET", "LOG_LEVEL"),
    ("SET", "TRACE_LEVEL"),
    ("SET", "SECURE"),
    ("UNSET", "SECURE"),
    ("ENABLE", "MANAGED", "ACCESS"),
    ("DISABLE", "MANAGED", "ACCESS"),
    ("ADD", "DATA", "METRIC", "FUNCTION"),
    ("DROP", "DATA", "METRIC", "FUNCTION"),
    ("MODIFY", "DATA", "METRIC", "FUNCTION"),
    ("ADD", "SEARCH", "OPTIMIZATION"),
    ("DROP", "SEARCH", "OPTIMIZATION"),
    ("CLUSTER", "BY"),
    ("DROP", "CLUSTERING", "KEY"),
    ("SUSPEND", "RECLUSTER"),
    ("RESUME", "RECLUSTER"),
    # PRIMARY KEY, UNIQUE and FOREIGN KEY are never enforced, as in Snowflake.
    ("ADD", "CONSTRAINT"),
    ("ADD", "PRIMARY", "KEY"),
    ("ADD", "UNIQUE"),
    ("ADD", "FOREIGN", "KEY"),
    ("DROP", "PRIMARY", "KEY"),
    ("DROP", "CONSTRAINT"),
    ("ALTER", "CONSTRAINT"),
)

_ALTERED = ("TABLE", "VIEW", "SCHEMA", "DATABASE", "PROCEDURE")
_MODIFIERS = ("OR", "REPLACE", "ALTER", "SECURE", "TEMP", "TEMPORARY")
_VERBS = {"CREATE": "created", "ALTER": "altered", "DROP": "dropped", "DESC": "", "DESCRIBE": ""}


def _kind(statement: Statement) -> tuple[str, ...]:
    """The recorded kind that a CREATE, ALTER, DROP or DESCRIBE names, or nothing."""
    head = statement.head
    if not head or head[0] not in _VERBS:
        return ()
    rest = head[1:]
    if head[0] == "CREATE":
        while rest and rest[0] in _MODIFIERS:
            rest = rest[1:]
    found = [kind for kind in KINDS if rest[: len(kind)] == kind]
    return max(found, key=len, default=())


def _alteration(statement: Statement) -> tuple[str, ...]:
    if statement.head[:1] != ("ALTER",) or statement.head[1:2] == () or statement.head[1] not in _ALTERED:
        return ()
    words = statement.words
    at = 4 if [w.upper for w in words[2:4]] == ["IF", "EXISTS"] else 2
    _, at = read_name(words, at)
    if at < len(words) and words[at].upper == "(":  # the types of a procedure
        at = next((i for i in range(at, len(words)) if words[i].upper == ")"), at) + 1
    rest = [word.upper for word in words[at : at + 4]]
    return next((known for known in ALTERATIONS if tuple(rest[: len(known)]) == known), ())


def handles(statement: Statement) -> bool:
    """Whether the statement is on the list."""
    return statement.head[:1] in (("GRANT",), ("REVOKE",)) or bool(_kind(statement)) or bool(_alteration(statement))


def record(session: Session, statement: Statement) -> StatementResult:
    """Write the statement down; CREATE and DROP keep account of what exists."""
    head = statement.head
    kind = " ".join(_kind(statement)) or " ".join(_alteration(statement)) or head[0]
    name = _object_name(statement) if _kind(statement) else ""
    instance = session.warehouse.instance
    catalog.run(
        instance,
        f"INSERT INTO {METADATA_SCHEMA}.recorded_statements VALUES (now(), ?, ?, ?, ?)",
        [session.identity.user, kind, name, statement.text],
    )
    if not name or kind == "ACCOUNT":
        return StatementResult.status()
    known = f"FROM {METADATA_SCHEMA}.recorded_objects WHERE kind = ? AND name = ?"
    exists = bool(catalog.run(instance, f"SELECT 1 {known}", [kind, name]))
    label = kind.capitalize()
    if head[0] == "CREATE":
        if exists and "EXISTS" in head:
            return StatementResult.status(f"{name} already exists, statement succeeded.")
        if exists and "OR" not in head[:2]:
            raise sql_error(f"SQL compilation error:\nObject '{name}' already exists.", *ALREADY_EXISTS)
        catalog.run(
            instance,
            f"INSERT OR REPLACE INTO {METADATA_SCHEMA}.recorded_objects VALUES (?, ?, now(), ?)",
            [kind, name, statement.text],
        )
    elif head[0] == "DROP":
        if not exists and "EXISTS" not in head:
            raise sql_error(
                f"SQL compilation error:\n{label} '{name}' does not exist or not authorized.", 2003, "02000"
            )
        catalog.run(instance, f"DELETE {known}", [kind, name])
    elif head[0].startswith("DESC"):
        rows = catalog.run(instance, f"SELECT 'definition', statement {known}", [kind, name])
        return StatementResult([("property", "VARCHAR"), ("property_value", "VARCHAR")], rows, len(rows))
    return StatementResult.status(f"{label} {name} successfully {_VERBS[head[0]]}.")


def _object_name(statement: Statement) -> str:
    words = statement.words
    kind = _kind(statement)
    at = next(i for i in range(len(words)) if tuple(w.upper for w in words[i : i + len(kind)]) == kind) + len(kind)
    while at < len(words) and words[at].upper in ("IF", "NOT", "EXISTS"):
        at += 1
    return ".".join(read_name(words, at)[0]) if at < len(words) else ""


_SHOWN = {" ".join(kind) + ("IES" if kind[-1] == "POLICY" else "S"): kind for kind in KINDS}
_SHOWN = {name.replace("POLICYIES", "POLICIES"): kind for name, kind in _SHOWN.items()}


def _shown(statement: Statement) -> str | None:
    if statement.head[:1] != ("SHOW",):
        return None
    rest = [word for word in statement.head[1:] if word != "TERSE"]
    if rest[:1] == ["GRANTS"] or rest[:2] == ["FUTURE", "GRANTS"]:
        return "GRANTS"
    return max((name for name in _SHOWN if rest[: len(name.split())] == name.split()), key=len, default=None)


def is_show(statement: Statement) -> bool:
    """Whether this is SHOW of a recorded kind, or of grants."""
    return _shown(statement) is not None


def show(session: Session, statement: Statement) -> StatementResult:
    """The recorded objects of a kind; for grants, the recorded GRANT and REVOKE statements."""
    shown = _shown(statement)
    assert shown
    if shown == "GRANTS":
        sql = f"""SELECT recorded_at, user_name, kind, statement FROM {METADATA_SCHEMA}.recorded_statements
                  WHERE kind IN ('GRANT', 'REVOKE') ORDER BY recorded_at"""
        rows = catalog.run(session.warehouse.instance, sql)
        names = ["created_on", "granted_by", "kind", "statement"]
    else:
        sql = f"""SELECT created_on, name, 'SYSADMIN', statement FROM {METADATA_SCHEMA}.recorded_objects
                  WHERE kind = ? OR (? = 'INTEGRATION' AND kind LIKE '%INTEGRATION') ORDER BY name"""
        kind = " ".join(_SHOWN[shown])
        rows = catalog.run(session.warehouse.instance, sql, [kind, kind])
        names = ["created_on", "name", "owner", "statement"]
    columns = [(names[0], "TIMESTAMP WITH TIME ZONE"), *((name, "VARCHAR") for name in names[1:])]
    return StatementResult(columns, rows, len(rows))
