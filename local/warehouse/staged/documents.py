"""JSON documents of one file: from bytes as stored to one text a document, with the line where each begins.

Two ways to the same result: `split` takes every line for one document, which is quick and right for NDJSON; `scan`
walks the text document by document, for documents that span lines, arrays to be taken apart, and to find an error.
"""

from __future__ import annotations

import bz2
import json
import re
import struct
import zlib
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from local.warehouse.staged.formats import CsvFormat, FileFormat, JsonFormat

# Where a document probably begins: at the start of a line.
_OPENING = re.compile(r"\n(?=[{\[])")
_BLANK = re.compile(r"[ \t\r\n]*")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TEXT = pa.large_string()


@dataclass(frozen=True)
class Problem:
    """Why a document, or a whole file, cannot be loaded. Line, character and row count from 1; row 0: no document."""

    message: str
    line: int
    character: int = 1
    row: int = 0
    column: str | None = None
    is_json: bool = True


@dataclass(frozen=True)
class Documents:
    """The documents of a file: `texts` (large_string), `lines` and `rows` (int64), counted from 1, one each."""

    texts: pa.Array
    lines: pa.Array
    rows: pa.Array
    problems: tuple[Problem, ...] = ()

    def without(self, rows: set[int]) -> Documents:
        """All but the documents of these row numbers."""
        if not rows:
            return self
        kept = pc.invert(pc.is_in(self.rows, pa.array(sorted(rows), pa.int64())))
        return Documents(self.texts.filter(kept), self.lines.filter(kept), self.rows.filter(kept), self.problems)


