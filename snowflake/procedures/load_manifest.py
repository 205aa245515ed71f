# {% raw %}
"""Handler of `raw.load_manifest(manifest_key)`: loads exactly what one manifest names, once, in one transaction.

    begin → the family's lock row → the ledger: known? return what it recorded
          → read and check the manifest → read its objects: sizes and sha256 → COPY with FILES → compare lines, results,
          times and checksums → ledger row → commit

Whatever does not agree with the manifest rolls all of it back, is recorded in raw.load_rejects and raised:

    Refusal           the manifest, or an object that it names, is not what it should be; begins with SNOWTAPE_REFUSED
      + Refused       which manifests of several, and why
    Exception         anything else (a lock that is not given, a lost warehouse): rolled back, raised as it is

The steps take several manifests: load_manifests.py loads a list by them.

Every write stands between an explicit BEGIN and its COMMIT. A write outside of them would be rolled back without a word
at the end of a call in a session with autocommit off.

schemachange inlines this file below manifest_document.py, statements.py and staged_objects.py, so it leaves out the
imports of ingest and snowflake.procedures: they are for Python alone.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from snowflake.snowpark import Row, Session

# isort: split
# {% endraw %}{% if false %}
from ingest.manifest_document import (
    CLOCK_TOLERANCE,
    DATASETS,
    REFUSED,
    ManifestDocument,
    ManifestKey,
    RawObject,
    Refusal,
    parse_key,
    shown,
    totals,
)
from snowflake.procedures.staged_objects import check_object, check_unchanged, read_manifest, run, stage_key
from snowflake.procedures.statements import (
    copy_objects,
    find_in_ledger,
    insert_into_ledger,
    insert_into_rejects,
    lock_family,
    one_line,
    select_copied,
)

# {% endif %}{% raw %}

# Snowflake's limit for FILES of one COPY.
MAX_FILES = 1000

Steps = Callable[[Session, ManifestKey], dict[str, Any]]


class Refused(Refusal):
    """Some of the manifests that are loaded together are refused; `reasons` by manifest id."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__(next(iter(reasons.values())))
        self.reasons = reasons


def main(session: Session, manifest_key: str) -> dict[str, Any]:
    """Load a manifest, or say that it is loaded already.

    Returns:
        manifest_id, family, status (loaded or already_loaded), objects, rows_loaded (lines), result_rows.

    Raises:
        Refusal: nothing was loaded; the reason is in raw.load_rejects, unless the argument is not a manifest's key.
    """
    return transact(session, manifest_key, load, "Nothing was loaded; the next run tries again.")


def transact(session: Session, manifest_key: str, steps: Steps, after_refusal: str) -> dict[str, Any]:
    """Run the steps with the family's lock between BEGIN and COMMIT; a refusal is rolled back, recorded and raised."""
    try:
        key = parse_key(manifest_key)
    except Refusal as refusal:
        raise Refusal(f"{REFUSED} {shown(manifest_key)}: {refusal}. {after_refusal}") from None
    run(session, "begin")
    try:
        lock(session, key)
        result = steps(session, key)
        run(session, "commit")
    except Refusal as refusal:
        run(session, "rollback")
        message = f"{REFUSED} {key.text}: {refusal}. {after_refusal}"
        raise Refusal(message + record_refusals(session, [(key, str(refusal))])) from None
    except Exception:
        run(session, "rollback")
        raise
    return result


def lock(session: Session, key: ManifestKey) -> None:
    """Wait for the family's lock row and hold it until the transaction ends."""
    locked = run(session, lock_family(key, datetime.now(UTC)))
    if not locked or locked[0][0] != 1:
        raise RuntimeError(f"raw.load_locks must have exactly one row for the family {key.family}; deploy the schema.")


def load(session: Session, key: ManifestKey) -> dict[str, Any]:
    """Load the manifest unless the ledger has it."""
    known = run(session, find_in_ledger([key]))
    return recorded(key, known[0]) if known else load_unknown(session, key)


def load_unknown(session: Session, key: ManifestKey) -> dict[str, Any]:
    """Load a manifest that the ledger lacks, and write its ledger row."""
    return load_together(session, [read_manifest(key)])[0]


def load_together(session: Session, manifests: list[ManifestDocument]) -> list[dict[str, Any]]:
    """Load manifests of one family that the ledger lacks, and write their ledger rows: all of them or none."""
    # Read after the lock is held: within a family, later times mean later commits.
    loaded_at = datetime.now(UTC)
    md5s = check_stored(manifests, loaded_at)
    for dataset in DATASETS[manifests[0].key.family]:
        objects = [item for manifest in manifests for item in manifest.objects if item.dataset == dataset]
        for start in range(0, len(objects), MAX_FILES):
            copy(session, dataset, objects[start : start + MAX_FILES], loaded_at)
        if objects:
            check_copied(session, manifests, dataset, md5s)
    run(session, insert_into_ledger(manifests, loaded_at))
    return [outcome(one.key, "loaded", len(one.objects), *totals(one)) for one in manifests]


