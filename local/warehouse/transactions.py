"""A session's transaction: Snowflake's rules on top of DuckDB's.

Snowflake reads what is committed at each statement, keeps a transaction open after an error, waits for locks and
commits before DDL. DuckDB takes one snapshot, aborts on an error and fails on conflicts. So, here:

- as long as a transaction has written nothing, it is begun anew before each statement (fresh snapshot, error forgiven);
- an error after the first write leaves the transaction failed: only ROLLBACK is possible, COMMIT says why. Snowflake
  would let it go on; nothing is ever committed in part here;
- locks are taken before DuckDB's snapshot, so that a waiting writer sees what the other one committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import duckdb

from local.warehouse.errors import sql_error
from local.warehouse.locks import TableLocks
from local.warehouse.naming import ObjectName


@dataclass
class _Open:
    """An open transaction."""

    explicit: bool
    depth: int
    writes: int = 0
    failed: str | None = None


class Transactions:
    """The transaction state of one session. `depth` is the number of procedures that run at the moment."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, locks: TableLocks) -> None:
        self._duck = duck
        self._locks = locks
        self._open: _Open | None = None
        self.autocommit = True
        self.depth = 0

    @property
    def is_open(self) -> bool:
        """Whether a transaction is open, begun explicitly or by DML with autocommit off."""
        return self._open is not None

    def begin(self, explicit: bool = True) -> None:
        """Open a transaction; inside an open one this does nothing, as in Snowflake."""
        if self._open:
            if self._open.depth != self.depth:
                raise sql_error(
                    "The local warehouse cannot open a transaction inside a procedure while the caller's is open "
                    "(Snowflake would scope it). Call the procedure outside a transaction.",
                    3734,
                    "25001",
                )
            return
        self._duck.begin()
        self._open = _Open(explicit, self.depth)

    def commit(self) -> None:
        """Commit what is open. Raises when an earlier statement of it failed; everything is rolled back then."""
        if not self._open:
            return
        self._check_scope()
        if reason := self._open.failed:
            self._end(commit=False)
            raise sql_error(
                f"The transaction was rolled back: an earlier statement of it failed ({reason}) and DuckDB cannot go on"
                " after that. Snowflake would have committed the other statements.",
                625,
                "25000",
            )
        self._end(commit=True)

    def rollback(self) -> None:
        """Roll back what is open."""
        if self._open:
            self._check_scope()
            self._end(commit=False)

    def abandon(self) -> None:
        """Roll back without asking whose transaction it is: the session ends."""
        if self._open:
            self._end(commit=False)

    def set_autocommit(self, on: bool) -> None:
        """Switch autocommit; switching it commits what is open, as in Snowflake."""
        if on != self.autocommit:
            self.commit()
        self.autocommit = on

    def before(self, locks: Mapping[ObjectName, bool], is_ddl: bool, is_write: bool) -> None:
        """Prepare for a statement: commit before DDL, open for DML with autocommit off, lock, refresh the snapshot."""
        if self._open and self._open.failed:
            raise sql_error(
                f"This transaction can only be rolled back: an earlier statement of it failed ({self._open.failed}).",
                625,
                "25000",
            )
        if is_ddl and self._open:
            self.commit()
        if is_write and not self.autocommit and not self._open:
            self.begin(explicit=False)
        if self._open and not self._open.writes:
            # The snapshot has to be younger than the locks. Nothing is written yet: begin anew.
            self._duck.rollback()
            try:
                self._locks.acquire(self, locks)
            finally:
                self._duck.begin()
        else:
            self._locks.acquire(self, locks)

    def after(self, is_write: bool) -> None:
        """Note a statement that went well."""
        if self._open:
            self._open.writes += is_write
        else:
            self._locks.release(self)

    def after_error(self, message: str) -> None:
        """Note a statement that failed: find out what DuckDB made of the transaction."""
        if not self._open:
            self._locks.release(self)
            return
        try:
            self._duck.execute("SELECT 1").fetchall()
            return
        except duckdb.Error:
            with suppress(duckdb.Error):
                self._duck.rollback()
        if self._open.writes:
            self._open.failed = message.splitlines()[0] if message else "no message"
        else:
            self._duck.begin()

    def end_of_procedure(self) -> None:
        """Close the scope of a procedure: what it opened and left open is rolled back.

        Raises when it was opened by BEGIN; what DML opened with autocommit off is rolled back in silence, as in
        Snowflake (see docs/local-snowflake.md: call procedures with autocommit on).
        """
        if not self._open or self._open.depth < self.depth:
            return
        explicit = self._open.explicit
        self._end(commit=False)
        if explicit:
            raise sql_error(
                "Scoped transaction started in stored procedure is incomplete and it was rolled back.", 90232, "25000"
            )

    def _check_scope(self) -> None:
        if self._open and self._open.depth != self.depth:
            raise sql_error(
                "Modifying a transaction that has started at a different scope is not allowed.", 3734, "25001"
            )

    def _end(self, commit: bool) -> None:
        opened, self._open = self._open, None
        try:
            if opened and opened.failed:
                return
            if commit:
                self._duck.commit()
            else:
                with suppress(duckdb.TransactionException):
                    self._duck.rollback()
        finally:
            self._locks.release(self)
