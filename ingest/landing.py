"""Raw objects: gzip NDJSON, one line a response, a few large objects for each dataset of a manifest; or flat files."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.answers import Answer
from ingest.datasets import Dataset, Request
from ingest.flat_files.bucket import FetchedFile, version_of
from ingest.manifest_document import began_at
from ingest.manifests import FileSource, ObjectEntry
from ingest.storage import LandingStore
from ingest.tempfolder import TempFolder

# Uncompressed: a few large objects, yet none that takes long to send again.
CUT_BYTES = 64 << 20
# Of ten thousand bars, 4 takes a third less time than 5 and 6 % more room.
COMPRESSION = 4


class Landing:
    """Writes one manifest's objects; thread-safe. What is not closed is thrown away, and never loaded."""

    def __init__(self, store: LandingStore, manifest_id: str, cut_bytes: int = CUT_BYTES) -> None:
        self._store, self._manifest_id, self._cut = store, manifest_id, cut_bytes
        self._began_at = began_at(manifest_id)
        self._open: dict[tuple[Dataset, str], _Part] = {}
        self._parts: dict[tuple[Dataset, str], int] = {}
        self._entries: list[ObjectEntry] = []
        self._guard = threading.Lock()
        self._folder = TempFolder("landing")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._open.values():
            part.close()
        self._folder.close()

    def add(self, dataset: Dataset, span: str, answer: Answer) -> None:
        """Append a response; an object that has grown large enough is stored at once.

        Args:
            span: session or `start_end`, the folder of the object.
        """
        # A clock that was set back meanwhile: an answer from before its manifest is one that the load refuses.
        line = raw_line(replace(answer, fetched_at=max(answer.fetched_at, self._began_at)))
        with self._guard:
            target = (dataset, span)
            part = self._open.get(target)
            if part is None:
                part = self._open[target] = _Part(self._folder.path / f"{len(self._entries)}-{dataset}-{span}")
            part.write(line, answer.result_rows)
            if part.size >= self._cut:
                self._store_part(target)

    @property
    def result_rows(self) -> int:
        """Results that it holds so far."""
        with self._guard:
            rows = sum(part.result_rows for part in self._open.values())
            return rows + sum(entry.result_rows for entry in self._entries)

    @property
    def spool(self) -> Path:
        """A file for what is fetched whole before it is landed by `add_file`."""
        return self._folder.path / "spool"

    def add_file(self, request: Request, file: FetchedFile) -> None:
        """Store a flat file as it is; its key names the version of the source."""
        key = f"raw/{request.dataset}/{request.span}/{self._manifest_id}/{version_of(file.etag)}.csv.gz"
        self._store.put_file_once(key, file.path, file.sha256, "application/gzip")
        # As in `add`, where the clock was set back.
        fetched_at = max(file.fetched_at, self._began_at)
        source = FileSource(request.path, file.etag, utc(file.last_modified), utc(fetched_at))
        self._entries.append(
            ObjectEntry(key, request.dataset.value, file.size, file.sha256, file.rows, file.rows, source)
        )

    def finish(self) -> tuple[ObjectEntry, ...]:
        """Store what is still open; returns every object written, by key."""
        with self._guard:
            for target in sorted(self._open):
                self._store_part(target)
            return tuple(sorted(self._entries, key=lambda entry: entry.key))

    def _store_part(self, target: tuple[Dataset, str]) -> None:
        part, number = self._open.pop(target), self._parts.get(target, 0)
        part.close()
        self._parts[target] = number + 1
        dataset, span = target
        key = f"raw/{dataset}/{span}/{self._manifest_id}/{number:04d}.ndjson.gz"
        sha256 = _sha256(part.path)
        self._store.put_file_once(key, part.path, sha256)
        self._entries.append(
            ObjectEntry(key, dataset.value, part.path.stat().st_size, sha256, part.lines, part.result_rows)
        )
        part.path.unlink()


def utc(moment: datetime) -> str:
    """A moment (UTC) as objects and manifests have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def raw_line(answer: Answer) -> bytes:
    """The line that keeps a response: its body goes in byte for byte, so that no number loses a digit."""
    request = json.dumps({"path": answer.path, "params": dict(answer.params)}, ensure_ascii=False)
    head = (
        f'{{"request":{request},"fetched_at":"{utc(answer.fetched_at)}","status_code":{answer.status_code},"response":'
    )
    return head.encode() + answer.body + b"}\n"


class _Part:
    """A file that grows on disk; `size` counts uncompressed bytes."""

    def __init__(self, path: Path) -> None:
        self.path, self.size, self.lines, self.result_rows = path, 0, 0, 0
        # No name and no time inside: the same responses give the same bytes.
        self._raw = path.open("wb")
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, compresslevel=COMPRESSION, mtime=0)

    def write(self, line: bytes, result_rows: int) -> None:
        self._file.write(line)
        self.size += len(line)
        self.lines += 1
        self.result_rows += result_rows

    def close(self) -> None:
        self._file.close()
        self._raw.close()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
