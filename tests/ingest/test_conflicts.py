"""Answers that contradict themselves: asked again, kept, recorded, not counted as held."""

from __future__ import annotations

from typing import Any

import pytest

from ingest import manifests, option_planning, planning
from ingest.completeness import SuspectSession
from ingest.conflicts import SeenBars
from ingest.datasets import Family

from .answering import DAYS, NOTHING, at_close, grouped, path_of, ranged, stored

BAR = {"T": "AAPL", "c": 100, "t": at_close("2026-11-20")}
HIGHER = BAR | {"c": 110}


@pytest.mark.parametrize(
    ("bars", "conflicts"),
    [
        pytest.param([BAR, BAR], {}, id="a repeated bar"),
        pytest.param([BAR, BAR | {"c": 100.0}], {}, id="the same number written otherwise"),
        pytest.param([BAR, BAR | {"t": BAR["t"] - 3_600_000}], {}, id="another time of the same session"),
        pytest.param([BAR, HIGHER], {"2026-11-20": 1}, id="another close"),
        pytest.param([BAR, HIGHER, BAR, HIGHER], {"2026-11-20": 1}, id="each of two repeated"),
        pytest.param([BAR, HIGHER, BAR | {"c": 120}], {"2026-11-20": 2}, id="three that disagree"),
        pytest.param([BAR, HIGHER | {"T": "MSFT"}], {}, id="two tickers"),
        pytest.param([BAR, HIGHER | {"t": at_close("2026-11-19")}], {}, id="a bar of another session"),
        pytest.param([{"T": "A", "c": 1}, {"T": "A", "c": 2}], {"2026-11-20": 1}, id="no time"),
        pytest.param([{"c": 1}, {"c": 2}, {"T": None, "t": BAR["t"]}], {}, id="no ticker, no time"),
        pytest.param([BAR, BAR | {"c": "100", "T": " AAPL "}], {}, id="the same number and ticker as text"),
        pytest.param([BAR, BAR | {"c": "110"}], {"2026-11-20": 1}, id="another number as text"),
        pytest.param([BAR, BAR | {"otc": False}], {}, id="no over-the-counter ticker, said or not"),
        pytest.param([BAR, BAR | {"otc": True}], {"2026-11-20": 1}, id="over the counter or not"),
        pytest.param([BAR, BAR | {"c": [100]}], {"2026-11-20": 1}, id="a list in place of a number"),
        pytest.param([BAR | {"T": one, "c": c} for one in (["A"], {}, 5, "a b") for c in (1, 2)], {}, id="no tickers"),
    ],
)
def test_conflicts_are_counted_by_session(bars: list[dict[str, Any]], conflicts: dict[str, int]) -> None:
    seen = SeenBars("2026-11-20")
    for bar in bars:
        seen.add(bar)
    assert seen.conflicts == conflicts


@pytest.fixture
def backfill(api: Any) -> planning.Batch:
    """Three whole sessions of two tickers; a test replaces what the second one answers."""
    for day in DAYS:
        api.on(path_of(day), grouped(str(day), "AAPL", "MSFT"))
    (batch,) = planning.stocks_backfill(DAYS, [], NOTHING)
    return batch


def contradictory(session: str) -> dict[str, Any]:
    answer = grouped(session, "AAPL", "MSFT")
    bars = [*answer["results"], answer["results"][0] | {"c": 1.1}]
    return answer | {"results": bars, "resultsCount": len(bars)}


def test_a_session_that_contradicts_itself_once_is_fetched_again(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[1]), contradictory("2026-11-19"), grouped("2026-11-19", "AAPL", "MSFT"))
    land(backfill)
    (manifest,) = stored(store)
    assert api.paths().count(path_of(DAYS[1])) == 2
    assert manifest.suspect_sessions == ()
    assert manifest.sessions == ("2026-11-18", "2026-11-19", "2026-11-20")


def test_a_session_that_contradicts_itself_twice_is_kept_recorded_and_not_held(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[1]), contradictory("2026-11-19"))
    land(backfill)
    (manifest,) = stored(store)
    assert manifest.suspect_sessions == (SuspectSession("stock_bars", "2026-11-19", 3, 2, fetches=2),)
    assert manifest.complete
    assert manifests.coverage([manifest]).holds("AAPL") == {DAYS[0], DAYS[2]}


def test_a_ticker_range_that_contradicts_itself_is_fetched_again(api, land, store) -> None:
    path = "/v2/aggs/ticker/AAPL/range/1/day/2026-11-18/2026-11-20"
    whole = ranged("AAPL", *map(str, DAYS))
    double = whole | {"results": [*whole["results"], whole["results"][1] | {"c": 2}]}
    (batch,) = planning.stocks_backfill(DAYS, ["AAPL"], NOTHING)

    api.on(path, double, whole)
    land(batch)
    api.on(path, double)
    land(batch)
    first, second = stored(store)
    assert first.sessions == ("2026-11-18", "2026-11-19", "2026-11-20")
    assert second.sessions == ("2026-11-18", "2026-11-20")
    assert second.suspect_sessions == (SuspectSession("stock_bars", "2026-11-19", 2, 1, fetches=2),)


def test_an_underlying_with_a_contract_that_contradicts_itself_is_not_held(api, land, store) -> None:
    contract = "O:AAPL261218C00100000"
    row = {"ticker": contract, "underlying_ticker": "AAPL", "expiration_date": "2026-12-18", "strike_price": 100}
    api.on("/v3/reference/options/contracts", {"results": [row]})
    whole = ranged(contract, *map(str, DAYS))
    double = whole | {"results": [*whole["results"], whole["results"][1] | {"c": 2}]}
    api.on(f"/v2/aggs/ticker/{contract}/range/1/day/2026-11-18/2026-11-20", double)
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], NOTHING)
    land(batch)
    (manifest,) = stored(store, Family.OPTIONS)
    assert manifest.suspect_sessions == (SuspectSession("option_bars", "2026-11-19", 2, 1, fetches=2),)
    assert manifest.sessions == ()
    assert manifest.contracts is None
