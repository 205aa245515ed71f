"""The client's side of the load: which manifests the warehouse lacks, and `CALL raw.load_manifest` for each.

The connection is any DB-API one with autocommit on: the procedure runs its own transaction, and in a session with
autocommit off Snowflake rolls its work back, silently, when the call ends.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.datasets import Family
from ingest.errors import LoadFailed
from ingest.manifests import list_keys, manifest_id_of
from ingest.storage import LandingStore

log = logging.getLogger(__name__)

SQL = Path(__file__).with_name("sql")
# After these the connection is of no use, and every further call would wait for its own time-out.
CONNECTION_ERRORS = frozenset({"OperationalError", "InterfaceError"})
REFUSAL = re.compile(r"manifest manifests/\S+ was refused: .*")


@dataclass(frozen=True)
class Loaded:
    """The procedure's answer; `status` is loaded or already_loaded."""

    manifest_id: str
    status: str
    objects: int
    rows_loaded: int
    result_rows: int


def pending(connection: Any, store: LandingStore, family: Family) -> list[str]:
    """Keys of all manifests of a family that the ledger does not know, oldest first. Only reads."""
    known = ledger_ids(connection, family)
    return [key for key in list_keys(store, family) if manifest_id_of(key) not in known]


def ledger_ids(connection: Any, family: Family) -> frozenset[str]:
    """Ids of the manifests that the warehouse has loaded. Only reads."""
    return frozenset(str(row[0]) for row in _rows(connection, "ledger_ids", family.value))


def load(connection: Any, keys: Sequence[str]) -> list[Loaded]:
    """Load manifests one by one and go on after one that is rejected.

    Raises:
        LoadFailed: at the end, naming every manifest that is not loaded and why. The others stay loaded.
    """
    done: list[Loaded] = []
    failed: dict[str, str] = {}
    for number, key in enumerate(keys):
        try:
            answer = _answer(_rows(connection, "load_manifest", key)[0][0])
        except Exception as error:
            failed[key] = _one_line(error)
            log.error("%s is not loaded: %s", key, failed[key])
            if any(kind.__name__ in CONNECTION_ERRORS for kind in type(error).__mro__):
                failed |= {later: "not tried, the connection is lost" for later in keys[number + 1 :]}
                break
        else:
            log.info("%s: %s, %d rows.", key, answer.status, answer.rows_loaded)
            done.append(answer)
    if failed:
        reasons = " ".join(f"{key}: {reason}." for key, reason in failed.items())
        raise LoadFailed(
            f"{len(failed)} of {len(keys)} manifests are not loaded. {reasons} The next run of the load tries again."
        )
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
    cursor = connection.cursor()
    try:
        cursor.execute((SQL / f"{statement}.sql").read_text(), values)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def _one_line(error: Exception) -> str:
    """The procedure's own message, without the interpreter's trace around it, or whatever the error says."""
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    refusal = REFUSAL.search(text)
    return refusal[0] if refusal else text
