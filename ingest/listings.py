"""The newest landed list of active tickers, read back from the store; today's is compared with it."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Mapping
from typing import Any

from ingest import identity, manifests
from ingest.datasets import Dataset, Family
from ingest.errors import IngestError
from ingest.identity import Identity
from ingest.manifests import Manifest
from ingest.storage import LandingStore

log = logging.getLogger(__name__)

# Backfills write manifests too, in between.
MOST_MANIFESTS = 60


def newest(store: LandingStore) -> dict[str, Identity] | None:
    """What the newest complete listing says of each ticker; None where there is none, or it can't be read."""
    keys = list(manifests.list_keys(store, Family.STOCKS))[-MOST_MANIFESTS:]
    for key in reversed(keys):
        for manifest in manifests.read_all(store, [key]):
            if manifest.complete and (found := _listing(store, manifest)):
                return found
    return None


def _listing(store: LandingStore, manifest: Manifest) -> dict[str, Identity] | None:
    rows: list[Mapping[str, Any]] = []
    for entry in manifest.objects:
        if entry.dataset != Dataset.TICKERS:
            continue
        try:
            lines = gzip.decompress(store.read(entry.key)).splitlines()
        except (IngestError, OSError, EOFError) as error:
            log.warning("%s cannot be read, so an older ticker list counts: %s", entry.key, error)
            return None
        for line in map(json.loads, lines):
            rows += line["response"].get("results") or []
    # Manifests of the first weeks have the delisted ones in the same objects.
    return identity.listing(row for row in rows if row.get("active") is not False)
