"""What became of a batch's requests, judged: holes, late starts, sessions that are covered, sessions that are suspect.

Pure; `fetching` asks the API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest import completeness
from ingest.completeness import SuspectSession
from ingest.datasets import Dataset, Request
from ingest.manifests import Missing
from ingest.planning import Batch


@dataclass(frozen=True)
class Outcome:
    """What became of a request: `failure` where it has no full answer, `note` where it has one that needs a word.

    `days` are the sessions (YYYY-MM-DD) of its stock bars, `expirations` the days on which its contracts expire.
    `conflicts` counts by session the bars that another bar of the same ticker in the same answer contradicts.
    """

    request: Request
    failure: str | None = None
    note: str | None = None
    rows: int = 0
    days: frozenset[str] = frozenset()
    expirations: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, int] = field(default_factory=dict)

    def fuller(self, again: Outcome) -> Outcome:
        """This one, or the answer to asking again where that holds more or contradicts itself less; a second try that
        failed says nothing.
        """
        if again.failure:
            return self
        is_better = sum(again.conflicts.values()) < sum(self.conflicts.values()) or again.rows > self.rows
        return replace(again, days=self.days | again.days) if is_better else self

    @property
    def is_range(self) -> bool:
        """Whether it answers for one ticker over a range of sessions."""
        return self.request.dataset == Dataset.STOCK_BARS and self.request.session is None


def sessions_lacking_tickers(batch: Batch, outcomes: Sequence[Outcome]) -> tuple[dict[str, int], dict[str, int]]:
    """Sessions that answered suspiciously few tickers: how many were to be expected, and how many came.

    A session of the whole market counts its results, a session of single tickers those whose range has a bar of it.
    """
    whole = {session: outcome.rows for outcome in outcomes if (session := outcome.request.session) and outcome.rows}
    if whole:
        return completeness.too_few(whole, batch.neighbours), whole
    ranges = Counter(day for outcome in outcomes if outcome.is_range for day in outcome.days)
    counts = {day: ranges[day] for session in batch.sessions if (day := session.isoformat()) in ranges}
    return completeness.too_few(counts), counts


def worth_asking_again(outcomes: Sequence[Outcome], sessions: Collection[str]) -> list[int]:
    """Places of the outcomes to ask for again: those of the sessions, ranges that lack one they could have, and those
    that contradict themselves.
    """
    return [
        place
        for place, outcome in enumerate(outcomes)
        if outcome.request.session in sessions
        or outcome.conflicts
        or (outcome.is_range and any(min(outcome.days) < day for day in set(sessions) - outcome.days if outcome.days))
    ]


def suspects(
    batch: Batch, outcomes: Sequence[Outcome], asked_again: Collection[str]
) -> tuple[tuple[SuspectSession, ...], dict[str, int]]:
    """The sessions that are suspect still, and the results of every session of the whole market."""
    lacking, counts = sessions_lacking_tickers(batch, outcomes)
    found = [
        SuspectSession(Dataset.STOCK_BARS.value, day, counts[day], expected, fetches=1 + (day in asked_again))
        for day, expected in sorted(lacking.items())
    ]
    found += [one for one in contradictory(outcomes) if one.session not in lacking]
    return tuple(found), {session: outcome.rows for outcome in outcomes if (session := outcome.request.session)}


def contradictory(outcomes: Sequence[Outcome]) -> list[SuspectSession]:
    """Sessions with bars that contradict each other, after asking twice. They have more rows than there are bars."""
    rows: Counter[tuple[str, str]] = Counter()
    conflicts: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        for day, count in outcome.conflicts.items():
            conflicts[outcome.request.dataset.value, day] += count
            rows[outcome.request.dataset.value, day] += outcome.rows if outcome.request.session else count + 1
    return [
        SuspectSession(dataset, day, rows[dataset, day], rows[dataset, day] - count, fetches=2)
        for (dataset, day), count in sorted(conflicts.items())
    ]


def judged(batch: Batch, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes with the failures and notes that only the whole batch shows."""
    return [_noted(outcome) for outcome in _without_holes(batch, outcomes)]


def covered(batch: Batch, outcomes: Sequence[Outcome], suspected: Collection[str]) -> tuple[str, ...]:
    """The sessions of the batch that a later backfill need not fetch again."""
    days = [day.isoformat() for day in batch.sessions]
    by_session = {outcome.request.session: outcome for outcome in outcomes if outcome.request.session}
    if by_session:
        whole = {day for day, outcome in by_session.items() if not outcome.failure and not outcome.note}
        return tuple(day for day in days if day in whole and day not in suspected)
    datasets = {Dataset.STOCK_BARS, Dataset.OPTION_CONTRACTS, Dataset.OPTION_BARS}
    bars = [outcome for outcome in outcomes if outcome.request.dataset in datasets]
    found = any(outcome.rows for outcome in bars)
    if not found or any(outcome.failure for outcome in bars):
        return ()
    return tuple(day for day in days if day not in suspected)


def missing(outcomes: Sequence[Outcome]) -> tuple[Missing, ...]:
    """What the manifest says of the requests that need a word."""
    return tuple(
        Missing(request.dataset.value, request.path, dict(request.params), outcome.failure or outcome.note or "")
        for outcome in outcomes
        if (request := outcome.request) and (outcome.failure or outcome.note)
    )


def _without_holes(batch: Batch, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Sessions without any bar: before the first known bar the API's history may not have begun, which is a
    note; after it, or where the session is required, the answer is not what a session looks like, which is a failure.
    """
    whole = [outcome for outcome in outcomes if outcome.request.session and not outcome.failure]
    known = [batch.bars_since.isoformat()] if batch.bars_since else []
    first = min([*known, *(outcome.request.session or "" for outcome in whole if outcome.rows)], default="9999")
    required = batch.required.isoformat() if batch.required else None
    ranges = [outcome for outcome in outcomes if outcome.is_range and not outcome.failure]
    newest = max((day for outcome in ranges for day in outcome.days), default="")
    without_holes = []
    for outcome in outcomes:
        session = outcome.request.session
        if session and not outcome.failure and not outcome.rows:
            if session > first or session == required:
                failure = f"session {session} has closed, but the answer holds no bars"
                outcome = Outcome(outcome.request, failure=failure)
            else:
                outcome = Outcome(outcome.request, note=f"no bars: the API's history may begin after {session}")
        elif required and outcome in ranges and newest < required:
            failure = f"session {required} has closed, but the answer holds no bar of it"
            outcome = Outcome(outcome.request, failure=failure)
        without_holes.append(outcome)
    return without_holes


def _noted(outcome: Outcome) -> Outcome:
    """Add the notes that a full answer deserves: nothing found, or a range that starts late."""
    if outcome.failure or outcome.note or not outcome.is_range:
        return outcome
    asked = outcome.request.path.split("/")[-2]
    if not outcome.rows:
        return replace(outcome, note=f"no bars from {asked} on")
    first = min(outcome.days, default=asked)
    if first > asked:
        # Not a failure: a ticker that was listed late looks just like a range that the plan cut.
        note = f"range starts at {first}, asked was from {asked}: a later listing, or the plan's limit"
        return replace(outcome, note=note)
    return outcome
