"""What a plan refuses, and what options may claim, against a scripted API."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ingest import datasets, manifests, option_planning, planning
from ingest import outcomes as outcomes_of
from ingest.datasets import Dataset, Family
from ingest.edges import Edges
from ingest.errors import BeforeHistory, IncompleteFetch, MovedAway, NotEntitled, NotPublishedYet
from ingest.outcomes import Outcome

from .answering import DAYS, NOTHING, grouped, path_of, ranged, refused, stored
from .conftest import Reply

TOO_OLD, EARLY = BeforeHistory("old"), NotPublishedYet("early")
TIMEFRAME = Reply({"status": "NOT_AUTHORIZED", "message": "Your plan doesn't include this data timeframe."}, 403)
END_OF_DAY = Reply({"message": "Attempted to request today's data before end of day. Please upgrade your plan."}, 403)
CONTRACTS, SPLITS = "/v3/reference/options/contracts", "/stocks/v1/splits"


def batch_of(days: list[date]) -> planning.Batch:
    """Whole sessions of a backfill that was planned after the last one had closed."""
    (batch,) = planning.stocks_backfill(days, [], NOTHING)
    return replace(batch, newest=days[-1])


def sessions_of(edges: Edges, days: list[date]) -> list[str | None]:
    """What is known of each session without asking."""
    known = [edges.known(datasets.grouped(day, "x")) for day in days]
    return [outcome and outcome.note and outcome.note.partition(":")[0] for outcome in known]


def test_whoever_is_refused_a_day_as_too_old_is_refused_all_before_it() -> None:
    edges = Edges(batch_of(DAYS))
    edges.refused(datasets.grouped(DAYS[1], "x"), TOO_OLD)
    assert sessions_of(edges, DAYS) == ["before the plan's history", "before the plan's history", None]
    straddling = datasets.bars(Dataset.OPTION_BARS, "O:A", DAYS[0], DAYS[2], "x")
    assert edges.known(straddling) is None


@pytest.mark.parametrize("error", [EARLY, TOO_OLD], ids=["early", "with the other text"])
def test_the_newest_session_that_is_refused_is_outstanding(error: NotPublishedYet | BeforeHistory) -> None:
    edges = Edges(batch_of(DAYS))
    assert edges.refused(datasets.grouped(DAYS[2], "x"), error).failure is None
    assert edges.outstanding == {"2026-11-20"}
    assert sessions_of(edges, DAYS) == [None, None, "not published yet"]


def test_an_older_session_that_is_not_published_is_a_failure(api, land, store) -> None:
    for day in DAYS:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    api.on(path_of(DAYS[1]), END_OF_DAY)
    with pytest.raises(IncompleteFetch, match="before end of day, though a later session has closed since"):
        land(batch_of(DAYS))


def test_an_outstanding_session_is_asked_for_once_and_the_rest_lands(api, land, store) -> None:
    for day in DAYS:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    api.on(path_of(DAYS[2]), END_OF_DAY)
    assert land(batch_of(DAYS)).outstanding == ("2026-11-20",)
    (manifest,) = stored(store)
    assert (manifest.complete, manifest.sessions) == (True, ("2026-11-18", "2026-11-19"))
    assert "plan" not in manifest.missing[0].reason
    assert api.paths().count(path_of(DAYS[2])) == 1


def test_a_batch_that_is_older_than_the_plan_costs_one_request_and_is_green(api, land, store) -> None:
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(60)]
    for day in days:
        api.on(path_of(day), TIMEFRAME)
    (batch,) = planning.stocks_backfill(days, [], NOTHING)
    assert land(replace(batch, newest=DAYS[-1])) is None
    assert api.paths() == [path_of(days[-1])]


def test_a_session_refused_as_too_old_while_an_older_one_was_answered_is_a_failure() -> None:
    requests = [datasets.grouped(day, "x") for day in DAYS]
    refused = Edges(batch_of(DAYS)).refused(requests[1], TOO_OLD)
    outcomes = [Outcome(requests[0], rows=1), refused, Outcome(requests[2], rows=1)]
    failures = [outcome.failure for outcome in outcomes_of.judged(batch_of(DAYS), outcomes)]
    assert failures[::2] == [None, None]
    assert "though 2026-11-18 was answered" in str(failures[1])


def test_three_sessions_that_the_plan_does_not_include_end_a_batch_red(api, land, store) -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(60)]
    for day in days:
        api.on(path_of(day), Reply({"message": "Blocked for a reason of its own."}, 403))
    with pytest.raises(NotEntitled, match="Blocked for a reason of its own"):
        land(batch_of(days))
    assert len(api.asked) < 20


def test_an_api_that_has_moved_ends_a_batch_at_once(api, land, store) -> None:
    for day in DAYS:
        api.on(path_of(day), Reply(raw=b"", status=301, headers={"Location": "https://api.example.com/"}))
    with pytest.raises(MovedAway, match=r"set POLYGON_BASE_URL=https://api\.example\.com and run again"):
        land(batch_of(DAYS))
    assert len(api.asked) == 1


# -- options


@pytest.fixture
def two_contracts(api) -> Any:
    """Two live contracts of AAPL; by default both have a bar of every session."""
    rows = [{"ticker": name, "underlying_ticker": "AAPL", "expiration_date": "2027-01-15"} for name in ("O:A1", "O:A2")]
    api.on(CONTRACTS, {"results": rows})
    for row in rows:
        bars_of(api, str(row["ticker"]), *map(str, DAYS))
    return api


def bars_of(api: Any, contract: str, *sessions: str) -> None:
    api.on(f"/v2/aggs/ticker/{contract}/range/1/day/{DAYS[0]}/{DAYS[-1]}", ranged(contract, *sessions))


def options(held: manifests.Coverage = NOTHING) -> list[planning.Batch]:
    return planning.published(option_planning.options_backfill(DAYS, ["AAPL"], held), DAYS[-1], (), DAYS)


def held(store: Any) -> manifests.Coverage:
    return manifests.coverage(stored(store, Family.OPTIONS))


def test_a_session_at_the_end_that_no_contract_reaches_is_outstanding_and_asked_for_again(
    two_contracts, land, store
) -> None:
    for contract in ("O:A1", "O:A2"):
        bars_of(two_contracts, contract, "2026-11-18", "2026-11-19")
    (batch,) = options()
    land(batch)
    (manifest,) = stored(store, Family.OPTIONS)
    assert (manifest.sessions, manifest.outstanding) == (("2026-11-18", "2026-11-19"), ("2026-11-20",))
    assert "no contract has a bar of 2026-11-20" in manifest.missing[-1].reason
    (again,) = options(held(store))
    assert (again.sessions, again.contracts_after) == ((DAYS[2],), "")


def test_an_empty_answer_of_one_contract_takes_nothing_from_the_others(two_contracts, land, store) -> None:
    bars_of(two_contracts, "O:A2")
    land(options()[0])
    assert held(store).holds("AAPL") == set(DAYS)


def test_contracts_without_any_bar_claim_nothing(two_contracts, land, store) -> None:
    for contract in ("O:A1", "O:A2"):
        bars_of(two_contracts, contract)
    land(options()[0])
    assert held(store).holds("AAPL") == set()
    assert [batch.contracts_after for batch in options(held(store))] == [""]


def test_a_session_within_the_others_without_a_trade_is_held_once_it_was_found_so_twice(
    two_contracts, land, store
) -> None:
    for contract in ("O:A1", "O:A2"):
        bars_of(two_contracts, contract, "2026-11-18", "2026-11-20")
    for expected in ({DAYS[0], DAYS[2]}, set(DAYS)):
        land(options()[0])
        assert held(store).holds("AAPL") == expected


def test_contracts_are_listed_as_of_the_session_before_each_split(two_contracts, land, store) -> None:
    two_contracts.on(SPLITS, {"results": [{"ticker": "AAPL", "execution_date": "2026-11-20"}]})
    land(options()[0])
    asked = [dict(one.params) for one in two_contracts.asked if one.path == CONTRACTS]
    assert sorted(one["as_of"] for one in asked) == [
        "2026-11-18",
        "2026-11-19",
        "2026-11-19",
        "2026-11-20",
        "2026-11-20",
    ]
    assert held(store).holds("AAPL") == set(DAYS)


def event(day: str, ticker: str) -> dict:
    return {"type": "ticker_change", "date": day, "ticker_change": {"ticker": ticker}}


def test_contracts_are_listed_under_each_name_that_the_underlying_had_in_the_range(two_contracts, land, store) -> None:
    events = [event("2026-11-20", "AAPL"), event("2026-11-19", "NEXT"), event("2001-01-02", "APPL"), {"type": "merger"}]
    two_contracts.on("/vX/reference/tickers/AAPL/events", {"results": {"name": "Apple", "events": events}})
    two_contracts.on(CONTRACTS, {"results": [{"ticker": "O:A1", "expiration_date": "2027-01-15"}]})
    land(options()[0])
    asked = [dict(one.params) for one in two_contracts.asked if one.path == CONTRACTS]
    assert sorted((one["underlying_ticker"], one["as_of"], one["expired"]) for one in asked) == [
        ("AAPL", "2026-11-18", "false"),
        ("AAPL", "2026-11-20", "false"),
        ("AAPL", "2026-11-20", "true"),
        ("APPL", "2026-11-18", "false"),
        ("APPL", "2026-11-18", "true"),
        ("NEXT", "2026-11-19", "false"),
        ("NEXT", "2026-11-19", "true"),
    ]


@pytest.mark.parametrize("reply", [refused(403), refused(404)], ids=["not in the plan", "unknown"])
def test_names_that_the_api_does_not_tell_are_no_failure(two_contracts, land, store, reply) -> None:
    two_contracts.on("/vX/reference/tickers/AAPL/events", reply)
    land(options()[0])
    assert held(store).holds("AAPL") == set(DAYS)


def test_splits_that_are_not_known_leave_the_sessions_unheld(two_contracts, land, store) -> None:
    two_contracts.on(SPLITS, Reply(raw=b"", status=500))
    with pytest.raises(IncompleteFetch, match="splits"):
        land(options()[0])
    assert held(store).holds("AAPL") == set()


def test_contracts_that_expired_before_the_plan_are_found_out_by_halving(api, land, store) -> None:
    """Forty expirations, the first thirty of them before the plan."""
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(41)]
    rows = [
        {"ticker": f"O:A{number:02}", "underlying_ticker": "AAPL", "expiration_date": str(day)}
        for number, day in enumerate(days[1:])
    ]
    api.on(CONTRACTS, {"results": rows})
    for number, row in enumerate(rows):
        path = f"/v2/aggs/ticker/{row['ticker']}/range/1/day/{days[0]}/{row['expiration_date']}"
        api.on(path, TIMEFRAME if number < 30 else ranged(row["ticker"], str(days[31])))
    batches = option_planning.options_backfill(days, ["AAPL"], NOTHING)
    land(planning.published(batches, days[-1], (), days)[0])
    assert sum(path.startswith("/v2/aggs") for path in api.paths()) <= 10 + 7
    (manifest,) = stored(store, Family.OPTIONS)
    assert manifest.sessions == ("2026-02-01",)
    assert "like 29 other contracts, the latest until 2026-01-31" in manifest.missing[-2].reason
