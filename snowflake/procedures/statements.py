# {% raw %}
"""The statements of a load. Pure: each function returns the text of one.

The procedures run with owner's rights: no value of a manifest or argument reaches SQL but through `literal` or after a
check against a strict pattern.
"""

import json
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


def find_in_ledger(key: ManifestKey) -> str:
    """What a load of this manifest recorded: objects, rows_loaded, result_rows."""
    return (
        f"select array_size(objects) as objects, rows_loaded, result_rows from raw.load_ledger where {in_ledger(key)}"
    )


def in_ledger(key: ManifestKey) -> str:
    """The condition for a manifest's row: an id is unique within its family only."""
    return f"family = {literal(key.family)} and manifest_id = {literal(key.manifest_id)}"


def copy_objects(key: ManifestKey, dataset: str, objects: list[RawObject], loaded_at: datetime) -> str:
    """COPY that reads these objects of a dataset and no others, all or nothing.

    FORCE: whether a manifest is loaded is for the ledger alone to say. Snowflake's own load metadata would skip objects
    after 64 days, after a removal of their rows and, for all that is documented, after a rollback.
    """
    files = ", ".join(literal(item.key) for item in objects)
    object_key = f"regexp_substr(metadata$filename, {literal(f'raw/{dataset}/[^/]+/{key.manifest_id}/[^/]+$')})"
    columns, values = "request, response, fetched_at", "$1:request, $1:response, $1:fetched_at::timestamp_ntz(6)"
    if dataset in FILES:
        columns = "ticker, volume, open, close, high, low, window_start, transactions, fetched_at"
        values = f"$1, $2, $3, $4, $5, $6, $7, $8, {fetch_times(object_key, objects)}"
    return (
        f"copy into raw.{dataset} "
        f"(manifest_id, object_key, line_number, {columns}, loaded_at, content_key) "
        f"from (select {literal(key.manifest_id)}, {object_key}, metadata$file_row_number, {values}, "
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


def select_copied(key: ManifestKey, dataset: str) -> str:
    """What was copied of each object: results (a response holds an array of them, is one, or holds one object with an
    array of events; a line of a flat file is one), first and last answer, first and last checksum of the object as COPY
    read it.
    """
    result_rows = (
        "sum(iff(is_array(response), array_size(response), "
        "iff(is_array(response:results), array_size(response:results), "
        "iff(is_array(response:results:events), array_size(response:results:events), 0))))"
    )
    return (
        f"select object_key, {'count(*)' if dataset in FILES else result_rows} as result_rows, "
        "min(fetched_at) as first_fetched_at, max(fetched_at) as last_fetched_at, "
        "min(content_key) as first_content_key, max(content_key) as last_content_key "
        f"from raw.{dataset} where manifest_id = {literal(key.manifest_id)} group by object_key"
    )


def select_content_key(item: RawObject) -> str:
    """File name and checksum, as COPY would have it now, of everything whose key begins like an object's."""
    return (
        "select metadata$filename as file_name, max(metadata$file_content_key) as content_key "
        f"from @raw.landing/{item.key} (file_format => {literal(file_format(item.dataset))}) "
        "group by metadata$filename"
    )


def insert_into_ledger(manifest: ManifestDocument, loaded_at: datetime) -> str:
    """The row that makes the manifest a loaded one."""
    objects = [
        {
            "key": item.key,
            "dataset": item.dataset,
            "bytes": item.size,
            "rows": item.lines,
            "sha256": item.sha256,
        }
        for item in manifest.objects
    ]
    rows_loaded, result_rows = totals(manifest)
    key = manifest.key
    closures = "NULL"
    if manifest.exchange_closures is not None:
        closures = f"parse_json({literal(json.dumps(manifest.exchange_closures))})"
    return (
        "insert into raw.load_ledger (manifest_id, manifest_key, family, dag_id, run_id, is_complete, "
        "suspect_sessions, exchange_closures, objects, rows_loaded, result_rows, loaded_at, manifest_sha256) "
        f"select {literal(key.manifest_id)}, {literal(key.text)}, {literal(key.family)}, "
        f"{literal(manifest.dag_id)}, {literal(manifest.run_id)}, "
        f"{str(manifest.is_complete).lower()}, parse_json({literal(json.dumps(manifest.suspect_sessions))}), "
        f"{closures}, "
        f"parse_json({literal(json.dumps(objects))}), "
        f"{rows_loaded}, {result_rows}, {timestamp(loaded_at)}, {literal(manifest.sha256)}"
    )


def insert_into_rejects(key: ManifestKey, reason: str, rejected_at: datetime) -> str:
    """A row for a load that was refused."""
    return (
        "insert into raw.load_rejects (manifest_id, manifest_key, family, reason, rejected_at) "
        f"select {literal(key.manifest_id)}, {literal(key.text)}, {literal(key.family)}, "
        f"{literal(reason[:MAX_REASON])}, {timestamp(rejected_at)}"
    )


def one_line(error: Exception) -> str:
    """An error's text without line breaks and without a full stop at its end."""
    return " ".join(str(error).split()).rstrip(".")[:MAX_REASON] or type(error).__name__


# {% endraw %}
