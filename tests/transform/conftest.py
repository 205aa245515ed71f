"""Databases of the local warehouse with what schemachange has made in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from local.warehouse.process import RunningWarehouse
from tests.gates.sources import schemachange_scripts


@pytest.fixture(scope="module")
def deployed(warehouse: RunningWarehouse) -> Iterator[Callable[[str, tuple[str, ...]], Any]]:
    """Makes an empty database, runs the scripts whose names begin like these, and returns a connection to it."""
    with ExitStack() as opened:

        def deploy(database: str, scripts: tuple[str, ...]) -> Any:
            connection = opened.enter_context(warehouse.connect())
            with connection.cursor() as cursor:
                cursor.execute(f"create or replace database {database}")
                cursor.execute(f"use database {database}")
                for script in schemachange_scripts(SNOWFLAKE_DATABASE=database):
                    if script.name.startswith(scripts):
                        for statement in script.statements:
                            cursor.execute(statement)
            return connection

        yield deploy
