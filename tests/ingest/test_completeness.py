"""Sessions that answer too few tickers are told from those that merely have few."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ingest import completeness

FIRST = date(2026, 11, 2)


def counted(*rows: int) -> dict[str, int]:
    """Counts of sessions in a row."""
    return {(FIRST + timedelta(days=at)).isoformat(): count for at, count in enumerate(rows)}


@pytest.mark.parametrize(
    ("rows", "suspects"),
    [
        pytest.param((10_000, 9_990, 6_600, 10_010, 10_005, 9_995), [2], id="a third of one session is missing"),
        pytest.param((10_000, 9_990, 10_020, 10_010, 10_005, 6_600), [5], id="the newest session"),
        pytest.param((6_600, 9_990, 10_020, 10_010, 10_005, 10_000), [0], id="the oldest session"),
        pytest.param((6_600, 6_500, 6_400, 6_600, 10_005, 10_000), [0, 1, 2, 3], id="four of six"),
        pytest.param((10_000, 9_990, 9_600, 10_010, 10_005, 9_995), [], id="a half-day"),
        pytest.param(tuple(range(6_000, 9_000, 25)), [], id="a market that grows by half in 120 sessions"),
        pytest.param((5, 5, 4, 5, 5, 5), [], id="one of five tickers halted"),
        pytest.param((5, 5, 3, 5, 5, 5), [2], id="two of five tickers missing"),
        pytest.param((10, 10, 8, 10, 10, 10), [], id="two of ten tickers that didn't trade"),
        pytest.param((10, 10, 7, 10, 10, 10), [2], id="three of ten tickers missing"),
        pytest.param((1, 0, 1), [], id="a single ticker"),
        pytest.param((10_000, 30_000, 10_000, 10_000, 10_000, 10_000), [], id="one answer that is far too large"),
        pytest.param((10_000, 100), [], id="too few neighbours to say"),
        pytest.param((), [], id="nothing"),
    ],
)
def test_suspects_are_those_far_below_their_neighbours(rows: tuple[int, ...], suspects: list[int]) -> None:
    counts = counted(*rows)
    assert [list(counts).index(session) for session in completeness.too_few(counts)] == suspects


def test_a_single_session_is_judged_by_neighbours_that_are_known() -> None:
    known = counted(10_000, 9_990, 0, 10_010)
    (session,) = [day for day, rows in known.items() if not rows]
    neighbours = {day: rows for day, rows in known.items() if rows}

    assert completeness.too_few({session: 6_600}) == {}
    assert completeness.too_few({session: 6_600}, neighbours) == {session: 10_000}
    assert completeness.too_few({session: 9_900}, neighbours) == {}


def test_nearest_sessions_are_those_between_and_five_on_either_side() -> None:
    known = {FIRST + timedelta(days=at): at for at in range(30)}

    near = completeness.nearest(known, FIRST + timedelta(days=10), FIRST + timedelta(days=12))

    assert list(near.values()) == [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    assert next(iter(near)) == "2026-11-07"
