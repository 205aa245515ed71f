"""The vendor's bucket: what is in it, and one file of it, in bounded memory."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ingest.errors import BadSetting, IngestError, NotEntitled, NotFound, ServerError, TransientError, Unreachable
from ingest.flat_files.content import Content
from ingest.settings import FlatFileSettings

BUCKET = "flatfiles"
CHUNK_BYTES = 1 << 20
TRIES, PAUSE_SECONDS = 3, 2.0
WRONG_SETTING = {
    "InvalidAccessKeyId": "POLYGON_FLAT_FILES_ACCESS_KEY_ID is not known at {endpoint}; set the S3 key that the "
    "vendor's dashboard shows (it is not the API's key), or POLYGON_BAR_SOURCE=rest.",
    "SignatureDoesNotMatch": "POLYGON_FLAT_FILES_SECRET_ACCESS_KEY does not belong to POLYGON_FLAT_FILES_ACCESS_KEY_ID "
    "at {endpoint}; set both as the vendor's dashboard shows them.",
    "NoSuchBucket": "POLYGON_FLAT_FILES_ENDPOINT is {endpoint}, and there is no bucket " + BUCKET + " there.",
    "RequestTimeTooSkewed": "This machine's clock differs too much from that of {endpoint}; set it.",
}


@dataclass(frozen=True)
class Listed:
    """An object of the vendor's bucket; `size` in bytes."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class FetchedFile:
    """A file that has arrived whole: where it is, the version of the source, when the vendor began to send it (UTC),
    its bars, and how many of them are of each session (None: of no moment that can be read).
    """

    path: Path
    etag: str
    last_modified: datetime
    fetched_at: datetime
    size: int
    sha256: str
    rows: int
    sessions: Counter[str | None]


def version_of(etag: str) -> str:
    """A version of a source file as the keys of landed objects have it: 16 hexadecimal digits."""
    return hashlib.sha256(etag.strip('"').encode()).hexdigest()[:16]


class FlatFileBucket:
    """Reads the vendor's bucket.

    Every method raises `BadSetting` where a setting is wrong, `NotEntitled` for a 403, `NotFound` for a 404 and a
    `TransientError` where the bucket fails or does not answer. A 403 does not say why: the plan, its history, and a
    file that is not published yet look alike.
    """

    def __init__(self, settings: FlatFileSettings, client: Any = None, pause_seconds: float = PAUSE_SECONDS) -> None:
        """`client`: a boto3 S3 client; by default one as the settings say, whatever AWS_* variables hold."""
        self.endpoint = settings.endpoint
        self._pause = pause_seconds
        self._s3 = client or boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
            # Explicit, or a session token that is meant for our own bucket would go along.
            aws_session_token=None,
            region_name="us-east-1",
            config=Config(
                retries={"mode": "standard", "max_attempts": 4},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def listed(self, prefix: str) -> Iterator[Listed]:
        """The objects whose keys begin with `prefix`, in order; 1,000 a request."""
        pages = iter(self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix))
        while True:
            with self._named(f"list {prefix}"):
                page = next(pages, None)
            if page is None:
                return
            for entry in page.get("Contents", []):
                yield Listed(str(entry["Key"]), str(entry["ETag"]).strip('"'), int(entry["Size"]))

    def check(self, key: str) -> None:
        """Try whether a file is served, without fetching it."""
        with self._named(f"read {key}"):
            self._s3.head_object(Bucket=BUCKET, Key=key)

    def fetch(self, key: str, path: Path) -> FetchedFile:
        """Write a file's bytes to `path`, at most some MiB at a time in memory; tried again where it breaks off.

        Raises:
            MalformedResponse: it is whole, and not a flat file of day bars.
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._fetch(key, path)
            except TransientError:
                if attempt == TRIES:
                    raise
            time.sleep(self._pause * attempt)
        raise AssertionError("every try returns or raises")

    def _fetch(self, key: str, path: Path) -> FetchedFile:
        fetched_at = datetime.now(UTC)
        content, sha256, size = Content(key), hashlib.sha256(), 0
        with self._named(f"read {key}"):
            answer = self._s3.get_object(Bucket=BUCKET, Key=key)
            with path.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
                    file.write(chunk)
                    sha256.update(chunk)
                    content.add(chunk)
                    size += len(chunk)
        if size != answer["ContentLength"]:
            raise ServerError(f"{key}: {size} of {answer['ContentLength']} bytes came from {self.endpoint}")
        content.close()
        return FetchedFile(
            path,
            str(answer["ETag"]).strip('"'),
            answer["LastModified"].astimezone(UTC),
            fetched_at,
            size,
            sha256.hexdigest(),
            content.rows,
            content.sessions,
        )

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        """Turn botocore's errors into this package's."""
        where = f"{self.endpoint} (POLYGON_FLAT_FILES_ENDPOINT)"
        try:
            yield
        except IngestError:
            raise
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
            if text := WRONG_SETTING.get(code):
                raise BadSetting(text.format(endpoint=self.endpoint)) from None
            if status == 403:
                raise NotEntitled(f"{where} refused to {what} (403 {code})") from None
            if status == 404:
                raise NotFound(f"{where} has no such file to {what} (404 {code})") from None
            raise ServerError(f"{where} failed to {what} ({status} {code})") from None
        except ValueError as error:  # botocore raises it for an endpoint that is not a URL
            raise BadSetting(f"POLYGON_FLAT_FILES_ENDPOINT cannot be used: {error}") from None
        except BotoCoreError as error:
            raise Unreachable(f"{where} cannot be reached to {what} ({type(error).__name__})") from None
