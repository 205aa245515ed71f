"""Fetch a batch with a few threads: what is answered is landed at once, what is not is told with its reason.

What ends a batch early, because the next request would fare the same: a refused key, a server that can't be reached,
a pause that is too long, and three failures in a row. What was answered until then is kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ingest import completeness
from ingest.client import PolygonClient
from ingest.completeness import SuspectSession
from ingest.datasets import Dataset, Request, bar_session
from ingest.errors import IngestError, MalformedResponse, NotAuthorized, NotEntitled, NotFound, RateLimited, Unreachable
from ingest.landing import Landing
from ingest.manifests import Missing
from ingest.planning import Batch, contract_bars

log = logging.getLogger(__name__)

THREADS = 8
MOST_FAILURES_IN_A_ROW = 3


@dataclass(frozen=True)
class Outcome:
    """What became of a request: `failure` where it has no full answer, `note` where it has one that needs a word."""

    request: Request
    failure: str | None = None
    note: str | None = None
    rows: int = 0
    first_session: str | None = None
    last_session: str | None = None
    expirations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetched:
    """Requests expected and answered, what is missing (failures and notes), and the sessions that are covered fully.

    `suspects` are sessions that answered too few tickers twice; what they answered is landed.
    `fatal` is the error to raise in the end although something may have been saved.
    """

    expected: int
    answered: int
    missing: tuple[Missing, ...]
    sessions: tuple[str, ...]
    first_failure: str | None
    fatal: IngestError | None
    suspects: tuple[SuspectSession, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every request was answered."""
        return self.expected == self.answered


def fetch(batch: Batch, client: PolygonClient, landing: Landing, threads: int = THREADS) -> Fetched:
    """Fetch all that a batch asks for; never raises for what the API does, see `Fetched`."""
    fetcher = _Fetcher(client, landing, threads)
    outcomes = fetcher.run(batch.requests)
    if batch.contract_window is not None:
        expirations = {ticker: day for outcome in outcomes for ticker, day in outcome.expirations.items()}
        outcomes += fetcher.run(contract_bars(expirations, batch.contract_window))
    outcomes, suspects = _looked_at_again(fetcher, outcomes)
    outcomes = [_judged(outcome) for outcome in _without_holes(batch, outcomes)]
    failed = [outcome for outcome in outcomes if outcome.failure]
    return Fetched(
        expected=len(outcomes),
        answered=len(outcomes) - len(failed),
        missing=tuple(_missing(outcome) for outcome in outcomes if outcome.failure or outcome.note),
        sessions=_covered(batch, outcomes, {suspect.session for suspect in suspects}),
        first_failure=failed[0].failure if failed else None,
        fatal=fetcher.fatal,
        suspects=suspects,
    )


class _Fetcher:
    def __init__(self, client: PolygonClient, landing: Landing, threads: int) -> None:
        self._client, self._landing, self._threads = client, landing, threads
        self._guard = threading.Lock()
        self._in_a_row = 0
        self._stopped: str | None = None
        self._told_not_entitled = False
        self.fatal: IngestError | None = None

    def run(self, requests: Iterable[Request]) -> list[Outcome]:
        with ThreadPoolExecutor(self._threads, thread_name_prefix="fetch") as pool:
            return list(pool.map(self._one, requests))

    def _one(self, request: Request) -> Outcome:
        if self._stopped:
            return Outcome(request, failure=f"not asked: {self._stopped}")
        rows, days = 0, set[str]()
        expirations: dict[str, str] = {}
        try:
            for answer in self._client.pages(request):
                self._landing.add(request.dataset, request.span, answer)
                rows += len(answer.rows)
                if request.dataset == Dataset.OPTION_CONTRACTS:
                    expirations |= _expirations(answer.rows)
                elif request.dataset == Dataset.STOCK_BARS:
                    days |= {day for bar in answer.rows if (day := bar_session(bar))}
        except NotFound as error:
            if not request.is_of_one_symbol:
                return self._failed(request, error)
            return Outcome(request, note=str(error))
        except NotEntitled as error:
            if request.dataset != Dataset.OPTION_CHAIN:
                return self._failed(request, error)
            return self._not_entitled(request, error)
        except IngestError as error:
            return self._failed(request, error)
        with self._guard:
            self._in_a_row = 0
        return Outcome(
            request,
            rows=rows,
            first_session=min(days, default=None),
            last_session=max(days, default=None),
            expirations=expirations,
        )

    def _failed(self, request: Request, error: IngestError) -> Outcome:
        with self._guard:
            self._in_a_row += not isinstance(error, MalformedResponse)
            if isinstance(error, NotAuthorized):
                self.fatal = error
            if isinstance(error, NotEntitled):
                self.fatal = self.fatal or error
            if isinstance(error, NotAuthorized | Unreachable | RateLimited) or self._in_a_row >= MOST_FAILURES_IN_A_ROW:
                if self._stopped is None:
                    log.error("Stopping: %s", error)
                self._stopped = self._stopped or str(error)
        return Outcome(request, failure=str(error))

    def _not_entitled(self, request: Request, error: NotEntitled) -> Outcome:
        """The chain snapshot belongs to a paid plan: its absence is a fact about it, no gap in what we fetched."""
        with self._guard:
            if not self._told_not_entitled:
                log.warning("No option chain: %s Everything else goes on.", error)
            self._told_not_entitled = True
        return Outcome(request, note=str(error))


