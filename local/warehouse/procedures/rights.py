"""What a procedure with its owner's rights may run, as Snowflake documents it, and how it refuses the rest.

docs.snowflake.com/en/developer-guide/stored-procedure/stored-procedures-rights: SELECT, DML, DDL, GRANT and REVOKE,
most of SHOW and DESCRIBE; they may call others and run transactions of their own. LIST is refused: that page allows it
to Python, public reports get LIST_FILES from CALL, and who does without it need not know.
"""

from __future__ import annotations

from local.warehouse.errors import sql_error
from local.warehouse.statement import Statement

_QUERIES = ("SELECT", "WITH", "VALUES", "DESC", "DESCRIBE", "SHOW", "CALL")
_DML = ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "COPY")
_DDL = ("CREATE", "ALTER", "DROP", "UNDROP", "COMMENT", "GRANT", "REVOKE")
_TRANSACTIONS = ("BEGIN", "START", "COMMIT", "ROLLBACK")
_ALLOWED = frozenset((*_QUERIES, *_DML, *_DDL, *_TRANSACTIONS))
# Names of the kinds as Snowflake's own messages spell them, as far as they are on record.
_KINDS = {
    "LIST": "LIST_FILES",
    "LS": "LIST_FILES",
    "PUT": "PUT_FILES",
    "GET": "GET_FILES",
    "REMOVE": "REMOVE_FILES",
    "RM": "REMOVE_FILES",
}
# SHOW commands that read the caller's session or depend on who calls.
_SHOWS = {
    "VARIABLES": "SHOW VARIABLE",
    "LOCKS": "SHOW LOCK",
    "TRANSACTIONS": "SHOW TRANSACTION",
    "DELEGATED": "SHOW DELEGATED AUTHORIZATION",
}
_TEMPORARY = ("TEMPORARY", "TEMP", "VOLATILE")


def check(statement: Statement) -> None:
    """Raise what Snowflake raises for a statement that an owner's rights procedure may not run."""
    if kind := _refused(statement):
        raise sql_error(f"Stored procedure execution error: Unsupported statement type '{kind}'.", 90236, "42601")


def _refused(statement: Statement) -> str | None:
    head = statement.head
    if not head:  # a query in parentheses
        return None
    if head[0] not in _ALLOWED:
        return _KINDS.get(head[0], head[0])
    if head[:2] == ("ALTER", "SESSION"):
        return "ALTER_SESSION"
    if head[0] == "SHOW":
        return _refused_show(statement)
    if head[0] == "CREATE":
        return _temporary(head)
    return None


def _refused_show(statement: Statement) -> str | None:
    words = [word.upper for word in statement.words[1:]]
    what = words[0] if words else ""
    if what == "PARAMETERS":
        scope = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("IN", "FOR")), "SESSION")
        return "SHOW PARAMETER" if scope == "SESSION" else None
    if what == "GRANTS":
        return None if {"IN", "ON", "TO", "OF"} & set(words) else "SHOW GRANT"
    return _SHOWS.get(what)


def _temporary(head: tuple[str, ...]) -> str | None:
    """A named temporary object would belong to the caller's session."""
    words = [word for word in head[1:] if word not in ("OR", "REPLACE", "ALTER", "LOCAL", "GLOBAL")]
    if words[:1] and words[0] in _TEMPORARY:
        return f"temporary {'_'.join(words[1:3]) if words[1:3] == ['FILE', 'FORMAT'] else words[1]}"
    return None
