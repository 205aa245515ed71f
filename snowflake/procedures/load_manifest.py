# {% raw %}
"""Handler of `raw.load_manifest(manifest_key)`: loads exactly what one manifest names, once, in one transaction.

    begin → the family's lock row → the ledger: known? return what it recorded
          → read and check the manifest → LIST: sizes and etags → COPY with FILES → compare rows → ledger row → commit

Whatever does not agree with the manifest rolls all of it back, is recorded in raw.load_rejects and raised:

    Refusal           the manifest, or an object that it names, is not what it should be
    Exception         anything else (a lock that is not given, a lost warehouse): rolled back, raised as it is

Every write stands between an explicit BEGIN and its COMMIT. A write outside of them would be rolled back without a word
at the end of a call in a session with autocommit off.

schemachange inlines this file into R__load_manifest.sql, hence the first and last line; two dollar signs in a row
would end the procedure's body. Snowflake runs it with owner's rights: no value of a manifest or argument reaches SQL
but through `literal` or after a check against a strict pattern.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from snowflake.snowpark import Row, Session

DATASETS = {
    "stocks": ("stock_bars", "splits", "dividends", "tickers"),
    "options": ("option_contracts", "option_bars", "option_chain"),
}
MANIFEST_VERSION = 1
# Snowflake's limit for FILES of one COPY.
MAX_FILES = 1000
MAX_REASON = 4000

MANIFEST_KEY = re.compile(r"manifests/(stocks|options)/([0-9]{8}T[0-9]{12}Z-[0-9a-f]{8})\.json")
OBJECT_KEY = re.compile(
    r"(raw/([a-z_]+)/([0-9]{4}-[0-9]{2}-[0-9]{2})(?:_([0-9]{4}-[0-9]{2}-[0-9]{2}))?"
    r"/([0-9]{8}T[0-9]{12}Z-[0-9a-f]{8})/)[0-9]{4,6}\.ndjson\.gz"
)
OBJECT_KEY_PARTS = 5
SHA256 = re.compile(r"[0-9a-f]{64}")
SUSPECT_FIELDS = {"dataset", "session", "result_rows", "expected_rows", "fetches"}


class Refusal(Exception):
    """The manifest is refused; the message says why and names what is wrong."""


class ManifestKey(NamedTuple):
    """A manifest's key relative to the stage, and what it says."""

    text: str
    family: str
    manifest_id: str


class RawObject(NamedTuple):
    """An object as the manifest describes it: size as stored (bytes), lines (one a response), results in all lines."""

    key: str
    folder: str
    dataset: str
    size: int
    lines: int
    result_rows: int


class Manifest(NamedTuple):
    """What the ledger keeps of a manifest, and its objects."""

    key: ManifestKey
    dag_id: str
    run_id: str
    is_complete: bool
    suspect_sessions: tuple[dict[str, Any], ...]
    objects: tuple[RawObject, ...]


class Staged(NamedTuple):
    """An object as it lies in the store."""

    size: int
    etag: str


Steps = Callable[[Session, ManifestKey], dict[str, Any]]


def main(session: Session, manifest_key: str) -> dict[str, Any]:
    """Load a manifest, or say that it is loaded already.

    Returns:
        manifest_id, family, status (loaded or already_loaded), objects, rows_loaded (lines), result_rows.

    Raises:
        Refusal: nothing was loaded; the reason is in raw.load_rejects, unless the argument is no manifest's key.
    """
    key = parse_key(manifest_key)
    return transact(session, key, load, "Nothing was loaded; the next run tries again.")


