"""Which flat files to fetch, in batches. Pure.

A file is known by its session, a version of it by its ETag. What is landed is read off the keys of landed objects,
which hold both, so that five years of files take a few pages of listing and no manifest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from ingest.completeness import nearest
from ingest.datasets import FLAT_FILE, NEW_YORK, Dataset, Family, day_file
from ingest.flat_files.bucket import Listed, version_of
from ingest.manifests import WHOLE_MARKET, Coverage
from ingest.planning import Batch
from ingest.settings import BarSource

PREFIXES = {Family.STOCKS: "us_stocks_sip/day_aggs_v1/", Family.OPTIONS: "us_options_opra/day_aggs_v1/"}
DATASETS = {Family.STOCKS: Dataset.STOCK_BAR_FILES, Family.OPTIONS: Dataset.OPTION_BAR_FILES}
# What a kill may cost: a batch is a manifest.
# By the vendor's documentation some time around eleven; half a day later it is overdue.
PUBLISHED_AT, GRACE = time(11), timedelta(hours=12)
BYTES_A_BATCH, FILES_A_BATCH = 64 << 20, 60
LANDED = re.compile(
    r"raw/(?:stock|option)_bar_files/(\d{4}-\d\d-\d\d)/([0-9]{8}T[0-9]{12}Z-[0-9a-f]{8})/([0-9a-f]{16})\.csv\.gz"
)


@dataclass(frozen=True)
class DayFile:
    """The flat file of a session, as the vendor's bucket lists it; `size` in bytes."""

    session: date
    key: str
    version: str
    size: int


@dataclass(frozen=True)
class Files:
    """The files of a family by session, and which version of each is landed."""

    files: Mapping[date, DayFile]
    landed: Mapping[date, str]
    setting: BarSource

    def instead(self, sessions: Iterable[date]) -> frozenset[date]:
        """Those of these sessions that are not asked of the API: all, or with `auto` those that have a file."""
        return frozenset(day for day in sessions if self.setting == BarSource.FLAT_FILES or day in self.files)

    def late(self, sessions: Iterable[date], now: datetime) -> tuple[list[date], list[date]]:
        """Those of these sessions that only a file could bring and that have none: not published yet, and overdue."""
        lacking = [day for day in sessions if day not in self.files and self.setting == BarSource.FLAT_FILES]
        return [day for day in lacking if not is_overdue(day, now)], [day for day in lacking if is_overdue(day, now)]


def is_overdue(session: date, now: datetime) -> bool:
    """Whether the file of a session should have been there for half a day at `now` (aware)."""
    return now > datetime.combine(session + timedelta(days=1), PUBLISHED_AT, NEW_YORK) + GRACE


def key_of(family: Family, session: date) -> str:
    """Where the vendor puts the file of a session."""
    return f"{PREFIXES[family]}{session:%Y/%m}/{session}.csv.gz"


def day_files(listed: Iterable[Listed]) -> dict[date, DayFile]:
    """Files by session; other objects of the bucket are passed over."""
    found = {}
    for entry in listed:
        if match := FLAT_FILE.fullmatch(entry.key):
            session = date.fromisoformat(match[1])
            found[session] = DayFile(session, entry.key, version_of(entry.etag), entry.size)
    return found


def landed(object_keys: Iterable[str], manifest_ids: Collection[str]) -> dict[date, str]:
    """The version that is landed of each session: the newest one that a manifest names.

    Args:
        object_keys: of raw objects, relative to the prefix.
        manifest_ids: of the manifests that count; an object of another one is not landed.
    """
    newest: dict[date, tuple[str, str]] = {}
    for key in object_keys:
        if (match := LANDED.fullmatch(key)) and match[2] in manifest_ids:
            session = date.fromisoformat(match[1])
            newest[session] = max(newest.get(session, ("", "")), (match[2], match[3]))
    return {session: version for session, (_, version) in newest.items()}


def to_fetch(
    files: Mapping[date, DayFile], landed: Mapping[date, str], sessions: Collection[date], *, refetch: bool = False
) -> list[DayFile]:
    """The files of these sessions that are not landed, and those that were replaced since they were; oldest first.

    Args:
        refetch: also those of these sessions that are landed as they are.
    """
    return [
        file
        for session, file in sorted(files.items())
        if (session in sessions and (refetch or session not in landed))
        or (session in landed and landed[session] != file.version)
    ]


