"""One statement on a session: who handles it, in which transaction, and what comes back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import sqlglot
from fakesnow import statement_type
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp
from sqlglot.errors import ParseError

from local.warehouse import commands
from local.warehouse.errors import SYNTAX_ERROR, SqlError, from_duckdb, sql_error, unknown_statement
from local.warehouse.functions import calls
from local.warehouse.output import arrow_table
from local.warehouse.procedures import rights
from local.warehouse.results import StatementResult
from local.warehouse.sql import flatten, functions, headings, trees
from local.warehouse.sql.names import quote_reserved
from local.warehouse.sql.passes import Passes
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.session import Session

log = logging.getLogger("snowtape.warehouse")


class WarehouseCursor(FakeSnowflakeCursor):
    """fakesnow's cursor with more statements, Snowflake's transactions, and SQL errors for everything."""

    def __init__(self, session: Session, duck: duckdb.DuckDBPyConnection) -> None:
        super().__init__(session, duck)
        self.session = session
        self.columns: list[tuple[str, str]] = []
        self.statement_type = statement_type.UNKNOWN

    @property
    def duck(self) -> duckdb.DuckDBPyConnection:
        """The session's DuckDB connection."""
        return self._duck_conn

    @property
    def current_database(self) -> str | None:
        """The session's database."""
        return self.session.database

    @property
    def current_schema(self) -> str | None:
        """The session's schema."""
        return self.session.schema

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.session.transactions.is_open

    @property
    def table(self) -> pa.Table:
        """The result's rows."""
        assert self._arrow_table is not None
        return self._arrow_table

    def sql_error(self, message: str, errno: int, sqlstate: str) -> SqlError:
        """An error that reaches the client as it is."""
        return sql_error(message, errno, sqlstate)

    def execute(
        self, command: str, params: Sequence[Any] | dict[Any, Any] | None = None, *args: Any, **kwargs: Any
    ) -> WarehouseCursor:
        """Run one statement. Raises ProgrammingError and nothing else."""
        try:
            self._run(Statement.of(command), kwargs.get("binding_params") or params)
        except SqlError as error:
            # fakesnow's numbers for what DuckDB raised differ from Snowflake's in places that clients look at.
            cause = error.__cause__
            translated = from_duckdb(cause) if isinstance(cause, duckdb.Error) else error
            self._failed(translated)
            raise translated from None
        except Exception as error:
            if not isinstance(error, duckdb.Error):
                log.exception("statement failed: %.300s", command)
            self._failed(error)
            raise from_duckdb(error) from error
        return self

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Rows of a SELECT in Snowflake's dialect, for the warehouse's own use."""
        self._run_tree(self.parse(sql), params)
        return list(zip(*(column.to_pylist() for column in self.table.columns), strict=True))

    def describe_only(self, command: str, params: Any) -> None:
        """Find out a statement's result columns; a query is planned, not run."""
        statement = Statement.of(command)
        expression = None if commands.find(statement) else self.parse(statement.text)
        if isinstance(expression, exp.Query):
            unbound = expression.transform(lambda e: exp.Null() if isinstance(e, exp.Placeholder) else e)
            self._run_tree(unbound.limit(0) if isinstance(unbound, exp.Select) else unbound, None)
        else:
            self.execute(command, params)

    def answer(self, result: StatementResult) -> None:
        """Make a finished result this cursor's result."""
        self._finish(arrow_table(result), result.rowcount, result.columns)

    def _finish(self, table: pa.Table, rowcount: int, columns: Sequence[tuple[str, str]]) -> None:
        query_id = str(uuid.uuid4())
        # fakesnow declares these as None.
        self.__dict__.update(_arrow_table=table, _arrow_table_fetch_index=None, _rowcount=rowcount, _sfqid=query_id)
        self.columns = list(columns)
        self._conn.results_cache[query_id] = (table, rowcount, self.columns)

    def _run(self, statement: Statement, params: Any) -> None:
        self.session.statement = statement.text
        if self.session.has_owners_rights:
            rights.check(statement)
        for module in self.session.warehouse.extensions:
            if module.handles(statement.text):
                outcome = module.execute(self, statement.text, params)
                if isinstance(outcome, StatementResult):
                    self.answer(outcome)
                else:
                    self._run_tree(self.parse(outcome), params)
                return
        if command := commands.find(statement):
            self.answer(command(self, statement, params))
            return
        expression = self.parse(statement.text)
        if isinstance(expression, exp.Command):
            raise unknown_statement(statement.text)
        headings.name(statement, expression)
        self._run_tree(expression, params)

    def parse(self, sql: str) -> exp.Expr:
        """The tree of one statement. Raises a syntax error, also for several statements."""
        try:
            parsed = [e for e in sqlglot.parse(sql, read="snowflake") if e and not isinstance(e, exp.Semicolon)]
        except ParseError as error:
            message = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
            raise sql_error(f"SQL compilation error:\n{message}", *SYNTAX_ERROR) from None
        if len(parsed) != 1:
            raise sql_error(
                f"Actual statement count {len(parsed)} did not match the desired statement count 1.", 8, "0A000"
            )
        return _without_positions(parsed[0])

    def _run_tree(self, expression: exp.Expr, params: Any) -> None:
        self.statement_type = statement_type.statement_type_id(expression)
        if isinstance(params, tuple):
            params = list(params)
        trees.run(self, expression, params)

    def translate(self, expression: exp.Expr, params: Any) -> Iterator[exp.Expr]:
        """The tree, or the several it takes, in DuckDB's dialect. May take placeholders out of `params`."""
        expression = functions.rewrite(flatten.rewrite(calls.rewrite(self.session, expression)))
        for part in self._transform_explode(expression):
            yield quote_reserved(self._transform(part, params))

    def run_transformed(self, expression: exp.Expr, params: Any = None) -> None:
        """Translate a Snowflake tree and run it, without any further handling."""
        for translated in self.translate(expression, params):
            self._execute(translated, params if translated.find(exp.Placeholder) else None)
            self.columns = [(str(column[0]), str(column[1])) for column in self._duck_conn.description or []]

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Several DuckDB statements as one: in a transaction of their own unless one is open."""
        if self.in_transaction:
            yield
            return
        self.duck.begin()
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):
                self.duck.rollback()
            raise
        self.duck.commit()

    def _transform_explode(self, expression: exp.Expr) -> list[exp.Expr]:
        # fakesnow emulates MERGE and INSERT OVERWRITE; local.warehouse.sql.changes runs them natively.
        if isinstance(expression, (exp.Merge, exp.Insert)):
            return [expression]
        return list(super()._transform_explode(expression))

    def _transform(self, expression: exp.Expr, params: Any) -> exp.Expr:
        # fakesnow chains `.transform(pass)`, eighty times, and gives back what the last one gives.
        passes: Any = Passes(expression)
        done: Any = super()._transform(passes, params)
        return done.tree

    def _describe_last_sql(self) -> list[Any]:
        # fakesnow runs DESCRIBE on the translated text once more; DuckDB has told us already.
        return [(name, kind, None, None, None, None) for name, kind in self.columns]

    def _failed(self, error: Exception) -> None:
        self._sqlstate = getattr(error, "sqlstate", None)
        self.session.transactions.after_error(str(getattr(error, "msg", None) or error))


def _without_positions(tree: exp.Expr) -> exp.Expr:
    """The tree without where each word stood in the text, which every copy of a node copies with much more work than
    the node. fakesnow asks a STDDEV for it, how long its name was.
    """
    for node in tree.dfs():
        if not isinstance(node, exp.Stddev):
            node._meta = None
    return tree
