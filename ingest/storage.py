"""The landing bucket: objects are written once and never changed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from ingest.errors import AlreadyThere
from ingest.settings import StorageSettings
from ingest.storage_errors import named

SHA256 = "sha256"
PROBE_KEY, PROBE_BODY = "probe.txt", b"Snowtape may write here. Nothing reads this object.\n"


class LandingStore:
    """Objects below the bucket's prefix; every key here is relative to it, as in the warehouse's stage.

    Every method raises `BadSetting` where a setting is wrong, and `StoreUnavailable` where the store does not answer.
    """

    def __init__(self, settings: StorageSettings, client: Any = None) -> None:
        """`client`: a boto3 S3 client; by default one as the AWS_* environment variables say."""
        self._bucket, self._prefix = settings.bucket, settings.prefix
        with named(self._bucket, "connect"):
            self._s3 = client or _client()

    def check(self) -> None:
        """Try what an ingest needs, listing and writing, so that a wrong setting is found before the API is asked."""
        for _ in self.keys("manifests/"):
            break
        with named(self._bucket, "write objects"):
            try:
                self._s3.put_object(Bucket=self._bucket, Key=self._prefix + PROBE_KEY, Body=PROBE_BODY, IfNoneMatch="*")
            except ClientError as error:
                if not _is_already_there(error):
                    raise

    def put_file_once(self, key: str, path: Path, sha256: str, content_type: str = "application/x-ndjson") -> None:
        """Write a file's bytes under a new key.

        Raises:
            AlreadyThere: the key holds other bytes.
        """
        with path.open("rb") as body:
            self._put(key, body, sha256, content_type, path.stat().st_size)

    def put_once(self, key: str, body: bytes) -> None:
        """Write a small document under a new key; raises `AlreadyThere` like `put_file_once`."""
        self._put(key, body, hashlib.sha256(body).hexdigest(), "application/json", len(body))

    def read(self, key: str) -> bytes:
        """The bytes of an object."""
        with named(self._bucket, "read objects"):
            return bytes(self._s3.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read())

    def exists(self, key: str) -> bool:
        """Whether there is an object under this key."""
        return key in self.keys(key)

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that start with `prefix`, in order, those greater than `after` only. Reads page by page."""
        for entry in self._entries(prefix, after):
            yield str(entry["Key"])[len(self._prefix) :]

    def modified(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Keys that start with `prefix`, in order, and when (UTC) each was last written."""
        for entry in self._entries(prefix, ""):
            at = entry["LastModified"]
            yield str(entry["Key"])[len(self._prefix) :], datetime.fromisoformat(at) if isinstance(at, str) else at

    def _entries(self, prefix: str, after: str) -> Iterator[Any]:
        options = {"StartAfter": self._prefix + after} if after else {}
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix, **options
        )
        following = iter(pages)
        while True:
            # Not around the loop's body: an error in the caller's loop is not the store's.
            with named(self._bucket, "list objects"):
                page = next(following, None)
            if page is None:
                return
            yield from page.get("Contents", [])

    def _put(self, key: str, body: Any, sha256: str, content_type: str, size: int) -> None:
        full = self._prefix + key
        with named(self._bucket, "write objects"):
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=full,
                    Body=body,
                    ContentLength=size,
                    ContentType=content_type,
                    IfNoneMatch="*",
                    ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                    Metadata={SHA256: sha256},
                )
            except ClientError as error:
                if not _is_already_there(error):
                    raise
                # A put whose answer was lost is sent again by boto3 and meets the object that it wrote itself.
                held = self._s3.head_object(Bucket=self._bucket, Key=full)
                if held.get("Metadata", {}).get(SHA256) != sha256 or held["ContentLength"] != size:
                    raise AlreadyThere(f"object {key} exists with other content; objects are written once") from None


def _is_already_there(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code", "") in ("PreconditionFailed", "412")


def _client() -> Any:
    session = botocore.session.get_session()
    # Reading the time of every listed object takes several times longer than the listing; nobody asks for it.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    config = Config(retries={"mode": "standard", "max_attempts": 5})
    return boto3.Session(botocore_session=session).client("s3", config=config)
