# {% raw %}
"""A manifest's key and document, checked: the one reader of both sides. docs/manifest.md is the specification. Pure.

The ingest imports it to plan by what is landed; schemachange inlines it first into the procedures that load, as it does
every file there: hence the first and last line. Two dollar signs in a row would end a procedure's body.
"""

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

DATASETS = {
    "stocks": (
        "stock_bars",
        "splits",
        "dividends",
        "tickers",
        "ticker_listings",
        "ticker_events",
        "treasury_yields",
        "stock_bar_files",
    ),
    "options": ("option_contracts", "option_bars", "option_chain", "option_bar_files"),
}
# Their objects are the vendor's flat files, byte for byte: gzip CSV, and a line is a result.
FILES = ("stock_bar_files", "option_bar_files")
MANIFEST_VERSION = 1
# Begins a refusal in whatever error the warehouse makes of it: clients look for this, never for English.
REFUSED = "SNOWTAPE_REFUSED"
# Far above what is ever written, far below what would do harm.
MAX_BYTES = 64 << 20
MAX_NUMBER = 10**15
MAX_TEXT = 1000
# Clocks differ: an answer may seem to be this much younger than the load.
CLOCK_TOLERANCE = timedelta(hours=1)

MANIFEST_KEY = re.compile(r"manifests/(stocks|options)/([0-9]{8}T[0-9]{12}Z-[0-9a-f]{8})\.json")
OBJECT_KEY = re.compile(
    r"raw/([a-z_]+)/([0-9]{4}-[0-9]{2}-[0-9]{2})(?:_([0-9]{4}-[0-9]{2}-[0-9]{2}))?"
    r"/([0-9]{8}T[0-9]{12}Z-[0-9a-f]{8})/(?:[0-9]{4,6}\.ndjson|[0-9a-f]{16}\.csv)\.gz"
)
SHA256 = re.compile(r"[0-9a-f]{64}")
OBJECT_FIELDS = {"key", "dataset", "bytes", "sha256", "lines", "result_rows"}
SOURCE_FIELDS = {"key", "etag", "last_modified", "fetched_at"}
SUSPECT_FIELDS = {"dataset", "session", "result_rows", "expected_rows", "fetches"}
CONTRACT_FIELDS = {"start", "end", "through", "sessions"}
COVER_FIELDS = {"underlying", "sessions", "suspect_sessions", "contracts"}


class Refusal(Exception):
    """The manifest is refused; the message says why and names what is wrong."""


class ManifestKey(NamedTuple):
    """A manifest's key relative to the stage, and what it says."""

    text: str
    family: str
    manifest_id: str


class RawObject(NamedTuple):
    """An object as the manifest describes it: size as stored (bytes), lines (one a response), results in all lines.

    `fetched_at` is that of a flat file, which can't say it itself; None for objects whose lines do.
    """

    key: str
    dataset: str
    size: int
    sha256: str
    lines: int
    result_rows: int
    fetched_at: datetime | None = None


class ManifestDocument(NamedTuple):
    """A manifest that may be relied on: `sha256` is that of its bytes, `fields` the whole document."""

    key: ManifestKey
    sha256: str
    began_at: datetime
    dag_id: str
    run_id: str
    is_complete: bool
    suspect_sessions: tuple[dict[str, Any], ...]
    exchange_closures: tuple[str, ...] | None
    objects: tuple[RawObject, ...]
    fields: dict[str, Any]


def parse_key(manifest_key: str) -> ManifestKey:
    """Take a manifest's key apart; raises a Refusal for anything else."""
    match = MANIFEST_KEY.fullmatch(manifest_key) if isinstance(manifest_key, str) else None
    if match is None:
        raise Refusal(
            f"{str(manifest_key)[:200]!r} is not the key of a manifest; expected "
            "manifests/<stocks or options>/<YYYYMMDDTHHMMSSffffffZ>-<8 hexadecimal digits>.json"
        )
    return ManifestKey(match[0], match[1], match[2])