def transact(session: Session, key: ManifestKey, steps: Steps, after_refusal: str) -> dict[str, Any]:
    """Run the steps with the family's lock between BEGIN and COMMIT; a refusal is rolled back, recorded and raised."""
    run(session, "begin")
    try:
        lock(session, key)
        result = steps(session, key)
        run(session, "commit")
    except Refusal as refusal:
        run(session, "rollback")
        message = f"manifest {key.text} was refused: {refusal}. {after_refusal}"
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
    manifest = read_manifest(session, key)
    staged = check_sizes(session, manifest)
    for dataset in DATASETS[key.family]:
        objects = [item for item in manifest.objects if item.dataset == dataset]
        for start in range(0, len(objects), MAX_FILES):
            copy(session, key, dataset, objects[start : start + MAX_FILES], loaded_at)
    run(session, insert_into_ledger(manifest, staged, loaded_at))
    return outcome(key, "loaded", len(manifest.objects), *totals(manifest))


def read_manifest(session: Session, key: ManifestKey) -> Manifest:
    """The manifest, checked. A path on a stage is a prefix: other files that begin like it are passed over."""
    try:
        rows = run(session, select_manifest(key))
    except Exception as error:
        raise Refusal(f"it cannot be read: {one_line(error)}") from None
    documents = [row[1] for row in rows if row[0] == key.text or str(row[0]).endswith("/" + key.text)]
    if len(documents) != 1:
        raise Refusal("it is missing" if not documents else f"it holds {len(documents)} documents, not one")
    return parse_manifest(key, documents[0])


def check_sizes(session: Session, manifest: Manifest) -> dict[str, Staged]:
    """Size and etag of every object by key; raises a Refusal for one that is missing or has another size."""
    staged: dict[str, Staged] = {}
    for folder in sorted({item.folder for item in manifest.objects}):
        for row in run(session, list_folder(folder)):
            staged[stage_key(row[0])] = Staged(int(row[1]), str(row[2]))
    for item in manifest.objects:
        if item.key not in staged:
            raise Refusal(f"object {item.key} is missing")
        if staged[item.key].size != item.size:
            raise Refusal(f"object {item.key} has {staged[item.key].size} bytes, the manifest says {item.size}")
    return staged


def copy(session: Session, key: ManifestKey, dataset: str, objects: list[RawObject], loaded_at: datetime) -> None:
    """COPY objects of one dataset and compare the rows of each with the manifest."""
    try:
        rows = run(session, copy_objects(key, dataset, [item.key for item in objects], loaded_at))
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
            raise Refusal(f"object {item.key} has {result['rows_loaded']} lines, the manifest says {item.lines}")
    if loaded:
        raise Refusal(f"COPY into raw.{dataset} loaded {', '.join(sorted(loaded))}, which nobody asked for")


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


# Checks. Pure.


def parse_key(manifest_key: str) -> ManifestKey:
    """Take a manifest's key apart; raises a Refusal for anything else."""
    match = MANIFEST_KEY.fullmatch(manifest_key) if isinstance(manifest_key, str) else None
    if match is None:
        raise Refusal(
            f"{str(manifest_key)[:200]!r} is no key of a manifest; expected is "
            "manifests/<stocks or options>/<YYYYMMDDTHHMMSSffffffZ>-<8 hexadecimal digits>.json. Nothing was loaded."
        )
    return ManifestKey(match[0], match[1], match[2])


