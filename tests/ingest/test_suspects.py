"""Sessions that answer too few tickers: asked again, kept, recorded."""

from dataclasses import replace
from datetime import date

import pytest

from ingest import manifests, planning
from ingest.completeness import SuspectSession
from ingest.datasets import Family
from ingest.errors import IncompleteFetch
from ingest.manifests import WHOLE_MARKET, Manifest

from .answering import DAYS, NOTHING, grouped, held_back, path_of, ranged, stored
from .conftest import Reply

MARKET = [f"T{number}" for number in range(30)]
EMPTY = Manifest("", Family.STOCKS, "", "a_dag", "a_run", (), (WHOLE_MARKET,), 1, 1, True, (), ())


@pytest.fixture
def backfill() -> planning.Batch:
    """Three whole sessions."""
    (batch,) = planning.stocks_backfill(DAYS, [], NOTHING)
    return batch


def test_a_session_with_a_third_of_its_tickers_missing_is_fetched_again(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18", *MARKET))
    api.on(path_of(DAYS[1]), grouped("2026-11-19", *MARKET[:20]), grouped("2026-11-19", *MARKET))
    api.on(path_of(DAYS[2]), grouped("2026-11-20", *MARKET))
    land(backfill)
    (manifest,) = stored(store)
    assert api.paths().count(path_of(DAYS[1])) == 2
    assert manifest.suspect_sessions == ()
    assert manifest.sessions == ("2026-11-18", "2026-11-19", "2026-11-20")
    # Both answers are kept: each tells what was known when.
    assert manifest.objects[0].lines == 4


def test_a_session_that_stays_suspect_is_kept_recorded_and_fetched_by_the_next_backfill(
    api, land, store, backfill
) -> None:
    for day, tickers in zip(DAYS, (MARKET, MARKET[:20], MARKET), strict=True):
        api.on(path_of(day), grouped(str(day), *tickers))
    land(backfill)
    (first,) = stored(store)
    assert first.suspect_sessions == (SuspectSession("stock_bars", "2026-11-19", 20, 30, fetches=2),)
    assert first.complete
    assert first.result_rows == 30 + 20 + 20 + 30

    held = manifests.coverage([first])
    assert held.holds("AAPL") == {DAYS[0], DAYS[2]}
    # A second manifest that finds the same settles it: the session is as it is.
    assert manifests.coverage([first, first]).holds("AAPL") == set(DAYS)


def test_a_session_that_the_newest_answer_makes_suspect_is_fetched_again_though_an_older_one_was_sound() -> None:
    def answered(number: int, is_sound: bool) -> Manifest:
        suspect = SuspectSession("stock_bars", "2026-11-19", 20, 30, fetches=2)
        return replace(
            EMPTY,
            manifest_id=f"20261120T21000000000{number}Z-00000000",
            sessions=("2026-11-19",) if is_sound else (),
            suspect_sessions=() if is_sound else (suspect,),
        )

    sound, suspect, again = answered(1, True), answered(2, False), answered(3, False)
    held = [
        bool(manifests.coverage(found).holds("AAPL"))
        for found in ([sound], [suspect, sound], [sound, suspect, again], [sound, suspect, answered(3, True)])
    ]
    assert held == [True, False, True, True]
    # A sound answer in between: what came before it is settled.
    assert not manifests.coverage([suspect, answered(3, True), answered(4, False)]).holds("AAPL")


def test_a_second_answer_that_fails_leaves_the_first_one_standing(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18", *MARKET))
    api.on(path_of(DAYS[1]), grouped("2026-11-19", *MARKET[:20]), Reply({}, 400))
    api.on(path_of(DAYS[2]), grouped("2026-11-20", *MARKET))
    land(backfill)
    (manifest,) = stored(store)
    assert [suspect.session for suspect in manifest.suspect_sessions] == ["2026-11-19"]
    assert manifest.complete


def test_a_session_that_is_fetched_alone_is_judged_by_the_sessions_that_are_held(api, land, store) -> None:
    days = [date(2026, 11, 16), date(2026, 11, 17), *DAYS]
    for day in days:
        api.on(path_of(day), grouped(str(day), *MARKET))
    api.on(path_of(DAYS[1]), Reply({}, 400))
    (batch,) = planning.stocks_backfill(days, [], NOTHING)
    with pytest.raises(IncompleteFetch):
        land(batch)
    held = manifests.coverage(stored(store))

    api.on(path_of(DAYS[1]), grouped("2026-11-19", *MARKET[:20]))
    for again in (planning.stocks_backfill(days, [], replace(held, spans=NOTHING.spans))[0], held_back(batch, held)):
        land(again)
        (newest,) = stored(store)[-1:]
        assert newest.suspect_sessions == (SuspectSession("stock_bars", "2026-11-19", 20, 30, fetches=2),)
        assert newest.sessions == ()


def test_a_session_that_many_ranges_lack_is_fetched_again_and_told_when_it_stays_so(api, land, store) -> None:
    days, tickers = [date(2026, 11, 16), date(2026, 11, 17), *DAYS], MARKET[:4]
    (batch,) = planning.stocks_backfill(days, tickers, NOTHING)
    sessions = [str(day) for day in days]
    hole = [day for day in sessions if day != "2026-11-18"]
    path = "/v2/aggs/ticker/{}/range/1/day/2026-11-16/2026-11-20"
    api.on(path.format("T0"), ranged("T0", *sessions))
    api.on(path.format("T1"), ranged("T1", *hole), ranged("T1", *sessions))
    for ticker in ("T2", "T3"):
        api.on(path.format(ticker), ranged(ticker, *hole))
    land(batch)
    (manifest,) = stored(store)
    assert [api.paths().count(path.format(ticker)) for ticker in tickers] == [1, 2, 2, 2]
    assert manifest.suspect_sessions == (SuspectSession("stock_bars", "2026-11-18", 2, 4, fetches=2),)
    assert manifest.sessions == tuple(hole)
    assert manifest.complete
