"""A plan's key after another: the real ones where any is set, else the local market server in the vendor's place."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from ingest.budget import Budget, shared_budget
from ingest.client import PolygonClient
from ingest.settings import ApiSettings
from local.market import process
from local.market.process import RunningMarket
from tests.live_api.asking import Asking
from tests.live_api.keys import PLANS, Key, any_live_key, live_key, variable

# A Friday, after the close and before midnight in New York.
NOW = datetime(2026, 11, 20, 23, 15, tzinfo=UTC)
SPLIT = ("AAPL", date(2016, 1, 1))


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    """The local market server, on a Friday evening."""
    arguments = ("--anchor", str(NOW.date()), "--now", NOW.isoformat(), "--synthetic-tickers", "100")
    server = process.start(tmp_path_factory.mktemp("market"), *arguments)
    yield server
    server.stop()


@pytest.fixture(scope="session", params=PLANS)
def asking(request: pytest.FixtureRequest) -> Iterator[Asking]:
    """What asks with the key of a plan."""
    plan: str = request.param
    if key := live_key(plan):
        budget = shared_budget(key.api.host, key.api.requests_per_minute)
    elif any_live_key() or os.environ.get("SNOWTAPE_LIVE_REHEARSAL") == "0":
        pytest.skip(f"there is no API key of the plan {plan}: set {variable(plan)} (tests/live_api/keys.py)")
    else:
        key, budget = rehearsal(plan, request.getfixturevalue("market")), Budget(100_000)
    with PolygonClient(key.api, budget) as client:
        yield Asking(key, client)


def rehearsal(plan: str, market: RunningMarket) -> Key:
    """The local market as a key of this plan sees it."""
    answer = requests.post(f"{market.base_url}/_plan", headers=market.control, json={"plan": plan}, timeout=60)
    answer.raise_for_status()
    return Key(plan, ApiSettings(market.base_url, market.api_key, 100_000), NOW, SPLIT, is_rehearsal=True)


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of a server that knows no key, and says so with the key in its answer."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key = self.headers["Authorization"]
            body = json.dumps({"status": "ERROR", "error": "Unknown API Key", "key": key}).encode()
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
