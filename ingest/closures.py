"""Closures that the installed calendar lacks: days such as 2025-01-09, announced after its release.

They are known from SNOWTAPE_EXCHANGE_CLOSURES, from the API's market status, and, since that lists only days to come,
from the manifests of the runs that asked it before. A manifest says which closures were known from REMEMBERED_DAYS
before it on: the newest that covers a day is right about it, so a closure that was called off is forgotten.
dbt reads the same from the ledger (int_polygon__exchange_closures).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ingest import calendar
from ingest.datasets import NEW_YORK, Family
from ingest.errors import BadSetting
from ingest.manifests import Manifest, list_keys, read_all
from ingest.storage import LandingStore

log = logging.getLogger(__name__)

SETTING = "SNOWTAPE_EXCHANGE_CLOSURES"
# Longer than the package of the calendar goes without a release.
REMEMBERED_DAYS = 400
# A daily run reads the newest manifests only; each repeats what the ones before it knew.
MANIFESTS_READ, MANIFESTS_SINCE = 50, timedelta(days=30)


def read_closures(environment: Mapping[str, str] = os.environ) -> frozenset[date]:
    """The days in SNOWTAPE_EXCHANGE_CLOSURES.

    Raises:
        BadSetting: one line that names the variable.
    """
    text = environment.get(SETTING, "")
    try:
        return frozenset(date.fromisoformat(day.strip()) for day in text.split(",") if day.strip())
    except ValueError:
        raise BadSetting(
            f"{SETTING} is {text!r}; expected days on which the exchange was closed, separated by commas, "
            "such as 2025-01-09."
        ) from None


def announced(rows: Iterable[Any]) -> frozenset[date]:
    """Closures among the rows of `/v1/marketstatus/upcoming` that the calendar doesn't know."""
    days = set()
    for row in rows:
        if isinstance(row, Mapping) and (row.get("exchange"), row.get("status")) == ("NYSE", "closed"):
            try:
                days.add(date.fromisoformat(str(row.get("date"))))
            except ValueError:
                log.warning("The market status lists a closure on %r; expected a date. It is ignored.", row.get("date"))
    return frozenset(day for day in days if calendar.is_planned_session(day))


def newest_manifests(store: LandingStore, family: Family, now: datetime) -> list[Manifest]:
    """The newest manifests of the last weeks, at most MANIFESTS_READ."""
    keys = list(list_keys(store, family, f"{now - MANIFESTS_SINCE:%Y%m%d}"))
    return read_all(store, keys[-MANIFESTS_READ:])


def remembered(manifests: Iterable[Manifest]) -> frozenset[date]:
    """Closures that manifests say; of those that cover a day the newest counts."""
    days: set[date] = set()
    covered_from = date.max
    for manifest in sorted(manifests, key=lambda one: one.manifest_id, reverse=True):
        if manifest.exchange_closures is not None:
            days |= {day for text in manifest.exchange_closures if (day := date.fromisoformat(text)) < covered_from}
            covered_from = min(covered_from, _covered_from(manifest))
    return frozenset(days)


def known(past: frozenset[date], coming: frozenset[date] | None, now: datetime) -> frozenset[date]:
    """What counts: an answer about the days to come overrules what was remembered of them.

    Args:
        past: closures that are remembered.
        coming: those that the API announces now; None when it gave no answer.
    """
    if coming is None:
        return past
    today = now.astimezone(NEW_YORK).date()
    return frozenset(day for day in past if day <= today) | coming


def stated(days: Iterable[date], now: datetime) -> tuple[str, ...]:
    """What a manifest begun at `now` says of them, oldest first."""
    first = now.date() - timedelta(days=REMEMBERED_DAYS)
    return tuple(day.isoformat() for day in sorted(days) if day >= first)


def learn(days: frozenset[date]) -> None:
    """Have every session of this process counted without these days and those of the setting."""
    named = read_closures()
    for day in sorted(days):
        log.info("The exchange announced that it is closed on %s, which is not in the installed calendar.", day)
    calendar.learn(days | named)


def _covered_from(manifest: Manifest) -> date:
    begun = datetime.strptime(manifest.manifest_id[:8], "%Y%m%d").date()
    return begun - timedelta(days=REMEMBERED_DAYS)
