"""Treasury yields, planned: one request has those of all days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from ingest import datasets
from ingest.datasets import Dataset, Family
from ingest.manifests import WHOLE_MARKET, Coverage
from ingest.planning import Batch


def daily(session: date) -> Batch:
    """The yields of all days: what the vendor changes in a past one is noticed with the next session.

    A batch for itself: an endpoint that fails leaves the session complete.
    """
    requests = (datasets.treasury_yields(session.isoformat()),)
    return Batch(Family.STOCKS, f"treasury yields {session}", (), (WHOLE_MARKET,), requests)


def backfill(sessions: Sequence[date], held: Coverage, *, refetch: bool = False) -> list[Batch]:
    """The yields of all days, unless a manifest as new as the range holds them."""
    if not sessions:
        return []
    spans = frozenset[Any]() if refetch else held.spans.get(Dataset.TREASURY_YIELDS, frozenset())
    return [] if any(last >= sessions[-1] for _, last in spans) else [daily(sessions[-1])]
