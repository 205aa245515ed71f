"""A COPY's rows before they reach the table: transformed and converted on a connection and in a database of their own.

A bad value therefore costs the session nothing: DuckDB would end the caller's whole transaction over it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from local.warehouse.naming import quoted
from local.warehouse.staged.documents import Documents, Problem
from local.warehouse.staged.source import FILE, ROW, Source

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

RELATION = "_staged_source"
_NUMBER = re.compile(
    r"Could not (?:convert|cast) (?:string|value) [\"']?(.*?)[\"']? to (?:U?(?:INT|BIG|HUGE|DEC|DOUB)\w*)"
)
_MOMENT = re.compile(r"(?:timestamp|date|time) field (?:format|value)[^:]*: \"(.*?)\"")


@dataclass(frozen=True)
class Column:
    """A column of the target: DuckDB's type, and whether it takes NULL."""

    name: str
    kind: str
    is_nullable: bool

    @property
    def definition(self) -> str:
        """As in CREATE TABLE."""
        return f"{quoted(self.name)} {self.kind}{'' if self.is_nullable else ' NOT NULL'}"


class Scratch:
    """A table with the target's columns, filled by one SELECT over the documents of staged files."""

    def __init__(self, cursor: WarehouseCursor, columns: Sequence[Column], select: exp.Select, params: Any) -> None:
        """`select` is in DuckDB's dialect, gives one value a column and reads from `RELATION`."""
        self._duck = cursor.duck.cursor()
        self._name = f"_staged_{uuid.uuid4().hex}"
        self._columns = columns
        self._select = select
        self._params = params if select.find(exp.Placeholder) else None
        self._duck.execute(f"ATTACH ':memory:' AS {self._name} (HIDDEN)")
        definitions = ", ".join(["_file INTEGER", "_row BIGINT", *(column.definition for column in columns)])
        self._duck.execute(f"CREATE TABLE {self.table} ({definitions})")
        if cursor.current_database:
            path = f"{quoted(cursor.current_database)}.{quoted(cursor.current_schema or 'main')}"
            # Names of functions are looked up where the session is.
            self._duck.execute(f"SET schema = '{path.replace(chr(39), chr(39) * 2)}'")

    @property
    def table(self) -> str:
        """The table's full name, readable from every connection."""
        return f"{self._name}.main.documents"

    @property
    def duck(self) -> duckdb.DuckDBPyConnection:
        """The connection that fills it."""
        return self._duck

    def fill(self, source: Source) -> int:
        """Transform everything; returns the number of rows. On an error the table is left empty."""
        with self._reading(source.reader()):
            (count,) = self._duck.execute(self._insert(), self._params).fetchall()[0]
        return int(count)

    def _insert(self) -> str:
        return f"INSERT INTO {self.table} {self._select.sql(dialect='duckdb')}"

    @contextmanager
    def _reading(self, data: pa.RecordBatchReader | pa.Table) -> Iterator[None]:
        self._duck.register(RELATION, data)
        try:
            yield
        finally:
            with suppress(duckdb.Error):
                self._duck.unregister(RELATION)

    def failing(self, source: Source, only_first: bool) -> dict[int, list[Problem]]:
        """Find the documents that cannot be converted: problems by file index."""
        problems: dict[int, list[Problem]] = {}
        for index, found in source.each():
            if not isinstance(found, Documents):
                continue
            here = list(self._search(source, index, found, only_first))
            if here:
                problems[index] = here
                if only_first:
                    break
        return problems

    def _search(self, source: Source, index: int, found: Documents, only_first: bool) -> Iterator[Problem]:
        """Halve the documents until each failing one stands alone."""
        error = self._try(source, index, found)
        if error is None or not len(found.texts):
            return
        if len(found.texts) == 1:
            message, is_null = _explain(error)
            column = self._null_column(error) if is_null else self._bad_column(source, index, found)
            yield Problem(message, found.lines[0].as_py(), row=found.rows[0].as_py(), column=column, is_json=False)
            return
        middle = len(found.texts) // 2
        for start, length in ((0, middle), (middle, len(found.texts) - middle)):
            part = Documents(*(array.slice(start, length) for array in (found.texts, found.lines, found.rows)))
            for problem in self._search(source, index, part, only_first):
                yield problem
                if only_first:
                    return

    def _try(self, source: Source, index: int, found: Documents) -> duckdb.Error | None:
        """Transform some documents and throw the result away; returns what went wrong."""
        self._duck.begin()
        try:
            with self._reading(pa.Table.from_batches(source.rows(index, found), source.schema)):
                self._duck.execute(self._insert(), self._params)
        except duckdb.Error as error:
            return error
        finally:
            with suppress(duckdb.Error):
                self._duck.rollback()
        return None

    def _null_column(self, error: duckdb.Error) -> str | None:
        name = str(error).rpartition(".")[2].strip()
        return name if any(column.name == name for column in self._columns) else None

    def _bad_column(self, source: Source, index: int, found: Documents) -> str | None:
        """The column whose value of one document cannot be converted."""
        if self._params:
            return None
        table = pa.Table.from_batches(source.rows(index, found), source.schema)
        for at, column in enumerate(self._columns):
            one = self._select.copy()
            one.set("expressions", [exp.cast(_unaliased(one.expressions[at + 2]), column.kind, dialect="duckdb")])
            try:
                with self._reading(table):
                    self._duck.execute(one.sql(dialect="duckdb")).fetchall()
            except duckdb.Error:
                return column.name
        return None

    def close(self) -> None:
        """Give everything back."""
        with suppress(duckdb.Error):
            self._duck.execute("USE memory")
        with suppress(duckdb.Error):
            self._duck.execute(f"DETACH {self._name}")
        self._duck.close()


def _unaliased(node: exp.Expr) -> exp.Expr:
    return node.this.copy() if isinstance(node, exp.Alias) else node.copy()


def _explain(error: duckdb.Error) -> tuple[str, bool]:
    """Snowflake's words for DuckDB's error, and whether it is about a NULL."""
    text = str(error).splitlines()[0]
    if isinstance(error, duckdb.ConstraintException):
        return "NULL result in a non-nullable column", True
    if found := _NUMBER.search(text):
        return f"Numeric value '{found[1]}' is not recognized", False
    if found := _MOMENT.search(text):
        return f"Timestamp '{found[1]}' is not recognized", False
    return text.partition(": ")[2] or text, False


def with_position(select: exp.Select) -> exp.Select:
    """Put the file's index and the row number in front of the values of a SELECT."""
    select.set("expressions", [exp.column(FILE), exp.column(ROW), *select.expressions])
    return select
