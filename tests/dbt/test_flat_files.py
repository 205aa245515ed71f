"""Files and answers of the API are observations of the same bars: what agrees makes no version, what differs makes one,
what files don't have stays as it was; builds that went on equal a full refresh.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.scenario import bar, minute, ranged

FIRST, SECOND, THIRD = "2026-07-15", "2026-07-16", "2026-07-17"
CALL, OTHER = "O:AAA260821C00110000", "O:AAA260821C00120000"
TABLES = (
    "snapshots.snapshot_polygon__stock_bars",
    "snapshots.snapshot_polygon__options_bars",
    "staging.stg_polygon__answers",
    "staging.stg_polygon__rows_rejected",
    "intermediate.int_polygon__stock_bars_enriched",
    "intermediate.int_polygon__options_bars_enriched",
    "marts.fct_polygon__stock_bars_performance",
    "marts.fct_polygon__bar_versions",
)
COLUMNS = ("open", "close", "high", "low", "volume", "transactions", "window_start")


def row(close: float, session: str, **changed: Any) -> dict[str, Any]:
    """A line of a file that agrees with `bar(…, close)`."""
    midnight = datetime.combine(date.fromisoformat(session), datetime.min.time(), ZoneInfo("America/New_York"))
    values = {"open": close, "close": close, "high": close + 1, "low": close / 2, "volume": 1000, "transactions": 7}
    return values | {"window_start": int(midnight.timestamp()) * 10**9} | changed


def file(lake: Lake, session: str, rows: Mapping[str, dict[str, Any]] | list[Any], *, at: datetime) -> str:
    """A flat file in a manifest of its own, as the load leaves it: all fields are texts."""
    lines = list(rows.items()) if isinstance(rows, Mapping) else rows
    is_option = str(lines[0][0]).startswith("O:")
    table = "option_bar_files" if is_option else "stock_bar_files"
    manifest = lake.load("option_chain" if is_option else "ticker_events", "/none", [], at=at)
    for number, (ticker, values) in enumerate(lines, 1):
        texts = [None if values[name] is None else str(values[name]) for name in COLUMNS]
        lake.execute(
            f"""
            insert into raw.{table} (manifest_id, object_key, line_number, ticker, {", ".join(COLUMNS)}, fetched_at,
                loaded_at)
            select %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::timestamp_ntz, %s::timestamp_ntz
            """,
            (manifest, f"raw/{table}/{session}/{manifest}/0123456789abcdef.csv.gz", number, ticker, *texts, at, at),
        )
    return manifest


def first(lake: Lake) -> None:
    names = ("SAME", "RESTATED", "GONE", "NOVW")
    lake.grouped(FIRST, [bar(name, 10) for name in names[:3]] + [bar("NOVW", 10, vw=None)], at=minute(0))
    file(lake, SECOND, {name: row(11, SECOND) for name in names}, at=minute(1))
    ranged(lake, "option_bars", CALL, {FIRST: 2.0}, at=minute(0))
    file(lake, SECOND, {CALL: row(2.5, SECOND), OTHER: row(3.5, SECOND)}, at=minute(1))


def then(lake: Lake) -> None:
    """The file of what the API told, and the API about what a file told."""
    more = {"GONE": row(10, FIRST), "NOVW": row(10, FIRST), "NEW": row(5, FIRST)}
    file(lake, FIRST, {"SAME": row(10, FIRST), "RESTATED": row(10.5, FIRST)} | more, at=minute(10))
    lake.grouped(SECOND, [bar(name, 11) for name in ("SAME", "RESTATED", "GONE", "NOVW")], at=minute(10))
    file(lake, FIRST, {CALL: row(2.0, FIRST)}, at=minute(10))
    damaged = {"transactions": None, "volume": "many"}
    odd = [
        ("SAME", row(9, THIRD)),
        ("TWICE", row(9, THIRD)),
        ("TWICE", row(9.5, THIRD)),
        ("REPEATED", row(9, THIRD)),
        ("REPEATED", row(9, THIRD)),
        ("OTHERDAY", row(9, FIRST)),
        ("WORDS", row(9, THIRD) | damaged),
        ("HUGE", row(1e13, THIRD)),
        ("EMPTY", row(9, THIRD) | {"close": None}),
        (None, row(9, THIRD)),
    ]
    file(lake, THIRD, odd, at=minute(11))


def at_last(lake: Lake) -> None:
    """A replaced file: one bar changed, one gone; the API again; an answer that comes late."""
    closes = {"SAME": 10, "RESTATED": 10.75, "NOVW": 10, "NEW": 5}
    file(lake, FIRST, {name: row(close, FIRST) for name, close in closes.items()}, at=minute(20))
    lake.grouped(SECOND, [bar(name, 11) for name in ("SAME", "RESTATED", "GONE", "NOVW")], at=minute(20))
    file(lake, SECOND, {CALL: row(2.75, SECOND), OTHER: row(3.5, SECOND)}, at=minute(20))
    lake.grouped(FIRST, [bar("RESTATED", 10, vw=9.9)], at=minute(5), complete=False)


@dataclass
class Played:
    builds: list[dict[str, list[tuple[Any, ...]]]]
    refreshed: dict[str, list[tuple[Any, ...]]]
    versions: list[list[tuple[Any, ...]]]
    rejected: list[tuple[Any, ...]]


VERSIONS = """
    select ticker, to_char(session_date, 'YYYY-MM-DD'), close_usd, vwap_usd,
        datediff('minute', '2026-07-20 12:00:00'::timestamp_ntz, dbt_valid_from),
        datediff('minute', '2026-07-20 12:00:00'::timestamp_ntz, dbt_valid_to)
    from snapshots.snapshot_polygon__stock_bars
    union all
    select contract_ticker, to_char(session_date, 'YYYY-MM-DD'), close_usd, vwap_usd,
        datediff('minute', '2026-07-20 12:00:00'::timestamp_ntz, dbt_valid_from),
        datediff('minute', '2026-07-20 12:00:00'::timestamp_ntz, dbt_valid_to)
    from snapshots.snapshot_polygon__options_bars
    order by 1, 2, 5
