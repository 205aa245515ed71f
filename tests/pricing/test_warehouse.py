"""intermediate.option_numbers on the local warehouse gives what plain Python gives."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.warehouse import process
from pricing.options import NUMBERS, option_numbers
from tests.gates.sources import schemachange_scripts

pytestmark = pytest.mark.server

# exercise_style, contract_type, spot, strike, years, rate, yield, dividends, price
ROWS: list[tuple[Any, ...]] = [
    ("american", "put", 100.0, 110.0, 0.5, 0.04, 0.0, None, 12.5),
    ("american", "put", 100.0, 110.0, 0.5, 0.04, 0.0, "[[0.2, 0.5]]", 12.9),
    ("american", "call", 100.0, 90.0, 0.5, 0.04, 0.0, "[[0.1, 1.0], [0.35, 1.0]]", 14.0),
    ("american", "call", 100.0, 90.0, 0.5, 0.02, 0.06, None, 11.5),
    ("european", "call", 100.0, 90.0, 0.5, 0.04, 0.01, None, 14.0),
    ("american", "put", 100.0, 130.0, 0.5, 0.04, 0.0, None, 30.0),
    ("american", "put", None, 110.0, 0.5, 0.04, 0.0, None, 12.5),
    (None, "put", 100.0, 110.0, 0.5, 0.04, 0.0, None, 12.5),
    ("american", "put", 100.0, 110.0, 0.5, 0.04, 0.0, None, None),
]


@pytest.fixture(scope="module")
def cursor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A database that has the function."""
    running = process.start(tmp_path_factory.mktemp("warehouse"))
    (script,) = [one for one in schemachange_scripts() if one.name == "R__option_numbers.sql"]
    with running.connect() as connection, connection.cursor() as one:
        one.execute("create database options")
        one.execute("use database options")
        one.execute("create schema intermediate")
        one.execute(script.text)
        yield one
    running.stop()


def test_the_function_returns_what_plain_python_returns(cursor: Any) -> None:
    cursor.execute(
        "create table intermediate.quoted (place float, style varchar, kind varchar, spot float, strike float, "
        "years float, rate float, paid float, dividends varchar, price float)"
    )
    values = [(float(place), *row) for place, row in enumerate(ROWS)]
    cursor.executemany("insert into intermediate.quoted values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", values)

    cursor.execute(Path(__file__).with_name("call.sql").read_text())
    rows = [row[1:] for row in cursor.fetchall()]

    schedules = [json.loads(row[7] or "[]") for row in ROWS]
    columns = list(zip(*ROWS, strict=True))
    floats = [[math.nan if one is None else one for one in columns[place]] for place in (2, 3, 4, 5, 6, 8)]
    plain = option_numbers(
        columns[0], columns[1], *floats[:5],
        [[pair[0] for pair in one] for one in schedules], [[pair[1] for pair in one] for one in schedules], floats[5],
    )  # fmt: skip
    expected = [
        (*(None if math.isnan(plain[name][place]) else plain[name][place] for name in NUMBERS), reason)
        for place, reason in enumerate(plain["reason"])
    ]
    assert [row[7] for row in rows] == [
        *([None] * 5), "early_exercise", "no_spot", "no_terms", "no_price"
    ]  # fmt: skip
    for row, right in zip(rows, expected, strict=True):
        # A batch of the warehouse may be cut otherwise: the last digits may differ.
        for found, one in zip(row, right, strict=True):
            assert found == (pytest.approx(one, rel=1e-9, abs=1e-12) if isinstance(one, float) else one)
