"""Manifests: the only thing a load ever looks at. Written last and once, `manifests/<family>/<manifest id>.json`.

What is a manifest is for `manifest_document` to say, which the load goes by too; docs/manifest.md is the specification.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from ingest.completeness import SuspectSession
from ingest.datasets import Dataset, Family
from ingest.errors import BadManifest
from ingest.manifest_document import MANIFEST_VERSION, ManifestDocument, Refusal, parse_key, parse_manifest
from ingest.storage import LandingStore

log = logging.getLogger(__name__)

MANIFEST_ID = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{8}")
SPAN = re.compile(r"(\d{4}-\d\d-\d\d)(?:_(\d{4}-\d\d-\d\d))?")
# Stands in a scope for every ticker that the API answers with.
WHOLE_MARKET = "*"


@dataclass(frozen=True)
class FileSource:
    """Where a flat file was fetched from: its key and ETag in the vendor's bucket, when it was written there, and when
    the vendor began to send it (both UTC, YYYY-MM-DDTHH:MM:SS.ffffffZ).
    """

    key: str
    etag: str
    last_modified: str
    fetched_at: str


@dataclass(frozen=True)
class ObjectEntry:
    """A raw object: `bytes` and `sha256` as stored (compressed), `lines` responses, `result_rows` in all of them.

    Of a flat file, which has a `source`, both count its bars.
    """

    key: str
    dataset: str
    bytes: int
    sha256: str
    lines: int
    result_rows: int
    source: FileSource | None = None

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ObjectEntry:
        """The inverse of `to_dict`."""
        source = values.get("source")
        return cls(**{**values, "source": FileSource(**source) if source else None})


@dataclass(frozen=True)
class Missing:
    """A request without an answer, or with less than one could expect, and why."""

    dataset: str
    path: str
    params: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class ContractSpan:
    """Option contracts of an underlying, in the order of their tickers up to and with `through`, whose bars from
    session `start` to `end` are landed: by this manifest and by those of the same underlying before it.

    `sessions` are those of which any of these contracts has a bar.
    """

    start: str
    end: str
    through: str
    sessions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cover:
    """What a manifest of several underlyings covers of one of them: whole sessions, sessions that are suspect, and
    contracts up to a ticker.
    """

    underlying: str
    sessions: tuple[str, ...]
    suspect_sessions: tuple[str, ...] = ()
    contracts: ContractSpan | None = None


@dataclass(frozen=True)
class Manifest:
    """One landed batch, or several of options.

    `sessions` are those it covers fully, for the tickers or underlyings in `scope` (`*`: the whole market). `complete`
    means that every request was answered; a note in `missing` (not in the plan, unknown ticker, a range that starts
    late) does not contradict it. `suspect_sessions` answered far fewer tickers than their neighbours, twice: kept and
    loaded, but not among the sessions that count as held. `session_rows` counts the results of each session of the
    whole market: what a later batch judges its own sessions by. `outstanding` are sessions that had closed and that the
    API did not serve yet: a later run fetches them. `exchange_closures` are those that the installed calendar doesn't
    know and the exchange had announced (see `closures`); None when nobody had asked. `covers` is for several
    underlyings, each for itself; `sessions` are then those that all of them have.
    """

    manifest_id: str
    family: Family
    created_at: str
    dag_id: str
    run_id: str
    sessions: tuple[str, ...]
    scope: tuple[str, ...]
    expected: int
    answered: int
    complete: bool
    missing: tuple[Missing, ...]
    objects: tuple[ObjectEntry, ...]
    suspect_sessions: tuple[SuspectSession, ...] = ()
    session_rows: Mapping[str, int] = field(default_factory=dict)
    contracts: ContractSpan | None = None
    outstanding: tuple[str, ...] = ()
    exchange_closures: tuple[str, ...] | None = None
    covers: tuple[Cover, ...] = ()

    @property
    def each(self) -> tuple[Cover, ...]:
        """What it covers, one symbol of its scope after the other."""
        suspects = tuple(suspect.session for suspect in self.suspect_sessions)
        return self.covers or tuple(Cover(one, self.sessions, suspects, self.contracts) for one in self.scope)

    @property
    def key(self) -> str:
        """Where it is stored, relative to the prefix."""
        return manifest_key(self.family, self.manifest_id)

    @property
    def result_rows(self) -> int:
        """Result rows in all objects."""
        return sum(entry.result_rows for entry in self.objects)

    def to_json(self) -> bytes:
        """The document as it is stored; raises `BadManifest` where the load would refuse it."""
        document = {
            "manifest_id": self.manifest_id,
            "family": self.family.value,
            "version": MANIFEST_VERSION,
            "created_at": self.created_at,
            "dag_id": self.dag_id,
            "run_id": self.run_id,
            "sessions": list(self.sessions),
            "scope": list(self.scope),
            "requests": {"expected": self.expected, "answered": self.answered},
            "complete": self.complete,
            "missing": [
                {
                    "dataset": item.dataset,
                    "request": {"path": item.path, "params": dict(item.params)},
                    "reason": item.reason,
                }
                for item in self.missing
            ],
            "suspect_sessions": [asdict(suspect) for suspect in self.suspect_sessions],
            "session_rows": dict(self.session_rows),
            "contracts": asdict(self.contracts) if self.contracts else None,
            "outstanding": list(self.outstanding),
            "exchange_closures": None if self.exchange_closures is None else list(self.exchange_closures),
            **({"covers": [asdict(cover) for cover in self.covers]} if self.covers else {}),
            "objects": [entry.to_dict() for entry in self.objects],
        }
        body = json.dumps(document, indent=1).encode()
        _checked(self.key, body)
        return body

    @classmethod
    def from_json(cls, key: str, body: bytes) -> Manifest:
        """Read the document stored under a key; raises `BadManifest` where it is not a manifest."""
        document = _checked(key, body)
        fields = document.fields
        return cls(
            manifest_id=document.key.manifest_id,
            family=Family(document.key.family),
            created_at=fields["created_at"],
            dag_id=document.dag_id,
            run_id=document.run_id,
            sessions=tuple(fields["sessions"]),
            scope=tuple(fields.get("scope", ())),
            expected=fields["requests"]["expected"],
            answered=fields["requests"]["answered"],
            complete=document.is_complete,
            missing=tuple(
                Missing(item["dataset"], item["request"]["path"], item["request"]["params"], item["reason"])
                for item in fields["missing"]
            ),
            objects=tuple(ObjectEntry.from_dict(entry) for entry in fields["objects"]),
            suspect_sessions=tuple(SuspectSession(**one) for one in document.suspect_sessions),
            session_rows=fields.get("session_rows", {}),
            contracts=_contract_span(fields.get("contracts")),
            outstanding=tuple(fields.get("outstanding", ())),
            exchange_closures=document.exchange_closures,
            covers=tuple(
                Cover(
                    cover["underlying"],
                    tuple(cover["sessions"]),
                    tuple(cover["suspect_sessions"]),
                    _contract_span(cover["contracts"]),
                )
                for cover in fields.get("covers", ())
            ),
        )


def new_manifest_id(now: datetime | None = None) -> str:
    """An id that sorts by time (UTC, microseconds) and never repeats."""
    return f"{_stamp(now or datetime.now(UTC))}-{secrets.token_hex(4)}"


def manifest_key(family: Family, manifest_id: str) -> str:
    """The key of a manifest, relative to the prefix."""
    return f"manifests/{family}/{manifest_id}.json"


def manifest_id_of(key: str) -> str:
    """The id in a manifest's key."""
    return key.rpartition("/")[2].removesuffix(".json")


