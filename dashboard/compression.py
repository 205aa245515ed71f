"""Answers as gzip for browsers that take it; a file is compressed once and kept by its path and validator."""

from __future__ import annotations

import gzip
import threading

from flask import Flask, Response, request

LEAST_BYTES = 1_000
_TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")
_FILE_PATHS = ("/_dash-component-suites/", "/assets/")


def compress(server: Flask) -> None:
    """Compress every text answer of at least 1,000 bytes; answers to callbacks quickly, files well and once."""
    files: dict[str, bytes] = {}
    lock = threading.Lock()

    @server.after_request
    def add_gzip(response: Response) -> Response:
        is_text = (response.content_type or "").startswith(_TYPES)
        if response.status_code != 200 or not is_text or "Content-Encoding" in response.headers:
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] <= 0:
            return response
        response.direct_passthrough = False
        if request.path.startswith(_FILE_PATHS):
            key = f"{request.path} {response.headers.get('ETag')} {response.content_length}"
            with lock:
                body = files.get(key)
                if body is None:
                    body = files[key] = gzip.compress(response.get_data(), 9, mtime=0)
        else:
            plain = response.get_data()
            if len(plain) < LEAST_BYTES:
                return response
            body = gzip.compress(plain, 5, mtime=0)
        response.set_data(body)
        response.headers["Content-Encoding"] = "gzip"
        if (etag := response.headers.get("ETag")) and not etag.startswith("W/"):
            response.headers["ETag"] = f"W/{etag}"  # other bytes than the file's
        return response
