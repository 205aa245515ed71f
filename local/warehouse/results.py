"""What a statement gives back when the warehouse answers it itself instead of handing SQL to DuckDB.

A module that implements statements of its own (`local.warehouse.staged`, `local.warehouse.procedures`, …) offers

    handles(statement: str) -> bool                                     cheap; looks at the first words only
    execute(cursor, statement: str, params) -> StatementResult | str    a str is a SELECT to run on the normal path

and may offer `METADATA_SQL`, run at every start (tables in the schema `_fs_global._snowtape`), and
`DATABASE_METADATA_SQL`, run at every start for each database with `{database}` replaced by its quoted name and
`{database_literal}` by that name as a string.
It may also offer `forget_table(session, name)`, called after a table was created anew, truncated or dropped, and
`rename_table(session, old, new)`; names are `local.warehouse.naming.ObjectName`.

DuckDB's transactions write one database only: whatever must commit or roll back together with a table's rows has to
live in that table's own database, not in `_fs_global`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StatementResult:
    """A finished result: `columns` are (name, DuckDB type), `rows` one tuple a row, `rowcount` the rows affected."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[tuple[Any, ...]] = field(default_factory=list)
    rowcount: int = 0

    @classmethod
    def status(cls, message: str = "Statement executed successfully.") -> StatementResult:
        """The one-column, one-row answer that Snowflake gives to statements without rows."""
        return cls([("status", "VARCHAR")], [(message,)], 1)
