"""Who a ticker was: listings of days, delistings and events, from raw to staging."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.dbt.conftest import Dbt, Lake, differences

NOON = datetime(2026, 7, 20, 12)
TABLES = (
    "snapshots.snapshot_polygon__tickers",
    "snapshots.snapshot_polygon__ticker_listings",
    "snapshots.snapshot_polygon__ticker_events",
)
PATH, LIST = "/v3/reference/tickers", {"market": "stocks", "active": "true", "limit": "1000"}
FUND, META = "BBGSIM000000", "BBG000MM2P62"


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def ticker(name: str, figi: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"ticker": name, "name": f"{name} [synthetic]", "market": "stocks", "active": True, "type": "CS"}
    return row | ({"composite_figi": figi} if figi else {}) | more


def listed(lake: Lake, at: datetime, *rows: dict[str, Any], **more: Any) -> str:
    return lake.load("tickers", PATH, rows, at=at, params=LIST, **more)


def events(lake: Lake, at: datetime, asked: str, told: dict[str, Any], *changes: tuple[str, str]) -> None:
    """The `results` of an answer are one object."""
    rows = [
        {"type": "ticker_change", "date": day, "ticker_change": {"ticker": name}} if day else {"type": "merger"}
        for day, name in changes
    ]
    manifest = lake.load("ticker_events", "x", [], at=at)
    request = {"path": f"/vX/reference/tickers/{asked}/events", "params": {}}
    response = {"status": "OK", "results": told | {"events": rows}}
    lake.execute(
        "update raw.ticker_events set request = parse_json(%s), response = parse_json(%s) where manifest_id = %s",
        (json.dumps(request), json.dumps(response), manifest),
    )


def first(lake: Lake) -> None:
    others = [ticker(f"T{number}") for number in range(5)]
    listed(lake, minute(0), ticker("FB", META), ticker("GONE", last_updated_utc="2026-07-01T00:00:00Z"), *others)
    lake.load(
        "ticker_listings",
        PATH,
        [ticker("META", FUND, type="ETF")],
        at=minute(0),
        session="2021-07-01",
        params=LIST | {"date": "2021-07-01"},
    )
    lake.load(
        "ticker_listings",
        PATH,
        [ticker("META", META), ticker("OLD")],
        at=minute(0),
        session="2022-07-01",
        params=LIST | {"date": "2022-07-01"},
    )
    events(
        lake,
        minute(0),
        "FB",
        {"name": "Facebook", "composite_figi": META},
        ("2012-05-18", "FB"),
        ("2013-01-02", "WRONG"),
    )
    events(lake, minute(1), "T0", {"name": "No FIGI", "cik": "1"}, ("2020-01-02", "T0"), ("", ""))


def second(lake: Lake) -> None:
    others = [ticker(f"T{number}") for number in range(5)]
    # A list whose manifest is incomplete says nothing of what it lacks, nor does an empty one; a whole one does.
    listed(lake, minute(10), ticker("FB", META), complete=False)
    listed(lake, minute(11))
    listed(lake, minute(20), ticker("META", META), ticker("T0", last_updated_utc="2026-07-20T00:00:00Z"), *others[1:])
    gone = ticker("GONE", active=False, delisted_utc="2026-07-17T00:00:00Z")
    fund = ticker("META", active=False, delisted_utc="2022-01-28T00:00:00Z")
    lake.load(
        "ticker_listings",
        PATH,
        [gone, fund, ticker("LOST", active=False)],
        at=minute(21),
        session="2026-07-13_2026-07-20",
        params=LIST | {"active": "false"},
    )
    events(
        lake, minute(22), META, {"name": "Meta", "composite_figi": META}, ("2022-06-09", "META"), ("2012-05-18", "FB")
    )


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> tuple[Lake, dict[str, Any], dict[str, Any]]:
    """The lake after two builds, its histories then, and those of a build from nothing."""
    models = ("stg_polygon__tickers", "stg_polygon__ticker_listings", "stg_polygon__ticker_events")
    first(lake)
    dbt.run_behind(*models)
    second(lake)
    dbt.run_behind(*models, again=True)
    later = {table: lake.rows(table) for table in TABLES}
    dbt.run_behind(*models, again=True, full_refresh=True)
    return lake, later, {table: lake.rows(table) for table in TABLES}


@pytest.mark.parametrize("table", TABLES)
def test_incremental_equals_full_refresh_row_for_row(built: Any, table: str) -> None:
    _, later, refreshed = built
    assert differences(refreshed[table], later[table]) == []


def test_a_ticker_that_the_whole_list_lacks_is_not_active_from_then_on_and_keeps_its_name(built: Any) -> None:
    rows = built[0].execute(
        "select ticker, ticker_name, is_active, delisted_date::varchar from staging.stg_polygon__tickers"
        " where ticker not like 'T%%' order by 1",
    )
    assert rows == [
        ("FB", "FB [synthetic]", False, None),
        ("GONE", "GONE [synthetic]", False, "2026-07-17"),
        ("META", "META [synthetic]", True, None),
        ("OLD", "OLD [synthetic]", False, None),
    ]
    ends = built[0].execute(
        "select ticker, dbt_valid_to from snapshots.snapshot_polygon__tickers where dbt_valid_to is not null order by 1"
    )
    assert ends == [("FB", minute(20)), ("GONE", minute(20))]


def test_another_time_of_the_last_update_is_not_another_version(built: Any) -> None:
    rows = built[0].execute(
        "select vendor_updated_at from snapshots.snapshot_polygon__tickers where ticker = 'T0'",
    )
    assert rows == [(None,)]


def test_listings_say_who_a_ticker_was_on_a_day(built: Any) -> None:
    rows = built[0].execute(
        "select listing_kind, listing_date::varchar, composite_figi, security_type"
        " from staging.stg_polygon__ticker_listings where ticker = 'META' order by listing_date"
    )
    assert rows == [
        ("listed", "2021-07-01", FUND, "ETF"),
        ("delisted", "2022-01-28", None, "CS"),
        ("listed", "2022-07-01", META, "CS"),
    ]


def test_events_are_of_a_security_whatever_was_asked_and_what_a_later_answer_lacks_ends(built: Any) -> None:
    rows = built[0].execute(
        "select security_key, event_date::varchar, ticker, asked_id, fetched_at"
        " from staging.stg_polygon__ticker_events order by 1, 2"
    )
    assert rows == [
        (META, "2012-05-18", "FB", META, minute(22)),
        (META, "2022-06-09", "META", META, minute(22)),
        ("T0", "2020-01-02", "T0", "T0", minute(1)),
    ]
    ended = built[0].execute(
        "select ticker, dbt_valid_to from snapshots.snapshot_polygon__ticker_events where ticker = 'WRONG'"
    )
    assert ended == [("WRONG", minute(22))]


def test_what_cannot_be_placed_is_rejected_with_a_reason(built: Any) -> None:
    rows = built[0].execute("select dataset, rejection_reason from staging.stg_polygon__rows_rejected order by 1")
    assert rows == [
        ("ticker_events", "an event that is not a change of ticker"),
        ("ticker_listings", "no day of the listing or delisting"),
    ]
