"""Fetch a batch: what is answered is landed at once, what is not is told with its reason (`fetcher`).

A batch of option contracts is fetched in parts, each to become a manifest of its own: a run that is killed after hours
then goes on where it was. What was answered until a batch ends early is kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest import chain_bars, datasets
from ingest import outcomes as judging
from ingest.client import PolygonClient
from ingest.completeness import SuspectSession
from ingest.datasets import Dataset, Request
from ingest.edges import Edges
from ingest.errors import (
    IngestError,
)
from ingest.fetcher import Fetcher
from ingest.identity import Listing, follow_up
from ingest.landing import Landing
from ingest.manifests import ContractSpan, Missing
from ingest.option_planning import contract_bars, listings_before, listings_under_former_tickers
from ingest.outcomes import Outcome
from ingest.planning import Batch, chunks

log = logging.getLogger(__name__)

THREADS = 8
# A daily batch has few: looking for the plan's edge among them costs more than it saves.
FEW_EXPIRATIONS = 8
# A part ends when it holds this many contracts or has taken this long; between two slices one looks whether it does.
CONTRACTS_A_PART, SECONDS_A_PART, CONTRACTS_A_SLICE = 1_000, 300.0, 50


@dataclass(frozen=True)
class Fetched:
    """Requests expected and answered, what is missing (failures and notes), and the sessions that are covered fully.

    `suspects` are sessions that answered too few tickers twice; what they answered is landed. `contracts` are those
    whose bars are all landed by this part and those before it. `outstanding` are sessions that are not published yet.
    `fatal` is the error to raise in the end although something may have been saved. After a part that `is_last` there
    is nothing left to fetch.
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
    outstanding: tuple[str, ...] = ()
    is_last: bool = True

    @property
    def complete(self) -> bool:
        """Whether every request was answered."""
        return self.expected == self.answered


