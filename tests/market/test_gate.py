"""Keys, limits, entitlements, the clock and the log."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from local.market.gate import RateLimit
from local.market.settings import MarketSettings

PATH = "/v2/aggs/ticker/AAPL/range/1/day/2026-11-20/2026-11-20"


@pytest.mark.parametrize(
    ("headers", "params", "error"),
    [
        pytest.param({}, {}, "API Key was not provided", id="no key"),
        pytest.param({"Authorization": "Bearer wrong"}, {}, "Unknown API Key", id="wrong key"),
        pytest.param({"Authorization": "Basic local"}, {}, "API Key was not provided", id="another scheme"),
        pytest.param({}, {"apiKey": "local"}, "API Key was not provided", id="a key in the URL"),
    ],
)
def test_only_the_right_bearer_key_is_let_in(
    api: Any, headers: dict[str, str], params: dict[str, str], error: str
) -> None:
    answer = api.client.get(PATH, headers=headers, params=params)
    assert answer.status_code == 401
    assert answer.json() == {"status": "ERROR", "error": error, "request_id": answer.json()["request_id"]}


def test_a_plan_without_the_chain_is_refused_it_and_nothing_else(api_of: Any) -> None:
    api = api_of(has_chain_snapshot=False)
    for path in ("/v3/snapshot/options/AAPL", "/v3/snapshot/options/AAPL/O:AAPL261218C00425000"):
        answer = api.answer(path)
        assert answer.status_code == 403
        assert answer.json()["status"] == "NOT_AUTHORIZED"
        assert "not entitled" in answer.json()["message"]
    assert api.answer(PATH).status_code == 200


def test_requests_above_the_limit_get_429_until_the_window_has_moved() -> None:
    now = 0.0
    limit = RateLimit(2, 60.0, lambda: now)
    assert [limit.lets_in() for _ in range(3)] == [True, True, False]
    now = 59.9
    assert not limit.lets_in()
    now = 60.0
    assert [limit.lets_in() for _ in range(3)] == [True, True, False]


def test_the_limit_holds_over_the_whole_server_and_spares_its_own_addresses(api_of: Any) -> None:
    api = api_of(requests_per_minute=3)
    statuses = [api.answer(PATH).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert "exceeded the maximum requests per minute" in api.answer(PATH).json()["error"]
    assert api.client.get("/health").status_code == 200


def test_the_log_tells_what_came_in_without_any_key(api_of: Any) -> None:
    api, began = api_of(), datetime.now(UTC).timestamp()
    api.answer(PATH, adjusted="false")
    api.client.get("/v3/reference/tickers", params={"apiKey": "secret"})
    first, second = api.client.get("/_requests", headers=api.control).json()["requests"]
    assert (first["path"], first["params"], first["status"]) == (PATH, {"adjusted": "false"}, 200)
    assert (second["params"], second["status"]) == ({"apiKey": "***"}, 401)
    assert began <= first["time"] <= second["time"] <= datetime.now(UTC).timestamp()
    assert api.client.delete("/_requests", headers=api.control).json()["requests"] == []


def test_the_clock_can_be_moved_while_the_server_runs(api_of: Any) -> None:
    api = api_of()
    assert api.grouped("2026-11-23") == {}
    moved = api.client.post("/_clock", headers=api.control, json={"now": "2026-11-23T22:00:00Z"})
    assert moved.status_code == 200
    assert "AAPL" in api.grouped("2026-11-23")
    for wrong in ({"now": "soon"}, {"now": "2026-11-23T22:00:00"}, {}, [], {"now": "2046-01-01T00:00:00Z"}):
        assert api.client.post("/_clock", headers=api.control, json=wrong).status_code == 400
    assert api.client.get("/_clock", headers=api.control).json()["now"] == "2026-11-23T22:00:00+00:00"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"synthetic_tickers": -1}, "synthetic tickers"),
        ({"requests_per_minute": 0}, "requests per minute"),
        ({"delay_ms": -5}, "delay"),
        ({"api_key": ""}, "API key"),
        ({"now": datetime(2026, 1, 1)}, "time zone"),
        ({"anchor": date(2026, 11, 21)}, "not a session"),
    ],
)
def test_a_bad_setting_is_named(api_of: Any, changes: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        api_of(**changes)


def test_without_an_anchor_the_newest_bar_is_the_last_completed_session() -> None:
    from local.market.market import Market

    market = Market(MarketSettings(now=datetime(2026, 11, 22, 12, tzinfo=UTC), synthetic_tickers=0))
    assert market.sessions.day(market.universe.anchor) == date(2026, 11, 20)
