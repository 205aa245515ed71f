"""A local warehouse for this folder's tests, reached over HTTP with Snowflake's own connector."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.warehouse import process
from tests.live.target import Target, account

LIVE = account()
DATABASE = LIVE.database if LIVE else "TESTS"
_numbers = itertools.count(1)


class OnAccount:
    """The account of the live tests in the place of a local warehouse; what only that has is not here."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def connect(self, **settings: Any) -> Any:
        """A connection in the role that may create schemas."""
        return self.target.connect("deployer", **{name: settings[name] for name in settings if name != "database"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With an account configured, what states the stand-in's own behaviour is skipped."""
    for item in items:
        if LIVE and item.get_closest_marker("stand_in_only"):
            item.add_marker(pytest.mark.skip(reason="true of the local Snowflake only"))


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The local warehouse; with SNOWTAPE_LIVE_* set the account, which these tests state the behaviour of."""
    if LIVE:
        yield OnAccount(LIVE)
        return
    running = process.start(tmp_path_factory.mktemp("warehouse"), arguments=("--abandon-after", "1"))
    with running.connect() as connection:
        connection.cursor().execute(f"create database {DATABASE}")
    yield running
    running.stop()


@pytest.fixture
def connect(warehouse: process.RunningWarehouse) -> Iterator[Callable[..., Any]]:
    """Opens connections that start in a schema of this test's own."""
    schema = f"T{next(_numbers)}"
    with warehouse.connect(database=DATABASE) as connection:
        connection.cursor().execute(f"create schema {schema}")
    opened: list[Any] = []

    def open_one(**settings: Any) -> Any:
        opened.append(warehouse.connect(**{"database": DATABASE, "schema": schema, **settings}))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def connection(connect: Callable[..., Any]) -> Any:
    return connect()


class Sql:
    """Runs statements and gives back rows: `sql("select 1") == [(1,)]`."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.cursor = connection.cursor()

    def __call__(self, *statements: str, binds: Any = None) -> list[tuple[Any, ...]]:
        for statement in statements:
            self.cursor.execute(statement, binds)
        return list(self.cursor.fetchall())

    def value(self, statement: str, binds: Any = None) -> Any:
        return self(statement, binds=binds)[0][0]

    @property
    def columns(self) -> list[str]:
        return [column.name for column in self.cursor.description]


@pytest.fixture
def sql(connection: Any) -> Sql:
    return Sql(connection)


@pytest.fixture
def open_sql(connect: Callable[..., Any]) -> Callable[..., Sql]:
    """Several sessions in one test."""
    return lambda **settings: Sql(connect(**settings))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"
