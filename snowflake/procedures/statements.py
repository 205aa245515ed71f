# {% raw %}
"""The statements of a load. Pure: each function returns the text of one.

The procedures run with owner's rights: no value of a manifest or argument reaches SQL but through `literal` or after a
check against a strict pattern.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

# isort: split
# {% endraw %}{% if false %}
from ingest.manifest_document import FILES, ManifestDocument, ManifestKey, RawObject, totals

# {% endif %}{% raw %}

MAX_REASON = 4000


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


def find_in_ledger(keys: Sequence[ManifestKey]) -> str:
    """What loads of these manifests, all of one family, recorded: manifest_id, objects, rows_loaded, result_rows."""
    return (
        "select manifest_id, array_size(objects) as objects, rows_loaded, result_rows from raw.load_ledger "
        f"where family = {literal(keys[0].family)} and manifest_id in ({ids_of(keys)})"
    )


def ids_of(keys: Sequence[ManifestKey]) -> str:
    """The ids of manifests as a list in SQL."""
    return ", ".join(literal(key.manifest_id) for key in keys)


def in_ledger(key: ManifestKey) -> str:
    """The condition for a manifest's row: an id is unique within its family only."""
    return f"family = {literal(key.family)} and manifest_id = {literal(key.manifest_id)}"


def copy_objects(dataset: str, objects: list[RawObject], loaded_at: datetime) -> str:
    """COPY that reads these objects of a dataset and no others, all or nothing; the id of their manifest is the folder
    that they are in.

    FORCE: whether a manifest is loaded is for the ledger alone to say. Snowflake's own load metadata would skip objects
    after 64 days, after a removal of their rows and, for all that is documented, after a rollback.
    """
    files = ", ".join(literal(item.key) for item in objects)
    object_key = f"regexp_substr(metadata$filename, {literal(f'raw/{dataset}/[^/]+/[^/]+/[^/]+$')})"
    columns, values = "request, response, fetched_at", "$1:request, $1:response, $1:fetched_at::timestamp_ntz(6)"
    if dataset in FILES:
        columns = "ticker, volume, open, close, high, low, window_start, transactions, fetched_at"
        values = f"$1, $2, $3, $4, $5, $6, $7, $8, {fetch_times(object_key, objects)}"
    return (
        f"copy into raw.{dataset} "
        f"(manifest_id, object_key, line_number, {columns}, loaded_at, content_key) "
        f"from (select split_part(metadata$filename, '/', -2), {object_key}, metadata$file_row_number, {values}, "
        f"{timestamp(loaded_at)}, metadata$file_content_key from @raw.landing) "
        f"files = ({files}) file_format = (format_name = {literal(file_format(dataset))}) "
        "on_error = abort_statement force = true"
    )


def fetch_times(object_key: str, objects: list[RawObject]) -> str:
    """When an object was fetched, by its key: a flat file doesn't say it itself."""
    times = (f"when {literal(item.key)} then {timestamp(item.fetched_at)}" for item in objects if item.fetched_at)
    return f"case {object_key} {' '.join(times)} end"


def file_format(dataset: str) -> str:
    """The name of the format of a dataset's objects."""
    return "raw.flat_file" if dataset in FILES else "raw.ndjson"


def select_copied(keys: Sequence[ManifestKey], dataset: str) -> str:
    """What was copied of each object: results (a response holds an array of them, is one, or holds one object with an
    array of events; a line of a flat file is one), first and last answer, first and last checksum of the object as COPY
    read it.
    """
    # The size of what is not an array is NULL.
    result_rows = (
        "sum(coalesce(array_size(response:results), array_size(response), array_size(response:results:events), 0))"
    )
    return (
        f"select object_key, {'count(*)' if dataset in FILES else result_rows} as result_rows, "
        "min(fetched_at) as first_fetched_at, max(fetched_at) as last_fetched_at, "
        "min(content_key) as first_content_key, max(content_key) as last_content_key "
        f"from raw.{dataset} where manifest_id in ({ids_of(keys)}) group by object_key"
    )


