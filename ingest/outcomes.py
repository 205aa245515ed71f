"""What became of a batch's requests, judged: holes, late starts, sessions that are covered, sessions that are suspect.

Pure; `fetching` asks the API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest import completeness
from ingest.chain_bars import LastDay
from ingest.completeness import SuspectSession
from ingest.datasets import Dataset, Request
from ingest.identity import Listing
from ingest.manifests import Missing
from ingest.planning import Batch

# The one cause of an empty session that nobody but a person can know, where the API did not announce it.
UNKNOWN_CLOSURE = "; if the exchange was closed that day, name it in SNOWTAPE_EXCHANGE_CLOSURES"

# How the note on a request begins that is for data older than the plan serves.
BEFORE_HISTORY = "before the plan's history"


@dataclass(frozen=True)
class Outcome:
    """What became of a request: `failure` where it has no full answer, `note` where it has one that needs a word.

    `days` are the sessions (YYYY-MM-DD) of its bars, `expirations` the days on which its contracts expire. `conflicts`
    counts by session the bars that another bar of the same ticker in the same answer contradicts. One that `is_outside`
    was refused, or not asked for, because the plan doesn't serve those days, or not yet. `listed` is what a listing of
    all active tickers says of each, `last_days` what a chain says of each contract once its session is over.
    """

    request: Request
    failure: str | None = None
    note: str | None = None
    rows: int = 0
    days: frozenset[str] = frozenset()
    expirations: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, int] = field(default_factory=dict)
    listed: Listing = field(default_factory=dict)
    is_outside: bool = False
    last_days: Mapping[str, LastDay] = field(default_factory=dict)

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


def judged(batch: Batch, outcomes: Sequence[Outcome], outstanding: Collection[str] = ()) -> list[Outcome]:
    """The outcomes with the failures and notes that only the whole batch shows.

    Args:
        outstanding: sessions that are not published yet.
    """
    return [_noted(outcome) for outcome in _without_holes(batch, _plausible(outcomes), outstanding)]


def covered(
    batch: Batch,
    outcomes: Sequence[Outcome],
    suspected: Collection[str],
    before: str = "",
    outstanding: Collection[str] = (),
) -> tuple[str, ...]:
    """The sessions of a batch of stock bars that a later backfill need not fetch again.

    Args:
        before: sessions up to this one are older than the plan's history, "" for none.
        outstanding: sessions that are not published yet.
    """
    days = [day.isoformat() for day in batch.sessions]
    by_session = {outcome.request.session: outcome for outcome in outcomes if outcome.request.session}
    if by_session:
        whole = {day for day, outcome in by_session.items() if not outcome.failure and not outcome.note}
        return tuple(day for day in days if day in whole and day not in suspected)
    ranges = [outcome for outcome in outcomes if outcome.is_range]
    found = {day for outcome in ranges for day in outcome.days}
    if not found or any(outcome.failure for outcome in ranges):
        return ()
    newest = batch.newest.isoformat() if batch.newest else None
    lacking = {*suspected, *outstanding, *({newest} - found)}
    # A session in which none of a few tickers traded counts: the answers reach beyond it.
    return tuple(day for day in days if day > before and day not in lacking)


def contract_sessions(
    batch: Batch, days: Collection[str]
) -> tuple[tuple[str, ...], tuple[SuspectSession, ...], str | None]:
    """What the bars of an underlying's contracts cover. Most contracts don't trade every day, so that an empty answer
    says nothing; a session that no contract's answer holds is one that the plan cut, or doesn't serve yet.

    Args:
        days: sessions of which any contract has a bar.

    Returns:
        The sessions that are held. Those between them of which no contract has a bar: suspect, and held once two
        manifests found so. A note about those before and after them.
    """
    asked = [day.isoformat() for day in batch.sessions]
    held = tuple(day for day in asked if day in days)
    if not held:
        return (), (), f"no contract has a bar from {asked[0]} to {asked[-1]}" if asked else None
    holes = tuple(
        SuspectSession(Dataset.OPTION_BARS.value, day, 0, 1, fetches=1)
        for day in asked
        if held[0] < day < held[-1] and day not in days
    )
    outside = [day for day in asked if not held[0] <= day <= held[-1]]
    note = None
    if outside:
        spans = [span for span in (_span(outside, up_to=held[0]), _span(outside, since=held[-1])) if span]
        note = f"no contract has a bar of {' or of '.join(spans)}: cut by the plan, or not published yet; not covered"
    return held, holes, note


def missing(outcomes: Sequence[Outcome]) -> tuple[Missing, ...]:
    """What the manifest says of the requests that need a word; contracts that were not asked for share an entry."""
    found, unasked, not_in_plan = list[Missing](), list[Request](), list[Outcome]()
    for outcome in outcomes:
        request = outcome.request
        if outcome.is_outside and request.dataset == Dataset.OPTION_BARS:
            unasked.append(request)
        elif outcome.is_outside and request.dataset == Dataset.TICKER_EVENTS:
            not_in_plan.append(outcome)
        elif outcome.failure or outcome.note:
            found.append(_missing(request, outcome.failure or outcome.note or ""))
    if unasked:
        more = f", like {len(unasked) - 1} other contracts" if len(unasked) > 1 else ""
        last = max(request.days[1] for request in unasked if request.days)
        found.append(_missing(unasked[0], f"{BEFORE_HISTORY}{more}, the latest until {last}"))
    if not_in_plan:
        more = f" Not asked for of {len(not_in_plan) - 1} others." if len(not_in_plan) > 1 else ""
        found.append(_missing(not_in_plan[0].request, f"{not_in_plan[0].note}{more}"))
    return tuple(found)


def noted(batch: Batch, note: str | None) -> tuple[Missing, ...]:
    """A note about a batch of options as a whole, under the request that listed its contracts."""
    return (_missing(batch.requests[0], note),) if note else ()


def _missing(request: Request, reason: str) -> Missing:
    return Missing(request.dataset.value, request.path, dict(request.params), reason)


def _span(days: Sequence[str], *, since: str = "", up_to: str = "9999") -> str:
    found = [day for day in days if since < day < up_to]
    if not found:
        return ""
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def _plausible(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """A session that was refused as too old while an older one was answered is not before the history: a failure."""
    oldest = min((outcome.request.session or "9999" for outcome in outcomes if outcome.rows), default="9999")
    return [
        replace(outcome, failure=f"{outcome.note}, though {oldest} was answered", note=None)
        if outcome.is_outside and (session := outcome.request.session) and oldest < session < _last_session(outcomes)
        else outcome
        for outcome in outcomes
    ]


def _last_session(outcomes: Sequence[Outcome]) -> str:
    return max((outcome.request.session or "" for outcome in outcomes), default="")


def _without_holes(batch: Batch, outcomes: Sequence[Outcome], outstanding: Collection[str]) -> list[Outcome]:
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
        if outcome.is_outside:
            pass
        elif session and not outcome.failure and not outcome.rows:
            if session > first or session == required:
                failure = f"session {session} has closed, but the answer has no bars{UNKNOWN_CLOSURE}"
                outcome = Outcome(outcome.request, failure=failure)
            else:
                outcome = Outcome(outcome.request, note=f"no bars: the API's history may begin after {session}")
        elif required and required not in outstanding and outcome in ranges and newest < required:
            failure = f"session {required} has closed, but the answer holds no bar of it{UNKNOWN_CLOSURE}"
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
