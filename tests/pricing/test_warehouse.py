"""The table functions of this package on the local warehouse give what plain Python gives."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import QuantLib as ql

from local.warehouse import process
from pricing.chain import chain_surface
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
    """A database that has the functions."""
    running = process.start(tmp_path_factory.mktemp("warehouse"))
    names = ("R__option_numbers.sql", "R__fitted_surface.sql")
    scripts = [one for one in schemachange_scripts() if one.name in names]
    assert len(scripts) == len(names)
    with running.connect() as connection, connection.cursor() as one:
        one.execute("create database options")
        one.execute("use database options")
        one.execute("create schema intermediate")
        for script in scripts:
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


def chain(sigma: float) -> list[dict[str, Any]]:
    """One expiration of a forward of 100 whose volatilities fall from sigma + 0.1 to sigma."""
    quotes = []
    for strike in range(80, 121, 5):
        is_call = strike >= 100
        spread = (sigma + (120 - strike) / 400) * math.sqrt(0.25)
        worth = ql.blackFormula(ql.Option.Call if is_call else ql.Option.Put, float(strike), 100.0, spread)
        quotes.append([f"O:AAA{strike}", 1 if is_call else -1, strike, 100, worth])
    return [{"years": 0.25, "quotes": quotes}]


def test_chains_beside_malformed_ones_have_the_surface_that_plain_python_gives(cursor: Any) -> None:
    texts = [
        json.dumps(chain(0.2)), None, "", "not JSON", "[" * 100_000, "{}", "7", "[]", "[null]",
        json.dumps([{"years": 0.1, "quotes": [["O:AAA", 1, None, "x", float("inf")]]}, *chain(0.3)]),
    ]  # fmt: skip
    cursor.execute("create table intermediate.chains (place float, chain varchar)")
    cursor.executemany("insert into intermediate.chains values (%s, %s)", list(enumerate(texts)))

    cursor.execute(
        "select chains.place, surfaces.surface from intermediate.chains as chains, "
        "table(intermediate.fitted_surface(chains.chain)) as surfaces order by chains.place"
    )
    found = [None if text is None else json.loads(text) for _, text in cursor.fetchall()]

    assert found[1:7] == [None] * 6
    assert [[fit["reason"] for fit in fits] for fits in found[7:]] == [[], ["malformed"], ["too_few_points", None]]
    for place, sigma in ((0, 0.2), (9, 0.3)):
        (plain,) = chain_surface(chain(sigma))
        assert found[place][-1] == plain
