"""Several underlyings in one task and one manifest, each covered for itself."""

from __future__ import annotations

import json

import pytest

from ingest import manifests, option_planning, packs, planning, runs
from ingest.datasets import Family
from ingest.errors import IncompleteFetch, NotAuthorized
from ingest.flat_files import planning as file_planning

from .answering import DAYS, NOTHING, ranged, refused, stored
from .conftest import Reply

UNDERLYINGS = ["AAPL", "IBM", "MSFT"]
BARS = "/v2/aggs/ticker/O:{}1/range/1/day/2026-11-18/2026-11-20"


def backfill(*underlyings: str) -> list[planning.Batch]:
    return option_planning.options_backfill(DAYS, underlyings, NOTHING)


@pytest.fixture
def option_api(api, monkeypatch):
    """One contract an underlying, with a bar of every session."""
    answer = api.answer

    def by_underlying(asked):
        reply = answer(asked)
        if asked.path != "/v3/reference/options/contracts":
            return reply
        name = asked.params["underlying_ticker"]
        return Reply(
            {"results": [{"ticker": f"O:{name}1", "underlying_ticker": name, "expiration_date": "2027-01-15"}]}
        )

    monkeypatch.setattr(api, "answer", by_underlying)
    for name in UNDERLYINGS:
        api.on(BARS.format(name), ranged(f"O:{name}1", *map(str, DAYS)))
    return api


@pytest.fixture
def land(client, store, settings):
    return lambda batches: runs.land_batches(batches, client, store, dag_id="a_dag", run_id="a_run", api=settings)


def test_five_thousand_underlyings_are_twenty_tasks() -> None:
    batches = option_planning.options_daily(DAYS[2], DAYS[:2], [f"U{number:04d}" for number in range(5000)])
    tasks = json.loads(json.dumps(packs.packed(batches)))
    assert len(tasks) == 20
    assert tasks[0]["label"] == "U0000 … U0249 (250 underlyings) 2026-11-20"
    assert [batch for task in tasks for batch in packs.unpacked(task)] == batches


def test_underlyings_whose_bars_files_have_share_a_task_and_are_asked_again_by_a_second_try() -> None:
    batches = option_planning.options_daily(DAYS[2], DAYS[:2], UNDERLYINGS)
    left = [file_planning.without(batch, DAYS) for batch in batches]
    (task,) = packs.packed(left)
    assert packs.remaining(packs.unpacked(task), NOTHING) == left


def test_batches_of_stocks_and_a_single_underlying_are_tasks_as_they_are() -> None:
    batches = planning.stocks_daily(DAYS[2], DAYS[:2], [])
    assert packs.packed(batches) == [batch.to_dict() for batch in batches]
    (batch,) = backfill("AAPL")
    assert packs.packed([batch]) == [batch.to_dict()]
    assert packs.unpacked(batch.to_dict()) == [batch]


def test_underlyings_share_a_manifest_that_covers_each(option_api, land, store) -> None:
    land(backfill(*UNDERLYINGS))
    (manifest,) = stored(store, Family.OPTIONS)
    assert (manifest.scope, manifest.complete) == (tuple(UNDERLYINGS), True)
    assert manifest.sessions == tuple(map(str, DAYS))
    held = manifests.coverage([manifest])
    assert all(held.holds(name) == set(DAYS) for name in UNDERLYINGS)
    assert [held.contracts[name][-1].through for name in UNDERLYINGS] == ["O:AAPL1", "O:IBM1", "O:MSFT1"]
    assert option_planning.options_backfill(DAYS, UNDERLYINGS, held) == []


def test_underlying_that_fails_is_not_covered_and_the_others_are(option_api, land, store) -> None:
    option_api.on(BARS.format("IBM"), Reply(raw=b"", status=500))
    with pytest.raises(
        IncompleteFetch, match=r"AAPL, IBM, MSFT 2026-11-18 to 2026-11-20: 1 of .* found no full answer"
    ):
        land(backfill(*UNDERLYINGS))
    held = manifests.coverage(stored(store, Family.OPTIONS))
    assert [len(held.holds(name)) for name in UNDERLYINGS] == [3, 0, 3]
    assert [batch.scope for batch in packs.remaining(backfill(*UNDERLYINGS), held)] == [("IBM",)]


def test_underlying_that_lacks_a_session_takes_it_from_no_other(option_api, land, store) -> None:
    option_api.on(BARS.format("IBM"), ranged("O:IBM1", "2026-11-19"))
    land(backfill(*UNDERLYINGS))
    (manifest,) = stored(store, Family.OPTIONS)
    held = manifests.coverage([manifest])
    assert manifest.sessions == ("2026-11-19",)
    assert [len(held.holds(name)) for name in UNDERLYINGS] == [3, 1, 3]


def test_manifest_is_closed_when_it_has_rows_enough(option_api, land, store, monkeypatch) -> None:
    monkeypatch.setattr(packs, "ROWS_A_MANIFEST", 7)
    land(backfill(*UNDERLYINGS))
    # A contract in each of three listings, and three bars: six results an underlying.
    assert [manifest.scope for manifest in stored(store, Family.OPTIONS)] == [("AAPL", "IBM"), ("MSFT",)]


def test_refused_key_asks_for_no_other_underlying(option_api, land, store) -> None:
    option_api.on(BARS.format("AAPL"), refused(401))
    with pytest.raises(NotAuthorized):
        land(backfill(*UNDERLYINGS))
    assert {asked.params.get("underlying_ticker") for asked in option_api.asked} == {"AAPL", None}


def test_api_that_fails_for_three_underlyings_is_not_asked_for_the_others(option_api, land, store) -> None:
    names = [f"U{number}" for number in range(6)]
    for name in names:
        option_api.on(BARS.format(name), Reply(raw=b"", status=500))
    with pytest.raises(IncompleteFetch):
        land(backfill(*names))
    asked = {asked.params["underlying_ticker"] for asked in option_api.asked if "underlying_ticker" in asked.params}
    assert asked == {"U0", "U1", "U2"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"underlying": "IBM"}, "its covers have an underlying twice"),
        ({"sessions": ["2026-13-45"]}, "its covers.sessions have '2026-13-45'"),
        ({"more": 1}, "an entry of its covers is"),
        ({"contracts": {"start": "2026-11-18"}}, "its contracts are"),
    ],
)
def test_cover_that_is_none_is_refused(option_api, land, store, change: dict, reason: str) -> None:
    land(backfill("AAPL", "IBM"))
    (manifest,) = stored(store, Family.OPTIONS)
    document = json.loads(store.read(manifest.key))
    document["covers"][0] |= change
    with pytest.raises(manifests.BadManifest, match=reason):
        manifests.Manifest.from_json(manifest.key, json.dumps(document).encode())
