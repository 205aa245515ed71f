"""DROP STAGE and DROP FILE FORMAT, which fakesnow lacks; it keeps both in `_fs_global`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.warehouse import catalog
from local.warehouse.errors import sql_error
from local.warehouse.naming import read_name
from local.warehouse.results import StatementResult
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.session import Session


def _drop(session: Session, statement: Statement, table: str, kind: str) -> StatementResult:
    words = statement.words
    at = 1 + len(kind.split())
    if_exists = [w.upper for w in words[at : at + 2]] == ["IF", "EXISTS"]
    name = session.resolve(read_name(words, at + 2 * if_exists)[0])
    gone = catalog.run(
        session.warehouse.instance,
        f"""DELETE FROM _fs_global._fs_information_schema.{table}
            WHERE (database_name, schema_name, name) = (?, ?, ?) RETURNING name""",
        name,
    )
    if not gone and not if_exists:
        raise sql_error(f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", 2003, "02000")
    return StatementResult.status(f"{name.name} successfully dropped.")


def drop_stage(session: Session, statement: Statement) -> StatementResult:
    """DROP STAGE [IF EXISTS] name."""
    return _drop(session, statement, "_fs_stages", "Stage")


def drop_file_format(session: Session, statement: Statement) -> StatementResult:
    """DROP FILE FORMAT [IF EXISTS] name."""
    return _drop(session, statement, "_fs_file_formats", "File format")
