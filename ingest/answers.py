"""What one HTTP response of the API means: an answer to keep, or an error of the right type."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest.errors import MalformedResponse, NotAuthorized, NotFound, RateLimited, ServerError
from ingest.refusals import refusal
from ingest.retry import parse_moment, parse_retry_after
from ingest.strict_json import NotJson, read

JSON_BLANKS = b" \t\r\n"
COUNT = re.compile(r"([0-9]{1,40})(?:\.0)?")
# Where an answer without `results` is one of no rows; elsewhere `results` is an empty list.
MAY_LACK_RESULTS = ("/v2/aggs/", "/v3/snapshot/")
# Where an answer is a bare array of rows.
BARE_ARRAYS = ("/v1/marketstatus/",)
SUCCESS = ("OK", "DELAYED")


@dataclass(frozen=True)
class Answer:
    """One response with status 200: `body` is the JSON text as it came (UTF-8), `payload` the same, read."""

    path: str
    params: Mapping[str, str]
    fetched_at: datetime
    status_code: int
    body: bytes
    payload: Any

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The result rows that are objects; an absent or null `results` is none, a bare array is the rows itself.

        Of ticker events, whose `results` are one object, the rows are its `events`. What is not an object is landed
        with the others, and the warehouse rejects it.
        """
        return [row for row in _rows(self.payload) or () if isinstance(row, dict)]

    @property
    def result_rows(self) -> int:
        """How many results it holds, whatever they are: what a load counts too."""
        return len(_rows(self.payload) or ())

    @property
    def counted(self) -> int:
        """How many rows the answer says it has, for this page or for all of them; 0 where it does not say."""
        return _counted(self.payload) if isinstance(self.payload, dict) else 0

    @property
    def next_url(self) -> str | None:
        """Where the next page is, if there is one."""
        following = self.payload.get("next_url") if isinstance(self.payload, dict) else None
        return following if isinstance(following, str) and following else None


def read_answer(path: str, params: Mapping[str, str], body: bytes, fetched_at: datetime) -> Answer:
    """Read the body of a 200.

    A byte order mark is dropped: a raw object is made of lines, and only the first byte of a file may be one.

    Raises:
        ServerError: the body is not JSON that a warehouse can load (an HTML page, cut off, not UTF-8, a key that
            occurs twice, a number beyond every float), lacks its `results`, holds fewer rows than it counts, or the API
            reports something else than success with a 200.
        NotEntitled, NotPublishedYet, BeforeHistory, NotFound: reported with a 200.
        MalformedResponse: JSON of an unexpected shape.
    """
    body = body.removeprefix(codecs.BOM_UTF8).strip(JSON_BLANKS)
    try:
        payload = read(body)
    except NotJson as error:
        raise ServerError(f"{path}: the body is not valid JSON in UTF-8: {_excerpt(body)} ({error})") from None
    if isinstance(payload, dict):
        _check_status(path, payload)
        _check_shape(path, payload)
    elif not isinstance(payload, list) or not path.startswith(BARE_ARRAYS):
        # A load would find no results in an array.
        raise ServerError(f"{path}: the answer is {_excerpt(body)}; expected an object")
    rows = _rows(payload)
    if rows is not None and (not isinstance(rows, list) or 2 * _objects(rows) < len(rows)):
        raise MalformedResponse(f"{path}: `results` is not a list of objects")
    _check_count(path, params, payload, len(rows or ()))
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
        raise refusal(f"{host} refused {path}", said.removeprefix(": "))
    if status == 404:
        raise NotFound(where)
    if status == 429:
        raise RateLimited(
            where, parse_retry_after(headers.get("Retry-After"), parse_moment(headers.get("Date")) or now)
        )
    if status >= 500 or status in (408, 425):
        raise ServerError(where)
    raise MalformedResponse(where)


def _rows(payload: Any) -> Any:
    """What holds the rows, unchecked."""
    results = payload.get("results") if isinstance(payload, dict) else payload
    # snowflake/procedures/statements.py counts them the same way.
    return results["events"] if isinstance(results, dict) and "events" in results else results


def _objects(rows: list[Any]) -> int:
    return sum(isinstance(row, dict) for row in rows)


def _check_status(path: str, payload: dict[str, Any]) -> None:
    status = payload.get("status")
    said = str(payload.get("error") or payload.get("message") or "")[:200]
    if status == "NOT_AUTHORIZED":
        raise refusal(f"{path} answered 200 with status NOT_AUTHORIZED", said)
    if status == "NOT_FOUND":
        raise NotFound(f"{path}: 200 with status NOT_FOUND {said}")
    if payload.get("error") or (status is not None and str(status).upper() not in SUCCESS):
        raise ServerError(f"{path}: 200 with status {str(status)[:40]} {said}")


def _check_shape(path: str, payload: dict[str, Any]) -> None:
    """An answer that holds nothing says so. What it lacks may end what is known of it (docs/adr/0010)."""
    says_none = payload.get("count") == 0 or (path.startswith(MAY_LACK_RESULTS) and payload.get("status"))
    if payload.get("results") is None and not says_none:
        raise ServerError(f"{path}: the answer has no `results`")
    following = payload.get("next_url")
    if following is not None and not isinstance(following, str):
        raise MalformedResponse(f"{path}: `next_url` is {str(following)[:40]}; expected text")


def _check_count(path: str, params: Mapping[str, str], payload: Any, rows: int) -> None:
    """An answer of one page that holds fewer rows than it counts was cut on its way; `client.pages` judges several."""
    if not isinstance(payload, dict) or payload.get("next_url") or "cursor" in params:
        return
    if rows < (count := _counted(payload)):
        raise ServerError(f"{path}: the answer has {rows} rows but a count of {count}")


def _counted(payload: dict[str, Any]) -> int:
    """Rows that an answer says it has, however it spells a number (7, 7.0, "7"); 0 where it does not say."""
    counts = (COUNT.fullmatch(str(payload.get(name))) for name in ("resultsCount", "count"))
    return max((int(count[1]) for count in counts if count), default=0)


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
