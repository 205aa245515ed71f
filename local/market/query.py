"""Request parameters as the API reads them: typed values, range filters, and pages with a cursor.

A cursor holds the whole query and the place to go on from, so a next_url needs no other parameter. Unknown parameters
are ignored, as the API does; a value that can't be read is answered with 400.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from local.market.errors import bad_request

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "": lambda value, bound: value == bound,
    ".gt": lambda value, bound: value > bound,
    ".gte": lambda value, bound: value >= bound,
    ".lt": lambda value, bound: value < bound,
    ".lte": lambda value, bound: value <= bound,
    ".any_of": lambda value, bound: value in bound,
}
Row = dict[str, Any]
Readers = Mapping[str, Callable[[str], Any]]


class Query:
    """The parameters of one request; those that its cursor holds replace all others."""

    def __init__(self, request: Request) -> None:
        self._path = str(request.url.replace(query=""))
        self._params: dict[str, str] = dict(request.query_params)
        self.offset = 0
        if cursor := self._params.get("cursor"):
            self._params = decode_cursor(cursor)
            self.offset = self.integer("offset", 0, 0)
            self._params.pop("offset", None)

    def text(self, name: str) -> str | None:
        """The value; None when it is absent or empty."""
        return self._params.get(name) or None

    def integer(self, name: str, default: int, low: int, high: int | None = None) -> int:
        """A whole number from low to high, both included. Raises ApiError 400."""
        value = self.text(name)
        if value is None:
            return default
        if not value.isdecimal() or int(value) < low or (high is not None and int(value) > high):
            raise bad_request(f"'{name}' must be a number from {low} to {high}, not '{value}'")
        return int(value)

    def flag(self, name: str, default: bool | None) -> bool | None:
        """true or false. Raises ApiError 400."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            raise bad_request(f"'{name}' must be true or false, not '{value}'")
        return value.lower() == "true"

    def day(self, name: str) -> date | None:
        """A date. Raises ApiError 400."""
        value = self.text(name)
        return None if value is None else parse_day(name, value)

    def choice(self, name: str, default: str, *values: str) -> str:
        """One of the values. Raises ApiError 400."""
        value = self.text(name) or default
        if value not in values:
            raise bad_request(f"'{name}' must be one of {', '.join(values)}, not '{value}'")
        return value

    def filtered(self, rows: Iterable[Row], fields: Readers) -> list[Row]:
        """Rows that pass every `field` and `field.gt|gte|lt|lte|any_of` of the query; fields names them with the
        reader of their values. Raises ApiError 400.
        """
        tests = []
        for field, read in fields.items():
            for suffix, compare in _COMPARISONS.items():
                if (value := self.text(field + suffix)) is not None:
                    bound = _read(field, value.split(","), read)
                    tests.append((field, compare, bound if suffix == ".any_of" else _read(field, [value], read)[0]))
        return [row for row in rows if all(f in row and compare(row[f], bound) for f, compare, bound in tests)]

    def ordered(self, rows: list[Row], default: str, fields: Iterable[str]) -> list[Row]:
        """Rows sorted by `sort` and `order`, or by a `sort` list such as execution_date.desc,ticker.asc.

        default is such a list; ties keep the order that the rows came in. Raises ApiError 400.
        """
        parts = (self.text("sort") or default).split(",")
        order = self.choice("order", "asc", "asc", "desc") if self.text("order") else None
        if order is None and "." not in parts[0]:
            parts = [f"{part}.asc" for part in parts]
        for part in reversed(parts):
            field, _, direction = part.partition(".")
            if field not in fields or direction not in ("", "asc", "desc"):
                raise bad_request(f"'sort' must be one of {', '.join(fields)}, not '{part}'")
            # The order parameter, where given, decides over a direction in sort.
            rows = sorted(rows, key=lambda row: row[field], reverse=(order or direction) == "desc")
        return rows

    def page(self, rows: list[Row], default_limit: int, max_limit: int) -> Page:
        """The rows that this request is answered with. Raises ApiError 400."""
        limit = self.integer("limit", default_limit, 1, max_limit)
        end = self.offset + limit
        more = end < len(rows)
        return Page(rows[self.offset : end], self._next_url(end) if more else None)

    def _next_url(self, offset: int) -> str:
        return f"{self._path}?cursor={encode_cursor({**self._params, 'offset': str(offset)})}"


@dataclass(frozen=True)
class Page:
    """One page and where the next one is (None on the last)."""

    rows: list[Row]
    next_url: str | None

    def body(self, *, with_count: bool = False) -> dict[str, Any]:
        """The response: results, status, next_url where there is one, and count where the endpoint has it."""
        body: dict[str, Any] = {"results": self.rows, "status": "OK"}
        if with_count:
            body["count"] = len(self.rows)
        if self.next_url:
            body["next_url"] = self.next_url
        return body


def encode_cursor(params: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(urlencode(params).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> dict[str, str]:
    """What encode_cursor was given. Raises ApiError 400."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        return dict(parse_qsl(text, strict_parsing=True))
    except (binascii.Error, ValueError):
        raise bad_request("The cursor could not be read") from None


def parse_day(name: str, value: str) -> date:
    """A date as YYYY-MM-DD. Raises ApiError 400."""
    try:
        return date.fromisoformat(iso_day(value))
    except ValueError:
        raise bad_request(f"Could not parse the time parameter: '{name}'. Use YYYY-MM-DD, not '{value}'") from None


def _read(field: str, values: list[str], read: Callable[[str], Any]) -> list[Any]:
    try:
        return [read(value) for value in values]
    except ValueError:
        raise bad_request(f"'{field}' could not be read: '{','.join(values)}'") from None


def iso_day(value: str) -> str:
    """A reader for date fields, whose rows hold YYYY-MM-DD, and for nothing else. Raises ValueError."""
    if date.fromisoformat(value).isoformat() != value:
        raise ValueError(value)
    return value
