"""Files in stages: where they lie, what is there, and their bytes. Writes nothing but what `delete` is asked for.

S3 through plain boto3: endpoint and credentials are this process's own (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, …).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from local.warehouse.errors import sql_error
from local.warehouse.staged import signed_get

THREADS = 8
_PAGE = 1000
pool = ThreadPoolExecutor(THREADS, thread_name_prefix="staged-files")


@dataclass(frozen=True)
class StagedFile:
    """A file as LIST shows it. `url` identifies it everywhere, `name` is METADATA$FILENAME, `size` is in bytes."""

    url: str
    name: str
    size: int
    etag: str
    modified: datetime


def not_found(url: str) -> Exception:
    """Snowflake's error for a file that is not there."""
    return sql_error(
        f"Remote file '{url}' was not found. There are several potential causes. The file might not exist. "
        "The required credentials may be missing or invalid. If you are running a copy command, please make sure "
        "files are not deleted when they are being loaded or files are not being loaded into two different tables "
        "concurrently with auto purge option.",
        91016,
        "22000",
    )


def _changed(url: str) -> Exception:
    return sql_error(f"Remote file '{url}' was replaced while it was being read.", 91016, "22000")


@lru_cache(maxsize=4)
def _s3(endpoint: str | None, access_key: str | None, secret_key: str | None) -> Any:
    """One client for all threads; the arguments are there so that other settings make another one."""
    config = Config(
        max_pool_connections=THREADS,
        retries={"mode": "standard", "total_max_attempts": 4},
        # Checksums beyond the ETag cost CPU and not every S3-compatible store knows them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.session.Session(region_name=os.environ.get("AWS_REGION", "us-east-1")).client("s3", config=config)


def client() -> Any:
    """The S3 client of this process."""
    return _s3(*(os.environ.get(n) for n in ("AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))


@dataclass(frozen=True)
class S3Location:
    """A bucket and what the stage's URL says behind it; `path` is what follows the stage's name in a reference."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> S3Location:
        """From `s3://bucket/prefix`; raises for any other URL."""
        scheme, _, rest = url.partition("://")
        bucket, _, prefix = rest.partition("/")
        if scheme not in ("s3", "s3gov", "s3china") or not bucket:
            raise sql_error(f"SQL compilation error:\ninvalid URL prefix found in: '{url}'", 1011, "42601")
        return cls(bucket, prefix)

    def _key(self, path: str) -> str:
        if path and self.prefix and not self.prefix.endswith("/"):
            return f"{self.prefix}/{path}"
        return self.prefix + path

    def describe(self, path: str, name: str = "") -> str:
        """The URL of a file that need not exist."""
        return f"s3://{self.bucket}/{self._key(path)}{name}"

    def list(self, path: str) -> list[StagedFile]:
        """Every file whose path begins like this, in the order of their names."""
        return list(self._pages(self._key(path)))

    def _pages(self, prefix: str, start_after: str = "", pages: int | None = None) -> Iterator[StagedFile]:
        paginator = client().get_paginator("list_objects_v2")
        request: dict[str, Any] = {"Bucket": self.bucket, "Prefix": prefix}
        if start_after:
            request["StartAfter"] = start_after
        if pages:
            request["PaginationConfig"] = {"MaxItems": pages * _PAGE}
        try:
            for page in paginator.paginate(**request):
                for found in page.get("Contents", []):
                    # A key that ends with a slash is a folder made by a console, not a file.
                    if not found["Key"].endswith("/"):
                        yield self._file(found["Key"], found["Size"], found["ETag"], found["LastModified"])
        except (ClientError, BotoCoreError) as error:
            raise self._failure(f"s3://{self.bucket}/{prefix}", error) from None

    def find(self, path: str, names: Sequence[str]) -> dict[str, StagedFile]:
        """The files of these names that exist, by name; a name is appended to the path as it is."""
        keys = {self._key(path) + name: name for name in names}
        first, last = min(keys), max(keys)
        common = _common_beginning(first, last)
        found: dict[str, StagedFile] = {}
        # One LIST answers for up to a thousand neighbours; names that lie far apart are asked for one by one.
        before = first[:-1] if first != common else ""
        for file in self._pages(common, before, pages=1 + len(keys) // _PAGE):
            if file.name > last:
                break
            if file.name in keys:
                found[keys[file.name]] = file
        missing = [(key, name) for key, name in keys.items() if name not in found]
        heads = list(pool.map(lambda item: self._head(item[0]), missing))
        found.update({name: file for (_, name), file in zip(missing, heads, strict=True) if file})
        return found

    def _head(self, key: str) -> StagedFile | None:
        try:
            head = client().head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise self._failure(f"s3://{self.bucket}/{key}", error) from None
        except BotoCoreError as error:
            raise self._failure(f"s3://{self.bucket}/{key}", error) from None
        return self._file(key, head["ContentLength"], head["ETag"], head["LastModified"])

    def _file(self, key: str, size: int, etag: str, modified: datetime) -> StagedFile:
        return StagedFile(f"s3://{self.bucket}/{key}", key, size, etag.strip('"'), modified.astimezone(UTC))

    def read(self, file: StagedFile) -> bytes:
        """A file's bytes. Raises an SQL error when it is gone or is not the file that was listed."""
        try:
            status, etag, body = signed_get.get(client(), self.bucket, file.name)
        except (BotoCoreError, HTTPError) as error:
            raise self._failure(file.url, error) from None
        if status == 404:
            raise not_found(file.url)
        if status != 200:
            raise self._failure(file.url, f"HTTP status {status}: {body[:500].decode(errors='replace')}")
        if etag != file.etag:
            raise _changed(file.url)
        return body

    def delete(self, file: StagedFile) -> None:
        """Remove a file."""
        try:
            client().delete_object(Bucket=self.bucket, Key=file.name)
        except (ClientError, BotoCoreError) as error:
            raise self._failure(file.url, error) from None

    def _failure(self, url: str, error: object) -> Exception:
        return sql_error(f"Failure using stage area at '{url}'. Cause: [{error}]", 91003, "22000")


def _common_beginning(one: str, other: str) -> str:
    length = 0
    while one[length : length + 1] and one[length : length + 1] == other[length : length + 1]:
        length += 1
    return one[:length]
