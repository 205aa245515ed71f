"""A client's session: who it says it is, what it uses, its transaction and its temporary objects."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
from fakesnow.conn import FakeSnowflakeConnection

from local.warehouse.errors import SqlError
from local.warehouse.naming import ObjectName, quoted, resolve
from local.warehouse.transactions import Transactions

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor
    from local.warehouse.procedures.definition import Definition
    from local.warehouse.procedures.handler import Outcome
    from local.warehouse.warehouse import Warehouse

_session_ids = itertools.count(int(time.time()) * 1000)


@dataclass
class Identity:
    """What a client names at login. Nothing of it is checked: the local warehouse has no accounts."""

    user: str = "LOCAL"
    role: str = "SYSADMIN"
    warehouse: str | None = None


@dataclass
class ProcedureFrame:
    """A running procedure: its name and whether it runs with its owner's rights."""

    name: ObjectName
    owners_rights: bool


class Session(FakeSnowflakeConnection):
    """fakesnow's connection with Snowflake's transactions. One DuckDB connection, shared with running procedures."""

    def __init__(
        self,
        warehouse: Warehouse,
        database: str | None,
        schema: str | None,
        identity: Identity,
        autocommit: bool = True,
    ) -> None:
        duck = warehouse.instance.duck_conn.cursor()
        # fakesnow's own transaction handling is switched off by telling it that autocommit is always on.
        super().__init__(
            duck,
            warehouse.instance.results_cache,
            database,
            schema,
            create_database=False,
            create_schema=False,
            db_path=warehouse.instance.db_path,
        )
        if not self.database_set:
            self.database = self._schema = None
        if self.database and not self.schema_set:
            # As in Snowflake, a database without a schema means its PUBLIC one.
            public = duck.execute(
                "SELECT schema_name FROM duckdb_schemas() WHERE (database_name, schema_name) = (?, 'PUBLIC')",
                [self.database],
            ).fetchone()
            self.use(self.database, public[0] if public else None)
        self.warehouse = warehouse
        self.identity: Identity = identity
        self.parameters: dict[str, str] = {}
        self.session_id: int = next(_session_ids)
        self.transactions: Transactions = Transactions(duck, warehouse.locks)
        self.transactions.autocommit = autocommit
        self.variable_values: dict[str, str] = {}
        # Full name of a temporary object to its kind, TABLE or VIEW.
        self.temporary: dict[ObjectName, str] = {}
        self.frames: list[ProcedureFrame] = []
        self.last_query_id: str | None = None
        self.statement: str = ""
        # Ports of its client's open connections, and since when there is none (time.monotonic).
        self.peers: set[int] = set()
        self.alone_since: float | None = None
        # One statement at a time on one DuckDB connection; a CALL lets go of it while its handler runs.
        self.busy = threading.Lock()

    @property
    def duck(self) -> duckdb.DuckDBPyConnection:
        """The session's DuckDB connection."""
        return self._duck_conn

    def cursor(self, cursor_class: type[Any] | None = None) -> WarehouseCursor:
        """A cursor for one statement."""
        from local.warehouse.cursor import WarehouseCursor

        return WarehouseCursor(self, self._duck_conn)

    def resolve(self, parts: list[str]) -> ObjectName:
        """A name of one to three parts in full."""
        return resolve(parts, self.database, self.schema)

    def use(self, database: str, schema: str | None) -> None:
        """Make a database, and perhaps a schema, the current one."""
        target = f"{quoted(database)}.{quoted(schema or 'main')}".replace("'", "''")
        self._duck_conn.execute(f"SET schema = '{target}'")
        self.database, self.database_set = database, True
        self._schema, self.schema_set = schema, schema is not None

    @property
    def has_owners_rights(self) -> bool:
        """Whether what runs now runs with an owner's rights: of a procedure, or of one that called it."""
        return any(frame.owners_rights for frame in self.frames)

    def run_procedure(self, name: ObjectName, definition: Definition, arguments: list[Any]) -> Outcome:
        """Run a handler on this session; returns when it has ended and its open transaction is rolled back."""
        token = self.warehouse.attach(self)
        used = (self.database, self._schema)
        self.frames.append(ProcedureFrame(name, definition.execute_as == "OWNER" or self.has_owners_rights))
        in_its_schema = self.frames[-1].owners_rights
        self.transactions.depth += 1
        try:
            if in_its_schema:
                self.use(name.database, name.schema)
            with self.released():
                outcome = self.warehouse.runner.run(name.name, definition, arguments, token, str(self.session_id))
        except BaseException:
            with suppress(SqlError):
                self.transactions.end_of_procedure()
            raise
        else:
            self.transactions.end_of_procedure()
        finally:
            self.transactions.depth -= 1
            self.frames.pop()
            self.warehouse.logout(token)
            database, schema = used
            if database and in_its_schema:
                self.use(database, schema)
        return outcome

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let other threads run statements on this session meanwhile."""
        self.busy.release()
        try:
            yield
        finally:
            self.busy.acquire()

    def autocommit(self, mode: bool) -> None:
        """Switch autocommit (called by fakesnow for ALTER SESSION SET AUTOCOMMIT)."""
        self.transactions.set_autocommit(mode)

    def interrupt(self) -> None:
        """Stop what runs at the moment: DuckDB's query, or a procedure's handler."""
        self.warehouse.runner.stop(str(self.session_id))
        with suppress(duckdb.Error):
            self._duck_conn.interrupt()

    def close(self, retry: bool = True) -> None:
        """End the session: what is uncommitted is rolled back, temporary objects go."""
        self.interrupt()
        with self.busy:
            self.transactions.abandon()
            super().close()
