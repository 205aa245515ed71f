"""Where the data that a plan serves begins and ends, learned from refusals, so that nothing else is requested.

Both edges are the same for every ticker and contract. A refusal of a day as older than the plan's history holds for
every day before it.
"""

from __future__ import annotations

from ingest.datasets import Request
from ingest.errors import BeforeHistory, NotPublishedYet
from ingest.outcomes import BEFORE_HISTORY, Outcome
from ingest.planning import Batch


class Edges:
    """What is known of them during one batch; not thread-safe."""

    def __init__(self, batch: Batch) -> None:
        """The newest session that has closed is the only one that may not be published yet."""
        newest = batch.newest or batch.required
        self._newest = newest.isoformat() if newest else None
        self._last = self._newest or (batch.sessions[-1].isoformat() if batch.sessions else None)
        # The newest day that was refused as older than the plan's history; "" before any was.
        self.before = ""
        self.outstanding: set[str] = set(batch.outstanding)

    def known(self, request: Request) -> Outcome | None:
        """The outcome of a request that would be refused, without asking; None where it has to be asked."""
        if request.days is None:
            return None
        first, last = request.days
        if self.outstanding and first >= min(self.outstanding):
            return _not_published(request)
        if last <= self.before:
            return _before_history(request, was_asked=False)
        return None

    def refused(self, request: Request, error: NotPublishedYet | BeforeHistory) -> Outcome:
        """The outcome of a request for bars that was refused; it is a failure only where the refusal makes no sense."""
        assert request.days is not None
        first, last = request.days
        newest = self._last if isinstance(error, NotPublishedYet) else self._newest
        if newest is not None and first == newest:
            self.outstanding.add(first)
            return _not_published(request)
        if isinstance(error, BeforeHistory):
            self.before = max(self.before, last)
            return _before_history(request, was_asked=True)
        return Outcome(request, failure=f"{error}, though a later session has closed since")


def _not_published(request: Request) -> Outcome:
    session = request.days[0] if request.days else ""
    return Outcome(request, note=f"not published yet: the API serves session {session} later", is_outside=True)


def _before_history(request: Request, *, was_asked: bool) -> Outcome:
    how = "the API refused it" if was_asked else "not asked for, because the API refused a later day"
    return Outcome(request, note=f"{BEFORE_HISTORY}: {how}", is_outside=True)
