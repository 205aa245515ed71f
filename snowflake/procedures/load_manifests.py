# {% raw %}
"""Handler of `raw.load_manifests(manifest_keys)`: loads a list of manifests of one family, each exactly once.

    ledger: which are known? → read manifests until they are a group → begin → lock → ledger → the steps of
    load_manifest.py for the whole group → commit → next group

A group is one transaction, so that a thousand manifests take as many statements as one does. What a group costs when
the call is killed is bounded (`MAX_GROUP_BYTES`, `MAX_FILES` objects). A refused manifest is recorded and left out, and
the others of its group are loaded without it; where nothing says which one it is, each half is loaded for itself.

schemachange inlines this file below load_manifest.py and what that stands on, whose names it uses.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from snowflake.snowpark import Session

# isort: split
# {% endraw %}{% if false %}
from ingest.manifest_document import REFUSED, ManifestDocument, ManifestKey, Refusal, parse_key, shown
from snowflake.procedures.load_manifest import (
    MAX_FILES,
    Refused,
    load_together,
    lock,
    record_refusals,
    recorded,
)
from snowflake.procedures.staged_objects import read_manifest, run
from snowflake.procedures.statements import find_in_ledger, one_line

# {% endif %}{% raw %}

# As stored, compressed: some ten million bars.
MAX_GROUP_BYTES = 256 << 20
# No group is begun after this; the warehouse ends a statement after half an hour (03_warehouses.sql).
LONGEST_CALL = timedelta(minutes=10)

Answers = list[dict[str, Any]]


class Failed(Exception):
    """The load of a group failed, and not because of manifests that are known."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def load_list(session: Session, manifest_keys: str) -> dict[str, Any]:
    """Load manifests, in the order of the list.

    Args:
        manifest_keys: a JSON array of keys, all of one family.

    Returns:
        `manifests`: for each one manifest_key and status: loaded and already_loaded as `main` gives them; refused
        (recorded in raw.load_rejects) and failed (anything else) with a message. `left`: keys that the time did not
        suffice for, for another call; never all of them.

    Raises:
        Refusal: the argument is not such a list; no statement was run.
    """
    keys = read_keys(manifest_keys)
    began = datetime.now(UTC)
    known = in_ledger_now(session, keys) if keys else {}
    answers = [known[key.manifest_id] for key in keys if key.manifest_id in known]
    left = [key for key in keys if key.manifest_id not in known]
    while left and (len(left) == len(keys) or datetime.now(UTC) - began < LONGEST_CALL):
        group, refused, left = next_group(left)
        answers += refuse(session, refused)
        answers += load_group(session, group)
    return {"manifests": answers, "left": [key.text for key in left]}


def read_keys(manifest_keys: str) -> list[ManifestKey]:
    """The keys of the argument, each once."""
    try:
        texts = json.loads(manifest_keys)
        if not isinstance(texts, list):
            raise Refusal("it is not a JSON array of keys of manifests")
        keys = list(dict.fromkeys(parse_key(text) for text in texts))
        if len({key.family for key in keys}) > 1:
            raise Refusal("its manifests are of both families; expected one")
    except (TypeError, ValueError, RecursionError, Refusal) as error:
        raise Refusal(f"{REFUSED} {shown(manifest_keys)}: {one_line(error)}. Nothing was loaded.") from None
    return keys


def in_ledger_now(session: Session, keys: list[ManifestKey]) -> dict[str, dict[str, Any]]:
    """The answers for those of the manifests that the ledger has, by id."""
    rows = {str(row[0]): row for row in run(session, find_in_ledger(keys))}
    return {
        key.manifest_id: {"manifest_key": key.text} | recorded(key, rows[key.manifest_id])
        for key in keys
        if key.manifest_id in rows
    }


def next_group(
    keys: list[ManifestKey],
) -> tuple[list[ManifestDocument], list[tuple[ManifestKey, str]], list[ManifestKey]]:
    """The first manifests of a list, as many as may be loaded together but at least one; those among them that can't be
    read, with the reason; and the keys that are left.
    """
    group: list[ManifestDocument] = []
    refused: list[tuple[ManifestKey, str]] = []
    objects = size = 0
    for at, key in enumerate(keys):
        try:
            manifest = read_manifest(key)
        except Refusal as refusal:
            refused.append((key, str(refusal)))
            continue
        objects += len(manifest.objects)
        size += sum(item.size for item in manifest.objects)
        if group and (objects > MAX_FILES or size > MAX_GROUP_BYTES or len(group) == MAX_FILES):
            return group, refused, keys[at:]
        group.append(manifest)
    return group, refused, []


def load_group(session: Session, group: list[ManifestDocument]) -> Answers:
    """Load manifests in one transaction; as often as some are refused, the others in another one."""
    answers: Answers = []
    while group:
        keys = [manifest.key for manifest in group]
        try:
            return answers + transact_group(session, group)
        except Refused as refused:
            reasons = refused.reasons
            answers += refuse(session, [(key, reasons[key.manifest_id]) for key in keys if key.manifest_id in reasons])
            group = [one for one in group if one.key.manifest_id not in reasons]
        except Failed as failed:
            if len(group) > 1:
                half = len(group) // 2
                return answers + load_group(session, group[:half]) + load_group(session, group[half:])
            if isinstance(failed.error, Refusal):
                return answers + refuse(session, [(keys[0], str(failed.error))])
            return [*answers, {"manifest_key": keys[0].text, "status": "failed", "message": one_line(failed.error)}]
    return answers


def transact_group(session: Session, group: list[ManifestDocument]) -> Answers:
    """One transaction; whatever is raised has rolled it back. `Failed`: it is not known of which manifest that is."""
    keys = [manifest.key for manifest in group]
    run(session, "begin")
    try:
        lock(session, keys[0])
    except Exception:
        run(session, "rollback")
        raise
    try:
        known = in_ledger_now(session, keys)
        lacking = [manifest for manifest in group if manifest.key.manifest_id not in known]
        loaded = load_together(session, lacking) if lacking else []
        run(session, "commit")
    except Exception as error:
        run(session, "rollback")
        raise (error if isinstance(error, Refused) else Failed(error)) from None
    added = [{"manifest_key": one.key.text} | answer for one, answer in zip(lacking, loaded, strict=True)]
    return list(known.values()) + added


def refuse(session: Session, reasons: list[tuple[ManifestKey, str]]) -> Answers:
    """Record refusals, and answer with what `main` would have raised."""
    if not reasons:
        return []
    unrecorded = record_refusals(session, reasons)
    after = f". Nothing was loaded; the next run tries again.{unrecorded}"
    return [
        {"manifest_key": key.text, "status": "refused", "message": f"{REFUSED} {key.text}: {reason}{after}"}
        for key, reason in reasons
    ]


# {% endraw %}