def list_keys(store: LandingStore, family: Family, after: str = "") -> Iterator[str]:
    """Keys of a family's manifests in order of their ids; other objects there are passed over.

    Args:
        after: a manifest id, or the beginning of one: greater ids only.
    """
    start = manifest_key(family, after) if MANIFEST_ID.fullmatch(after) else f"manifests/{family}/{after}"
    for key in store.keys(f"manifests/{family}/", start if after else ""):
        if key.endswith(".json") and MANIFEST_ID.fullmatch(manifest_id_of(key)):
            yield key


def read_all(store: LandingStore, keys: Iterable[str]) -> list[Manifest]:
    """Read manifests, a few at a time. Those that are not manifests are named in the log and left out; the load
    records them in raw.load_rejects.
    """
    with ThreadPoolExecutor(8) as pool:
        return [manifest for manifest in pool.map(lambda key: _read(store, key), keys) if manifest is not None]


def of_run(store: LandingStore, family: Family, dag_id: str, run_id: str, since: datetime) -> list[Manifest]:
    """What a DAG run has landed, oldest first; `since`: a moment before its first manifest."""
    landed = read_all(store, list_keys(store, family, _stamp(since)))
    return [manifest for manifest in landed if (manifest.dag_id, manifest.run_id) == (dag_id, run_id)]


