"""Requests to the Polygon.io (Massive) API: one page or all pages, retried by the type of the error.

The key travels in the `Authorization` header only, to the configured host only: of a `next_url` just path and query
are used, a redirect is followed on the same origin only, and a key that a server echoes is struck out before anything
keeps the text.
"""

from __future__ import annotations

import dataclasses
import gzip
import logging
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from ingest import redirects
from ingest.answers import Answer, raise_for_status, read_answer
from ingest.budget import Budget
from ingest.datasets import Request
from ingest.errors import (
    IngestError,
    MalformedResponse,
    NotFound,
    RateLimited,
    ServerError,
    TransientError,
    Unreachable,
)
from ingest.retry import RetryPolicy
from ingest.settings import ApiSettings

log = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 10.0, 60.0, 120.0
MOST_PAGES = 20_000
CHUNK_BYTES = 1 << 18
REDACTED = b"[redacted]"


class _Bearer(requests.auth.AuthBase):
    """Sets the header itself, so that a .netrc entry for the host can't replace it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self._key}"
        return prepared


class _Session(requests.Session):
    """Leaves redirects to `redirects`: requests works out the next request even when told not to send it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class PolygonClient:
    """Thread-safe client of one API host; close it, or use it as a context manager."""

    def __init__(
        self,
        api: ApiSettings,
        budget: Budget,
        *,
        retry: RetryPolicy | None = None,
        threads: int = 8,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._budget, self._retry, self._sleep = api, budget, retry or RetryPolicy(), sleep
        self._session = _Session()
        self._session.auth = _Bearer(api.api_key)
        self._session.headers.update(
            {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "snowtape"}
        )
        # Tries are counted here, by the type of the error; urllib3 must not add its own.
        adapter = HTTPAdapter(max_retries=0, pool_maxsize=threads)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def pages(self, request: Request) -> Iterator[Answer]:
        """Every page that answers a request, in order, each checked against the request before it is handed out.

        Raises:
            TransientError: after the last try. TerminalError: at once. Pages already handed out stay valid.
        """
        path, params = request.path, dict(request.params)
        seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        # Some endpoints count the rows of a page, some those of all pages: what the pages so far leave possible.
        rows, total, is_by_page, is_of_all = 0, 0, True, True
        for _ in range(MOST_PAGES):
            page = (path, tuple(sorted(params.items())))
            if page in seen:
                raise MalformedResponse(f"{request.path}: `next_url` leads back to a page that was already read")
            seen.add(page)
            try:
                answer = self.get(path, params)
            except NotFound as error:
                if len(seen) == 1:
                    raise
                raise ServerError(
                    f"{request.path}: page {len(seen)} is not found, though the one before names it: {error}"
                ) from None
            request.check(answer)
            rows, total = rows + answer.result_rows, total or answer.counted
            is_by_page = is_by_page and answer.counted <= answer.result_rows
            is_of_all = is_of_all and answer.counted in (0, total) and rows <= total
            if not is_by_page and not (is_of_all and (answer.next_url or rows == total)):
                raise ServerError(
                    f"{request.path}: page {len(seen)} has {answer.result_rows} rows, {rows} with those before it, "
                    f"but a count of {answer.counted}"
                )
            yield answer
            if answer.next_url is None:
                return
            path, params = self._following(answer.next_url, request)
        raise MalformedResponse(f"{request.path}: more than {MOST_PAGES} pages")

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """One page; `path` and `params` of the answer are those that were asked for, also after a redirect.

        Raises:
            Unreachable, ServerError, RateLimited: still so after all tries. Any `TerminalError`: at once.
        """
        target, sent = path, dict(params)
        for _ in range(redirects.MOST_HOPS):
            found = self._tried(target, sent)
            if isinstance(found, Answer):
                return dataclasses.replace(found, path=path, params=dict(params))
            target, sent = found
        raise MalformedResponse(f"{path}: more than {redirects.MOST_HOPS} redirects")

    def _tried(self, path: str, params: Mapping[str, str]) -> Answer | tuple[str, dict[str, str]]:
        """The answer, or path and parameters of the address on this origin to which a redirect leads."""
        began = time.monotonic()
        for tried in range(1, self._retry.tries + 1):
            try:
                with self._budget.request():
                    return self._send(path, params)
            except TransientError as error:
                limited = isinstance(error, RateLimited)
                wait = (
                    self._retry.pause(error.retry_after, tried)
                    if isinstance(error, RateLimited)
                    else self._retry.wait(tried)
                )
                if time.monotonic() - began + wait > self._retry.longest:
                    raise _given_up(error, f"asked for a pause of {wait:.6g} s, longer than the client waits") from None
                if limited:
                    # Also after the last try: the pause holds for everybody else.
                    self._budget.pause(wait)
                if tried == self._retry.tries:
                    raise _given_up(error, f"gave up after {tried} tries") from None
                log.info("Try %d of %d failed, next in %.1f s: %s", tried, self._retry.tries, wait, error)
                if not limited:
                    self._sleep(wait)
        raise AssertionError("a policy needs at least one try")

    def _send(self, path: str, params: Mapping[str, str]) -> Answer | tuple[str, dict[str, str]]:
        host, body = self._api.host, bytearray()
        began = time.monotonic()
        try:
            with self._session.get(
                self._api.base_url + path,
                params=dict(params),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                # What is there, not a full chunk, and not unpacked on the way: a server that sends a byte a minute
                # must not hold us in one read, nor for as long as compressed bytes give no output.
                while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
                    body += chunk
                    if time.monotonic() - began > WHOLE_SECONDS:
                        raise Unreachable(
                            f"{host} (POLYGON_BASE_URL) did not finish {path} within {WHOLE_SECONDS:.0f} s"
                        )
        except ProtocolError:
            raise ServerError(f"{path}: the body ended after {len(body)} bytes") from None
        except (requests.exceptions.Timeout, ReadTimeoutError):
            raise Unreachable(f"{host} (POLYGON_BASE_URL) did not answer {path} in time") from None
        except (requests.exceptions.RequestException, HTTPError) as error:
            raise Unreachable(f"{host} (POLYGON_BASE_URL) cannot be reached for {path}: {_cause(error)}") from None
        if response.status_code in redirects.STATUSES:
            location = self._without_key(response.headers.get("Location", "").encode()).decode()
            return redirects.following(self._api.base_url, path, response.status_code, location)
        plain = _unpacked(bytes(body), response.headers.get("Content-Encoding", ""), path)
        clean, now = self._without_key(plain), datetime.now(UTC)
        raise_for_status(response.status_code, response.headers, clean, path, host, now)
        return read_answer(path, params, clean, now)

    def _following(self, next_url: str, request: Request) -> tuple[str, dict[str, str]]:
        parts = urlsplit(next_url)
        base_path = urlsplit(self._api.base_url).path
        path = parts.path.removeprefix(base_path) if base_path else parts.path
        if not path.startswith("/"):
            raise MalformedResponse(f"{request.path}: `next_url` has no path")
        params = {
            name: value for name, value in parse_qsl(parts.query, keep_blank_values=True) if name.lower() != "apikey"
        }
        asked = dict(request.params)
        if "adjusted" in asked:  # the API forgets it in its cursor
            params["adjusted"] = asked["adjusted"]
        return path, params

    def _without_key(self, body: bytes) -> bytes:
        key = self._api.api_key.encode()
        # A very short key would also be found by chance.
        return body.replace(key, REDACTED) if len(key) >= 8 else body


def _given_up(error: TransientError, why: str) -> IngestError:
    if isinstance(error, RateLimited):
        return RateLimited(f"{error}; {why}", error.retry_after)
    return type(error)(f"{error}; {why}")


def _unpacked(body: bytes, encoding: str, path: str) -> bytes:
    if encoding.strip().lower() in ("", "identity") or not body:
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        raise ServerError(f"{path}: the body is compressed as {encoding[:40]!r}, expected gzip")
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise ServerError(f"{path}: the compressed body is damaged") from None


def _cause(error: Exception) -> str:
    """The innermost reason in a few words; the outer text holds object addresses."""
    text = str(error)
    for known in (
        "Connection refused",
        "Read timed out",
        "Name or service not known",
        "Temporary failure in name resolution",
        "reset by peer",
    ):
        if known in text:
            return known
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS handshake failed"
    return type(error).__name__
