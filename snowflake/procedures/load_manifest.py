# {% raw %}
"""Handler of `raw.load_manifest(manifest_key)`: loads exactly what one manifest names, once, in one transaction.

    begin → the family's lock row → the ledger: known? return what it recorded
          → read and check the manifest → read its objects: sizes and sha256 → COPY with FILES → compare lines, results,
          times and checksums → ledger row → commit

Whatever does not agree with the manifest rolls all of it back, is recorded in raw.load_rejects and raised:

    Refusal           the manifest, or an object that it names, is not what it should be; begins with SNOWTAPE_REFUSED
    Exception         anything else (a lock that is not given, a lost warehouse): rolled back, raised as it is

Every write stands between an explicit BEGIN and its COMMIT. A write outside of them would be rolled back without a word
at the end of a call in a session with autocommit off.

schemachange inlines this file below manifest_document.py, statements.py and staged_objects.py, so it leaves out the
imports of ingest and snowflake.procedures: they are for Python alone.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from snowflake.snowpark import Session

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
        raise Refusal(message + record_refusal(session, key, str(refusal))) from None
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
    known = run(session, find_in_ledger(key))
    if known:
        return outcome(key, "already_loaded", int(known[0][0]), int(known[0][1]), int(known[0][2]))
    return load_unknown(session, key)


def load_unknown(session: Session, key: ManifestKey) -> dict[str, Any]:
    """Load a manifest that the ledger lacks, and write its ledger row."""
    # Read after the lock is held: within a family, later times mean later commits.
    loaded_at = datetime.now(UTC)
    manifest = read_manifest(key)
    if manifest.began_at > loaded_at + CLOCK_TOLERANCE:
        raise Refusal(f"it was started at {manifest.began_at}, but the time is {loaded_at}; a clock is wrong")
    md5s = {item.key: check_object(item) for item in manifest.objects}
    for dataset in DATASETS[key.family]:
        objects = [item for item in manifest.objects if item.dataset == dataset]
        for start in range(0, len(objects), MAX_FILES):
            copy(session, key, dataset, objects[start : start + MAX_FILES], loaded_at)
        if objects:
            check_copied(session, manifest, dataset, md5s)
    run(session, insert_into_ledger(manifest, loaded_at))
    return outcome(key, "loaded", len(manifest.objects), *totals(manifest))


def copy(session: Session, key: ManifestKey, dataset: str, objects: list[RawObject], loaded_at: datetime) -> None:
    """COPY objects of one dataset and compare the rows of each with the manifest."""
    try:
        rows = run(session, copy_objects(key, dataset, objects, loaded_at))
    except Exception as error:
        raise Refusal(f"COPY into raw.{dataset} failed: {one_line(error)}") from None
    results = [{name.strip('"').lower(): value for name, value in row.as_dict().items()} for row in rows]
    loaded = {stage_key(result["file"]): result for result in results if "file" in result}
    for item in objects:
        result = loaded.pop(item.key, None)
        if result is None:
            raise Refusal(f"object {item.key} was not loaded: {results or 'COPY gave no result'}")
        if str(result["status"]).upper() != "LOADED":
            raise Refusal(f"object {item.key} has the status {result['status']}: {result.get('first_error')}")
        if result["rows_loaded"] != item.lines:
            raise Refusal(f"object {item.key} has {result['rows_loaded']} lines; expected {item.lines} by the manifest")
    if loaded:
        raise Refusal(f"COPY into raw.{dataset} loaded {', '.join(sorted(loaded))}, which was not requested")


def check_copied(session: Session, manifest: ManifestDocument, dataset: str, md5s: dict[str, str]) -> None:
    """Compare the copied rows with the manifest, object by object: results, times of the answers, checksums."""
    rows = run(session, select_copied(manifest.key, dataset))
    copied = {str(row[0]): tuple(row)[1:] for row in rows}
    latest = datetime.now(UTC) + CLOCK_TOLERANCE
    for item in manifest.objects:
        if item.dataset != dataset:
            continue
        result_rows, first, last, *content_keys = copied.get(item.key, (0, None, None, None, None))
        if int(result_rows) != item.result_rows:
            raise Refusal(f"object {item.key} has {result_rows} results; expected {item.result_rows} by the manifest")
        # Without a line there is no time, and nothing that could be another's.
        if item.lines:
            check_time(item.key, first, manifest.began_at, latest)
            check_time(item.key, last, manifest.began_at, latest)
            check_unchanged(session, item, md5s[item.key], (content_keys[0], content_keys[1]))


def check_time(object_key: str, fetched_at: datetime, earliest: datetime, latest: datetime) -> None:
    """An answer comes after its manifest was begun and before it is loaded: a later one would be in force for ever."""
    if not earliest <= fetched_at.replace(tzinfo=UTC) <= latest:
        raise Refusal(
            f"object {object_key} has an answer fetched at {fetched_at}; expected {earliest} to {latest}, in UTC"
        )


def record_refusal(session: Session, key: ManifestKey, reason: str) -> str:
    """Write the reason to raw.load_rejects. Returns what to add to the message when that fails too."""
    try:
        run(session, "begin")
        run(session, insert_into_rejects(key, reason, datetime.now(UTC)))
        run(session, "commit")
    except Exception as error:
        run(session, "rollback")
        return f" It could not be recorded in raw.load_rejects: {one_line(error)}"
    return ""


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