class Fetch:
    """A batch on its way. Never raises for what the API does, see `Fetched`."""

    def __init__(
        self, batch: Batch, client: PolygonClient, threads: int = THREADS, *, listed_before: Listing | None = None
    ) -> None:
        """`listed_before`: for a batch that asks for ticker events, the listing before this one, if there is one."""
        self._batch, self._edges = batch, Edges(batch)
        self._listed_before = listed_before
        self._fetcher = Fetcher(client, threads, self._edges)
        self._contracts: list[tuple[str, Request]] = []
        self._begun, self._failed, self._found = False, False, False
        # Sessions of which any contract has a bar; the last session to which any contract so far lives.
        self._days, self._lives_until = set(batch.contract_sessions), ""
        # Contracts of which the chain has said what they traded in the last session.
        self._answered: frozenset[str] = frozenset()

    def part(self, landing: Landing) -> Fetched:
        """Fetch the next part; the first one holds everything but contracts' bars."""
        began = time.monotonic()
        outcomes: list[Outcome] = []
        if not self._begun:
            outcomes = self._first(landing)
            self._begun = True
        batch = self._batch
        lacking, _ = judging.sessions_lacking_tickers(batch, outcomes)
        outcomes = self._again(landing, outcomes, lacking)
        suspects, session_rows = judging.suspects(batch, outcomes, lacking)
        for suspect in suspects:
            log.warning(
                "Session %s is suspect: %d tickers; expected about %d. It is kept, and the next runs fetch it again.",
                suspect.session,
                suspect.result_rows,
                suspect.expected_rows,
            )
        through, bars = self._bars(landing, began)
        bars = self._again(landing, bars, ())
        suspects += tuple(judging.contradictory(bars))
        outcomes = judging.judged(batch, outcomes + bars, self._edges.outstanding)
        failed = [outcome for outcome in outcomes if outcome.failure]
        self._failed |= any(outcome.request.dataset != Dataset.OPTION_CHAIN for outcome in failed)
        self._failed |= any(outcome.conflicts for outcome in bars)
        self._found = self._found or any(outcome.rows for outcome in outcomes)
        self._days |= {day for outcome in bars for day in outcome.days}
        notes, is_last = judging.missing(outcomes), not self._contracts
        sessions: tuple[str, ...] = ()
        if batch.contract_window is None:
            suspected = {suspect.session for suspect in suspects}
            edges = self._edges
            sessions = judging.covered(batch, outcomes, suspected, edges.before, edges.outstanding)
        elif is_last and self._found and not self._failed:
            sessions, holes, note = judging.contract_sessions(batch, self._days)
            suspects, notes = suspects + holes, notes + judging.noted(batch, note)
            self._end_of_contracts(sessions)
        return Fetched(
            expected=len(outcomes),
            answered=len(outcomes) - len(failed),
            missing=notes,
            sessions=sessions,
            first_failure=failed[0].failure if failed else None,
            fatal=self._fetcher.fatal,
            suspects=suspects,
            session_rows=session_rows,
            contracts=self._claim(through),
            outstanding=tuple(sorted(self._edges.outstanding)),
            is_last=is_last,
        )

    def _first(self, landing: Landing) -> list[Outcome]:
        """The batch's own requests, and for options what follows from them: which contracts to ask for."""
        batch = self._batch
        outcomes = self._fetcher.run(batch.requests, landing, newest_first=True)
        if batch.contract_window is None:
            self._probe_ranges(outcomes)
            return outcomes + self._events(outcomes, landing)
        if batch.without_chain:
            outcomes += self._ask_chain(outcomes, landing)
        outcomes += self._listings_before_splits(landing)
        outcomes += self._listings_under_former_tickers(landing)
        expirations = {ticker: day for outcome in outcomes for ticker, day in outcome.expirations.items()}
        self._contracts = self._ranges(expirations)
        self._probe_contracts()
        return outcomes

    def _ask_chain(self, outcomes: Sequence[Outcome], landing: Landing) -> list[Outcome]:
        """Learn from the chain of which contracts it has the last session's bar, or that there is none.

        Without a bar of the session it may be an old one: the contract that would most probably have traded shows it.
        Where the chain says nothing, ranges are asked for as if there were none.
        """
        batch, probes = self._batch, list[Outcome]()
        last, session = batch.sessions[-1], batch.sessions[-1].isoformat()
        chain = next(outcome for outcome in outcomes if outcome.request.dataset == Dataset.OPTION_CHAIN)
        days = {} if chain.failure else chain.last_days
        bars, is_told = chain_bars.traded(days, session), False
        if bars:
            is_told = True
        elif contract := chain_bars.likeliest(days, session):
            probes = self._fetcher.run([datasets.bars(Dataset.OPTION_BARS, contract, last, last, session)], landing)
            is_told = not any(probe.failure or probe.is_outside or session in probe.days for probe in probes)
        if is_told:
            self._days.add(session)
            self._answered = chain_bars.answered(days, session)
            log.info(
                "%s: the option chain has %d bars of session %s and answers for %d contracts.",
                *(batch.scope[0], len(bars), session, len(self._answered)),
            )
        else:
            self._batch = replace(
                batch,
                sessions=batch.without_chain,
                contract_window=(batch.without_chain[0], last),
            )
            log.info(
                "%s: the bars of session %s are not in the option chain: a request for every contract.",
                *(batch.scope[0], session),
            )
        return probes

    def _ranges(self, expirations: Mapping[str, str]) -> list[tuple[str, Request]]:
        """A request for each contract, in the order of their tickers; none for what the chain has answered."""
        batch = self._batch
        assert batch.contract_window is not None
        others = {ticker: day for ticker, day in expirations.items() if ticker not in self._answered}
        ranges = contract_bars(others, batch.contract_window, after=batch.contracts_after)
        if self._answered and len(batch.sessions) > 1:
            answered = {ticker: day for ticker, day in expirations.items() if ticker in self._answered}
            before = (batch.contract_window[0], batch.sessions[-2])
            ranges += contract_bars(answered, before, after=batch.contracts_after)
        return sorted(ranges, key=lambda one: one[0])

    def _events(self, outcomes: Sequence[Outcome], landing: Landing) -> list[Outcome]:
        """Who is behind the tickers that are new, gone or another's now, and behind those whose turn it is."""
        listed = next((outcome.listed for outcome in outcomes if outcome.listed and not outcome.failure), None)
        if self._batch.events is None or listed is None:
            return []
        requests = follow_up(self._batch.events, listed, self._listed_before, self._batch.requests[0].span)
        # The first one alone: a plan without events refuses all of them.
        first = [request for request in requests if request.dataset == Dataset.TICKER_EVENTS][:1]
        rest = [request for request in requests if request not in first]
        return self._fetcher.run(first, landing) + self._fetcher.run(rest, landing)

    def _listings_before_splits(self, landing: Landing) -> list[Outcome]:
        """Contracts as of the session before each split of the underlying: a split renames them, and the listing of a
        later day lacks the names under which they traded until then.
        """
        (underlying,), sessions = self._batch.scope, self._batch.sessions
        start, end = sessions[0], sessions[-1]
        if start == end:
            return []
        outcome, rows = self._fetcher.read(datasets.splits_of(underlying, start, end))
        if outcome.failure:
            return [outcome]
        return self._fetcher.run(listings_before(self._batch, rows), landing)

    def _listings_under_former_tickers(self, landing: Landing) -> list[Outcome]:
        """Contracts of the underlying while it was called otherwise. A daily run doesn't ask: it fetched the sessions
        that it reads again under the name that they had.
        """
        (underlying,), sessions = self._batch.scope, self._batch.sessions
        is_daily = any(request.dataset == Dataset.OPTION_CHAIN for request in self._batch.requests)
        if is_daily or len(sessions) == 1:
            return []
        outcome, rows = self._fetcher.read(datasets.tickers_of(underlying), is_optional=True)
        if outcome.failure:
            return [outcome]
        return self._fetcher.run(listings_under_former_tickers(self._batch, rows), landing)

    def _probe_ranges(self, outcomes: Sequence[Outcome]) -> None:
        """Ranges are cut without a word. One ticker's first and last session tell whether it is the plan: it refuses
        a day that it doesn't serve, and has no bar of one on which nothing traded.
        """
        ranges = [
            outcome for outcome in outcomes if outcome.is_range and not outcome.failure and not outcome.is_outside
        ]
        days = {day for outcome in ranges for day in outcome.days}
        if not days or not self._batch.sessions:
            return
        edges, ticker = self._edges, ranges[0].request.path.split("/")[4]
        first, last = self._batch.sessions[0], self._batch.sessions[-1]
        if (
            first.isoformat() < min(days)
            and self._fetcher.refuses(datasets.bars(Dataset.STOCK_BARS, ticker, first, first, "")) is not False
        ):
            # Also when the probe failed: what is not known to be served is not held.
            edges.before = max(day.isoformat() for day in self._batch.sessions if day.isoformat() < min(days))
        if last == self._batch.newest and last.isoformat() not in days:
            self._fetcher.refuses(datasets.bars(Dataset.STOCK_BARS, ticker, last, last, ""))

    def _probe_contracts(self) -> None:
        """Find the beginning of the plan's history among the contracts' expirations, where it lies among them.

        A contract that expired before it is refused, one request each; a plan has years of expirations before it.
        """
        by_last = {request.days[1]: request for _, request in self._contracts if request.days}
        lasts = sorted(by_last)
        low, high = 0, len(lasts) if len(lasts) > FEW_EXPIRATIONS else 0
        at = 0
        while low < high:
            if self._fetcher.refuses(by_last[lasts[at]]):
                low = at + 1
            else:
                high = at
            at = (low + high) // 2

    def _bars(self, landing: Landing, began: float) -> tuple[str | None, list[Outcome]]:
        """Bars of the next contracts, in the order of their tickers, and the last of these tickers."""
        done: list[Outcome] = []
        through = None
        for piece in list(chunks(self._contracts, CONTRACTS_A_SLICE)):
            done += self._fetcher.run([request for _, request in piece], landing)
            through = piece[-1][0]
            self._lives_until = max(self._lives_until, *(request.days[1] for _, request in piece if request.days))
            asked = sum(not outcome.is_outside for outcome in done)
            is_full = asked >= CONTRACTS_A_PART or time.monotonic() - began > SECONDS_A_PART
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
            log.warning("Session %s has suspiciously few tickers: requesting it again.", session)
        places = judging.worth_asking_again(outcomes, lacking)
        for outcome in (outcomes[place] for place in places):
            if outcome.conflicts:
                log.warning("%s has bars that contradict each other: requesting it again.", outcome.request.path)
        again = self._fetcher.run([outcomes[place].request for place in places], landing)
        for place, outcome in zip(places, again, strict=True):
            outcomes[place] = outcomes[place].fuller(outcome)
        return outcomes

    def _end_of_contracts(self, held: Sequence[str]) -> None:
        """The newest session is outstanding when no contract has a bar of it, though others have of those before."""
        newest = self._batch.newest.isoformat() if self._batch.newest else None
        if held and newest and self._batch.sessions[-1].isoformat() == newest and held[-1] < newest:
            self._edges.outstanding.add(newest)

    def _claim(self, through: str | None) -> ContractSpan | None:
        """Contracts whose bars need not be fetched again by a second try at the same window.

        Where some of them live to its end and none has a bar of that session, it ends before: it may not be served yet.
        """
        window = self._batch.contract_window
        if window is None or through is None or self._failed or not self._days:
            return None
        start, end = (day.isoformat() for day in window)
        if self._lives_until >= end and end not in self._days:
            end = max(self._days)
        return ContractSpan(start, end, through, tuple(sorted(self._days)))
