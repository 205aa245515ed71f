"""A scripted API server, an in-memory bucket and a budget without a limit that matters."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from moto import mock_aws

from ingest import runs
from ingest.budget import Budget
from ingest.client import PolygonClient
from ingest.planning import Batch
from ingest.retry import RetryPolicy
from ingest.settings import ApiSettings, StorageSettings
from ingest.storage import LandingStore

KEY = "canary-key-5f1c0b"
FAST = RetryPolicy(tries=3, first_wait=0.01, longest_wait=0.01, longest=5.0, least_pause=0.01, usual_pause=0.01)


@dataclass
class Reply:
    """One scripted answer; `raw` replaces the JSON of `payload`, `cut` drops bytes from its end but not its length."""

    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    compressed: bool = False
    cut: int = 0


@dataclass
class Asked:
    path: str
    params: dict[str, str]
    headers: dict[str, str]


class Script:
    """Replies by path, in order; the last one repeats. Unknown paths get a 404."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[Asked] = []
        self.base_url = ""
        self._guard = threading.Lock()

    def on(self, path: str, *replies: Reply | dict[str, Any]) -> None:
        self.replies[path] = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def answer(self, asked: Asked) -> Reply:
        with self._guard:
            self.asked.append(asked)
            queue = self.replies.get(asked.path)
            if queue is None:
                return Reply({"status": "NOT_FOUND", "message": "Ticker not found."}, 404)
            return queue.pop(0) if len(queue) > 1 else queue[0]


@pytest.fixture
def api() -> Iterator[Script]:
    """A server on loopback that answers what the test scripted."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            reply = script.answer(Asked(parts.path, dict(parse_qsl(parts.query)), dict(self.headers)))
            body = reply.raw if reply.raw is not None else json.dumps(reply.payload).encode()
            self.send_response(reply.status)
            if reply.compressed:
                body = gzip.compress(body)
                self.send_header("Content-Encoding", "gzip")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) - reply.cut])
            if reply.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(api: Script) -> ApiSettings:
    return ApiSettings(api.base_url, KEY, 100_000)


@pytest.fixture
def client(settings: ApiSettings) -> Iterator[PolygonClient]:
    with PolygonClient(settings, Budget(100_000), retry=FAST) as made:
        yield made


@pytest.fixture(scope="module")
def s3_client() -> Iterator[Any]:
    """S3 in memory; requests to loopback still go out."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
            made = boto3.client("s3", region_name="us-east-1")
            made.create_bucket(Bucket="landing")
            yield made


@pytest.fixture
def s3(s3_client: Any) -> Iterator[Any]:
    """The bucket `landing`, empty."""
    yield s3_client
    for entry in s3_client.list_objects_v2(Bucket="landing").get("Contents", []):
        s3_client.delete_object(Bucket="landing", Key=entry["Key"])


@pytest.fixture
def store(s3: Any) -> LandingStore:
    return LandingStore(StorageSettings("landing", "some/prefix/"), s3)


@pytest.fixture
def land(client: PolygonClient, store: LandingStore, settings: ApiSettings) -> Callable[[Batch], runs.Landed | None]:
    """Fetch and land a batch."""
    return lambda batch: runs.land_batch(batch, client, store, dag_id="a_dag", run_id="a_run", api=settings)
