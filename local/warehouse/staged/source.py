"""Staged files as a stream of rows for DuckDB, a few files at a time, however many there are."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import get_ident
from typing import Any

import duckdb
import pyarrow as pa

from local.warehouse.staged import documents, repeated
from local.warehouse.staged.documents import Damaged, Documents, Problem
from local.warehouse.staged.formats import CsvFormat, FileFormat, JsonFormat
from local.warehouse.staged.objects import S3Location, StagedFile, pool
from local.warehouse.staged.transform import DOCUMENT

# Rows of one file that DuckDB's threads share between them are cut to about this many bytes.
_BATCH_BYTES = 4 * 2**20
# How much compressed data may be fetched ahead of what DuckDB has read.
_AHEAD_BYTES = 32 * 2**20
_AHEAD_FILES = 64

FILE, ROW = "_file", "_row"
SCHEMA = pa.schema(
    [
        (FILE, pa.int32()),
        (ROW, pa.int64()),
        (DOCUMENT, pa.json_(pa.large_string())),
        ("METADATA$FILENAME", pa.string()),
        ("METADATA$FILE_ROW_NUMBER", pa.int64()),
        ("METADATA$FILE_CONTENT_KEY", pa.string()),
        ("METADATA$FILE_LAST_MODIFIED", pa.timestamp("us")),
        ("METADATA$START_SCAN_TIME", pa.timestamp("us", tz="UTC")),
    ]
)

# A line of CSV is no JSON: DuckDB must not take it for that.
CSV_SCHEMA = SCHEMA.set(SCHEMA.get_field_index(DOCUMENT), pa.field(DOCUMENT, pa.large_string()))


@dataclass
class Source:
    """Files of one location, read as JSON or CSV. `spool` is a directory for their bytes: each is fetched once only.

    `replaced` are documents of files that needed a second look, by the file's index; `left_out` the row numbers that
    are not to be loaded; `skipped` files of which nothing is; `doubtful` those that may repeat a key.
    """

    location: S3Location
    files: Sequence[StagedFile]
    file_format: FileFormat
    spool: Path
    started: datetime
    replaced: dict[int, Documents] = field(default_factory=dict)
    left_out: dict[int, set[int]] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)
    parsed: dict[int, int] = field(default_factory=dict)
    failure: Exception | None = None

    def bytes_of(self, index: int) -> bytes:
        """A file's bytes as stored."""
        path = self.spool / str(index)
        if path.exists():
            return path.read_bytes()
        data = self.location.read(self.files[index])
        # Two may fetch it at once: a reader that an error stopped is still on its way when the file is looked at again.
        partial = path.with_suffix(f".{get_ident()}")
        partial.write_bytes(data)
        partial.rename(path)
        return data

    def documents(self, index: int) -> Documents:
        """The documents of a file, without what is left out. Raises `Damaged`."""
        found = self.replaced.get(index)
        if found is None:
            text = documents.text_of(self.bytes_of(index), self.file_format)
            found = self._taken_apart(index, text)
        self.parsed[index] = len(found.texts) + len(found.problems)
        return found.without(self.left_out.get(index, set()))

    def _taken_apart(self, index: int, text: pa.Array) -> Documents:
        if isinstance(self.file_format, CsvFormat):
            return documents.records(text, self.file_format)
        if not repeated.has_surely_none(text):
            self.doubtful.add(index)
        return documents.scan(text, self.file_format) if self.is_scanned else documents.split(text)

    @property
    def schema(self) -> pa.Schema:
        """Of the rows."""
        return CSV_SCHEMA if isinstance(self.file_format, CsvFormat) else SCHEMA

    @property
    def is_scanned(self) -> bool:
        """Whether the lines of a file are not its documents."""
        return isinstance(self.file_format, JsonFormat) and self.file_format.strip_outer_array

    def scan(self, index: int) -> Documents:
        """Walk a file of JSON document by document and remember what was found."""
        assert isinstance(self.file_format, JsonFormat)
        text = documents.text_of(self.bytes_of(index), self.file_format)
        self.replaced[index] = documents.scan(text, self.file_format)
        return self.replaced[index]

    def each(self) -> Iterator[tuple[int, Documents | Damaged]]:
        """Every file that is not skipped, in order; some are fetched and taken apart ahead."""
        wanted = [i for i in range(len(self.files)) if i not in self.skipped]
        ahead: deque[tuple[int, Future[Documents | Damaged]]] = deque()
        pending = iter(wanted)
        waiting = 0
        try:
            while True:
                while len(ahead) < _AHEAD_FILES and (waiting < _AHEAD_BYTES or not ahead):
                    index = next(pending, None)
                    if index is None:
                        break
                    waiting += self.files[index].size
                    ahead.append((index, pool.submit(self._attempt, index)))
                if not ahead:
                    return
                index, future = ahead.popleft()
                waiting -= self.files[index].size
                yield index, future.result()
        finally:
            for _, future in ahead:
                future.cancel()

    def _attempt(self, index: int) -> Documents | Damaged:
        try:
            return self.documents(index)
        except Damaged as damaged:
            return damaged

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of all files. Stops at a damaged file by raising its `Damaged`."""
        for index, found in self.each():
            if isinstance(found, Damaged):
                raise found
            if index not in self.replaced and (refused := self._with_repeated_keys(index, found)):
                raise Damaged(Problem(next(iter(refused.values())), 1))
            yield from self.rows(index, found)

    def rows(self, index: int, found: Documents) -> Iterator[pa.RecordBatch]:
        """The rows of some documents of one file."""
        total = len(found.texts)
        if not total:
            return
        step = max(1, total * _BATCH_BYTES // max(_BATCH_BYTES, found.texts.nbytes))
        file = self.files[index]
        for start in range(0, total, step):
            texts, numbers = found.texts.slice(start, step), found.rows.slice(start, step)
            constants = [file.name, numbers, file.etag, file.modified.replace(tzinfo=None), self.started]
            arrays: list[Any] = [
                pa.repeat(pa.scalar(index, pa.int32()), len(texts)),
                numbers,
                pa.ExtensionArray.from_storage(SCHEMA.field(DOCUMENT).type, texts) if self.schema is SCHEMA else texts,
            ]
            for kind, value in zip(itertools.islice(SCHEMA.types, 3, None), constants, strict=True):
                arrays.append(value if value is numbers else pa.repeat(pa.scalar(value, kind), len(texts)))
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _with_repeated_keys(self, index: int, found: Documents) -> dict[int, str]:
        """Messages of the documents of a doubtful file that repeat a key, by their row."""
        if index not in self.doubtful:
            return {}
        rows = zip(found.rows.to_pylist(), found.texts.to_pylist(), strict=True)
        keys = {int(row): key for row, text in rows if (key := repeated.repeated_key(text)) is not None}
        return {row: f'Error parsing JSON: duplicate object attribute "{key}"' for row, key in keys.items()}

    def reader(self) -> pa.RecordBatchReader:
        """A stream that DuckDB can scan once. What stops it is kept in `failure`: DuckDB passes on text only."""
        self.failure = None
        return pa.RecordBatchReader.from_batches(self.schema, self._watched(self.batches()))

    def _watched(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except Exception as error:
            self.failure = error
            raise

    def invalid(self, duck: duckdb.DuckDBPyConnection) -> dict[int, list[Problem]]:
        """Look at every document: problems by file index. Files whose lines are not documents are walked instead."""
        problems: dict[int, list[Problem]] = {}
        suspects: list[int] = []
        for index, found in self.each():
            if isinstance(found, Damaged):
                problems[index] = [found.problem]
            elif index in self.replaced or self.is_scanned or isinstance(self.file_format, CsvFormat):
                continue
            elif _invalid_rows(duck, found) or self._with_repeated_keys(index, found):
                suspects.append(index)
        for index in [*suspects, *(i for i in range(len(self.files)) if self.is_scanned and i not in problems)]:
            found = self.replaced.get(index) or self.scan(index)
            by_row = dict(zip(found.rows.to_pylist(), found.lines.to_pylist(), strict=True))
            messages = dict.fromkeys(_invalid_rows(duck, found), "Error parsing JSON: invalid document")
            messages |= self._with_repeated_keys(index, found)
            refused = [Problem(message, by_row[row], row=row) for row, message in messages.items()]
            if found.problems or refused:
                problems[index] = sorted([*found.problems, *refused], key=lambda problem: problem.line)
        return problems


def _invalid_rows(duck: duckdb.DuckDBPyConnection, found: Documents) -> list[int]:
    """Row numbers of the texts that DuckDB does not take for JSON."""
    table = pa.table({"text": found.texts, "row": found.rows})
    duck.register("_staged_texts", table)
    try:
        rows = duck.execute("SELECT row FROM _staged_texts WHERE NOT json_valid(text) ORDER BY 1").fetchall()
    finally:
        duck.unregister("_staged_texts")
    return [int(row) for (row,) in rows]
