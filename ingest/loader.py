"""The client's side of the load: which manifests the warehouse lacks, and `CALL raw.load_manifests` for a list of them.

The connection is any DB-API one with autocommit on: the procedure runs its own transaction, and in a session with
autocommit off Snowflake rolls its work back, silently, when the call ends.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingest.datasets import Family
from ingest.errors import LoadFailed, LoadRefused
from ingest.manifest_document import REFUSED
from ingest.manifests import list_keys, manifest_id_of, new_manifest_id
from ingest.storage import LandingStore

log = logging.getLogger(__name__)

SQL = Path(__file__).with_name("sql")
# After these the connection is of no use, and every further call would wait for its own time-out.
CONNECTION_ERRORS = frozenset({"OperationalError", "InterfaceError"})
LONGEST_REASON = 600
# Between the clocks of the object store and of the warehouse; more would read every manifest that is loaded at once.
CLOCK_TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True)
class Loaded:
    """The procedure's answer; `status` is loaded or already_loaded."""

    manifest_id: str
    status: str
    objects: int
    rows_loaded: int
    result_rows: int


def pending(
    connection: Any, store: LandingStore, family: Family, *, full: bool = False, now: datetime | None = None
) -> list[str]:
    """Keys of the manifests of a family that the ledger lacks, oldest first; moves the family's settled watermark.

    The watermark is the newest manifest id up to which a sweep found every manifest loaded or refused. A sweep lists
    what lies behind it, and adds the refused ones before it that are still there. A full sweep begins at the very
    first manifest: it also finds one that came below the watermark later, because it took long to land or its
    machine's clock was slow.

    Args:
        full: list all manifests; one request for each thousand.
        now: a manifest from the future (a clock was fast) doesn't take the watermark along; default: this moment.
    """
    settled_through = max([str(row[0] or "") for row in _rows(connection, "watermark", family.value)], default="")
    start = "" if full else settled_through
    known = ledger_ids(connection, family, after=start)
    refused = refused_keys(connection, family)
    listed = list(list_keys(store, family, after=start))
    lacking = [key for key in listed if manifest_id_of(key) not in known]
    lacking += [key for key in refused if manifest_id_of(key) <= start and store.exists(key)]

    bound = new_manifest_id(now or datetime.now(UTC))
    untried = [manifest_id_of(key) for key in lacking if key not in refused]
    settled = [one for one in map(manifest_id_of, listed) if one < min([bound, *untried])]
    if settled and settled[-1] > settled_through:
        _run(connection, "move_watermark", settled[-1], family.value, settled[-1])
    return sorted(lacking)


def ledger_ids(connection: Any, family: Family, after: str = "") -> frozenset[str]:
    """Ids of the manifests that the warehouse has loaded, those greater than `after` only. Only reads."""
    return frozenset(str(row[0]) for row in _rows(connection, "ledger_ids", family.value, after))


def refused_keys(connection: Any, family: Family) -> frozenset[str]:
    """Keys of the manifests that the warehouse has refused and not loaded since. Only reads."""
    return frozenset(str(row[0]) for row in _rows(connection, "refused_manifests", family.value))


def replaced(connection: Any, store: LandingStore, family: Family) -> list[str]:
    """Keys of loaded manifests that were replaced after they were loaded. Only reads.

    One listing; of the documents only those are read that were written after their load had begun.
    """
    rows = _rows(connection, "ledger_manifests", family.value)
    loaded = {str(key): (str(sha256), at.replace(tzinfo=UTC)) for key, sha256, at in rows}
    suspects = [
        key
        for key, modified in store.modified(f"manifests/{family}/")
        if key in loaded and modified > loaded[key][1] - CLOCK_TOLERANCE
    ]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda key: hashlib.sha256(store.read(key)).hexdigest(), suspects)
        return [key for key, sha256 in zip(suspects, found, strict=True) if sha256 != loaded[key][0]]


def load(connection: Any, keys: Sequence[str]) -> list[Loaded]:
    """Load manifests of one family, a list in a call, and continue after a refused one.

    Raises:
        LoadRefused: at the end, naming every manifest that the procedure has refused and why.
        LoadFailed: the same where something else went wrong, so that another try at once makes sense.
        The others stay loaded either way.
    """
    done: list[Loaded] = []
    failed: dict[str, str] = {}
    only_refused = True
    calls = deque([list(keys)] if keys else [])
    while calls:
        asked = calls.popleft()
        try:
            answers, left = _answers(_rows(connection, "load_manifests", json.dumps(asked))[0][0])
        except Exception as error:
            is_lost = any(kind.__name__ in CONNECTION_ERRORS for kind in type(error).__mro__)
            if len(asked) > 1 and not is_lost:
                # One of them may be what the call has died of: it must not keep the others back.
                calls.extendleft([[key] for key in reversed(asked)])
                continue
            only_refused = False
            failed |= {key: _reason(key, error) for key in asked}
            log.error("Not loaded: %s", failed[asked[0]])
            if is_lost:
                failed |= {key: f"{key}: not tried, the connection is lost" for call in calls for key in call}
                break
            continue
        if left == asked:
            raise LoadFailed(f"raw.load_manifests loaded none of {len(left)} manifests, such as {left[0]}.")
        calls.extend([left] if left else [])
        for key, answer in answers:
            if isinstance(answer, Loaded):
                log.info("%s: %s, %d rows.", key, answer.status, answer.rows_loaded)
                done.append(answer)
            else:
                failed[key] = answer.text
                only_refused = only_refused and answer.is_refused
                log.error("Not loaded: %s", answer.text)
    if failed:
        message = f"{len(failed)} of {len(keys)} manifests are not loaded. {' '.join(failed.values())}"
        raise LoadRefused(message) if only_refused else LoadFailed(message)
    return done


@dataclass(frozen=True)
class _NotLoaded:
    """Why a manifest is not loaded, and whether the procedure has refused it."""

    text: str
    is_refused: bool


def _answers(text: Any) -> tuple[list[tuple[str, Loaded | _NotLoaded]], list[str]]:
    """What the procedure says of each manifest, and the keys that it has left."""
    values = json.loads(text) if isinstance(text, str) else text
    return [(str(one["manifest_key"]), _answer(one)) for one in values["manifests"]], list(values["left"])


def _answer(values: dict[str, Any]) -> Loaded | _NotLoaded:
    key, status = str(values["manifest_key"]), str(values["status"])
    if status == "refused":
        words = str(values["message"]).removeprefix(f"{REFUSED} {key}: ")
        return _NotLoaded(f"manifest {key} was refused: {words}"[:LONGEST_REASON], True)
    if status == "failed":
        return _NotLoaded(f"{key}: {values['message']}"[:LONGEST_REASON], False)
    return Loaded(
        manifest_id=str(values["manifest_id"]),
        status=status,
        objects=int(values["objects"]),
        rows_loaded=int(values["rows_loaded"]),
        result_rows=int(values["result_rows"]),
    )


def _rows(connection: Any, statement: str, *values: str) -> list[Any]:
    with closing(connection.cursor()) as cursor:
        cursor.execute((SQL / f"{statement}.sql").read_text(), values)
        return list(cursor.fetchall())


def _run(connection: Any, statement: str, *values: str) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute((SQL / f"{statement}.sql").read_text(), values)


def _reason(key: str, error: Exception) -> str:
    """Why a call for one manifest has failed."""
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{key}: {text[:LONGEST_REASON]}"
