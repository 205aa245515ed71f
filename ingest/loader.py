"""The client's side of the load: which manifests the warehouse lacks, and `CALL raw.load_manifest` for each.

The connection is any DB-API one with autocommit on: the procedure runs its own transaction, and in a session with
autocommit off Snowflake rolls its work back, silently, when the call ends.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
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
    """Load manifests one by one, and continue after a refused one.

    Raises:
        LoadRefused: at the end, naming every manifest that the procedure has refused and why.
        LoadFailed: the same where something else went wrong, so that another try at once makes sense.
        The others stay loaded either way.
    """
    done: list[Loaded] = []
    failed: dict[str, str] = {}
    only_refused = True
    for number, key in enumerate(keys):
        try:
            answer = _answer(_rows(connection, "load_manifest", key)[0][0])
        except Exception as error:
            failed[key], refused = _reason(key, error)
            only_refused = only_refused and refused
            log.error("Refused: %s", failed[key])
            if any(kind.__name__ in CONNECTION_ERRORS for kind in type(error).__mro__):
                failed |= {later: f"{later}: not tried, the connection is lost" for later in keys[number + 1 :]}
                break
        else:
            log.info("%s: %s, %d rows.", key, answer.status, answer.rows_loaded)
            done.append(answer)
    if failed:
        message = f"{len(failed)} of {len(keys)} manifests are not loaded. {' '.join(failed.values())}"
        raise LoadRefused(message) if only_refused else LoadFailed(message)
    return done


def _answer(text: Any) -> Loaded:
    values = json.loads(text) if isinstance(text, str) else text
    return Loaded(
        manifest_id=str(values["manifest_id"]),
        status=str(values["status"]),
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


def _reason(key: str, error: Exception) -> tuple[str, bool]:
    """Why a manifest is not loaded: the procedure's own words if it refused the manifest (then True)."""
    if refusal := re.search(rf"{REFUSED} {re.escape(key)}: (.+)", str(error)):
        return f"manifest {key} was refused: {refusal[1]}"[:LONGEST_REASON], True
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{key}: {text[:LONGEST_REASON]}", False
