"""Files, ranges and the chain's day bars are observations of the same bars: what agrees makes no version, what differs
makes one, what a source doesn't have stays as it was; builds that went on equal a full refresh.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.scenario import bar, minute, ranged

FIRST, SECOND, THIRD = "2026-07-15", "2026-07-16", "2026-07-17"
CALL, OTHER = "O:AAA260821C00110000", "O:AAA260821C00120000"
CHAIN_AND_RANGE, CHAIN_AND_FILE, CHAIN_ALONE, UNTRADED, NEVER, TOMORROW, UNDATED, MIDSESSION, FINAL, FREE, TOGETHER = (
    f"O:AAA260821P{number:05d}000" for number in range(110, 121)
)
PAGED = "O:AAA260821P00121000"
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


def at_hour(session: str, hour: int) -> datetime:
    """UTC of an hour in New York, which is four behind in July."""
    return datetime.fromisoformat(session) + timedelta(hours=hour + 4)


def day_of(close: float, session: str, *, hour: int = 0, **changed: Any) -> dict[str, Any]:
    """The `day` of a chain that agrees with `bar(…, close)`: of 00:00 in New York, or of its last update."""
    at = datetime.fromisoformat(f"{session}T{hour:02d}:00").replace(tzinfo=ZoneInfo("America/New_York"))
    values = {"open": close, "close": close, "high": close + 1, "low": close / 2, "volume": 1000, "vwap": close}
    return values | {"last_updated": int(at.timestamp()) * 10**9} | changed


def chain(lake: Lake, session: str, days: dict[str, dict[str, Any]], *, at: datetime, **more: Any) -> str:
    rows = [{"details": {"ticker": contract}, "day": day, "open_interest": 5} for contract, day in days.items()]
    path = "/v3/snapshot/options/AAA"
    return lake.load("option_chain", path, rows, at=at, session=session, **more)


def first(lake: Lake) -> None:
    names = ("SAME", "RESTATED", "GONE", "NOVW")
    lake.grouped(FIRST, [bar(name, 10) for name in names[:3]] + [bar("NOVW", 10, vw=None)], at=minute(0))
    file(lake, SECOND, {name: row(11, SECOND) for name in names}, at=minute(1))
    ranged(lake, "option_bars", CALL, {FIRST: 2.0}, at=minute(0))
    file(lake, SECOND, {CALL: row(2.5, SECOND), OTHER: row(3.5, SECOND)}, at=minute(1))
    untraded = {UNTRADED: day_of(9, FIRST), NEVER: {}, TOMORROW: day_of(9, THIRD), UNDATED: {"close": 9, "volume": 9}}
    traded = {contract: day_of(4, SECOND, hour=16) for contract in (CHAIN_AND_RANGE, CHAIN_AND_FILE, CHAIN_ALONE)}
    chain(lake, SECOND, traded | untraded, at=minute(1))
    chain(lake, FIRST, {MIDSESSION: day_of(6, FIRST, hour=15)}, at=at_hour(FIRST, 16))
    chain(lake, FIRST, {FINAL: day_of(6, FIRST), FREE: day_of(0, FIRST)}, at=at_hour(FIRST, 17))
    page = chain(lake, FIRST, {PAGED: day_of(6, FIRST)}, at=minute(1), next_url="https://x/y?cursor=c1")
    chain(lake, FIRST, {PAGED: day_of(6.5, FIRST)}, at=minute(2), manifest=page, params={"cursor": "c1"})
    both = chain(lake, FIRST, {TOGETHER: day_of(7, FIRST, volume=1030)}, at=minute(1))
    ranged(lake, "option_bars", TOGETHER, {FIRST: 7.0}, at=minute(2), manifest=both)


def then(lake: Lake) -> None:
    """The file of what the API told, and the API about what a file told."""
    more = {"GONE": row(10, FIRST), "NOVW": row(10, FIRST), "NEW": row(5, FIRST)}
    file(lake, FIRST, {"SAME": row(10, FIRST), "RESTATED": row(10.5, FIRST)} | more, at=minute(10))
    lake.grouped(SECOND, [bar(name, 11) for name in ("SAME", "RESTATED", "GONE", "NOVW")], at=minute(10))
    file(lake, FIRST, {CALL: row(2.0, FIRST)}, at=minute(10))
    ranged(lake, "option_bars", CHAIN_AND_RANGE, {SECOND: 4.0}, at=minute(10))
    file(lake, SECOND, {CHAIN_AND_FILE: row(4, SECOND)}, at=minute(10))
    # The run is repeated: of a bar that a range or a file has told the chain has nothing to say any more.
    days = {CHAIN_AND_RANGE: day_of(4, SECOND, volume=1030), CHAIN_ALONE: day_of(4, SECOND, volume=1030)}
    chain(lake, SECOND, days | {TOGETHER: day_of(7, SECOND)}, at=minute(11))
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
    days: dict[str, tuple[Any, ...]]


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
    told = lake.execute(
        """
        select contract_ticker, day_close_usd, day_volume_contracts
        from snapshots.snapshot_polygon__option_chain
        where dbt_valid_to is null
        """
    )
    dbt.run_behind(*TABLES, again=True, full_refresh=True)
    days = {contract: tuple(day) for contract, *day in told}
    return Played(builds, {table: lake.rows(table) for table in TABLES}, versions, rejected, days)


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


def test_day_bar_of_a_chain_is_the_bar_of_its_session_and_of_no_other(played: Played) -> None:
    assert of(played, 0, CHAIN_ALONE, SECOND) == [(4, 4, 1, None)]
    assert of(played, 0, FINAL, FIRST)[0][:2] == (6, 6)
    contracts = {row[0] for row in played.versions[2]}
    assert not contracts & {UNTRADED, NEVER, TOMORROW, UNDATED, MIDSESSION, FREE, PAGED}


def test_chain_lacks_the_day_of_another_session(played: Played) -> None:
    assert played.days[UNTRADED] == played.days[TOMORROW] == played.days[NEVER] == played.days[UNDATED] == (None, None)
    assert played.days[FINAL] == (6, 1000)


def test_range_adds_the_trades_to_what_a_chain_told_and_a_file_keeps_the_average(played: Played) -> None:
    assert of(played, 2, CHAIN_AND_RANGE, SECOND) == [(4, 4, 1, 10), (4, 4, 10, None)]
    assert of(played, 2, CHAIN_AND_FILE, SECOND) == [(4, 4, 1, 10), (4, 4, 10, None)]


def test_chain_is_overruled_for_good_and_until_then_it_overrules_itself(played: Played) -> None:
    assert of(played, 2, CHAIN_ALONE, SECOND) == [(4, 4, 1, 11), (4, 4, 11, None)]
    assert of(played, 2, TOGETHER, FIRST) == [(7, 7, 2, None)]


def test_rows_of_a_file_are_judged_like_those_of_an_answer(played: Played) -> None:
    assert of(played, 2, "REPEATED", THIRD) == [(9, None, 11, None)]
    assert played.rejected == [
        ("EMPTY", "no price"),
        ("HUGE", "a price above every share"),
        (FREE, "a price that is not positive"),
        # On two pages of one chain: as rows of the chain, and as bars.
        *[(PAGED, "contradicts another row of the same answer")] * 4,
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


@dataclass
class Told:
    """A moment (minutes), who speaks at it and what is said: close, average and number of trades."""

    at: int
    source: str
    close: float
    average: float | None
    trades: int | None


LACKED = {"file": "average", "chain": "trades", "answer": ""}


def replayed(told: list[Told]) -> list[tuple[Any, ...]]:
    """An oracle of its own: one by one, in the order in which they came. A chain is silent once another has said
    something of its own.
    """
    versions: list[tuple[Any, ...]] = []
    known: dict[str, Any] = {}
    is_settled = False
    for one in told:
        said = {"close": one.close, "average": one.average, "trades": one.trades}
        if is_settled and one.source == "chain":
            continue
        lacked = LACKED[one.source]
        after = said | ({lacked: known.get(lacked)} if lacked else {})
        if after != known:
            if versions:
                versions[-1] = (*versions[-1][:-1], one.at)
            versions.append((*after.values(), one.at, None))
            is_settled |= one.source != "chain"
        known = after
    return versions


def tell(lake: Lake, said: dict[str, Told]) -> None:
    """What several are told of at one moment by one source, by name."""
    one = next(iter(said.values()))
    at = minute(one.at)
    if one.source == "file":
        for is_option in (False, True):
            rows = {
                name: row(told.close, RANDOM, transactions=told.trades)
                for name, told in said.items()
                if name.startswith("O:") == is_option
            }
            if rows:
                file(lake, RANDOM, rows, at=at)
    elif one.source == "chain":
        chain(lake, RANDOM, {name: day_of(told.close, RANDOM, vwap=told.average) for name, told in said.items()}, at=at)
    else:
        for name, told in said.items():
            values = {"vw": told.average, "n": told.trades}
            if name.startswith("O:"):
                ranged(lake, "option_bars", name, {RANDOM: told.close}, at=at, **values)
            else:
                lake.grouped(RANDOM, [bar(name, told.close, **values)], at=at, complete=False)


RANDOM, CHANCE, MOMENTS = "2026-07-14", random.Random(16), range(30, 42)
WORLDS = {"ANY": ("file", "answer")} | {
    f"O:AAA260821C00{number}000": ("file", "answer", "chain", "chain") for number in range(200, 206)
}


def test_sources_in_any_order_leave_what_a_replay_finds(lake: Lake, dbt: Dbt, played: Played) -> None:
    pick = CHANCE.choice
    told = {
        name: [
            Told(at, pick(sources), pick([10, 10, 10, 11]), pick([9.0, 9.0, 9.5, None]), pick([7, 7, 7, 8, None]))
            for at in MOMENTS
        ]
        for name, sources in WORLDS.items()
    }
    late = CHANCE.sample(MOMENTS, len(MOMENTS) // 3)
    for is_late in (False, True):
        for place, at in enumerate(MOMENTS):
            for source in LACKED if (at in late) == is_late else ():
                said = {name: those[place] for name, those in told.items() if those[place].source == source}
                if said:
                    tell(lake, said)
        dbt("run", "--select", *HISTORIES)
    expected = {name: replayed(those) for name, those in told.items()}
    assert {name: versions_of(lake, name) for name in WORLDS} == expected
    dbt("run", "--full-refresh", "--select", *HISTORIES)
    assert {name: versions_of(lake, name) for name in WORLDS} == expected


HISTORIES = (
    "stg_polygon__manifests_pending",
    "stg_polygon__answers",
    "stg_polygon__rows_rejected",
    "snapshot_polygon__stock_bars",
    "snapshot_polygon__options_bars",
)


def versions_of(lake: Lake, name: str) -> list[tuple[Any, ...]]:
    """Close, average, trades, and minutes from and until."""
    is_option = name.startswith("O:")
    return lake.execute(
        f"""
        select close_usd, vwap_usd, transactions,
            datediff('minute', '2026-07-20 12:00:00'::timestamp_ntz, dbt_valid_from),
            datediff('minute', '2026-07-20 12:00:00'::timestamp_ntz, dbt_valid_to)
        from snapshots.snapshot_polygon__{"options_bars" if is_option else "stock_bars"}
        where {"contract_ticker" if is_option else "ticker"} = %s and session_date = %s
        order by dbt_valid_from
        """,
        (name, RANDOM),
    )
