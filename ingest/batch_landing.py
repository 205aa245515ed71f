"""Fetches the batches of a task and lands what they answer, a manifest at a time: the work behind `runs.land`."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest import manifests, packs
from ingest.errors import IncompleteFetch
from ingest.fetcher import MOST_FAILURES_IN_A_ROW
from ingest.fetching import Fetch, Fetched
from ingest.flat_files.fetching import FileFetch
from ingest.landing import Landing
from ingest.manifests import Manifest, ObjectEntry
from ingest.planning import Batch
from ingest.storage import LandingStore

log = logging.getLogger(__name__)

NOTES_IN_LOG = 20


@dataclass(frozen=True)
class Landed:
    """What `land` reports of a manifest; rows are result rows."""

    manifest_key: str
    objects: int
    result_rows: int
    notes: int
    outstanding: tuple[str, ...] = ()


def land_all(
    batches: Sequence[Batch],
    fetch: Callable[[Batch], Fetch | FileFetch],
    store: LandingStore,
    dag_id: str,
    run_id: str,
    where: str,
) -> Landed | None:
    """Fetch batches and land their objects and manifests; `runs.land` says what it returns and raises.

    Args:
        fetch: how a batch is fetched.
        where: of whom it is asked and by which setting, for a message.
    """
    parts, failures = list[Manifest](), list[str]()
    left = deque((batch, fetch(batch)) for batch in batches)
    manifest: Manifest | None = None
    failed_in_a_row = 0
    while left:
        fetched, manifest = _land_manifest(left, store, dag_id, run_id)
        parts += [manifest] if manifest.objects else []
        for one in fetched:
            failures += [one.first_failure] if one.first_failure else []
            failed_in_a_row = failed_in_a_row + 1 if one.first_failure else 0
            if one.fatal is not None:
                raise one.fatal
        if left and failed_in_a_row >= MOST_FAILURES_IN_A_ROW:
            failures.append(f"{len(left)} underlyings were not asked for, after {failed_in_a_row} failures in a row")
            break
    if failures and manifest is not None:
        raise IncompleteFetch(_lack(batches, manifest, failures[0], parts, where))
    outstanding = tuple(sorted({day for part in parts for day in part.outstanding}))
    if not parts and manifest is not None:
        outstanding = manifest.outstanding
    for day in outstanding:
        log.warning("%s: session %s is not published yet; a later run fetches it.", packs.named(batches), day)
    if not parts:
        return None
    return Landed(
        parts[-1].key,
        sum(len(part.objects) for part in parts),
        sum(part.result_rows for part in parts),
        sum(len(part.missing) for part in parts),
        outstanding,
    )


def _land_manifest(
    left: deque[tuple[Batch, Fetch | FileFetch]], store: LandingStore, dag_id: str, run_id: str
) -> tuple[list[Fetched], Manifest]:
    """Fetch the next parts, as many as make a manifest, and land their objects and, if they have any, the manifest.

    Args:
        left: batches that are not fetched to their end; those that are by this are taken out.
    """
    now, began = datetime.now(UTC), time.monotonic()
    manifest_id = manifests.new_manifest_id(now)
    done: list[tuple[Batch, Fetched]] = []
    with Landing(store, manifest_id) as landing:
        while left:
            batch, fetch = left[0]
            fetched = fetch.part(landing)
            done.append((batch, fetched))
            if not fetched.is_last:
                break
            left.popleft()
            is_full = landing.result_rows >= packs.ROWS_A_MANIFEST
            # A failure may be everybody's: what is saved until then is not to wait for the others.
            if is_full or fetched.first_failure or time.monotonic() - began > packs.SECONDS_A_MANIFEST:
                break
        objects = landing.finish()
    manifest = _manifest(manifest_id, now, done, objects, dag_id, run_id)
    if objects:
        store.put_once(manifest.key, manifest.to_json())
        log.info("%s: %d objects, %d result rows.", manifest.key, len(objects), manifest.result_rows)
    for item in manifest.missing[:NOTES_IN_LOG]:
        log.info("%s %s: %s", item.dataset, item.path, item.reason)
    if len(manifest.missing) > NOTES_IN_LOG:
        log.info("… and %d more, see `missing` in the manifest.", len(manifest.missing) - NOTES_IN_LOG)
    return [fetched for _, fetched in done], manifest


def _manifest(
    manifest_id: str,
    now: datetime,
    done: Sequence[tuple[Batch, Fetched]],
    objects: tuple[ObjectEntry, ...],
    dag_id: str,
    run_id: str,
) -> Manifest:
    batch, first = done[0]
    parts = [fetched for _, fetched in done]
    suspects = tuple(one for fetched in parts for one in fetched.suspects)
    return Manifest(
        manifest_id=manifest_id,
        family=batch.family,
        created_at=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        dag_id=dag_id,
        run_id=run_id,
        sessions=tuple(day for day in first.sessions if all(day in fetched.sessions for fetched in parts)),
        scope=tuple(symbol for one, _ in done for symbol in one.scope),
        expected=sum(fetched.expected for fetched in parts),
        answered=sum(fetched.answered for fetched in parts),
        complete=all(fetched.complete for fetched in parts),
        missing=tuple(item for fetched in parts for item in fetched.missing),
        objects=objects,
        suspect_sessions=packs.suspected(suspects) if len(done) > 1 else suspects,
        session_rows=first.session_rows,
        contracts=first.contracts if len(done) == 1 else None,
        outstanding=tuple(sorted({day for fetched in parts for day in fetched.outstanding})),
        exchange_closures=batch.closures,
        covers=tuple(packs.cover(one.scope[0], got.sessions, got.suspects, got.contracts) for one, got in done)
        if len(done) > 1
        else (),
    )


def _lack(batches: Sequence[Batch], last: Manifest, failure: str, saved: list[Manifest], source: str) -> str:
    told = saved if last in saved else [*saved, last]
    expected, answered = (sum(getattr(part, name) for part in told) for name in ("expected", "answered"))
    where = f"What was answered is saved in {', '.join(part.key for part in saved)}" if saved else "Nothing was saved"
    return (
        f"{packs.named(batches)}: {expected - answered} of {expected} requests to {source} "
        f"found no full answer, such as: {failure}. {where}; the next try fetches the rest."
    )
