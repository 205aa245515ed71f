"""Which sessions of a batch have too few tickers to be plausible. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

# From one session to the next the number of tickers with a trade moves by a few percent, on half-days and holidays too;
# answers that lacked a third of the market are on record. What is asked for twice in vain costs one request.
LEAST_SHARE = 0.9
# A handful of tickers moves by more: two of ten that didn't trade mean nothing.
FEW_TICKERS, LEAST_SHARE_OF_FEW, LEAST_LACK = 100, 0.75, 2
# A year of listings and delistings must not count: neighbours are this many sessions on either side.
NEIGHBOURS_A_SIDE = 5
LEAST_NEIGHBOURS = 2


@dataclass(frozen=True)
class SuspectSession:
    """A session with suspiciously few results, or with more than it has tickers, because some contradict each other;
    rows are tickers, `fetches` says how often it was asked for.
    """

    dataset: str
    session: str
    result_rows: int
    expected_rows: int
    fetches: int


def expected_rows(counts: Mapping[str, int]) -> dict[str, int]:
    """What each session should have, by its neighbours: the second largest count among the nearest sessions.

    The largest may be an accident; a median would follow the damage as soon as half of the neighbours are damaged.

    Args:
        counts: results by session (YYYY-MM-DD), of sessions that were answered.

    Returns:
        By session; sessions with fewer than two neighbours, of which nothing can be said, are left out.
    """
    sessions = sorted(counts, key=date.fromisoformat)
    expected = {}
    for at, session in enumerate(sessions):
        near = sessions[max(0, at - NEIGHBOURS_A_SIDE) : at] + sessions[at + 1 : at + 1 + NEIGHBOURS_A_SIDE]
        if len(near) >= LEAST_NEIGHBOURS:
            expected[session] = sorted(counts[one] for one in near)[-2]
    return expected


def too_few(counts: Mapping[str, int], neighbours: Mapping[str, int] = MappingProxyType({})) -> dict[str, int]:
    """Sessions with suspiciously few results, and how many were to be expected; see `expected_rows`.

    Args:
        counts: results by session, of the sessions in question.
        neighbours: the same of sessions that are known already.
    """
    return {
        session: expected
        for session, expected in expected_rows({**neighbours, **counts}).items()
        if session in counts and _is_too_few(counts[session], expected)
    }


def _is_too_few(count: int, expected: int) -> bool:
    least_share = LEAST_SHARE_OF_FEW if expected < FEW_TICKERS else LEAST_SHARE
    return count < least_share * expected and expected - count >= LEAST_LACK


def nearest(known: Mapping[date, int], first: date, last: date) -> dict[str, int]:
    """What is known of the sessions between two and of a few on either side: neighbours to judge by."""
    sessions = sorted(known)
    before = [day for day in sessions if day < first][-NEIGHBOURS_A_SIDE:]
    after = [day for day in sessions if day > last][:NEIGHBOURS_A_SIDE]
    between = [day for day in sessions if first <= day <= last]
    return {day.isoformat(): known[day] for day in (*before, *between, *after)}
