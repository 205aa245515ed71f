"""The cache: one statement per (name, values, mart version); errors aren't kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from dashboard.data.door import CACHE_ENTRIES, VERSION_SECONDS, Door
from dashboard.data.errors import NotBuilt, WarehouseAway

if TYPE_CHECKING:
    from tests.dashboard.conftest import Clock, FakeWarehouse


def test_the_same_question_is_asked_once(door: Door, fake: FakeWarehouse) -> None:
    first, second = door.read("bars", security="ticker:AAPL"), door.read("bars", security="ticker:AAPL")
    assert first is second
    assert fake.asked.count("bars") == 1


def test_another_value_is_another_question(door: Door) -> None:
    assert set(door.read("bars", security="ticker:AAPL")["ticker"]) == {"AAPL"}
    assert set(door.read("bars", security="ticker:MSFT")["ticker"]) == {"MSFT"}


def test_a_new_mart_version_asks_again(door: Door, fake: FakeWarehouse, clock: Clock) -> None:
    door.read("bars", security="ticker:AAPL")
    fake.version = 2
    clock.now += VERSION_SECONDS
    door.read("bars", security="ticker:AAPL")
    assert fake.asked.count("bars") == 2


def test_the_version_is_asked_at_most_every_two_seconds(door: Door, fake: FakeWarehouse, clock: Clock) -> None:
    for _ in range(5):
        door.version()
    assert fake.asked == ["mart_version"]
    clock.now += VERSION_SECONDS
    door.version()
    assert fake.asked == ["mart_version"] * 2


def test_an_error_is_raised_and_the_next_question_recovers(door: Door, fake: FakeWarehouse) -> None:
    fake.is_away = True
    with pytest.raises(WarehouseAway):
        door.read("bars", security="ticker:AAPL")
    fake.is_away = False
    assert not door.read("bars", security="ticker:AAPL").empty


def test_without_all_marts_nothing_is_kept(door: Door, fake: FakeWarehouse, clock: Clock) -> None:
    fake.is_built = False
    with pytest.raises(NotBuilt):
        door.read("bars", security="ticker:AAPL")
    fake.is_built = True
    door.read("bars", security="ticker:AAPL")
    door.read("bars", security="ticker:AAPL")
    assert fake.asked.count("bars") == 3
    clock.now += VERSION_SECONDS
    door.read("bars", security="ticker:AAPL")
    door.read("bars", security="ticker:AAPL")
    assert fake.asked.count("bars") == 4


def test_the_cache_has_an_end(door: Door, fake: FakeWarehouse) -> None:
    for number in range(CACHE_ENTRIES + 1):
        door.read("bars", security=f"ticker:T{number}")
    door.read("bars", security=f"ticker:T{CACHE_ENTRIES}")
    assert fake.asked.count("bars") == CACHE_ENTRIES + 1
    door.read("bars", security="ticker:T0")
    assert fake.asked.count("bars") == CACHE_ENTRIES + 2


def test_a_load_asks_ops_again_and_leaves_the_marts_alone(door: Door, fake: FakeWarehouse, clock: Clock) -> None:
    fake.frames["loads"] = fake.tickers.head(0)
    door.read("bars", security="ticker:AAPL")
    door.read("loads", rows=5)
    before = door.version()
    fake.loads = 1
    clock.now += VERSION_SECONDS
    door.read("bars", security="ticker:AAPL")
    door.read("loads", rows=5)
    assert door.version() != before
    assert (fake.asked.count("bars"), fake.asked.count("loads")) == (1, 2)


def test_ten_at_once_ask_the_warehouse_once(door: Door, fake: FakeWarehouse) -> None:
    with ThreadPoolExecutor(10) as pool:
        frames = list(pool.map(lambda _: door.read("bars", security="ticker:AAPL"), range(10)))
    assert all(frame is frames[0] for frame in frames)
    assert (fake.asked.count("bars"), fake.asked.count("mart_version")) == (1, 1)