def check_stored(manifests: list[ManifestDocument], loaded_at: datetime) -> dict[str, str]:
    """The md5 of every object by its key; raises `Refused` where one is not what its manifest says."""
    md5s: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for manifest in manifests:
        try:
            if manifest.began_at > loaded_at + CLOCK_TOLERANCE:
                raise Refusal(f"it was started at {manifest.began_at}, but the time is {loaded_at}; a clock is wrong")
            md5s |= {item.key: check_object(item) for item in manifest.objects}
        except Refusal as refusal:
            reasons[manifest.key.manifest_id] = str(refusal)
    if reasons:
        raise Refused(reasons)
    return md5s


def copy(session: Session, dataset: str, objects: list[RawObject], loaded_at: datetime) -> None:
    """COPY objects of one dataset and compare the rows of each with its manifest."""
    try:
        rows = run(session, copy_objects(dataset, objects, loaded_at))
    except Exception as error:
        reason = f"COPY into raw.{dataset} failed: {one_line(error)}"
        # Snowflake names the first object that it could not read: whose it is.
        blamed = {manifest_of(item.key) for item in objects if item.key in str(error)}
        raise (Refused({one: reason for one in blamed}) if len(blamed) == 1 else Refusal(reason)) from None
    results = [{name.strip('"').lower(): value for name, value in row.as_dict().items()} for row in rows]
    loaded = {stage_key(result["file"]): result for result in results if "file" in result}
    reasons: dict[str, str] = {}
    for item in objects:
        result = loaded.pop(item.key, None)
        if result is None:
            reason = f"object {item.key} was not loaded: {results[:1] or 'COPY gave no result'}"
        elif str(result["status"]).upper() != "LOADED":
            reason = f"object {item.key} has the status {result['status']}: {result.get('first_error')}"
        elif result["rows_loaded"] != item.lines:
            reason = f"object {item.key} has {result['rows_loaded']} lines; expected {item.lines} by the manifest"
        else:
            continue
        reasons.setdefault(manifest_of(item.key), reason)
    if loaded:
        raise Refusal(f"COPY into raw.{dataset} loaded {', '.join(sorted(loaded))}, which was not requested")
    if reasons:
        raise Refused(reasons)


def check_copied(session: Session, manifests: list[ManifestDocument], dataset: str, md5s: dict[str, str]) -> None:
    """Compare the copied rows with the manifests, object by object: results, times of the answers, checksums."""
    holders = [one for one in manifests if any(item.dataset == dataset for item in one.objects)]
    copied = {str(row[0]): tuple(row)[1:] for row in run(session, select_copied([one.key for one in holders], dataset))}
    latest = datetime.now(UTC) + CLOCK_TOLERANCE
    reasons: dict[str, str] = {}
    unproved: list[RawObject] = []
    for manifest in holders:
        for item in manifest.objects:
            if item.dataset != dataset:
                continue
            result_rows, first, last, *content_keys = copied.get(item.key, (0, None, None, None, None))
            try:
                if int(result_rows) != item.result_rows:
                    raise Refusal(
                        f"object {item.key} has {result_rows} results; expected {item.result_rows} by the manifest"
                    )
                # Without a line there is no time, and nothing that could be another's.
                if item.lines:
                    check_time(item.key, first, manifest.began_at, latest)
                    check_time(item.key, last, manifest.began_at, latest)
                    unproved += [] if content_keys == [md5s[item.key]] * 2 else [item]
            except Refusal as refusal:
                reasons.setdefault(manifest.key.manifest_id, str(refusal))
    changed = check_unchanged(session, unproved, {item.key: copied[item.key][3:] for item in unproved})
    for key, reason in changed.items():
        reasons.setdefault(manifest_of(key), reason)
    if reasons:
        raise Refused(reasons)


def manifest_of(object_key: str) -> str:
    """The id of the manifest whose object it is."""
    return object_key.split("/")[-2]


def check_time(object_key: str, fetched_at: datetime, earliest: datetime, latest: datetime) -> None:
    """An answer comes after its manifest was begun and before it is loaded: a later one would be in force for ever."""
    if not earliest <= fetched_at.replace(tzinfo=UTC) <= latest:
        raise Refusal(
            f"object {object_key} has an answer fetched at {fetched_at}; expected {earliest} to {latest}, in UTC"
        )


def record_refusals(session: Session, reasons: Sequence[tuple[ManifestKey, str]]) -> str:
    """Write the reasons to raw.load_rejects. Returns what to add to the message when that fails too."""
    try:
        run(session, "begin")
        run(session, insert_into_rejects(reasons, datetime.now(UTC)))
        run(session, "commit")
    except Exception as error:
        run(session, "rollback")
        return f" It could not be recorded in raw.load_rejects: {one_line(error)}"
    return ""


def recorded(key: ManifestKey, row: Row) -> dict[str, Any]:
    """The answer for a manifest that the ledger has; `row` is its row of `find_in_ledger`."""
    return outcome(key, "already_loaded", int(row[1]), int(row[2]), int(row[3]))


def outcome(key: ManifestKey, status: str, objects: int, rows_loaded: int, result_rows: int) -> dict[str, Any]:
    """The procedure's answer."""
    return {
        "manifest_id": key.manifest_id,
        "family": key.family,
        "status": status,
        "objects": objects,
        "rows_loaded": rows_loaded,
        "result_rows": result_rows,
    }


# {% endraw %}
