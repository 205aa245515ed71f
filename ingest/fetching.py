"""Fetch a batch with a few threads: what is answered is landed at once, what is not is told with its reason.

A batch of option contracts is fetched in parts, each to become a manifest of its own: a run that is killed after hours
then goes on where it was. What ends a batch early, because the next request would fare the same: a refused key, a
server that can't be reached, a pause that is too long, and three failures in a row. What was answered until then is
kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ingest import outcomes as judging
from ingest.client import PolygonClient
from ingest.completeness import SuspectSession
from ingest.conflicts import SeenBars
from ingest.datasets import Dataset, Request, bar_session
from ingest.errors import IngestError, MalformedResponse, NotAuthorized, NotEntitled, NotFound, RateLimited, Unreachable
from ingest.landing import Landing
from ingest.manifests import ContractSpan, Missing
from ingest.outcomes import Outcome
from ingest.planning import Batch, chunks, contract_bars

log = logging.getLogger(__name__)

THREADS = 8
MOST_FAILURES_IN_A_ROW = 3
# A part ends when it holds this many contracts or has taken this long; between two slices one looks whether it does.
CONTRACTS_A_PART, SECONDS_A_PART, CONTRACTS_A_SLICE = 1_000, 300.0, 50


@dataclass(frozen=True)
class Fetched:
    """Requests expected and answered, what is missing (failures and notes), and the sessions that are covered fully.

    `suspects` are sessions that answered too few tickers twice; what they answered is landed. `contracts` are those
    whose bars are all landed by this part and those before it. `fatal` is the error to raise in the end although
    something may have been saved. After a part that `is_last` there is nothing left to fetch.
    """

    expected: int
    answered: int
    missing: tuple[Missing, ...]
    sessions: tuple[str, ...]
    first_failure: str | None
    fatal: IngestError | None
    suspects: tuple[SuspectSession, ...] = ()
    session_rows: dict[str, int] = field(default_factory=dict)
    contracts: ContractSpan | None = None
    is_last: bool = True

    @property
    def complete(self) -> bool:
        """Whether every request was answered."""
        return self.expected == self.answered


class Fetch:
    """A batch on its way. Never raises for what the API does, see `Fetched`."""

    def __init__(self, batch: Batch, client: PolygonClient, threads: int = THREADS) -> None:
        self._batch, self._fetcher = batch, _Fetcher(client, threads)
        self._contracts: list[tuple[str, Request]] = []
        self._begun, self._failed, self._found = False, False, False

    def part(self, landing: Landing) -> Fetched:
        """Fetch the next part; the first one holds everything but contracts' bars."""
        began, batch = time.monotonic(), self._batch
        outcomes: list[Outcome] = []
        if not self._begun:
            outcomes = self._fetcher.run(batch.requests, landing)
            if batch.contract_window is not None:
                expirations = {ticker: day for outcome in outcomes for ticker, day in outcome.expirations.items()}
                self._contracts = contract_bars(expirations, batch.contract_window, after=batch.contracts_after)
            self._begun = True
        lacking, _ = judging.sessions_lacking_tickers(batch, outcomes)
        outcomes = self._again(landing, outcomes, lacking)
        suspects, session_rows = judging.suspects(batch, outcomes, lacking)
        for suspect in suspects:
            log.warning(
                "Session %s is suspect: %d tickers, %d were expected. It is kept and fetched again by the next runs.",
                suspect.session,
                suspect.result_rows,
                suspect.expected_rows,
            )
        through, bars = self._bars(landing, began)
        bars = self._again(landing, bars, ())
        suspects += tuple(judging.contradictory(bars))
        outcomes = judging.judged(batch, outcomes + bars)
        failed = [outcome for outcome in outcomes if outcome.failure]
        self._failed |= any(outcome.request.dataset != Dataset.OPTION_CHAIN for outcome in failed)
        self._failed |= any(outcome.conflicts for outcome in bars)
        self._found = self._found or any(outcome.rows for outcome in outcomes)
        is_last = not self._contracts
        return Fetched(
            expected=len(outcomes),
            answered=len(outcomes) - len(failed),
            missing=judging.missing(outcomes),
            sessions=self._covered(outcomes, {suspect.session for suspect in suspects}) if is_last else (),
            first_failure=failed[0].failure if failed else None,
            fatal=self._fetcher.fatal,
            suspects=suspects,
            session_rows=session_rows,
            contracts=self._claim(through),
            is_last=is_last,
        )

    def _bars(self, landing: Landing, began: float) -> tuple[str | None, list[Outcome]]:
        """Bars of the next contracts, in the order of their tickers, and the last of these tickers."""
        done: list[Outcome] = []
        through = None
        for piece in list(chunks(self._contracts, CONTRACTS_A_SLICE)):
            done += self._fetcher.run([request for _, request in piece], landing)
            through = piece[-1][0]
            is_full = len(done) >= CONTRACTS_A_PART or time.monotonic() - began > SECONDS_A_PART
            # Once stopped, the rest is told as not asked for, at once.
            if is_full and not self._fetcher.is_stopped:
                break
        self._contracts = self._contracts[len(done) :]
        return through, done

    def _again(self, landing: Landing, outcomes: list[Outcome], lacking: Collection[str]) -> list[Outcome]:
        """Ask once more for what answered suspiciously few tickers, or contradicts itself. Both answers are landed:
        nothing of one is lost.
        """
        for session in sorted(lacking):
            log.warning("Session %s answered suspiciously few tickers: asking again.", session)
        places = judging.worth_asking_again(outcomes, lacking)
        for outcome in (outcomes[place] for place in places):
            if outcome.conflicts:
                log.warning("%s holds bars that contradict each other: asking again.", outcome.request.path)
        again = self._fetcher.run([outcomes[place].request for place in places], landing)
        for place, outcome in zip(places, again, strict=True):
            outcomes[place] = outcomes[place].fuller(outcome)
        return outcomes

    def _covered(self, outcomes: Sequence[Outcome], suspected: Collection[str]) -> tuple[str, ...]:
        if self._batch.contract_window is None:
            return judging.covered(self._batch, outcomes, suspected)
        whole = self._found and not self._failed
        return tuple(day.isoformat() for day in self._batch.sessions) if whole else ()

    def _claim(self, through: str | None) -> ContractSpan | None:
        window = self._batch.contract_window
        if window is None or through is None or self._failed:
            return None
        return ContractSpan(window[0].isoformat(), window[1].isoformat(), through)


