"""The market's own addresses change what it answers: only for who holds the control token, and never for a web page."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from local.market.process import RunningMarket
from tests.clients import answer, pending, request, sent

FAULT = [{"match": "", "kind": "status", "status": 500}]


@pytest.mark.parametrize(("method", "path"), [("POST", "/_faults"), ("DELETE", "/_faults"), ("GET", "/_requests")])
def test_its_own_addresses_need_the_control_token_and_the_api_key_is_not_it(api: Any, method: str, path: str) -> None:
    for headers in ({}, api.headers, {"Authorization": "Bearer guessed"}):
        refused = api.client.request(method, path, headers=headers)
        assert refused.status_code == 403
        assert "SNOWTAPE_MARKET_TOKEN" in refused.json()["error"]
    assert api.client.get("/_faults", headers=api.control).json()["faults"] == []


def test_without_a_control_token_they_stay_closed(api_of: Any) -> None:
    closed = api_of(control_token=None)
    for headers in ({}, closed.control, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert closed.client.post("/_faults", json=FAULT, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.example"}, 421),
        ({"Origin": "https://page.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_a_web_page_can_do_nothing_even_with_the_token(api: Any, headers: dict[str, str], status: int) -> None:
    assert api.client.post("/_faults", json=FAULT, headers=api.control | headers).status_code == status
    assert api.client.get("/_faults", headers=api.control).json()["faults"] == []


@pytest.mark.parametrize(("headers", "status"), [({"Host": "rebound.example"}, 421), ({"Origin": "null"}, 403)])
def test_nor_can_it_read_prices(api: Any, headers: dict[str, str], status: int) -> None:
    assert api.client.get("/v3/reference/tickers", headers=api.headers | headers).status_code == status


def test_half_sent_and_large_bodies_stop_nobody(running: RunningMarket) -> None:
    port = int(running.base_url.rpartition(":")[2])
    half = request("/_faults", "POST", b"[", content_type="application/json", content_length="100")
    with pending(port, half, 60):
        prices = requests.get(
            f"{running.base_url}/v3/reference/tickers",
            headers={"Authorization": f"Bearer {running.api_key}"},
            timeout=60,
        )
        assert prices.status_code == 200
    large = request("/_faults", "POST", content_type="application/json", content_length="300000000")
    with sent(port, large) as connection:
        assert answer(connection)[0] == 413
