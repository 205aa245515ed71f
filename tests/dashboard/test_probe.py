"""`/health` asks the warehouse: away, or hanging without a word, it says so in bounded time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.app import create_app
from dashboard.data import warehouse
from dashboard.data.door import Door
from dashboard.data.errors import WarehouseAway
from dashboard.data.probe import Probe
from dashboard.data.warehouse import Warehouse
from dashboard.settings import WarehouseSettings
from tests.dashboard.conftest import Clock, FakeWarehouse

pytestmark = pytest.mark.slow


@pytest.fixture
def silent() -> Iterator[WarehouseSettings]:
    """A warehouse that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        yield WarehouseSettings(
            account="local", user="u", password="p", host="127.0.0.1", port=port, protocol="http"
        )  # fmt: skip


def test_health_follows_the_warehouse(door: Door, fake: FakeWarehouse, clock: Clock) -> None:
    client = create_app(door).server.test_client()
    assert (client.get("/health").status_code, client.get("/health").text) == (200, "ok\n")
    fake.is_away = True
    clock.now += 10
    answer = client.get("/health")
    assert client.get("/alive").status_code == 200
    assert (answer.status_code, answer.text) == (503, "The warehouse at 127.0.0.1:1 does not answer.\n")
    fake.is_away = False
    assert client.get("/health").status_code == 200


def test_health_of_a_hanging_warehouse_is_a_sentence_and_asks_once() -> None:
    released, asked = threading.Event(), []

    class Hanging:
        def run(self, name: str, params: Any = None) -> Any:
            asked.append(name)
            released.wait()
            raise WarehouseAway("gone")

    probe = Probe(Door(Hanging()), wait_seconds=0.05)
    assert {probe.trouble() for _ in range(3)} == {"The warehouse did not answer within 0.05 seconds."}
    assert asked == ["mart_version"]
    released.set()


def test_signing_in_to_a_silent_warehouse_ends_with_a_sentence(
    silent: WarehouseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "LOGIN_TIMEOUT_SECONDS", 1)
    monkeypatch.setattr(warehouse, "STATEMENT_TIMEOUT_SECONDS", 3600)
    with pytest.raises(WarehouseAway, match="does not answer"):
        Warehouse(silent).run("mart_version")


def test_after_one_time_out_nobody_waits_for_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "STATEMENT_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(warehouse, "HOLD_OFF_SECONDS", 600)
    executed = []

    class Silent:
        def cursor(self) -> Silent:
            return self

        def __enter__(self) -> Silent:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def execute(self, *_: Any, timeout: float, **__: Any) -> None:
            executed.append(timeout)
            threading.Event().wait(timeout)
            raise TimeoutError

        def close(self, retry: bool = True) -> None:
            return None

    settings = WarehouseSettings(account="local", user="u", password="p", host="127.0.0.1", port=1, protocol="http")
    pool = Warehouse(settings, Silent)
    for _ in range(5):
        with pytest.raises(WarehouseAway, match=r"did not answer within 0\.1 seconds"):
            pool.run("mart_version")
    assert executed == [0.1]