def daily(
    family: Family, batches: Sequence[Batch], files: Files, window: Sequence[date], held: Coverage, now: datetime
) -> list[Batch]:
    """The batches of a daily run, with files where these have the bars: of the sessions of its window, and of any
    session whose file was replaced since it was landed.

    Args:
        batches: as the API alone would bring everything.
        window: the sessions that the run reads, oldest first.
        held: neighbours to judge the files by.
    """
    awaited, overdue = files.late(window, now)
    wanted = to_fetch(files.files, files.landed, window)
    made = file_batches(family, wanted, held, since=window[0], overdue=overdue)
    made += _left(batches, files.instead(window))
    return _outstanding(made, awaited)


def backfill(
    family: Family,
    batches: Sequence[Batch],
    files: Files,
    sessions: Sequence[date],
    held: Coverage,
    now: datetime,
    *,
    refetch: bool = False,
) -> list[Batch]:
    """The batches of a backfill, with files where these have the bars: of sessions that no manifest holds, and of those
    of the range whose file was replaced since it was landed.

    Args:
        batches: as the API alone would bring everything.
        held: what manifests hold; nothing where everything is fetched again.
    """
    lacking = [day for day in sessions if day not in held.holds(WHOLE_MARKET)]
    awaited, _ = files.late(sessions, now)
    inside = set(sessions)
    wanted = [file for file in to_fetch(files.files, files.landed, lacking, refetch=refetch) if file.session in inside]
    return _outstanding(file_batches(family, wanted, held) + _left(batches, files.instead(sessions)), awaited)


def _left(batches: Sequence[Batch], filed: Collection[date]) -> list[Batch]:
    return [batch for batch in (without(batch, filed) for batch in batches) if batch.requests]


def _outstanding(batches: Sequence[Batch], awaited: Sequence[date]) -> list[Batch]:
    """The batches, of which the first says which sessions are closed and have no file yet."""
    days = [day.isoformat() for day in awaited]
    return [
        replace(batch, outstanding=tuple(sorted({*batch.outstanding, *days}))) if at == 0 and days else batch
        for at, batch in enumerate(batches)
    ]


def file_batches(
    family: Family, files: Sequence[DayFile], held: Coverage, *, since: date | None = None, overdue: Sequence[date] = ()
) -> list[Batch]:
    """Batches of files, bounded by what they weigh.

    Args:
        since: from this session on a file that is refused or missing is a failure, before it a note.
        overdue: sessions whose file is not listed though it should be: asked for, to find out why.
    """
    weighed = [(file.session, file.key, file.size) for file in files]
    weighed += [(session, key_of(family, session), 0) for session in overdue]
    chunks: list[list[tuple[date, str, int]]] = []
    size = 0
    for entry in sorted(weighed):
        if not chunks or size + entry[2] > BYTES_A_BATCH or len(chunks[-1]) == FILES_A_BATCH:
            chunks.append([])
            size = 0
        chunks[-1].append(entry)
        size += entry[2]
    return [_batch(family, chunk, held, since) for chunk in chunks]


def _batch(family: Family, chunk: Sequence[tuple[date, str, int]], held: Coverage, since: date | None) -> Batch:
    sessions = tuple(session for session, _, _ in chunk)
    first, last = sessions[0], sessions[-1]
    return Batch(
        family,
        f"file {first}" if first == last else f"{len(chunk)} files {first} to {last}",
        sessions,
        (WHOLE_MARKET,),
        tuple(day_file(key) for _, key, _ in chunk),
        bars_since=since,
        neighbours=nearest(held.rows, first, last) if family == Family.STOCKS else {},
    )


def without(batch: Batch, filed: Collection[date]) -> Batch:
    """A batch of the API without the bars of these sessions, which files have; the rest of it stays."""
    kept = tuple(day for day in batch.sessions if day not in filed)
    if not filed or {*batch.sessions, *batch.without_chain}.isdisjoint(filed):
        return batch
    gone = {day.isoformat() for day in filed}
    bars = (Dataset.STOCK_BARS, Dataset.OPTION_BARS)
    return replace(
        batch,
        sessions=kept,
        requests=tuple(
            request
            for request in batch.requests
            # A range of one ticker has the sessions that are left among its own.
            if request.dataset not in bars or (kept and request.session not in gone)
        ),
        required=batch.required if batch.required in kept else None,
        contract_window=(kept[0], kept[-1]) if batch.contract_window and kept else None,
        without_chain=tuple(day for day in batch.without_chain if kept and day not in filed),
    )


def is_of_files(batch: Batch) -> bool:
    """Whether a batch is of flat files, not of requests to the API."""
    return any(request.dataset in DATASETS.values() for request in batch.requests)