class Damaged(Exception):
    """The bytes of a file are not what its format says; nothing of it can be loaded."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def decompress(data: bytes, compression: str) -> bytes:
    """The content of a file; AUTO looks at its first bytes. Raises `Damaged` with the line it was at."""
    kind = _detect(data) if compression == "AUTO" else compression
    match kind:
        case "NONE":
            return data
        case "GZIP":
            return _inflate(data, zlib.MAX_WBITS | 16, kind)
        case "DEFLATE":
            return _inflate(data, zlib.MAX_WBITS, kind)
        case "RAW_DEFLATE":
            return _inflate(data, -zlib.MAX_WBITS, kind)
        case "BZ2":
            try:
                return bz2.decompress(data)
            except (OSError, ValueError) as error:
                raise _damage(kind, str(error), b"") from None
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), kind.lower()) as stream:
            content: bytes = stream.read()
            return content
    except OSError as error:
        raise _damage(kind, str(error), b"") from None


def _detect(data: bytes) -> str:
    if data.startswith(b"\x1f\x8b"):
        return "GZIP"
    if data.startswith(b"BZh"):
        return "BZ2"
    return "ZSTD" if data.startswith(b"\x28\xb5\x2f\xfd") else "NONE"


def _inflate(data: bytes, window_bits: int, kind: str) -> bytes:
    """All members of a gzip file, or one zlib stream."""
    parts: list[bytes] = []
    rest = data
    while rest:
        stream = zlib.decompressobj(window_bits)
        try:
            parts.append(stream.decompress(rest))
        except zlib.error as error:
            raise _damage(kind, str(error), b"".join(parts)) from None
        if not stream.eof:
            raise _damage(kind, "the file ends before its compressed data does", b"".join(parts))
        rest = stream.unused_data if kind == "GZIP" else b""
        if rest and not rest.strip(b"\0"):
            # Padding, as tapes and block devices leave it.
            break
    return b"".join(parts)


def _damage(kind: str, reason: str, read_so_far: bytes) -> Damaged:
    line = read_so_far.count(b"\n") + 1
    return Damaged(Problem(f"Invalid data encountered during decompression ({kind}): {reason}", line, is_json=False))


def text_of(data: bytes, file_format: FileFormat) -> pa.Array:
    """The content as a large_string array of one. Raises `Damaged` for bytes that are not UTF-8."""
    content = decompress(data, file_format.compression)
    if file_format.skip_byte_order_mark and content.startswith(_BYTE_ORDER_MARK):
        content = content[len(_BYTE_ORDER_MARK) :]
    buffers = [None, pa.py_buffer(struct.pack("=qq", 0, len(content))), pa.py_buffer(content)]
    text = pa.Array.from_buffers(_TEXT, 1, buffers)
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        raise Damaged(_invalid_utf8(content)) from None
    return text


def _invalid_utf8(content: bytes) -> Problem:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        character = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        byte = f"0x{content[error.start]:02x}"
        return Problem(f"Invalid UTF8 detected in string: byte {byte}", line, character, is_json=False)
    return Problem("Invalid UTF8 detected in string", 1, is_json=False)


def split(text: pa.Array) -> Documents:
    """Every line that is not empty as a document; whether it is one is for DuckDB to say."""
    lines = pc.split_pattern(text, "\n").flatten()
    numbers = pc.indices_nonzero(pc.greater(pc.binary_length(lines), 0))
    if len(numbers) != len(lines):
        # Nearly always one: the empty rest after the last line break.
        is_only_the_last = len(numbers) == len(lines) - 1 and not lines[-1].as_py()
        lines = lines.slice(0, len(numbers)) if is_only_the_last else lines.take(numbers)
    return Documents(lines, pc.add(numbers.cast(pa.int64()), 1), _count(len(lines)))


def records(text: pa.Array, csv_format: CsvFormat) -> Documents:
    """Every line of a CSV file behind its header, without its line break; rows are counted from the first of them."""
    found = split(text)
    if not csv_format.skip_blank_lines and len(found.lines) and found.lines[-1].as_py() != len(found.lines):
        gap = next(at for at, line in enumerate(found.lines.to_pylist(), 1) if at != line)
        raise Damaged(Problem("End of record reached while expected to parse column", gap, is_json=False))
    header = len(found.lines.filter(pc.less_equal(found.lines, csv_format.skip_header)))
    texts = pc.utf8_rtrim(found.texts.slice(header), "\r")
    return Documents(texts, found.lines.slice(header), _count(len(texts)))


def _count(length: int) -> pa.Array:
    """1, 2, …, length as int64."""
    ones = pa.repeat(pa.scalar(1, pa.int64()), length)
    return pc.cumulative_sum(ones)


def scan(text: pa.Array, json_format: JsonFormat) -> Documents:
    """Document by document, each as it is written; after an error it goes on with the next line."""
    content: str = text[0].as_py()
    scanner = _Scanner(content)
    at = scanner.blank(0)
    while at < len(content):
        is_outer_array = json_format.strip_outer_array and content[at] == "["
        at = scanner.blank(scanner.array(at) if is_outer_array else scanner.document(at))
    return Documents(
        pa.array(scanner.texts, _TEXT),
        pa.array(scanner.lines, pa.int64()),
        pa.array(scanner.rows, pa.int64()),
        tuple(scanner.problems),
    )


class _Scanner:
    """Walks a text with Python's JSON decoder, which says where a document ends or why it is none."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.texts: list[str] = []
        self.lines: list[int] = []
        self.rows: list[int] = []
        self.problems: list[Problem] = []
        self._decode = json.JSONDecoder().raw_decode
        self._row = 0
        # Line numbers are counted on from the last position asked for.
        self._known_at, self._known_line = 0, 1

    def blank(self, at: int) -> int:
        """The position after blanks and line breaks."""
        match = _BLANK.match(self.content, at)
        return match.end() if match else at

    def document(self, at: int) -> int:
        """Take the document that begins here; returns the position after it or, on an error, the next line's."""
        self._row += 1
        try:
            _, end = self._decode(self.content, at)
        except (json.JSONDecodeError, RecursionError) as error:
            where = error.pos if isinstance(error, json.JSONDecodeError) else at
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            return self._failed(at, where, reason)
        self.texts.append(self.content[at:end])
        self.lines.append(self._line(at))
        self.rows.append(self._row)
        return end

    def array(self, at: int) -> int:
        """Take the elements of an outer array as documents; returns the position after it."""
        at = self.blank(at + 1)
        if self.content[at : at + 1] == "]":
            return at + 1
        while at < len(self.content):
            errors = len(self.problems)
            at = self.blank(self.document(at))
            if len(self.problems) > errors:
                return len(self.content)
            follows = self.content[at : at + 1]
            if follows == "]":
                return at + 1
            if follows != ",":
                break
            at = self.blank(at + 1)
        line = self._line(min(at, len(self.content)))
        self.problems.append(Problem("Error parsing JSON: the outer array is not closed", line, row=self._row))
        return len(self.content)

    def _failed(self, at: int, where: int, reason: str) -> int:
        """Note a broken document; the next one begins at the next line that opens an object or an array."""
        following = _OPENING.search(self.content, at)
        end = following.start() if following else len(self.content)
        written = at + len(self.content[at:end].rstrip())
        if where > written:
            where, reason = written, "the document ends too early"
        line = self._line(at) + self.content.count("\n", at, where)
        character = where - self.content.rfind("\n", 0, where)
        self.problems.append(Problem(f"Error parsing JSON: {_lower(reason)}", line, character, self._row))
        return following.end() if following else end

    def _line(self, at: int) -> int:
        if at >= self._known_at:
            self._known_line += self.content.count("\n", self._known_at, at)
        else:
            self._known_line = self.content.count("\n", 0, at) + 1
        self._known_at = at
        return self._known_line


def _lower(reason: str) -> str:
    return reason[:1].lower() + reason[1:]
