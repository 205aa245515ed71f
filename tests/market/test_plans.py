"""What each plan serves, with the vendor's texts: today's data, the history before the plan, the chain."""

from __future__ import annotations

from typing import Any

import pytest

BEFORE_END_OF_DAY = "Attempted to request today's data before end of day"
TIMEFRAME = "Your plan doesn't include this data timeframe"
GROUPED = "/v2/aggs/grouped/locale/us/market/stocks"
AAPL = "/v2/aggs/ticker/AAPL/range/1/day"
AT_18_15, AT_00_30 = "2026-11-20T23:15:00Z", "2026-11-21T05:30:00Z"


@pytest.fixture
def free(api_of: Any) -> Any:
    """The market at 18:15 New York on Friday the 20th, for a free key."""
    api = api_of(plan="free", synthetic_tickers=0)
    api.client.post("/_clock", headers=api.control, json={"now": AT_18_15})
    return api


def refusal(api: Any, path: str) -> tuple[int, str]:
    answer = api.answer(path, adjusted="false")
    return answer.status_code, answer.json().get("message", "")[: len(BEFORE_END_OF_DAY)]


@pytest.mark.parametrize("path", [f"{GROUPED}/2026-11-20", f"{AAPL}/2026-11-20/2026-11-20"])
def test_todays_data_is_refused_until_midnight_in_new_york(free: Any, path: str) -> None:
    assert refusal(free, path) == (403, BEFORE_END_OF_DAY)
    free.client.post("/_clock", headers=free.control, json={"now": "2026-11-21T04:59:00Z"})
    assert refusal(free, path) == (403, BEFORE_END_OF_DAY)
    free.client.post("/_clock", headers=free.control, json={"now": AT_00_30})
    assert free.get(path)["resultsCount"] >= 1


@pytest.mark.parametrize("path", [f"{GROUPED}/2024-11-19", f"{AAPL}/2024-10-01/2024-11-19"])
def test_what_is_older_than_the_plan_is_refused(free: Any, path: str) -> None:
    answer = free.answer(path)
    assert (answer.status_code, answer.json()["status"]) == (403, "NOT_AUTHORIZED")
    assert answer.json()["message"].startswith(TIMEFRAME)


def test_a_range_partly_outside_the_plan_is_cut_without_a_word(free: Any) -> None:
    rows = free.bars("AAPL", "2024-10-01", "2026-11-20")
    days = [row["t"] for row in rows]
    assert days == [row["t"] for row in free.bars("AAPL", "2024-11-20", "2026-11-19")]


@pytest.mark.slow
def test_the_free_plan_has_no_chain_and_the_others_have_one(free: Any) -> None:
    assert refusal(free, "/v3/snapshot/options/AAPL")[0] == 403
    for plan in ("delayed", "real-time"):
        assert free.client.post("/_plan", headers=free.control, json={"plan": plan}).json()["plan"] == plan
        assert free.get("/v3/snapshot/options/AAPL")["results"]
    assert free.client.post("/_plan", headers=free.control, json={"plan": "gold"}).status_code == 400


def test_a_real_time_key_has_todays_session_from_its_close_on(api_of: Any) -> None:
    assert "AAPL" in api_of(synthetic_tickers=0).grouped("2026-11-20")


def test_a_redirect_leads_where_the_fault_says(api_of: Any) -> None:
    api = api_of(synthetic_tickers=0)
    fault = {"match": "grouped", "kind": "redirect", "status": 308, "location": "https://api.example.com/v2"}
    assert api.client.post("/_faults", headers=api.control, json=[fault]).status_code == 200
    answer = api.client.get(f"{GROUPED}/2026-11-20", headers=api.headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "https://api.example.com/v2")
    assert api.client.post("/_faults", headers=api.control, json=[{"match": "", "kind": "redirect"}]).status_code == 400
