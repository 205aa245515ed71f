"""The object store keeps what it was given, writes once when asked to, and lets nobody else in."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError

from local.objects import sockets
from local.objects.process import RunningObjectStore, start
from local.processes import ServerError

pytestmark = pytest.mark.server


def client(store: RunningObjectStore, secret_key: str | None = None) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=secret_key or store.secret_key,
        region_name=store.region,
    )


def start_in(directory: Path) -> RunningObjectStore:
    return start(directory, access_key="snowtape", secret_key="s3cret", bucket="landing")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="module")
def store(directory: Path) -> Iterator[RunningObjectStore]:
    running = start_in(directory)
    yield running
    running.stop()


def test_a_second_put_with_if_none_match_is_refused_and_changes_nothing(store: RunningObjectStore) -> None:
    s3 = client(store)
    s3.put_object(Bucket="landing", Key="once", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket="landing", Key="once", Body=b"second", IfNoneMatch="*")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket="landing", Key="once")["Body"].read() == b"first"


def test_a_wrong_secret_is_refused(store: RunningObjectStore) -> None:
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch|AccessDenied|403"):
        client(store, "wrong").list_objects_v2(Bucket="landing")


def test_an_anonymous_request_is_refused(store: RunningObjectStore) -> None:
    from botocore import UNSIGNED
    from botocore.config import Config

    anonymous = boto3.client("s3", endpoint_url=store.endpoint, config=Config(signature_version=UNSIGNED))
    with pytest.raises(ClientError, match=r"AccessDenied|403"):
        anonymous.put_object(Bucket="landing", Key="x", Body=b"x")


def test_it_listens_on_loopback_only(store: RunningObjectStore) -> None:
    listening = [c for c in psutil.Process(store.server.process.pid).net_connections("tcp") if c.status == "LISTEN"]
    assert listening
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}


def test_the_file_with_the_keys_is_readable_by_its_owner_only(store: RunningObjectStore, directory: Path) -> None:
    assert stat.S_IMODE((directory / "identities.json").stat().st_mode) == 0o600


def test_the_keys_are_not_on_the_command_line(store: RunningObjectStore) -> None:
    assert "s3cret" not in " ".join(psutil.Process(store.server.process.pid).cmdline())


def test_objects_survive_a_kill_and_a_stop(tmp_path: Path) -> None:
    store = start_in(tmp_path)
    client(store).put_object(Bucket="landing", Key="a/b", Body=b"kept", IfNoneMatch="*")
    os.killpg(store.server.process.pid, signal.SIGKILL)
    store.server.process.wait()

    for key in ("after a kill", "after a stop"):
        store = start_in(tmp_path)
        s3 = client(store)
        assert s3.get_object(Bucket="landing", Key="a/b")["Body"].read() == b"kept"
        s3.put_object(Bucket="landing", Key=key, Body=b"new")
        store.stop()
        assert store.server.process.poll() is not None


def sockets_of(directory: Path) -> list[Path]:
    """Those in /tmp that the store of a directory makes."""
    return [path for path in sockets.of(json.loads((directory / "ports.json").read_text())) if path.exists()]


def test_a_stopped_store_leaves_no_socket_and_a_living_ones_stay(
    store: RunningObjectStore, directory: Path, tmp_path: Path
) -> None:
    assert len(sockets_of(directory)) == 4
    other = start_in(tmp_path)
    other.stop()
    assert sockets_of(tmp_path) == []
    assert len(sockets_of(directory)) == 4


def test_the_sockets_of_a_killed_store_go_at_the_next_start_of_any(
    store: RunningObjectStore, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = start_in(tmp_path / "killed")
    os.killpg(killed.server.process.pid, signal.SIGKILL)
    killed.server.process.wait()
    left = sockets_of(tmp_path / "killed")
    assert left
    sockets.remove_left_over()
    assert sockets_of(tmp_path / "killed") == left  # so young that their server might just be coming up
    monkeypatch.setattr(sockets, "SETTLED_SECONDS", 0.0)
    start_in(tmp_path / "next").stop()
    assert sockets_of(tmp_path / "killed") == []
    assert len(sockets_of(directory)) == 4


def test_a_taken_port_is_one_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} .* is taken"):
            start(tmp_path, port, access_key="snowtape", secret_key="s3cret", bucket="landing")