"""


@pytest.fixture(scope="module")
def played(lake: Lake, dbt: Dbt) -> Played:
    builds, versions = [], []
    for step in (first, then, at_last):
        step(lake)
        dbt.run_behind(*TABLES, again=step is not first)
        builds.append({table: lake.rows(table) for table in TABLES})
        versions.append(lake.execute(VERSIONS))
    rejected = lake.execute(
        "select symbol, rejection_reason from staging.stg_polygon__rows_rejected order by 1 nulls last, 2"
    )
    dbt.run_behind(*TABLES, again=True, full_refresh=True)
    return Played(builds, {table: lake.rows(table) for table in TABLES}, versions, rejected)


def of(played: Played, build: int, ticker: str, session: str) -> list[tuple[Any, ...]]:
    """Versions of a bar: close, average, minutes from and until."""
    return [row[2:] for row in played.versions[build] if row[:2] == (ticker, session)]


def test_file_that_agrees_makes_no_version_and_keeps_the_average(played: Played) -> None:
    assert of(played, 2, "SAME", FIRST) == [(10, 10, 0, None)]
    assert of(played, 2, "NOVW", FIRST) == [(10, None, 0, None)]
    assert of(played, 2, CALL, FIRST) == [(2, 2, 0, None)]


def test_answer_that_agrees_with_a_file_adds_the_average_and_then_nothing(played: Played) -> None:
    assert of(played, 0, "SAME", SECOND) == [(11, None, 1, None)]
    assert of(played, 2, "SAME", SECOND) == [(11, None, 1, 10), (11, 11, 10, None)]


def test_file_that_differs_makes_a_version_with_the_average_that_was_known(played: Played) -> None:
    assert of(played, 1, "RESTATED", FIRST) == [(10, 10, 0, 10), (10.5, 10, 10, None)]


def test_replaced_file_makes_a_version_and_a_late_answer_finds_its_place(played: Played) -> None:
    assert of(played, 2, "RESTATED", FIRST) == [
        (10, 10, 0, 5),
        (10, 9.9, 5, 10),
        (10.5, 9.9, 10, 20),
        (10.75, 9.9, 20, None),
    ]
    assert of(played, 2, CALL, SECOND) == [(2.5, None, 1, 20), (2.75, None, 20, None)]
    assert of(played, 2, OTHER, SECOND) == [(3.5, None, 1, None)]


def test_bar_that_a_replaced_file_lacks_has_ended(played: Played) -> None:
    assert of(played, 2, "GONE", FIRST) == [(10, 10, 0, 20)]
    assert of(played, 2, "NEW", FIRST) == [(5, None, 10, None)]
    assert of(played, 2, "GONE", SECOND)[-1][-1] is None


def test_rows_of_a_file_are_judged_like_those_of_an_answer(played: Played) -> None:
    assert of(played, 2, "REPEATED", THIRD) == [(9, None, 11, None)]
    assert played.rejected == [
        ("EMPTY", "no price"),
        ("HUGE", "a price above every share"),
        ("OTHERDAY", "a session that was not asked for"),
        ("TWICE", "contradicts another row of the same answer"),
        ("TWICE", "contradicts another row of the same answer"),
        ("WORDS", "a number that cannot be read"),
        (None, "no ticker"),
    ]


@pytest.mark.parametrize("table", TABLES)
def test_table_equals_a_full_refresh_row_for_row(played: Played, table: str) -> None:
    assert played.refreshed[table]
    assert differences(played.builds[-1][table], played.refreshed[table]) == []


def test_files_and_answers_in_any_order_leave_what_a_replay_finds(lake: Lake, dbt: Dbt, played: Played) -> None:
    """An oracle of its own: answers one by one, in the order in which they came."""
    chance, session = random.Random(16), "2026-07-14"
    told = [
        (number, chance.random() < 0.5, chance.choice([10, 10, 11]), chance.choice([9.0, 9.5])) for number in range(24)
    ]
    expected: list[tuple[Any, ...]] = []
    close_now, average_now = None, None
    for number, is_file, close, average in told:
        after = (close, average_now if is_file else average)
        if (close_now, average_now) != after or not expected:
            if expected:
                expected[-1] = (*expected[-1][:3], 30 + number)
            expected.append((*after, 30 + number, None))
        close_now, average_now = after
    late = chance.sample(told, 8)
    for group in ([one for one in told if one not in late], late):
        for number, is_file, close, average in group:
            if is_file:
                file(lake, session, {"ANY": row(close, session)}, at=minute(30 + number))
            else:
                lake.grouped(session, [bar("ANY", close, vw=average)], at=minute(30 + number), complete=False)
        dbt(
            "run",
            "--select",
            "stg_polygon__manifests_pending",
            "stg_polygon__answers",
            "stg_polygon__rows_rejected",
            "snapshot_polygon__stock_bars",
        )
    assert [one[2:] for one in lake.execute(VERSIONS) if one[0] == "ANY"] == expected
