"""The server as a process: gzip, faults on demand, signals, ports."""

from __future__ import annotations

import gzip
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local.market import process
from local.market.process import RunningMarket

pytestmark = pytest.mark.server

PATH = "/v2/aggs/grouped/locale/us/market/stocks/2026-11-20"
Get = Callable[..., requests.Response]


@pytest.fixture
def get(running: RunningMarket) -> Iterator[Get]:
    """GET with the key and no retries; faults are gone afterwards."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {running.api_key}"
        yield lambda path=PATH, **more: session.get(running.base_url + path, timeout=60, **more)
    requests.delete(f"{running.base_url}/_faults", headers=running.control, timeout=60)


@pytest.fixture
def fault(running: RunningMarket) -> Callable[..., None]:
    def set_one(**item: Any) -> None:
        answer = requests.post(
            f"{running.base_url}/_faults", headers=running.control, json=[{"match": "grouped", **item}], timeout=60
        )
        assert answer.status_code == 200, answer.text

    return set_one


def test_answers_come_compressed_to_clients_that_take_it(get: Get) -> None:
    packed, plain = get(), get(headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json()["results"] == plain.json()["results"]
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 2


def test_a_status_fault_hits_as_often_as_it_says(get: Get, fault: Any) -> None:
    fault(kind="status", status=429, retry_after="7", times=2, skip=1)
    answers = [get() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert "exceeded" in answers[1].json()["error"]


def test_a_fault_leaves_other_requests_alone(get: Get, fault: Any) -> None:
    fault(kind="status", status=503, times=None)
    assert [get().status_code for _ in range(3)] == [503] * 3
    assert get("/v3/reference/tickers").status_code == 200


def test_an_html_fault_is_a_page_not_json(get: Get, fault: Any) -> None:
    fault(kind="html")
    answer = get()
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert b"Bad Gateway" in answer.content


def test_a_truncated_gzip_body_ends_half_way(running: RunningMarket, get: Get, fault: Any) -> None:
    fault(kind="truncated_gzip")
    raw = get(stream=True).raw.read(decode_content=False)
    with pytest.raises(EOFError):
        gzip.decompress(raw)


def test_invalid_json_ends_half_way(get: Get, fault: Any) -> None:
    fault(kind="invalid_json")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        get().json()


def test_dropped_results_leave_the_count_that_gives_them_away(get: Get, fault: Any) -> None:
    fault(kind="no_results")
    body = get().json()
    assert "results" not in body
    assert body["resultsCount"] > 100


def test_a_reset_ends_the_connection_without_an_answer(get: Get, fault: Any) -> None:
    fault(kind="reset")
    with pytest.raises(requests.ConnectionError):
        get()
    assert get().status_code == 200


def test_a_delay_fault_comes_late(get: Get, fault: Any) -> None:
    fault(kind="delay", seconds=0.3)
    start = time.monotonic()
    assert get().status_code == 200
    assert time.monotonic() - start >= 0.3


@pytest.mark.parametrize(
    "faults", [{"match": ""}, [{"match": "("}], [{"match": "", "kind": "fire"}], [{"match": "", "kind": "status"}], [1]]
)
def test_a_fault_that_makes_no_sense_is_refused(running: RunningMarket, faults: Any) -> None:
    answer = requests.post(f"{running.base_url}/_faults", headers=running.control, json=faults, timeout=60)
    assert answer.status_code == 400


def test_ctrl_c_ends_it_cleanly_and_soon_in_the_middle_of_a_request(tmp_path: Path) -> None:
    server = process.start(tmp_path, "--synthetic-tickers", "0", "--delay-ms", "60000")
    headers = {"Authorization": f"Bearer {server.api_key}"}
    with pytest.raises(requests.Timeout):
        requests.get(server.base_url + PATH, headers=headers, timeout=0.3)
    server.server.process.send_signal(signal.SIGINT)
    assert server.server.process.wait(120) == 0
    log = (tmp_path / "market.log").read_text()
    assert log.startswith("market server on http")
    assert "Traceback" not in log


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.market", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2])


def test_a_taken_port_is_one_clear_line(running: RunningMarket) -> None:
    port = running.base_url.rpartition(":")[2]
    done = run("--port", port)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"market server: port {port} on 127.0.0.1 can't be used: Address already in use"
    ]


def test_any_host_but_loopback_is_refused() -> None:
    done = run("--host", "0.0.0.0")
    assert done.returncode == 2
    assert "not a loopback address" in done.stderr


def test_a_free_port_that_only_listens_on_loopback(running: RunningMarket) -> None:
    port = int(running.base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"
