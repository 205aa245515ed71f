"""A warehouse that reads a SeaweedFS of its own, and a stage on a prefix of this test's own."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from local.objects.process import RunningObjectStore
from local.warehouse import process

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, object_store: RunningObjectStore
) -> Iterator[process.RunningWarehouse]:
    running = process.start(
        tmp_path_factory.mktemp("warehouse-on-objects"), object_store_endpoint=object_store.endpoint
    )
    with running.connect() as connection:
        connection.cursor().execute("create database TESTS")
    yield running
    running.stop()


@dataclass
class Bucket:
    """Puts objects below a prefix; keys in tests are relative to it."""

    store: RunningObjectStore
    prefix: str

    @property
    def s3(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.store.endpoint,
            aws_access_key_id=self.store.access_key,
            aws_secret_access_key=self.store.secret_key,
            region_name=self.store.region,
        )

    @property
    def url(self) -> str:
        return f"s3://{self.store.bucket}/{self.prefix}"

    def put(self, key: str, content: bytes | str) -> str:
        """Store bytes or a text; returns the ETag."""
        body = content.encode() if isinstance(content, str) else content
        answer = self.s3.put_object(Bucket=self.store.bucket, Key=self.prefix + key, Body=body)
        return str(answer["ETag"]).strip('"')

    def put_lines(self, key: str, *documents: Any) -> str:
        """Store documents as gzip NDJSON."""
        return self.put(key, gzip.compress("".join(json.dumps(d) + "\n" for d in documents).encode()))

    def keys(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.store.bucket, Prefix=self.prefix).get("Contents", [])
        return [item["Key"].removeprefix(self.prefix) for item in found]


@pytest.fixture
def bucket(object_store: RunningObjectStore) -> Bucket:
    return Bucket(object_store, f"staged/{next(_numbers)}/")


@pytest.fixture
def stage(sql: Any, bucket: Bucket) -> str:
    """A stage `landing` and a file format `ndjson` in the test's own schema."""
    sql(f"create stage landing url = '{bucket.url}'", "create file format ndjson type = json")
    return "landing"


@pytest.fixture
def table(sql: Any, stage: str) -> str:
    """An empty table with a column for the value, the file and the row."""
    sql("create table t (v number, file varchar, row_number number)")
    return "t"


@pytest.fixture
def load(sql: Any, table: str) -> Any:
    """Copies `$1:v` of files on the stage into the table; gives back the rows of COPY's result as dicts."""

    def run(options: str = "", path: str = "") -> list[dict[str, Any]]:
        rows = sql(
            f"copy into {table} (v, file, row_number) from (select $1:v::number, metadata$filename, "
            f"metadata$file_row_number from @landing/{path}) file_format = (format_name = 'ndjson') {options}"
        )
        return [dict(zip(sql.columns, row, strict=True)) for row in rows]

    return run
