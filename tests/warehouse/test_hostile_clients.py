"""The warehouse runs the Python it is given: only for who holds the token of its start, and never for a web page."""

from __future__ import annotations

import gzip
import json
import stat
from typing import Any

import pytest
import requests
import snowflake.connector

from local.warehouse import token
from local.warehouse.process import RunningWarehouse
from local.warehouse.server import BODY_BYTES
from tests.clients import answer, ask, flood, pending, request, sent

LOGIN = "/session/v1/login-request"
QUERY = "/queries/v1/query-request"


def post(warehouse: RunningWarehouse, path: str, body: Any, **headers: str) -> Any:
    """What a POST of JSON comes back with."""
    url = f"http://{warehouse.host}:{warehouse.port}{path}"
    return requests.post(url, json=body, headers=headers, timeout=60)


@pytest.mark.parametrize("password", ["", "unused", "local"])
def test_nobody_signs_in_without_the_token(warehouse: RunningWarehouse, password: str) -> None:
    refused = post(warehouse, LOGIN, {"data": {"LOGIN_NAME": "TESTER", "PASSWORD": password}}).json()
    assert (refused["success"], refused["code"], "token" in refused["data"]) == (False, "390100", False)
    assert post(warehouse, LOGIN, {"data": {"LOGIN_NAME": "TESTER"}}).json()["success"] is False


def test_the_connector_says_that_the_password_is_wrong(warehouse: RunningWarehouse) -> None:
    with pytest.raises(
        snowflake.connector.DatabaseError, match="Incorrect username or password was specified"
    ) as caught:
        warehouse.connect(password="guessed")
    assert caught.value.errno == 390100


def test_no_statement_runs_outside_of_a_session(warehouse: RunningWarehouse) -> None:
    for authorization in ("", 'Snowflake Token="guessed"', f'Snowflake Token="{warehouse.token}"'):
        refused = post(warehouse, QUERY, {"sqlText": "select 1"}, Authorization=authorization).json()
        assert (refused["success"], refused["code"]) == (False, "390111")
    result = requests.get(f"http://{warehouse.host}:{warehouse.port}/queries/some-id/result", timeout=60).json()
    assert result["code"] == "390111"


def test_a_procedures_way_in_needs_the_token_of_its_session(warehouse: RunningWarehouse) -> None:
    data = {"PASSWORD": "unused", "SESSION_PARAMETERS": {"SNOWTAPE_PROCEDURE_OF": "guessed"}}
    assert post(warehouse, LOGIN, {"data": data}).json()["success"] is False


def test_each_start_has_its_own_token_in_a_file_for_its_owner(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(token.VARIABLE, raising=False)
    first, second = token.kept_token(tmp_path), token.kept_token(tmp_path)
    assert first != second == token.read_token(tmp_path)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_the_token_is_neither_in_the_log_nor_on_the_command_line(warehouse: RunningWarehouse) -> None:
    with open(f"/proc/{warehouse.process.pid}/cmdline", "rb") as command_line:
        assert warehouse.token.encode() not in command_line.read()
    assert warehouse.token not in warehouse.log.read_text()


def test_a_web_page_cannot_sign_in_even_with_the_token(warehouse: RunningWarehouse) -> None:
    body = {"data": {"LOGIN_NAME": "TESTER", "PASSWORD": warehouse.token}}
    assert post(warehouse, LOGIN, body, Host="rebound.example").status_code == 421
    assert post(warehouse, LOGIN, body, Origin="https://page.example").status_code == 403
    assert post(warehouse, LOGIN, body, **{"Content-Type": "text/plain"}).status_code == 415
    assert post(warehouse, LOGIN, body).json()["success"] is True


def test_sixty_half_sent_bodies_stop_nobody(warehouse: RunningWarehouse) -> None:
    half = request(LOGIN, "POST", b'{"data"', content_type="application/json", content_length="100")
    with pending(warehouse.port, half, 60), warehouse.connect() as connection:
        assert connection.cursor().execute("select 1").fetchall() == [(1,)]


def test_a_body_of_300_mb_is_refused_however_it_comes(warehouse: RunningWarehouse) -> None:
    head = request(QUERY, "POST", content_type="application/json", content_length="300000000")
    with sent(warehouse.port, head) as connection:
        assert answer(connection)[0] == 413
    with sent(warehouse.port, head) as connection:
        flood(connection, 300)
        assert answer(connection)[0] == 413
    packed = gzip.compress(b" " * (BODY_BYTES + 1))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    url = f"http://{warehouse.host}:{warehouse.port}{LOGIN}"
    assert requests.post(url, packed, headers=headers, timeout=60).status_code == 413


@pytest.mark.parametrize("body", [b"[", b"[]", b"\x80", b"[" * 100_000], ids=["cut", "list", "no text", "deep"])
def test_a_body_that_is_not_an_object_is_refused(warehouse: RunningWarehouse, body: bytes) -> None:
    head = request(LOGIN, "POST", body, content_type="application/json", content_length=str(len(body)))
    status, text = ask(warehouse.port, head)
    assert status == 400
    assert json.loads(text)["message"] == "The body is not a JSON object. Nothing was done."
