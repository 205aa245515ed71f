"""A flat file of day bars, read through while it arrives: whether it is one, and how many bars of which session."""

from __future__ import annotations

import codecs
import zlib
from collections import Counter

from ingest.datasets import bar_session
from ingest.errors import MalformedResponse, ServerError

# In this order; the load reads them by their place, so that columns behind them do no harm.
COLUMNS = ("ticker", "volume", "open", "close", "high", "low", "window_start", "transactions")
PLACE = COLUMNS.index("window_start")
INFLATED_BYTES = 1 << 20
# A header is some 70 bytes and a bar some 80; COPY takes lines of 16 MB.
MOST_LINE_BYTES = 1 << 16


class Content:
    """Takes a gzip CSV piece by piece; `rows` counts its bars (lines that are not blank, behind the header).

    Raises:
        ServerError: it is damaged or ends too early: fetched again it may be whole.
        MalformedResponse: it is whole, and not a flat file of day bars.
    """

    def __init__(self, key: str) -> None:
        self.rows = 0
        self._key = key
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._rest = b""
        self._has_header = False
        self._moments: Counter[bytes] = Counter()

    @property
    def sessions(self) -> Counter[str | None]:
        """Bars by session (YYYY-MM-DD) of their `window_start`; None: of none that can be read."""
        found: Counter[str | None] = Counter()
        for moment, count in self._moments.items():
            found[bar_session({"t": int(moment)}) if moment.isdigit() and len(moment) < 20 else None] += count
        return found

    def add(self, chunk: bytes) -> None:
        """Take the next bytes as they are stored."""
        data = chunk
        while data:
            if self._gzip.eof:  # a file may have several members
                self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                text = self._gzip.decompress(data, INFLATED_BYTES)
            except zlib.error as error:
                raise ServerError(f"{self._key} is not a whole gzip file: {error}") from None
            self._take(text)
            data = self._gzip.unconsumed_tail or self._gzip.unused_data
            if not text and not data:
                return

    def close(self) -> None:
        """The file has ended."""
        while not self._gzip.eof and (text := self._gzip.decompress(b"", INFLATED_BYTES)):
            self._take(text)
        if not self._gzip.eof and (self._has_header or self._rest):
            raise ServerError(f"{self._key} ends before its compressed data does")
        self._take(b"\n" if self._rest else b"")
        if not self._has_header:
            return
        try:
            self._utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            raise MalformedResponse(f"{self._key} is not UTF-8") from None

    def _take(self, text: bytes) -> None:
        try:
            self._utf8.decode(text)
        except UnicodeDecodeError:
            raise MalformedResponse(f"{self._key} is not UTF-8") from None
        *lines, self._rest = (self._rest + text).split(b"\n")
        if len(self._rest) > MOST_LINE_BYTES:
            raise MalformedResponse(f"{self._key} has a line above {MOST_LINE_BYTES} bytes; expected CSV")
        if lines and not self._has_header:
            self._check_header(lines.pop(0))
        for line in lines:
            if line.rstrip(b"\r"):
                self.rows += 1
                fields = line.split(b",", PLACE + 1)
                self._moments[fields[PLACE] if len(fields) > PLACE else b""] += 1

    def _check_header(self, line: bytes) -> None:
        names = line.removeprefix(codecs.BOM_UTF8).decode(errors="replace").strip().split(",")
        if tuple(names[: len(COLUMNS)]) != COLUMNS:
            raise MalformedResponse(f"{self._key} has the columns {','.join(names):.200}; expected {','.join(COLUMNS)}")
        self._has_header = True