class _Fetcher:
    def __init__(self, client: PolygonClient, threads: int) -> None:
        self._client, self._threads = client, threads
        self._guard = threading.Lock()
        self._in_a_row = 0
        self._stopped: str | None = None
        self._told_not_entitled = False
        self.fatal: IngestError | None = None

    @property
    def is_stopped(self) -> bool:
        return self._stopped is not None

    def run(self, requests: Iterable[Request], landing: Landing) -> list[Outcome]:
        with ThreadPoolExecutor(self._threads, thread_name_prefix="fetch") as pool:
            return list(pool.map(lambda request: self._one(request, landing), requests))

    def _one(self, request: Request, landing: Landing) -> Outcome:
        if self._stopped:
            return Outcome(request, failure=f"not asked: {self._stopped}")
        rows, days = 0, set[str]()
        seen = SeenBars(request.session)
        expirations: dict[str, str] = {}
        try:
            for answer in self._client.pages(request):
                landing.add(request.dataset, request.span, answer)
                rows += len(answer.rows)
                if request.dataset in (Dataset.STOCK_BARS, Dataset.OPTION_BARS):
                    for bar in answer.rows:
                        seen.add(bar)
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
        return Outcome(request, rows=rows, days=frozenset(days), expirations=expirations, conflicts=seen.conflicts)

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


def _expirations(rows: Sequence[dict[str, object]]) -> dict[str, str]:
    found = {}
    for row in rows:
        ticker, expiration = row.get("ticker"), row.get("expiration_date")
        if isinstance(ticker, str) and isinstance(expiration, str) and len(expiration) == 10:
            found[ticker] = expiration
    return found
