"""Contracts, their bars and the chain: a batch in one manifest, or in parts."""

import logging
from datetime import date

import pytest

from ingest import manifests, option_planning
from ingest.datasets import Family
from ingest.errors import IncompleteFetch

from .answering import DAYS, NOTHING, held_back, ranged, refused, stored
from .conftest import Reply


def contract(ticker: str, expiration: str) -> dict:
    return {"ticker": ticker, "underlying_ticker": "AAPL", "expiration_date": expiration}


@pytest.fixture
def option_api(api):
    """Two contracts, one of them listed twice; both have bars, the live one of every session."""
    live, gone = contract("O:AAPL1", "2027-01-15"), contract("O:AAPL2", "2026-11-19")
    # The first request of a batch asks for the live ones, but threads may change the order: both answers hold both.
    api.on("/v3/reference/options/contracts", {"results": [live, gone]})
    api.on("/v3/snapshot/options/AAPL", {"results": [{"details": {"ticker": "O:AAPL1"}}]})
    api.on("/v2/aggs/ticker/O:AAPL1/range/1/day/2026-11-18/2026-11-20", ranged("O:AAPL1", *map(str, DAYS)))
    api.on("/v2/aggs/ticker/O:AAPL2/range/1/day/2026-11-18/2026-11-19", ranged("O:AAPL2", "2026-11-18"))
    return api


def test_options_land_contracts_bars_and_chain_under_one_manifest(option_api, land, store) -> None:
    (batch,) = option_planning.options_daily(DAYS[2], DAYS[:2], ["AAPL"])
    land(batch)
    (manifest,) = stored(store, Family.OPTIONS)
    assert {entry.dataset for entry in manifest.objects} == {"option_contracts", "option_bars", "option_chain"}
    assert (manifest.expected, manifest.answered, manifest.complete) == (5, 5, True)
    assert manifest.sessions == ("2026-11-18", "2026-11-19", "2026-11-20")
    assert manifest.missing == ()
    assert option_api.paths().count("/v2/aggs/ticker/O:AAPL1/range/1/day/2026-11-18/2026-11-20") == 1


def test_a_plan_without_the_chain_is_noted_once_and_the_rest_lands_green(option_api, land, store, caplog) -> None:
    option_api.on("/v3/snapshot/options/AAPL", refused(403))
    (batch,) = option_planning.options_daily(DAYS[2], DAYS[:2], ["AAPL"])
    with caplog.at_level(logging.WARNING):
        land(batch)
    (manifest,) = stored(store, Family.OPTIONS)
    assert manifest.complete
    assert [(item.dataset, "not entitled" in item.reason) for item in manifest.missing] == [("option_chain", True)]
    assert caplog.text.count("entitled") == 1


def test_an_unknown_contract_is_noted_and_the_others_land(option_api, land, store) -> None:
    del option_api.replies["/v2/aggs/ticker/O:AAPL2/range/1/day/2026-11-18/2026-11-19"]
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], NOTHING)
    land(batch)
    (manifest,) = stored(store, Family.OPTIONS)
    assert manifest.complete
    assert len(manifest.missing) == 1


def test_a_contract_without_an_answer_leaves_its_sessions_uncovered(option_api, land, store) -> None:
    option_api.on("/v2/aggs/ticker/O:AAPL2/range/1/day/2026-11-18/2026-11-19", Reply(raw=b"", status=500))
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], NOTHING)
    with pytest.raises(IncompleteFetch):
        land(batch)
    (manifest,) = stored(store, Family.OPTIONS)
    assert (manifest.complete, manifest.sessions) == (False, ())


@pytest.fixture
def parts_of_two(monkeypatch) -> None:
    """A part holds two contracts."""
    monkeypatch.setattr("ingest.fetching.CONTRACTS_A_PART", 2)
    monkeypatch.setattr("ingest.fetching.CONTRACTS_A_SLICE", 1)


FIVE = [f"O:AAPL{number}" for number in range(5)]


def bars_path(ticker: str) -> str:
    return f"/v2/aggs/ticker/{ticker}/range/1/day/2026-11-18/2026-11-20"


@pytest.fixture
def five_contracts(api, parts_of_two):
    """Five contracts of one underlying, each with a bar of every session."""
    api.on("/v3/reference/options/contracts", {"results": [contract(ticker, "2027-01-15") for ticker in FIVE]})
    for ticker in FIVE:
        api.on(bars_path(ticker), ranged(ticker, *map(str, DAYS)))
    return api


def test_many_contracts_land_in_parts_of_which_the_last_one_covers_the_sessions(five_contracts, land, store) -> None:
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], NOTHING)
    land(batch)
    parts = stored(store, Family.OPTIONS)
    assert [part.contracts.through for part in parts] == [FIVE[1], FIVE[3], FIVE[4]]
    assert [part.sessions for part in parts] == [(), (), ("2026-11-18", "2026-11-19", "2026-11-20")]
    assert [(part.expected, part.complete) for part in parts] == [(5, True), (2, True), (1, True)]
    assert option_planning.options_backfill(DAYS, ["AAPL"], manifests.coverage(parts)) == []


def test_a_backfill_that_was_killed_fetches_only_the_contracts_that_no_manifest_holds(
    five_contracts, land, store, s3
) -> None:
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], NOTHING)
    land(batch)
    (last,) = stored(store, Family.OPTIONS)[-1:]
    s3.delete_object(Bucket="landing", Key=f"some/prefix/{last.key}")
    held = manifests.coverage(stored(store, Family.OPTIONS))
    (planned,) = option_planning.options_backfill(DAYS, ["AAPL"], held)
    assert planned == held_back(batch, held)

    five_contracts.asked.clear()
    land(planned)
    assert [path for path in five_contracts.paths() if "/range/" in path] == [bars_path(FIVE[4])]
    assert option_planning.options_backfill(DAYS, ["AAPL"], manifests.coverage(stored(store, Family.OPTIONS))) == []
    # A longer range is another question: nothing is known of its first session.
    (longer,) = option_planning.options_backfill([date(2026, 11, 17), *DAYS], ["AAPL"], held)
    assert longer.contracts_after == ""


def test_no_part_after_a_failure_claims_its_contracts(five_contracts, land, store) -> None:
    five_contracts.on(bars_path(FIVE[2]), Reply({}, 400))
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], NOTHING)
    with pytest.raises(IncompleteFetch, match=r"1 of 8 requests.*saved in manifests/options/.*, manifests/options/"):
        land(batch)
    parts = stored(store, Family.OPTIONS)
    assert [part.contracts and part.contracts.through for part in parts] == [FIVE[1], None, None]
    assert [part.sessions for part in parts] == [(), (), ()]
    (planned,) = option_planning.options_backfill(DAYS, ["AAPL"], manifests.coverage(parts))
    assert planned.contracts_after == FIVE[1]


def test_what_is_no_contract_or_has_no_expiration_is_not_asked_for(option_api, land, store) -> None:
    known = [contract("O:AAPL1", "2027-01-15")]
    strange = [contract("O:AAPL3", "2026-99-99"), contract("O:AAPL4", 20270115), contract("O:../x", "2027-01-15")]
    option_api.on(
        "/v3/reference/options/contracts", {"results": [*known, *strange, contract(["O:AAPL5"], "2027-01-15")]}
    )
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], NOTHING)
    land(batch)
    assert [path for path in option_api.paths() if "/aggs/" in path] == [
        "/v2/aggs/ticker/O:AAPL1/range/1/day/2026-11-18/2026-11-20"
    ]
    (manifest,) = stored(store, Family.OPTIONS)
    assert manifest.complete
