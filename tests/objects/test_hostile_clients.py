"""Nothing of the store answers without its key: neither the S3 API nor the servers behind it."""

from __future__ import annotations

import json

import boto3
import pytest
import requests

from local.objects.process import RunningObjectStore


@pytest.fixture
def inner(object_store: RunningObjectStore) -> dict[str, str]:
    """Addresses of weed's own servers, by name."""
    file = object_store.server.log.with_name("ports.json")
    return {name: f"http://127.0.0.1:{port}" for name, port in json.loads(file.read_text()).items()}


def test_the_s3_api_answers_nobody_without_the_key(object_store: RunningObjectStore) -> None:
    url = f"{object_store.endpoint}/{object_store.bucket}/hostile.txt"
    assert requests.put(url, data=b"x", timeout=60).status_code == 403
    assert requests.get(url, timeout=60).status_code == 403


def test_a_form_cannot_write_read_or_delete_past_the_s3_api(
    object_store: RunningObjectStore, inner: dict[str, str]
) -> None:
    client = boto3.client("s3", endpoint_url=object_store.endpoint)
    client.put_object(Bucket=object_store.bucket, Key="hostile.txt", Body=b"right" * 10_000)
    url = f"{inner['filer.port']}/buckets/{object_store.bucket}/hostile.txt"
    assert requests.post(url, files={"f": b"wrong"}, timeout=60).status_code == 401
    assert requests.get(url, timeout=60).status_code == 401
    assert requests.delete(url, timeout=60).status_code == 401
    assigned = requests.get(f"{inner['master.port']}/dir/assign", timeout=60).json()
    volume = f"{inner['volume.port']}/{assigned['fid']}"
    assert requests.post(volume, files={"f": b"wrong"}, timeout=60).status_code == 401
    found = client.get_object(Bucket=object_store.bucket, Key="hostile.txt")["Body"].read()
    client.delete_object(Bucket=object_store.bucket, Key="hostile.txt")
    assert found == b"right" * 10_000
