# {% raw %}
"""What a manifest has to be: its key and its document, checked. Pure.

schemachange inlines this file first into the procedures, as it does every file here: hence the first and last line. Two
dollar signs in a row would end a procedure's body.
"""

import json
import re
from datetime import date
from typing import Any, NamedTuple

DATASETS = {
    "stocks": ("stock_bars", "splits", "dividends", "tickers"),
    "options": ("option_contracts", "option_bars", "option_chain"),
}
MANIFEST_VERSION = 1

MANIFEST_KEY = re.compile(r"manifests/(stocks|options)/([0-9]{8}T[0-9]{12}Z-[0-9a-f]{8})\.json")
OBJECT_KEY = re.compile(
    r"(raw/([a-z_]+)/([0-9]{4}-[0-9]{2}-[0-9]{2})(?:_([0-9]{4}-[0-9]{2}-[0-9]{2}))?"
    r"/([0-9]{8}T[0-9]{12}Z-[0-9a-f]{8})/)[0-9]{4,6}\.ndjson\.gz"
)
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
    sha256: str
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
        objects[name] = RawObject(name, match[1], match[2], size, entry["sha256"], lines, result_rows)
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


def totals(manifest: Manifest) -> tuple[int, int]:
    """Lines and results in all objects."""
    return sum(item.lines for item in manifest.objects), sum(item.result_rows for item in manifest.objects)


# {% endraw %}