def select_content_keys(items: Sequence[RawObject]) -> str:
    """File name and checksum, as COPY would have it now, of everything whose key begins like one of these objects'."""
    return " union all ".join(
        "select metadata$filename as file_name, max(metadata$file_content_key) as content_key "
        f"from @raw.landing/{item.key} (file_format => {literal(file_format(item.dataset))}) "
        "group by metadata$filename"
        for item in items
    )


def insert_into_ledger(manifests: Sequence[ManifestDocument], loaded_at: datetime) -> str:
    """The rows that make manifests loaded ones."""
    rows = []
    for manifest in manifests:
        rows_loaded, result_rows = totals(manifest)
        row = {
            "manifest_id": manifest.key.manifest_id,
            "manifest_key": manifest.key.text,
            "dag_id": manifest.dag_id,
            "run_id": manifest.run_id,
            "is_complete": manifest.is_complete,
            "suspect_sessions": manifest.suspect_sessions,
            "objects": [
                {
                    "key": item.key,
                    "dataset": item.dataset,
                    "bytes": item.size,
                    "rows": item.lines,
                    "sha256": item.sha256,
                }
                for item in manifest.objects
            ],
            "rows_loaded": rows_loaded,
            "result_rows": result_rows,
            "manifest_sha256": manifest.sha256,
        }
        # A key that is absent is NULL in SQL; a null would be JSON's.
        if manifest.exchange_closures is not None:
            row["exchange_closures"] = manifest.exchange_closures
        if manifest.key.family == "options":
            row["covers"] = covered(manifest)
        rows.append(row)
    return (
        "insert into raw.load_ledger (manifest_id, manifest_key, family, dag_id, run_id, is_complete, "
        "suspect_sessions, exchange_closures, covers, objects, rows_loaded, result_rows, loaded_at, manifest_sha256) "
        "select value:manifest_id::varchar, value:manifest_key::varchar, "
        f"{literal(manifests[0].key.family)}, value:dag_id::varchar, value:run_id::varchar, "
        "value:is_complete::boolean, value:suspect_sessions, value:exchange_closures, value:covers, value:objects, "
        f"value:rows_loaded::number, value:result_rows::number, {timestamp(loaded_at)}, "
        f"value:manifest_sha256::varchar from table(flatten(input => parse_json({literal(json.dumps(rows))})))"
    )


def covered(manifest: ManifestDocument) -> list[dict[str, list[str]]]:
    """Which sessions a manifest covers of which symbols; those that share their sessions are one entry."""
    fields = manifest.fields
    symbols: dict[tuple[str, ...], list[str]] = {}
    for cover in fields.get("covers") or ():
        symbols.setdefault(tuple(cover["sessions"]), []).append(cover["underlying"])
    if not symbols:
        symbols[tuple(fields["sessions"])] = list(fields.get("scope", ()))
    return [{"symbols": names, "sessions": list(days)} for days, names in symbols.items() if days and names]


def insert_into_rejects(reasons: Sequence[tuple[ManifestKey, str]], rejected_at: datetime) -> str:
    """Rows for loads that were refused, each with its reason; all of one family."""
    rows = [
        {"manifest_id": key.manifest_id, "manifest_key": key.text, "reason": reason[:MAX_REASON]}
        for key, reason in reasons
    ]
    return (
        "insert into raw.load_rejects (manifest_id, manifest_key, family, reason, rejected_at) "
        f"select value:manifest_id::varchar, value:manifest_key::varchar, {literal(reasons[0][0].family)}, "
        f"value:reason::varchar, {timestamp(rejected_at)} "
        f"from table(flatten(input => parse_json({literal(json.dumps(rows))})))"
    )


def one_line(error: Exception) -> str:
    """An error's text without line breaks and without a full stop at its end."""
    return " ".join(str(error).split()).rstrip(".")[:MAX_REASON] or type(error).__name__


# {% endraw %}