def began_at(manifest_id: str) -> datetime:
    """The moment in a manifest's id, before any of its answers; raises a Refusal where there is no such moment."""
    moment = manifest_id.partition("-")[0]
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(f"its id starts with {moment}; expected a date and time") from None


def parse_manifest(key: ManifestKey, body: bytes) -> ManifestDocument:
    """Check a manifest's document; raises a Refusal that names the first thing that is wrong, and nothing else."""
    try:
        return checked(key, body)
    except RecursionError:  # of the reader, or of showing what is wrong
        raise Refusal("it is nested too deep") from None


def checked(key: ManifestKey, body: bytes) -> ManifestDocument:
    """The document, field by field."""
    began = began_at(key.manifest_id)
    document = parse_json(body)
    expectations = {
        "manifest_id": key.manifest_id,
        "family": key.family,
        "version": MANIFEST_VERSION,
        "created_at": began.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    for name, expected in expectations.items():
        if type(document.get(name)) is not type(expected) or document[name] != expected:
            raise Refusal(f"its {name} is {shown(document.get(name))}; expected {expected!r}")
    check_coverage(key, document)
    # Manifests of the first days lack it.
    suspects = field(document, "suspect_sessions", list) if "suspect_sessions" in document else []
    closures = document.get("exchange_closures")
    return ManifestDocument(
        key,
        hashlib.sha256(body).hexdigest(),
        began,
        dag_id=name_in(document, "dag_id"),
        run_id=name_in(document, "run_id"),
        is_complete=field(document, "complete", bool),
        suspect_sessions=parse_suspects(key, suspects),
        exchange_closures=None if closures is None else tuple(closures),
        objects=parse_objects(key, field(document, "objects", list)),
        fields=document,
    )


def parse_json(body: bytes) -> dict[str, Any]:
    """A JSON object, strictly: UTF-8, each key once, no NaN."""
    if len(body) > MAX_BYTES:
        raise Refusal(f"it has {len(body)} bytes; expected {MAX_BYTES} at most")
    try:
        document = json.loads(body.decode(), object_pairs_hook=unique_keys, parse_constant=no_constant)
    except UnicodeDecodeError as error:
        raise Refusal(f"it is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}") from None
    except ValueError as error:
        raise Refusal(f"it is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise Refusal(f"it is {shown(document)}; expected a JSON object")
    return document


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these members; readers disagree about a key that is there twice."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise Refusal(f"it has the key {shown(name)} twice")
        members[name] = value
    return members


def no_constant(name: str) -> Any:
    """NaN and its like: Python reads them, JSON does not have them."""
    raise Refusal(f"it is not JSON: {name}")


def check_coverage(key: ManifestKey, document: dict[str, Any]) -> None:
    """Check what planning goes by: sessions, scope, requests, missing, session_rows, contracts and days."""
    check_dates("sessions", field(document, "sessions", list))
    check_dates("outstanding", field(document, "outstanding", list) if "outstanding" in document else [])
    for symbol in field(document, "scope", list) if "scope" in document else []:
        if not is_name(symbol):
            raise Refusal(f"its scope has {shown(symbol)}; expected symbols")
    requests = field(document, "requests", dict)
    expected, answered = (count(requests, name, "its requests") for name in ("expected", "answered"))
    if answered > expected or (field(document, "complete", bool) and answered != expected):
        raise Refusal(f"its requests are {shown(requests)}, which contradicts complete, {document['complete']}")
    for entry in field(document, "missing", list):
        check_missing(key, entry)
    rows = field(document, "session_rows", dict) if "session_rows" in document else {}
    check_dates("session_rows", list(rows))
    for session in rows:
        count(rows, session, "its session_rows")
    if document.get("exchange_closures") is not None:
        check_dates("exchange_closures", field(document, "exchange_closures", list))
    if document.get("contracts") is not None:
        check_contracts(field(document, "contracts", dict))
    check_covers(field(document, "covers", list) if "covers" in document else [])


def check_dates(name: str, days: list[Any]) -> None:
    """A list of days of the calendar, each once."""
    for day in days:
        if not is_date(day):
            raise Refusal(f"its {name} have {shown(day)}; expected dates, YYYY-MM-DD")
    if len(set(days)) != len(days):
        raise Refusal(f"its {name} have a date twice: {shown(days)}")


def check_missing(key: ManifestKey, entry: Any) -> None:
    """A request without a full answer: dataset, path and params, reason."""
    request = entry.get("request") if isinstance(entry, dict) else None
    params = request.get("params") if isinstance(request, dict) else None
    if (
        not isinstance(request, dict)
        or not isinstance(params, dict)
        or entry.get("dataset") not in DATASETS[key.family]
        or not all(isinstance(text, str) for text in (request.get("path"), entry.get("reason"), *params.values()))
    ):
        raise Refusal(
            f"an entry of its missing is {shown(entry)}; expected dataset, request with path and params, reason"
        )


def check_contracts(span: dict[str, Any]) -> None:
    """Option contracts up to a ticker whose bars from start to end are landed."""
    if (
        not span.keys() <= CONTRACT_FIELDS
        or not (is_date(span.get("start")) and is_date(span.get("end")) and span["start"] <= span["end"])
        or not is_name(span.get("through"))
    ):
        raise Refusal(f"its contracts are {shown(span)}; expected start, end (dates) and through (a ticker)")
    check_dates("contracts.sessions", field(span, "sessions", list) if "sessions" in span else [])


def check_covers(entries: list[Any]) -> None:
    """What is covered of each of several underlyings, each once."""
    for entry in entries:
        if not isinstance(entry, dict) or entry.keys() != COVER_FIELDS or not is_name(entry["underlying"]):
            raise Refusal(f"an entry of its covers is {shown(entry)}; expected {', '.join(sorted(COVER_FIELDS))}")
        for name in ("sessions", "suspect_sessions"):
            check_dates(f"covers.{name}", field(entry, name, list))
        if entry["contracts"] is not None:
            check_contracts(field(entry, "contracts", dict))
    underlyings = [entry["underlying"] for entry in entries]
    if len(set(underlyings)) != len(underlyings):
        raise Refusal("its covers have an underlying twice")


def parse_suspects(key: ManifestKey, entries: list[Any]) -> tuple[dict[str, Any], ...]:
    """Check the list of sessions that answered suspiciously few tickers."""
    for entry in entries:
        if not isinstance(entry, dict) or entry.keys() != SUSPECT_FIELDS:
            raise Refusal(f"an entry of its suspect_sessions is {shown(entry)}")
        if entry["dataset"] not in DATASETS[key.family] or not is_date(entry["session"]):
            raise Refusal(f"an entry of its suspect_sessions is of {shown(entry['dataset'])} {shown(entry['session'])}")
        for name in sorted(SUSPECT_FIELDS - {"dataset", "session"}):
            count(entry, name, "an entry of its suspect_sessions")
    return tuple(entries)


def parse_objects(key: ManifestKey, entries: list[Any]) -> tuple[RawObject, ...]:
    """Check the list of objects: each under its manifest's own folder, of the family's datasets, named once."""
    objects: dict[str, RawObject] = {}
    for entry in entries:
        is_file = isinstance(entry, dict) and entry.get("dataset") in FILES
        fields = OBJECT_FIELDS | {"source"} if is_file else OBJECT_FIELDS
        if not isinstance(entry, dict) or entry.keys() != fields:
            raise Refusal(f"an entry of its objects is {shown(entry)}; expected {', '.join(sorted(fields))}")
        name = field(entry, "key", str)
        match = OBJECT_KEY.fullmatch(name)
        start, end = (match[2], match[3] or match[2]) if match else ("", "")
        if match is None or not (is_date(start) and is_date(end) and start <= end):
            raise Refusal(
                f"{shown(name)} is not the key of a raw object; expected "
                "raw/<dataset>/<session or start_end>/<manifest id>/<part>.ndjson.gz, .csv.gz for a flat file"
            )
        if match[4] != key.manifest_id:
            raise Refusal(f"object {name} belongs to the manifest {match[4]}")
        if match[1] not in DATASETS[key.family]:
            raise Refusal(f"object {name} is of {match[1]}, which is not a dataset of the family {key.family}")
        if entry["dataset"] != match[1]:
            raise Refusal(f"the dataset of object {name} is {shown(entry['dataset'])}")
        if name.endswith(".csv.gz") != is_file or (is_file and match[3]):
            raise Refusal(
                f"{name} is not the key of an object of {match[1]}; flat files, of one session, end with .csv.gz"
            )
        if SHA256.fullmatch(field(entry, "sha256", str)) is None:
            raise Refusal(f"the sha256 of object {name} is {shown(entry['sha256'])}")
        if name in objects:
            raise Refusal(f"object {name} is listed twice")
        size, lines, result_rows = (count(entry, one, f"object {name}") for one in ("bytes", "lines", "result_rows"))
        fetched_at = parse_source(name, entry["source"]) if is_file else None
        if is_file and lines != result_rows:
            raise Refusal(
                f"object {name} has {lines} lines and {result_rows} results; in a flat file a line is a result"
            )
        objects[name] = RawObject(name, match[1], size, entry["sha256"], lines, result_rows, fetched_at)
    return tuple(objects.values())


def parse_source(name: str, source: Any) -> datetime:
    """Check where a flat file was fetched from, and return when."""
    if not isinstance(source, dict) or source.keys() != SOURCE_FIELDS:
        raise Refusal(f"the source of object {name} is {shown(source)}; expected {', '.join(sorted(SOURCE_FIELDS))}")
    for one in ("key", "etag"):
        if not is_name(source[one]):
            raise Refusal(f"{one} in the source of object {name} is {shown(source[one])}; expected printable text")
    moments = {}
    for one in ("last_modified", "fetched_at"):
        try:
            moments[one] = datetime.strptime(source[one], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        except (TypeError, ValueError):
            raise Refusal(
                f"{one} in the source of object {name} is {shown(source[one])}; expected YYYY-MM-DDTHH:MM:SS.ffffffZ"
            ) from None
    return moments["fetched_at"]


def field(document: dict[str, Any], name: str, kind: type) -> Any:
    """A field of a JSON object that must be there and of one type."""
    if type(document.get(name)) is not kind:
        raise Refusal(f"its field {name} is {shown(document.get(name))}; expected {kind.__name__}")
    return document[name]


def count(document: dict[str, Any], name: str, where: str) -> int:
    """A field that holds a number of something."""
    value = document.get(name)
    # A boolean is an int in Python.
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise Refusal(f"{name} of {where} is {shown(value)}; expected a number from 0 to {MAX_NUMBER}")
    return value


def name_in(document: dict[str, Any], name: str) -> str:
    """A field that holds the name of something."""
    if not is_name(document.get(name)):
        raise Refusal(f"its {name} is {shown(document.get(name))}; expected printable text")
    value: str = document[name]
    return value


def is_name(value: Any) -> bool:
    """Whether this is printable text; half of a surrogate pair, which no database takes, is not."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def is_date(text: Any) -> bool:
    """Whether this is a day of the calendar, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except (TypeError, ValueError):
        return False


def shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    return f"{value!r:.200}"


def totals(manifest: ManifestDocument) -> tuple[int, int]:
    """Lines and results in all objects."""
    return sum(item.lines for item in manifest.objects), sum(item.result_rows for item in manifest.objects)


# {% endraw %}
