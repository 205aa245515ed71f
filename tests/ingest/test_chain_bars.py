"""The chain as the source of a session's bars: which ranges are left, and what the manifest covers."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ingest import chain_bars, manifests, option_planning, planning
from ingest.chain_bars import LastDay
from ingest.datasets import Family
from ingest.errors import IncompleteFetch
from ingest.flat_files import planning as file_planning
from ingest.manifests import Coverage

from .answering import NOTHING, held_back, ranged, refused, stored
from .conftest import Reply, Script

# The answers of the scripted server are of now, which has to be after the session.
DAYS = [date(2024, 11, 20), date(2024, 11, 21), date(2024, 11, 22)]
TRADED, UNTRADED, NEVER, EXPIRED, LATER, BROKEN = (f"O:AAPL{number}" for number in range(1, 7))
BEFORE, SESSION = DAYS[:2], DAYS[2]
LISTED = {name: "2024-11-22" if name == EXPIRED else "2025-01-17" for name in (TRADED, UNTRADED, NEVER, EXPIRED)}


def day_at(moment: str, **changed: object) -> dict:
    """A day bar that was updated at a moment in New York."""
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("America/New_York"))
    return {
        "open": 2,
        "high": 3,
        "low": 1,
        "close": 2,
        "volume": 5,
        "last_updated": int(at.timestamp()) * 10**9,
    } | changed


def chain_of(days: dict[str, dict]) -> dict:
    return {"results": [{"details": {"ticker": contract}, "day": day} for contract, day in days.items()]}


USUAL = {TRADED: day_at("2024-11-22"), UNTRADED: day_at("2024-11-14"), NEVER: {}}


def asked(api: Script) -> list[tuple[str, str]]:
    """First day and contract of every range that was asked for."""
    return sorted((path.split("/")[-2], path.split("/")[4]) for path in api.paths() if "/range/" in path)


@pytest.fixture
def option_api(api):
    """Four contracts, one of which expires with the session; each range has a bar of every day."""
    rows = [{"ticker": t, "underlying_ticker": "AAPL", "expiration_date": until} for t, until in LISTED.items()]
    api.on("/v3/reference/options/contracts", {"results": rows})
    api.on("/v3/snapshot/options/AAPL", chain_of(USUAL))
    for ticker in (*LISTED, LATER, BROKEN):
        for day in DAYS:
            api.on(range_of(ticker, day), ranged(ticker, *(str(one) for one in DAYS if one >= day)))
    return api


def range_of(ticker: str, first: date, last: date = SESSION) -> str:
    return f"/v2/aggs/ticker/{ticker}/range/1/day/{first}/{last}"


def daily(held: Coverage = NOTHING) -> planning.Batch:
    (batch,) = option_planning.options_daily(SESSION, BEFORE, ["AAPL"], SESSION, held)
    return batch


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(day_at("2024-11-22"), LastDay("2024-11-22", 5), id="midnight in New York"),
        pytest.param(day_at("2024-11-22T16:34"), LastDay("2024-11-22", 5), id="the last update"),
        pytest.param(day_at("2024-11-22T23:59"), LastDay("2024-11-22", 5), id="tomorrow in UTC"),
        pytest.param({}, LastDay(""), id="never traded"),
        pytest.param(None, LastDay(""), id="no day"),
        pytest.param({"close": 2}, None, id="no date"),
        pytest.param(day_at("2024-11-22", close=0), None, id="no price"),
        pytest.param(day_at("2024-11-22", close="two"), None, id="words"),
        pytest.param("2024-11-22", None, id="not an object"),
    ],
)
def test_last_day_of_a_contract_is_dated_by_its_last_update(sent: object, expected: LastDay | None) -> None:
    found = chain_bars.last_days([{"details": {"ticker": TRADED}, "day": sent}, {"day": sent}, {"details": "x"}])
    assert found == ({TRADED: expected} if expected else {})


def test_day_bar_is_final_from_17_00_in_new_york() -> None:
    assert not chain_bars.is_final("2024-11-22", datetime(2024, 11, 22, 21, 59, tzinfo=UTC))
    assert chain_bars.is_final("2024-11-22", datetime(2024, 11, 22, 22, tzinfo=UTC))
    assert not chain_bars.is_final("2026-07-20", datetime(2026, 7, 20, 20, 59, tzinfo=UTC))
    assert chain_bars.is_final("2026-07-20", datetime(2026, 7, 20, 21, tzinfo=UTC))


def test_chain_takes_the_place_of_the_ranges_of_the_contracts_that_it_holds(option_api, land, store, caplog) -> None:
    with caplog.at_level(logging.INFO):
        land(daily())
    # The one that expired with the session is not in the chain.
    assert asked(option_api) == [("2024-11-22", EXPIRED)]
    (manifest,) = stored(store, Family.OPTIONS)
    assert (manifest.sessions, manifest.complete) == (("2024-11-22",), True)
    assert "AAPL: the option chain has 1 bars of session 2024-11-22 and answers for 3 contracts." in caplog.text


def test_contract_that_has_traded_since_or_whose_bar_is_broken_is_asked_for_by_range(option_api, land, store) -> None:
    more = {LATER: day_at("2024-11-25T09:35"), BROKEN: day_at("2024-11-22", close=0)}
    rows = [{"ticker": t, "underlying_ticker": "AAPL", "expiration_date": "2025-01-17"} for t in (*USUAL, *more)]
    option_api.on("/v3/reference/options/contracts", {"results": rows})
    option_api.on("/v3/snapshot/options/AAPL", chain_of(USUAL | more))
    land(daily())
    assert asked(option_api) == [("2024-11-22", LATER), ("2024-11-22", BROKEN)]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(refused(403), id="not in the plan"),
        pytest.param(refused(404), id="unknown underlying"),
        pytest.param({"status": "OK"}, id="no rows"),
        pytest.param(chain_of({contract: {} for contract in USUAL}), id="emptied for the next day"),
        pytest.param(chain_of({TRADED: day_at("2024-11-21")}), id="an old one: its contract has traded"),
    ],
)
def test_where_the_chain_says_nothing_every_contract_is_a_request_as_without_one(
    option_api, land, store, reply, caplog
) -> None:
    option_api.on("/v3/snapshot/options/AAPL", reply)
    with caplog.at_level(logging.INFO):
        land(daily())
    assert set(asked(option_api)) >= {("2024-11-20", ticker) for ticker in LISTED}
    (manifest,) = stored(store, Family.OPTIONS)
    assert (manifest.sessions, manifest.complete) == (tuple(map(str, DAYS)), True)
    assert "not in the option chain: a request for every contract" in caplog.text


def test_chain_that_fails_is_red_and_the_bars_come_by_range(option_api, land, store) -> None:
    option_api.on("/v3/snapshot/options/AAPL", Reply(raw=b"", status=500))
    with pytest.raises(IncompleteFetch):
        land(daily())
    (manifest,) = stored(store, Family.OPTIONS)
    assert (manifest.sessions, manifest.complete) == (tuple(map(str, DAYS)), False)


def test_underlying_of_which_nothing_traded_is_covered_by_one_request(option_api, land, store) -> None:
    older = {TRADED: day_at("2024-11-14", volume=900), UNTRADED: day_at("2024-11-14"), NEVER: {}, EXPIRED: {}}
    option_api.on("/v3/snapshot/options/AAPL", chain_of(older))
    option_api.on(range_of(TRADED, SESSION), {"ticker": TRADED, "status": "OK", "resultsCount": 0})
    land(daily())
    assert asked(option_api) == [("2024-11-22", TRADED)]
    (manifest,) = stored(store, Family.OPTIONS)
    assert manifest.sessions == ("2024-11-22",)


def test_sessions_that_a_run_has_missed_are_asked_for_by_range_and_what_lies_before_is_not(
    option_api, land, store
) -> None:
    assert daily().sessions == (SESSION,)
    assert daily(Coverage({"AAPL": frozenset(BEFORE)}, {})).sessions == (SESSION,)
    missed = daily(Coverage({"AAPL": frozenset(DAYS[:1])}, {}))
    assert missed.sessions == (DAYS[1], SESSION)
    for ticker in (TRADED, UNTRADED, NEVER):
        option_api.on(range_of(ticker, DAYS[1], DAYS[1]), ranged(ticker, str(DAYS[1])))
    land(missed)
    assert asked(option_api) == [("2024-11-21", ticker) for ticker in (TRADED, UNTRADED, NEVER, EXPIRED)]
    assert option_api.paths().count(range_of(TRADED, DAYS[1], DAYS[1])) == 1
    held = manifests.coverage(stored(store, Family.OPTIONS))
    assert held.holds("AAPL") == {DAYS[1], SESSION}
    assert held_back(missed, held).without_chain == tuple(DAYS)


def test_sessions_that_files_have_are_not_asked_for_where_there_is_no_chain(option_api, land) -> None:
    left = file_planning.without(daily(), BEFORE)
    assert (left.sessions, left.without_chain) == ((SESSION,), (SESSION,))
    assert file_planning.without(daily(), DAYS).without_chain == ()
    option_api.on("/v3/snapshot/options/AAPL", refused(403))
    land(left)
    assert asked(option_api) == [("2024-11-22", ticker) for ticker in LISTED]


def test_chain_of_a_later_session_is_not_the_source_of_this_one() -> None:
    (batch,) = option_planning.options_daily(BEFORE[-1], BEFORE[:-1], ["AAPL"], SESSION, NOTHING)
    assert (batch.sessions, batch.without_chain) == (tuple(BEFORE), ())