@dataclass(frozen=True)
class Coverage:
    """What a family's manifests already hold: sessions and contracts by symbol, spans of reference data, and how many
    results each session of the whole market has.
    """

    sessions: Mapping[str, frozenset[date]]
    spans: Mapping[Dataset, frozenset[tuple[date, date]]]
    rows: Mapping[date, int] = field(default_factory=dict)
    contracts: Mapping[str, tuple[ContractSpan, ...]] = field(default_factory=dict)

    def holds(self, symbol: str) -> frozenset[date]:
        """Sessions that are covered for a ticker or underlying, or for the whole market (`*`)."""
        return self.sessions.get(symbol, frozenset()) | self.sessions.get(WHOLE_MARKET, frozenset())

    def spans_range(self, dataset: Dataset, start: date, end: date) -> bool:
        """Whether one complete manifest holds a reference dataset for the whole range."""
        return any(first <= start and end <= last for first, last in self.spans.get(dataset, frozenset()))


def coverage(manifests: Iterable[Manifest]) -> Coverage:
    """What these manifests hold: sessions of bars by ticker or underlying, ranges of reference data.

    A session that the newest manifest with it found suspect is not held, though an older one may cover it: another
    answer has to say. If two in a row found it suspect, it counts as held: it is as it is.
    """
    sessions: dict[str, set[date]] = {}
    spans: dict[Dataset, set[tuple[date, date]]] = {}
    suspected: set[tuple[str, str]] = set()
    rows: dict[date, int] = {}
    contracts: dict[str, list[ContractSpan]] = {}
    for manifest in sorted(manifests, key=lambda one: one.manifest_id):
        rows |= {date.fromisoformat(day): count for day, count in manifest.session_rows.items()}
        for cover in manifest.each:
            symbol = cover.underlying
            contracts.setdefault(symbol, []).extend([cover.contracts] if cover.contracts else [])
            suspects = {(symbol, session) for session in cover.suspect_sessions}
            twice = {session for _, session in suspects & suspected}
            suspected = (suspected | suspects) - {(symbol, session) for session in cover.sessions}
            held = sessions.setdefault(symbol, set())
            held.difference_update(date.fromisoformat(day) for day in cover.suspect_sessions)
            held.update(date.fromisoformat(day) for day in (*cover.sessions, *twice))
        for entry in manifest.objects if manifest.complete else ():
            match = SPAN.fullmatch(entry.key.split("/")[2])
            if match is not None:
                span = (date.fromisoformat(match[1]), date.fromisoformat(match[2] or match[1]))
                spans.setdefault(Dataset(entry.dataset), set()).add(span)
    return Coverage(
        {symbol: frozenset(days) for symbol, days in sessions.items()},
        {dataset: frozenset(found) for dataset, found in spans.items()},
        rows,
        {symbol: tuple(spans) for symbol, spans in contracts.items()},
    )


def _read(store: LandingStore, key: str) -> Manifest | None:
    try:
        return Manifest.from_json(key, store.read(key))
    except BadManifest as error:
        log.warning("Skipped: %s", error)
        return None


def _checked(key: str, body: bytes) -> ManifestDocument:
    try:
        return parse_manifest(parse_key(key), body)
    except Refusal as refusal:
        raise BadManifest(f"{key} is not a manifest: {refusal}.") from None


def _contract_span(entry: Mapping[str, Any] | None) -> ContractSpan | None:
    return ContractSpan(**{**entry, "sessions": tuple(entry.get("sessions", ()))}) if entry else None


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")
