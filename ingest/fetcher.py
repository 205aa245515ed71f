"""Send the requests of a batch on a few threads, land the answers, and report the outcome of each.

What stops it, because the next request would fare the same: a refused key, a server that can't be reached, a pause that
is too long, and three failures in a row. A refusal that says what the plan serves does not count: see `edges`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ingest import chain_bars
from ingest.client import PolygonClient
from ingest.conflicts import SeenBars
from ingest.datasets import CONTRACT, Dataset, Request, bar_session, day_in
from ingest.edges import Edges
from ingest.errors import (
    BeforeHistory,
    IngestError,
    MalformedResponse,
    MovedAway,
    NotAuthorized,
    NotEntitled,
    NotFound,
    NotPublishedYet,
    RateLimited,
    Unreachable,
)
from ingest.identity import Identity, listing
from ingest.landing import Landing
from ingest.outcomes import BEFORE_HISTORY, Outcome

log = logging.getLogger(__name__)

MOST_FAILURES_IN_A_ROW = 3
# What some plans don't include, and what a log says then: nothing is red for it.
WITHOUT = {
    Dataset.OPTION_CHAIN: "No option chain",
    Dataset.TICKER_EVENTS: "No ticker events",
    Dataset.TREASURY_YIELDS: "No treasury yields",
}


class Fetcher:
    """Thread-safe, for one batch. `fatal` is the error for which no other request is worth sending."""

    def __init__(self, client: PolygonClient, threads: int, edges: Edges) -> None:
        self._client, self._threads, self._edges = client, threads, edges
        self._guard = threading.Lock()
        self._in_a_row = 0
        self._stopped: str | None = None
        # By dataset, what a plan that does not include it answered.
        self._not_in_plan: dict[Dataset, str] = {}
        self.fatal: IngestError | None = None

    @property
    def is_stopped(self) -> bool:
        return self._stopped is not None

    def run(self, requests: Sequence[Request], landing: Landing, *, newest_first: bool = False) -> list[Outcome]:
        """Outcomes in the order of the requests.

        Args:
            newest_first: ask for the newest sessions first, and for the very first one alone: what the plan refuses
                of a session it refuses of all older ones, and those are not asked for.
        """
        order = list(range(len(requests)))
        outcomes: dict[int, Outcome] = {}
        if newest_first:
            order.sort(key=lambda place: (requests[place].days or ("", ""))[1], reverse=True)
            if len(order) > 1 and requests[order[0]].days:
                outcomes[order[0]] = self._one(requests[order[0]], landing)
                order = order[1:]
        with ThreadPoolExecutor(self._threads, thread_name_prefix="fetch") as pool:
            found = pool.map(lambda place: self._one(requests[place], landing), order)
            outcomes.update(zip(order, found, strict=True))
        return [outcomes[place] for place in range(len(requests))]

    def read(self, request: Request, *, is_optional: bool = False) -> tuple[Outcome, list[dict[str, Any]]]:
        """Rows that decide what else to ask for and are not landed; an API that knows nothing of it has none.

        Args:
            is_optional: so has a plan that doesn't include it.
        """
        try:
            return Outcome(request), [row for answer in self._client.pages(request) for row in answer.rows]
        except NotFound:
            return Outcome(request), []
        except (NotEntitled, NotPublishedYet, BeforeHistory) as error:
            return (Outcome(request), []) if is_optional else (self._failed(request, error), [])
        except IngestError as error:
            return self._failed(request, error), []

    def refuses(self, request: Request) -> bool | None:
        """Whether the plan refuses a request for bars; None where that can't be learned. Lands nothing."""
        if (known := self._known(request)) is not None:
            return known.is_outside
        try:
            next(self._client.pages(request))
        except (NotPublishedYet, BeforeHistory) as error:
            return self._outside(request, error).is_outside
        except NotFound:
            return False
        except IngestError as error:
            log.info("Could not find out whether the plan serves %s: %s", request.path, error)
            return None
        return False

    def _one(self, request: Request, landing: Landing) -> Outcome:
        if self._stopped:
            return Outcome(request, failure=f"not asked: {self._stopped}")
        if (known := self._known(request)) is not None:
            return known
        if (said := self._not_in_plan.get(request.dataset)) and request.dataset == Dataset.TICKER_EVENTS:
            return Outcome(request, note=said, is_outside=True)
        rows, days = 0, set[str]()
        listed: dict[str, Identity] = {}
        seen = SeenBars(request.session)
        expirations: dict[str, str] = {}
        last_days: dict[str, chain_bars.LastDay] = {}
        try:
            for answer in self._client.pages(request):
                landing.add(request.dataset, request.span, answer)
                rows += len(answer.rows)
                if request.dataset in (Dataset.STOCK_BARS, Dataset.OPTION_BARS):
                    for bar in answer.rows:
                        seen.add(bar)
                if request.dataset == Dataset.TICKERS:
                    listed = listing(answer.rows, listed)
                elif request.dataset == Dataset.OPTION_CONTRACTS:
                    expirations |= _expirations(answer.rows)
                elif request.dataset == Dataset.OPTION_CHAIN and chain_bars.is_final(request.span, answer.fetched_at):
                    last_days |= chain_bars.last_days(answer.rows)
                elif request.days:
                    first, last = request.days
                    days |= {day for bar in answer.rows if (day := bar_session(bar)) and first <= day <= last}
        except NotFound as error:
            if not request.is_of_one_symbol:
                return self._failed(request, error)
            return Outcome(request, note=_nothing_known(request, error))
        except (NotEntitled, NotPublishedYet, BeforeHistory) as error:
            if request.dataset in WITHOUT:
                return self._not_entitled(request, error)
            if isinstance(error, BeforeHistory) and request.dataset == Dataset.TICKER_LISTINGS:
                return Outcome(request, note=f"{BEFORE_HISTORY}: {error}")
            if isinstance(error, NotEntitled) or request.days is None:
                return self._failed(request, error)
            return self._outside(request, error)
        except IngestError as error:
            return self._failed(request, error)
        with self._guard:
            self._in_a_row = 0
        return Outcome(
            request,
            rows=rows,
            days=frozenset(days),
            expirations=expirations,
            conflicts=seen.conflicts,
            listed=listed,
            last_days=last_days,
        )

    def _known(self, request: Request) -> Outcome | None:
        with self._guard:
            return self._edges.known(request)

    def _outside(self, request: Request, error: NotPublishedYet | BeforeHistory) -> Outcome:
        """A refusal that says what the plan serves is an answer of a healthy server: no failure, nor one in a row."""
        with self._guard:
            self._in_a_row = 0
            return self._edges.refused(request, error)

    def _failed(self, request: Request, error: IngestError) -> Outcome:
        with self._guard:
            self._in_a_row += not isinstance(error, MalformedResponse)
            if isinstance(error, NotAuthorized | MovedAway):
                self.fatal = error
            if isinstance(error, NotEntitled):
                self.fatal = self.fatal or error
            stops = isinstance(error, NotAuthorized | MovedAway | Unreachable | RateLimited)
            if stops or self._in_a_row >= MOST_FAILURES_IN_A_ROW:
                if self._stopped is None:
                    log.error("Stopping: %s", error)
                self._stopped = self._stopped or str(error)
        return Outcome(request, failure=str(error))

    def _not_entitled(self, request: Request, error: IngestError) -> Outcome:
        """What a plan doesn't include is a fact about it, no gap in what we fetched."""
        with self._guard:
            self._in_a_row = 0
            if request.dataset not in self._not_in_plan:
                log.warning("%s: %s Everything else continues.", WITHOUT[request.dataset], error)
                self._not_in_plan[request.dataset] = str(error)
        return Outcome(request, note=str(error), is_outside=request.dataset == Dataset.TICKER_EVENTS)


def _nothing_known(request: Request, error: NotFound) -> str:
    """What the manifest says of a 404."""
    return "no ticker events: the API has none of it (404)" if request.dataset == Dataset.TICKER_EVENTS else str(error)


def _expirations(rows: Sequence[dict[str, object]]) -> dict[str, str]:
    """When each contract expires; what is no contract, or has no such day, is left to the warehouse."""
    found = {}
    for row in rows:
        ticker, expiration = row.get("ticker"), day_in(row, "expiration_date")
        if isinstance(ticker, str) and CONTRACT.fullmatch(ticker) and expiration:
            found[ticker] = expiration
    return found
