"""What one HTTP response of the API means: an answer to keep, or an error of the right type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from ingest.errors import MalformedResponse, NotAuthorized, NotEntitled, NotFound, RateLimited, ServerError
from ingest.retry import parse_retry_after

JSON_BLANKS = b" \t\r\n"


@dataclass(frozen=True)
class Answer:
    """One response with status 200: `body` is the JSON text as it came, `payload` the same, read."""

    path: str
    params: Mapping[str, str]
    fetched_at: datetime
    status_code: int
    body: bytes
    payload: Any

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The result rows; an absent or null `results` is none, a bare array is the rows itself."""
        rows = self.payload.get("results") if isinstance(self.payload, dict) else self.payload
        return rows or []

    @property
    def next_url(self) -> str | None:
        """Where the next page is, if there is one."""
        following = self.payload.get("next_url") if isinstance(self.payload, dict) else None
        return following if isinstance(following, str) and following else None


def read_answer(path: str, params: Mapping[str, str], body: bytes, fetched_at: datetime) -> Answer:
    """Read the body of a 200.

    Raises:
        ServerError: no JSON (an HTML page, cut off), or the API reports its own failure with a 200.
        NotEntitled, NotFound: said with a 200.
        MalformedResponse: JSON of an unexpected shape.
    """
    body = body.strip(JSON_BLANKS)
    try:
        payload = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ServerError(
            f"{path}: 200 with a body that is no JSON: {_excerpt(body)} ({type(error).__name__})"
        ) from None
    if isinstance(payload, dict):
        _check_status(path, payload)
        rows = payload.get("results")
        if rows is None and _count(payload) and not payload.get("next_url"):
            raise ServerError(f"{path}: no results, though the answer counts {_count(payload)}")
    elif isinstance(payload, list):
        rows = payload
    else:
        raise MalformedResponse(f"{path}: the answer is neither an object nor an array: {_excerpt(body)}")
    if rows is not None and (not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows)):
        raise MalformedResponse(f"{path}: `results` is not a list of objects")
    # Line breaks between JSON tokens carry no meaning; one response has to stay on one line.
    body = body.replace(b"\r", b" ").replace(b"\n", b" ")
    return Answer(path, dict(params), fetched_at, 200, body, payload)


def raise_for_status(status: int, headers: Mapping[str, str], body: bytes, path: str, host: str, now: datetime) -> None:
    """Raise the error that a status other than 200 stands for."""
    if status == 200:
        return
    said = _message(body)
    where = f"{host} answered {path} with {status}{said}"
    if status == 401:
        raise NotAuthorized(
            f"{host} refused POLYGON_API_KEY (401{said}): set it to a valid key of this server and run again."
        )
    if status == 403:
        raise NotEntitled(f"{where}: the plan of POLYGON_API_KEY does not include it.")
    if status == 404:
        raise NotFound(where)
    if status == 429:
        raise RateLimited(where, parse_retry_after(headers.get("Retry-After"), now))
    if status >= 500 or status in (408, 425):
        raise ServerError(where)
    raise MalformedResponse(where)


def _check_status(path: str, payload: dict[str, Any]) -> None:
    status = payload.get("status")
    said = str(payload.get("error") or payload.get("message") or "")[:200]
    if status == "ERROR":
        raise ServerError(f"{path}: 200 with status ERROR {said}")
    if status == "NOT_AUTHORIZED":
        raise NotEntitled(f"{path}: 200 with status NOT_AUTHORIZED {said}")
    if status == "NOT_FOUND":
        raise NotFound(f"{path}: 200 with status NOT_FOUND {said}")


def _count(payload: dict[str, Any]) -> int:
    count = payload.get("resultsCount")
    return count if isinstance(count, int) else 0


def _message(body: bytes) -> str:
    """What the body of an error says, as ': text', or nothing for an HTML page."""
    try:
        payload = json.loads(body)
    except ValueError:
        return ""
    said = (payload.get("error") or payload.get("message")) if isinstance(payload, dict) else None
    return f": {str(said)[:200]}" if said else ""


def _excerpt(body: bytes) -> str:
    return repr(body[:60].decode("utf-8", "replace")) if body else "nothing"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
