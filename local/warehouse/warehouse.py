"""The warehouse as a whole: the instance on disk, the locks and the sessions of its clients."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from local.warehouse import catalog
from local.warehouse.instance import Instance
from local.warehouse.locks import TableLocks
from local.warehouse.naming import ObjectName
from local.warehouse.procedures.runner import ProcedureRunner
from local.warehouse.session import Identity, Session
from local.warehouse.sql import functions, patches

PROCEDURE_TOKEN = "procedure-"
# A client without any connection to the server is taken for dead. Its open transaction holds locks: it goes soon. Its
# session goes much later, as in Snowflake.
ABANDONED_SESSION_SECONDS = 4 * 3600.0


@dataclass
class Warehouse:
    """What all sessions share. `extensions` are modules as `local.warehouse.results` describes them."""

    instance: Instance
    runner: ProcedureRunner
    extensions: tuple[ModuleType, ...] = ()
    locks: TableLocks = field(default_factory=TableLocks)
    abandon_after: float = 20.0
    sessions: dict[str, Session] = field(default_factory=dict)
    # Names under which DuckDB knows handlers of table functions.
    table_functions: set[str] = field(default_factory=set)

    @classmethod
    def open(
        cls,
        directory: Path,
        runner: ProcedureRunner,
        extensions: Iterable[ModuleType] = (),
        memory_limit_mib: int | None = None,
        lock_timeout: float = 600.0,
        abandon_after: float = 20.0,
    ) -> Warehouse:
        """Open the databases in a directory, which is created where it does not exist."""
        modules = tuple(extensions)
        patches.apply()
        metadata = [sql for m in (catalog, *modules) if (sql := getattr(m, "METADATA_SQL", ""))]
        metadata.append(functions.MACROS.read_text(encoding="utf-8"))
        own = (functions.MACROS.with_name("information_schema.sql")).read_text(encoding="utf-8")
        per_database = [own] + [sql for m in modules if (sql := getattr(m, "DATABASE_METADATA_SQL", ""))]
        instance = Instance(directory, metadata, per_database, memory_limit_mib)
        return cls(instance, runner, modules, TableLocks(lock_timeout), abandon_after)

    def login(
        self, database: str | None, schema: str | None, identity: Identity, autocommit: bool
    ) -> tuple[str, Session]:
        """Start a session; returns its token too."""
        session = Session(self, database, schema, identity, autocommit)
        token = secrets.token_urlsafe(32)
        self.sessions[token] = session
        return token, session

    def attach(self, parent: Session) -> str:
        """A token of its own for a procedure that works on its caller's session."""
        token = PROCEDURE_TOKEN + secrets.token_urlsafe(32)
        self.sessions[token] = parent
        return token

    def logout(self, token: str) -> None:
        """Forget a token and, unless it is a procedure's, end the session."""
        session = self.sessions.pop(token, None)
        if session and not token.startswith(PROCEDURE_TOKEN):
            session.close()

    def forget_table(self, session: Session, name: ObjectName) -> None:
        """Tell the extensions that a table was created, truncated or dropped (`forget_table(session, name)`)."""
        for module in self.extensions:
            if forget := getattr(module, "forget_table", None):
                forget(session, name)

    def rename_table(self, session: Session, old: ObjectName, new: ObjectName) -> None:
        """Tell the extensions that a table has another name (`rename_table(session, old, new)`)."""
        for module in self.extensions:
            if rename := getattr(module, "rename_table", None):
                rename(session, old, new)

    def sweep(self) -> None:
        """Roll back transactions of clients that are gone, and in the end forget their sessions."""
        now = time.monotonic()
        for token, session in list(self.sessions.items()):
            if session.alone_since is None or token.startswith(PROCEDURE_TOKEN):
                continue
            alone = now - session.alone_since
            if alone > ABANDONED_SESSION_SECONDS:
                self.logout(token)
            elif alone > self.abandon_after and session.busy.acquire(blocking=False):
                try:
                    session.transactions.abandon()
                finally:
                    session.busy.release()

    def interrupt(self) -> None:
        """Stop whatever runs or waits: the server ends."""
        self.locks.close()
        self.runner.stop()
        for session in set(self.sessions.values()):
            session.interrupt()

    def close(self) -> None:
        """End every session and write the databases."""
        for token in list(self.sessions):
            self.logout(token)
        self.instance.close()
