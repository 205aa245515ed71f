"""Treasury yields as the vendor serves them, and as they are restated."""

from __future__ import annotations

from typing import Any

import pytest

PATH = "/fed/v1/treasury-yields"


def test_yields_of_all_days_are_one_answer_oldest_first_up_to_the_day_before(api: Any) -> None:
    body = api.get(PATH, sort="date.asc", limit=50_000)
    days = [row["date"] for row in body["results"]]
    assert (body["count"], days[0], days[-1]) == (len(days), "2011-01-03", "2026-11-19")
    assert days == sorted(set(days))
    assert "next_url" not in body


def test_each_has_the_terms_of_the_vendor_in_percent_to_the_hundredth(api: Any) -> None:
    rows = api.all(PATH, limit=50_000)
    names = {f"yield_{term}" for term in ("1_month", "3_month", "6_month")}
    names |= {f"yield_{years}_year" for years in (1, 2, 3, 5, 7, 10, 20, 30)}
    assert {name for row in rows for name in row} == names | {"date"}
    values = [row[name] for row in rows for name in names]
    assert all(value == round(value, 2) for value in values)
    assert 2 < min(values) < max(values) < 6


def test_the_bond_market_has_holidays_of_its_own(api: Any) -> None:
    rows = api.all(PATH, **{"date.gte": "2026-10-09", "date.lte": "2026-11-12"}, limit=50_000)
    days = {row["date"] for row in rows}
    assert {"2026-10-09", "2026-10-13", "2026-11-10", "2026-11-12"} <= days
    assert not {"2026-10-12", "2026-11-11"} & days


def test_pages_follow_each_other(api: Any) -> None:
    pages = api.pages(PATH, **{"date.gte": "2026-10-01"}, limit=20)
    assert [len(page) for page in pages] == [20, 14]


def test_a_yield_is_restated_and_taken_back_and_the_restatement_forgotten(api_of: Any) -> None:
    api = api_of(synthetic_tickers=0)
    (before,) = api.get(PATH, date="2026-11-18")["results"]
    sent = {"date": "2026-11-18", "yield_3_month": 4.5, "yield_30_year": None}
    assert api.client.post("/_yields", headers=api.control, json=sent).status_code == 200
    (after,) = api.get(PATH, date="2026-11-18")["results"]
    assert after == {name: value for name, value in before.items() if name != "yield_30_year"} | {"yield_3_month": 4.5}
    assert api.client.delete("/_yields", headers=api.control).json()["restated"] == {}
    assert api.get(PATH, date="2026-11-18")["results"] == [before]


@pytest.mark.parametrize("sent", [[], {}, {"date": "soon"}, {"date": "2026-11-18", "yield_4_month": 1}], ids=str)
def test_what_is_no_restatement_is_refused(api: Any, sent: Any) -> None:
    assert api.client.post("/_yields", headers=api.control, json=sent).status_code == 400


def test_a_plan_without_yields_is_refused_them_and_nothing_else(api_of: Any) -> None:
    api = api_of(has_treasury_yields=False, synthetic_tickers=0)
    answer = api.answer(PATH)
    assert (answer.status_code, answer.json()["status"]) == (403, "NOT_AUTHORIZED")
    assert answer.json()["message"].startswith("You are not entitled to this data.")
    assert api.answer("/stocks/v1/splits").status_code == 200
