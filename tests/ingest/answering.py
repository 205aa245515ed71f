"""What a scripted API answers, and what landed of it."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime

from ingest import manifests, planning
from ingest.datasets import Family
from ingest.manifests import Coverage, Manifest

from .conftest import Reply

DAYS = [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]
NOTHING = Coverage({}, {dataset: frozenset({(date.min, date.max)}) for dataset in planning.REFERENCE})


def at_close(session: str) -> int:
    return int(datetime.fromisoformat(f"{session}T21:00+00:00").timestamp() * 1000)


def grouped(session: str, *tickers: str) -> dict:
    bars = [{"T": ticker, "o": 1, "h": 1, "l": 1, "c": 1, "v": 1, "t": at_close(session)} for ticker in tickers]
    return {"status": "OK", "resultsCount": len(bars), **({"results": bars} if bars else {})}


def ranged(ticker: str, *sessions: str) -> dict:
    return {"ticker": ticker, "results": [{"c": 1, "t": at_close(session)} for session in sessions]}


def path_of(session: date | str) -> str:
    return f"/v2/aggs/grouped/locale/us/market/stocks/{session}"


def refused(status: int) -> Reply:
    said = {"error": "Unknown API Key"} if status == 401 else {"message": "You are not entitled to this data."}
    return Reply(said, status)


def stored(store, family: Family = Family.STOCKS) -> list[Manifest]:
    """Every manifest; of whatever a test has landed, each answer came after its manifest was begun."""
    found = manifests.read_all(store, manifests.list_keys(store, family))
    for manifest in found:
        assert all(manifest.created_at <= line["fetched_at"] for line in lines(store, manifest))
    return found


def lines(store, manifest: Manifest) -> list[dict]:
    return [
        json.loads(line) for entry in manifest.objects for line in gzip.decompress(store.read(entry.key)).splitlines()
    ]


def held_back(batch: planning.Batch, held: Coverage) -> planning.Batch:
    """What the second try of a task asks for, once it has crossed to it as JSON."""
    return planning.Batch.from_dict(json.loads(json.dumps(planning.remaining(batch, held).to_dict())))