def parse_manifest(key: ManifestKey, text: str) -> Manifest:
    """Check a manifest's document; raises a Refusal that names the first thing that is wrong."""
    try:
        document = json.loads(text)
    except (TypeError, ValueError) as error:
        raise Refusal(f"it is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise Refusal("it is not a JSON object")
    expectations = {"version": MANIFEST_VERSION, "manifest_id": key.manifest_id, "family": key.family}
    for name, expected in expectations.items():
        if document.get(name) != expected or isinstance(document.get(name), bool):
            raise Refusal(f"its {name} is {document.get(name)!r:.200}, expected is {expected!r}")
    return Manifest(
        key,
        dag_id=field(document, "dag_id", str),
        run_id=field(document, "run_id", str),
        is_complete=field(document, "complete", bool),
        # Manifests of the first days lack it.
        suspect_sessions=parse_suspects(key, field({"suspect_sessions": []} | document, "suspect_sessions", list)),
        objects=parse_objects(key, field(document, "objects", list)),
    )


def parse_suspects(key: ManifestKey, entries: list[Any]) -> tuple[dict[str, Any], ...]:
    """Check the list of sessions that answered suspiciously few tickers."""
    for entry in entries:
        if not isinstance(entry, dict) or entry.keys() != SUSPECT_FIELDS:
            raise Refusal(f"an entry of its suspect_sessions is {entry!r:.200}")
        if entry["dataset"] not in DATASETS[key.family] or not is_date(entry["session"]):
            raise Refusal(f"an entry of its suspect_sessions is of {entry['dataset']!r:.200} {entry['session']!r:.200}")
        if any(type(entry[name]) is not int for name in SUSPECT_FIELDS - {"dataset", "session"}):
            raise Refusal(f"an entry of its suspect_sessions counts {entry!r:.200}")
    return tuple(entries)


def parse_objects(key: ManifestKey, entries: list[Any]) -> tuple[RawObject, ...]:
    """Check the list of objects: each under its manifest's own folder, of the family's datasets, named once."""
    objects: dict[str, RawObject] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise Refusal(f"an entry of its objects is not a JSON object: {entry!r:.200}")
        name = field(entry, "key", str)
        match = OBJECT_KEY.fullmatch(name)
        if match is None or not all(is_date(day) for day in (match[3], match[4]) if day):
            raise Refusal(
                f"{name!r:.200} is no key of a raw object; expected is "
                "raw/<dataset>/<session or start_end>/<manifest id>/<part>.ndjson.gz"
            )
        if match[5] != key.manifest_id:
            raise Refusal(f"object {name} belongs to the manifest {match[5]}")
        if match[2] not in DATASETS[key.family]:
            raise Refusal(f"object {name} is of {match[2]}, which is no dataset of the family {key.family}")
        if field(entry, "dataset", str) != match[2]:
            raise Refusal(f"object {name} is said to be of the dataset {entry['dataset']!r:.200}")
        if SHA256.fullmatch(field(entry, "sha256", str)) is None:
            raise Refusal(f"the sha256 of object {name} is {entry['sha256']!r:.200}")
        if name in objects:
            raise Refusal(f"object {name} is named twice")
        size, lines, result_rows = (count(entry, field_name) for field_name in ("bytes", "lines", "result_rows"))
        objects[name] = RawObject(name, match[1], match[2], size, lines, result_rows)
    return tuple(objects.values())


def field(document: dict[str, Any], name: str, kind: type) -> Any:
    """A field of a JSON object that must be there and of one type."""
    if type(document.get(name)) is not kind:
        raise Refusal(f"its field {name} is {document.get(name)!r:.200}, expected type is {kind.__name__}")
    return document[name]


def count(entry: dict[str, Any], name: str) -> int:
    """A field that holds a number of something."""
    value: int = field(entry, name, int)
    if value < 0:
        raise Refusal(f"{name} of object {entry['key']} is {value}")
    return value


def is_date(text: Any) -> bool:
    """Whether this is a day of the calendar, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except (TypeError, ValueError):
        return False


def stage_key(name: str) -> str:
    """The key relative to the stage, of an object's name in LIST, COPY or METADATA (these add bucket and prefix)."""
    return "/".join(str(name).split("/")[-OBJECT_KEY_PARTS:])


def totals(manifest: Manifest) -> tuple[int, int]:
    """Lines and results in all objects."""
    return sum(item.lines for item in manifest.objects), sum(item.result_rows for item in manifest.objects)


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


def one_line(error: Exception) -> str:
    """An error's text without line breaks and without a full stop at its end."""
    return " ".join(str(error).split()).rstrip(".")[:MAX_REASON] or type(error).__name__


# Statements. Pure: each returns the text of one.


def literal(text: str) -> str:
    """A string in SQL. Snowflake reads backslashes in it as escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def timestamp(moment: datetime) -> str:
    """A moment in SQL as timestamp_ntz in UTC, whatever the session's time zone."""
    return literal(moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")) + "::timestamp_ntz(6)"


def lock_family(key: ManifestKey, locked_at: datetime) -> str:
    """Held until the transaction ends: loads of a family go one after the other."""
    return (
        f"update raw.load_locks set locked_by = {literal(key.manifest_id)}, "
        f"locked_at = {timestamp(locked_at)} where family = {literal(key.family)}"
    )


def find_in_ledger(key: ManifestKey) -> str:
    """What a load of this manifest recorded: objects, rows_loaded, result_rows."""
    return (
        "select array_size(objects) as objects, rows_loaded, result_rows from raw.load_ledger "
        f"where manifest_id = {literal(key.manifest_id)}"
    )


def select_manifest(key: ManifestKey) -> str:
    """File name and document of everything whose key begins like the manifest's."""
    return (
        "select metadata$filename as file_name, $1 as document "
        f"from @raw.landing/{key.text} (file_format => 'raw.ndjson')"
    )


def list_folder(folder: str) -> str:
    """Name, size and etag of the objects of one manifest, dataset and session or range."""
    return f"list @raw.landing/{folder}"


def copy_objects(key: ManifestKey, dataset: str, keys: list[str], loaded_at: datetime) -> str:
    """COPY that reads these objects and no others, all or nothing.

    FORCE: whether a manifest is loaded is for the ledger alone to say. Snowflake's own load metadata would skip objects
    after 64 days, after a removal of their rows and, for all that is documented, after a rollback.
    """
    files = ", ".join(literal(name) for name in keys)
    object_key = literal(f"raw/{dataset}/[^/]+/{key.manifest_id}/[^/]+$")
    return (
        f"copy into raw.{dataset} (manifest_id, object_key, line_number, request, response, fetched_at, loaded_at) "
        f"from (select {literal(key.manifest_id)}, regexp_substr(metadata$filename, {object_key}), "
        "metadata$file_row_number, $1:request, $1:response, $1:fetched_at::timestamp_ntz(6), "
        f"{timestamp(loaded_at)} from @raw.landing) "
        f"files = ({files}) file_format = (format_name = 'raw.ndjson') on_error = abort_statement force = true"
    )


def insert_into_ledger(manifest: Manifest, staged: dict[str, Staged], loaded_at: datetime) -> str:
    """The row that makes the manifest a loaded one."""
    objects = [
        {
            "key": item.key,
            "dataset": item.dataset,
            "bytes": item.size,
            "rows": item.lines,
            "etag": staged[item.key].etag,
        }
        for item in manifest.objects
    ]
    rows_loaded, result_rows = totals(manifest)
    key = manifest.key
    return (
        "insert into raw.load_ledger (manifest_id, manifest_key, family, dag_id, run_id, is_complete, "
        "suspect_sessions, objects, rows_loaded, result_rows, loaded_at) "
        f"select {literal(key.manifest_id)}, {literal(key.text)}, {literal(key.family)}, "
        f"{literal(manifest.dag_id)}, {literal(manifest.run_id)}, "
        f"{str(manifest.is_complete).lower()}, parse_json({literal(json.dumps(manifest.suspect_sessions))}), "
        f"parse_json({literal(json.dumps(objects))}), "
        f"{rows_loaded}, {result_rows}, {timestamp(loaded_at)}"
    )


def insert_into_rejects(key: ManifestKey, reason: str, rejected_at: datetime) -> str:
    """A row for a load that was refused."""
    return (
        "insert into raw.load_rejects (manifest_id, manifest_key, family, reason, rejected_at) "
        f"select {literal(key.manifest_id)}, {literal(key.text)}, {literal(key.family)}, "
        f"{literal(reason[:MAX_REASON])}, {timestamp(rejected_at)}"
    )


def run(session: Session, statement: str) -> list[Row]:
    """Run one statement on the caller's session."""
    return session.sql(statement).collect()


# {% endraw %}