def _looked_at_again(
    fetcher: _Fetcher, outcomes: Sequence[Outcome]
) -> tuple[list[Outcome], tuple[SuspectSession, ...]]:
    """Ask once more for sessions with suspiciously few tickers: the outcomes then, and what is suspect still.

    Both answers are landed, so nothing that one of them holds is lost.
    """
    found = {session: outcome for outcome in outcomes if (session := outcome.request.session) and outcome.rows}
    first = completeness.too_few({session: outcome.rows for session, outcome in found.items()})
    for session, expected in first.items():
        log.warning(
            "Session %s has %d tickers, %d were expected: asking again.", session, found[session].rows, expected
        )
    again = fetcher.run([found[session].request for session in first])
    for session, outcome in zip(first, again, strict=True):
        # A second try that failed says nothing of the first.
        if outcome.rows > found[session].rows:
            found[session] = outcome
    counts = {session: outcome.rows for session, outcome in found.items()}
    suspects = tuple(
        SuspectSession(Dataset.STOCK_BARS.value, session, counts[session], expected, fetches=1 + (session in first))
        for session, expected in sorted(completeness.too_few(counts).items())
    )
    for suspect in suspects:
        log.warning(
            "Session %s is suspect: %d tickers, %d were expected. It is kept and fetched again by the next runs.",
            suspect.session,
            suspect.result_rows,
            suspect.expected_rows,
        )
    return [found.get(outcome.request.session or "", outcome) for outcome in outcomes], suspects


def _expirations(rows: Sequence[dict[str, object]]) -> dict[str, str]:
    found = {}
    for row in rows:
        ticker, expiration = row.get("ticker"), row.get("expiration_date")
        if isinstance(ticker, str) and isinstance(expiration, str) and len(expiration) == 10:
            found[ticker] = expiration
    return found


def _without_holes(batch: Batch, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Sessions without any bar: before the first known bar the API's history may not have begun, which is a
    note; after it, or where the session is required, the answer is not what a session looks like, which is a failure.
    """
    whole = [outcome for outcome in outcomes if outcome.request.session and not outcome.failure]
    known = [batch.bars_since.isoformat()] if batch.bars_since else []
    first = min([*known, *(outcome.request.session or "" for outcome in whole if outcome.rows)], default="9999")
    required = batch.required.isoformat() if batch.required else None
    bars = [outcome for outcome in outcomes if outcome.request.dataset == Dataset.STOCK_BARS and not outcome.failure]
    newest = max((outcome.last_session or "" for outcome in bars), default="")
    judged = []
    for outcome in outcomes:
        session = outcome.request.session
        if session and not outcome.failure and not outcome.rows:
            if session > first or session == required:
                outcome = Outcome(
                    outcome.request, failure=f"session {session} has closed, but the answer holds no bars"
                )
            else:
                outcome = Outcome(outcome.request, note=f"no bars: the API's history may begin after {session}")
        elif required and not session and outcome in bars and newest < required:
            outcome = Outcome(
                outcome.request, failure=f"session {required} has closed, but the answer holds no bar of it"
            )
        judged.append(outcome)
    return judged


def _judged(outcome: Outcome) -> Outcome:
    """Add the notes that a full answer deserves: nothing found, or a range that starts late."""
    request = outcome.request
    if outcome.failure or outcome.note or request.session:
        return outcome
    if request.dataset == Dataset.STOCK_BARS:
        asked = request.path.split("/")[-2]
        if not outcome.rows:
            return Outcome(request, note=f"no bars from {asked} on")
        if outcome.first_session and outcome.first_session > asked:
            # Not a failure: a ticker that was listed late looks just like a range that the plan cut.
            note = (
                f"range starts at {outcome.first_session}, asked was from {asked}: a later listing, or the plan's limit"
            )
            return Outcome(request, note=note, rows=outcome.rows)
    return outcome


def _covered(batch: Batch, outcomes: Sequence[Outcome], suspects: Collection[str]) -> tuple[str, ...]:
    """The sessions of the batch that a later backfill need not fetch again."""
    by_session = {outcome.request.session: outcome for outcome in outcomes if outcome.request.session}
    if by_session:
        return tuple(
            day.isoformat()
            for day in batch.sessions
            if (outcome := by_session.get(day.isoformat()))
            and not outcome.failure
            and not outcome.note
            and day.isoformat() not in suspects
        )
    datasets = {Dataset.STOCK_BARS, Dataset.OPTION_CONTRACTS, Dataset.OPTION_BARS}
    bars = [outcome for outcome in outcomes if outcome.request.dataset in datasets]
    found = any(outcome.rows for outcome in bars)
    if not found or any(outcome.failure for outcome in bars):
        return ()
    return tuple(day.isoformat() for day in batch.sessions)


def _missing(outcome: Outcome) -> Missing:
    request = outcome.request
    return Missing(request.dataset.value, request.path, dict(request.params), outcome.failure or outcome.note or "")
