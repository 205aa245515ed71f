"""Treasury yields: one request, a manifest of its own, and plans that have none."""

from __future__ import annotations

from datetime import date

import pytest

from ingest import yields
from ingest.datasets import Dataset
from ingest.errors import IncompleteFetch
from ingest.manifests import Coverage

from .answering import DAYS, NOTHING, refused, stored
from .conftest import Reply

PATH = "/fed/v1/treasury-yields"
NEWEST = DAYS[-1]


def test_yields_of_all_days_land_with_one_request(api, land, store) -> None:
    api.on(PATH, {"status": "OK", "count": 1, "results": [{"date": "2026-11-19", "yield_1_year": 3.6}]})
    land(yields.daily(NEWEST))
    (manifest,) = stored(store)
    assert [(asked.path, asked.params) for asked in api.asked] == [(PATH, {"sort": "date.asc", "limit": "50000"})]
    assert [(entry.dataset, entry.key.split("/")[2]) for entry in manifest.objects] == [
        ("treasury_yields", str(NEWEST))
    ]
    assert manifest.complete


def test_a_plan_without_yields_lands_nothing_says_so_and_is_green(api, land, store, caplog) -> None:
    api.on(PATH, refused(403))
    assert land(yields.daily(NEWEST)) is None
    assert stored(store) == []
    assert "No treasury yields: " in caplog.text
    assert "not entitled" in caplog.text


def test_yields_that_do_not_come_are_red(api, land) -> None:
    api.on(PATH, Reply({"status": "ERROR"}, 500))
    with pytest.raises(IncompleteFetch, match="treasury yields 2026-11-20: 1 of 1 requests"):
        land(yields.daily(NEWEST))


def test_a_backfill_asks_for_yields_unless_as_new_ones_are_held() -> None:
    def held(day: str) -> Coverage:
        return Coverage({}, {Dataset.TREASURY_YIELDS: frozenset({(date.fromisoformat(day),) * 2})})

    def labels(coverage: Coverage, **more: bool) -> list[str]:
        return [batch.label for batch in yields.backfill(DAYS, coverage, **more)]

    assert labels(NOTHING) == labels(held("2026-11-19")) == ["treasury yields 2026-11-20"]
    assert labels(held("2026-11-20")) == labels(held("2026-11-23")) == []
    assert labels(held("2026-11-23"), refetch=True) == ["treasury yields 2026-11-20"]
    assert yields.backfill([], NOTHING) == []
