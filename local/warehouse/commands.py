"""Statements that sqlglot has no tree for, or that never reach DuckDB: found by their first words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local.warehouse import recorded, settings, variables
from local.warehouse.errors import unknown_statement
from local.warehouse.functions import definition as table_functions
from local.warehouse.functions import store as function_store
from local.warehouse.procedures import call, definition, store
from local.warehouse.results import StatementResult
from local.warehouse.sql import comments, explain, schemas
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

Command = Callable[["WarehouseCursor", Statement, Any], StatementResult]


def _ddl(run: Callable[[Any, Statement], StatementResult]) -> Command:
    """DDL without a tree: commits what is open, as DDL does in Snowflake."""

    def command(cursor: WarehouseCursor, statement: Statement, _: Any) -> StatementResult:
        cursor.session.transactions.before({}, is_ddl=True, is_write=False)
        return run(cursor.session, statement)

    return command


def _plain(run: Callable[[Any, Statement], StatementResult]) -> Command:
    return lambda cursor, statement, _: run(cursor.session, statement)


def _begin(cursor: WarehouseCursor, statement: Statement, _: Any) -> StatementResult:
    cursor.session.transactions.begin()
    return StatementResult.status()


def _commit(cursor: WarehouseCursor, statement: Statement, _: Any) -> StatementResult:
    cursor.session.transactions.commit()
    return StatementResult.status()


def _rollback(cursor: WarehouseCursor, statement: Statement, _: Any) -> StatementResult:
    cursor.session.transactions.rollback()
    return StatementResult.status()


# Longest first where one begins like another.
_BY_WORDS: tuple[tuple[tuple[str, ...], Command], ...] = (
    (("BEGIN",), _begin),
    (("START", "TRANSACTION"), _begin),
    (("COMMIT",), _commit),
    (("ROLLBACK",), _rollback),
    (("CALL",), call.call),
    (("EXPLAIN",), explain.explain),
    (("DROP", "PROCEDURE"), _ddl(store.drop)),
    (("DROP", "FUNCTION"), _ddl(function_store.drop)),
    (("DESC", "PROCEDURE"), _plain(store.describe)),
    (("DESCRIBE", "PROCEDURE"), _plain(store.describe)),
    (("SHOW", "PROCEDURES"), _plain(store.show)),
    (("SHOW", "USER", "PROCEDURES"), _plain(store.show)),
    (("SHOW", "FUNCTIONS"), _plain(store.show_functions)),
    (("SHOW", "USER", "FUNCTIONS"), _plain(store.show_functions)),
    (("SHOW", "PARAMETERS"), _plain(settings.show_parameters)),
    (("USE", "ROLE"), _plain(settings.use_role)),
    (("USE", "WAREHOUSE"), _plain(settings.use_warehouse)),
    (("USE", "SECONDARY"), _plain(settings.use_secondary_roles)),
    (("USE",), _plain(schemas.use)),
    (("ALTER", "SESSION"), _plain(settings.alter_session)),
    (("SET",), variables.set_variables),
    (("UNSET",), variables.unset_variables),
)


def find(statement: Statement) -> Command | None:
    """The command for a statement, or None when its tree decides."""
    for words, command in _BY_WORDS:
        if statement.starts(*words):
            return command
    if table_functions.is_create(statement):
        return _ddl(function_store.create)
    if definition.is_create(statement):
        return _ddl(store.create)
    if schemas.is_create(statement):
        return _ddl(schemas.create)
    if comments.is_alter_column_comment(statement):
        return _ddl(comments.alter_column_comments)
    if statement.starts("CREATE", "OR", "ALTER"):
        raise unknown_statement(statement.text)
    if recorded.handles(statement):
        return _ddl(recorded.record)
    if recorded.is_show(statement):
        return _plain(recorded.show)
    return None
