"""Tickers are names: renamed, recycled and handed over; what the vendor tells of it, and what it leaves out."""

from __future__ import annotations

from typing import Any

import pytest

TICKERS, TODAY = "/v3/reference/tickers", "2026-11-20"


def events(api: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/vX/reference/tickers/{name}/events")["results"]
    return found


def changes(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(event["date"], event["ticker_change"]["ticker"]) for event in told["events"]]


def listed(api: Any, day: str, ticker: str, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.all(TICKERS, date=day, ticker=ticker, **params)
    return rows


def closes(api: Any, ticker: str, day: str) -> list[float]:
    return [bar["c"] for bar in api.bars(ticker, day, day)]


def test_events_are_one_object_with_the_security_and_its_tickers_newest_first(api: Any) -> None:
    told = events(api, "META")
    (since, _), (first, _) = changes(told)
    assert told["events"][0] == {"ticker_change": {"ticker": "META"}, "type": "ticker_change", "date": since}
    assert [ticker for _, ticker in changes(told)] == ["META", "FB"]
    assert first < since
    assert told["composite_figi"] == "BBG000MM2P62"
    assert events(api, "BBG000MM2P62") == told


@pytest.mark.parametrize("name", ["NOPE", "FB", "SIM0009", "SIM0006"])
def test_of_a_ticker_that_nobody_has_and_of_some_others_there_are_no_events(api: Any, name: str) -> None:
    answer = api.answer(f"/vX/reference/tickers/{name}/events")
    assert (answer.status_code, answer.json()["message"]) == (404, "Ticker not found.")


def test_a_plan_without_events_refuses_them(api_of: Any) -> None:
    assert api_of(has_ticker_events=False).answer("/vX/reference/tickers/META/events").status_code == 403


def test_a_renamed_security_has_every_bar_once_and_one_figi(api: Any) -> None:
    for old, new in (("FB", "META"), ("SIM0012X", "SIM0012")):
        (since, _), _ = changes(events(api, new))
        (before,) = listed(api, "2026-07-20", old)
        (after,) = listed(api, TODAY, new)
        last = api.bars(old, "2026-01-02", TODAY)[-1]
        first = api.bars(new, since, TODAY)[0]
        assert before["composite_figi"] == after["composite_figi"]
        assert 0 < first["t"] - last["t"] <= 4 * 86_400_000
        assert first["o"] == pytest.approx(last["c"], rel=0.1)
        assert listed(api, since, old) == listed(api, TODAY, old, active="false") == []


def test_meta_was_a_fund_before_it_was_a_company(api: Any) -> None:
    bars = api.bars("META", "2025-01-02", TODAY)
    fund = [bar for bar in bars if bar["c"] == 12.31]
    assert len(fund) > 200
    assert len(bars) - len(fund) == 61
    (old,) = listed(api, "2026-03-02", "META")
    (gone,) = api.all(TICKERS, ticker="META", active="false")
    (new,) = listed(api, TODAY, "META")
    assert (old["type"], new["type"]) == ("ETF", "CS")
    assert len({old["composite_figi"], new["composite_figi"]}) == 2
    assert gone["name"] == old["name"]
    assert "2026-04-01" < gone["delisted_utc"] < changes(events(api, "META"))[0][0]
    assert listed(api, "2026-06-01", "META") == []


def test_a_ticker_that_is_handed_over_overnight_changes_its_figi_its_cik_and_its_price(api: Any) -> None:
    (after, _), *_ = changes(events(api, "SIM0033"))
    (before,) = listed(api, "2026-08-03", "SIM0033")
    (now,) = listed(api, after, "SIM0033")
    (former,) = listed(api, after, "SIM0033X")
    assert before["composite_figi"] == former["composite_figi"] != now["composite_figi"]
    assert before["cik"] != now["cik"]
    assert closes(api, "SIM0033", after)[0] == pytest.approx(closes(api, "SIM0033X", after)[0] / 4, abs=1e-3)
    assert len(events(api, "SIM0033")["events"]) == 1
    assert [ticker for _, ticker in changes(events(api, "SIM0033X"))] == ["SIM0033X", "SIM0033"]


def test_a_session_has_every_ticker_once_and_the_bars_of_its_range(api: Any) -> None:
    for day in ("2025-09-02", "2026-07-20", TODAY):
        rows = api.get(f"/v2/aggs/grouped/locale/us/market/stocks/{day}", adjusted="false")["results"]
        named = {row["T"]: row["c"] for row in rows}
        assert len(named) == len(rows)
        for ticker in ("FB", "META", "SIM0012", "SIM0012X", "SIM0033", "SIM0033X", "SIM0041"):
            assert closes(api, ticker, day) == ([named[ticker]] if ticker in named else [])


def test_old_rows_and_some_others_have_no_figi(api: Any) -> None:
    assert all("composite_figi" not in row and "cik" not in row for row in api.all(TICKERS, date="2024-06-03"))
    now = {row["ticker"]: row for row in api.all(TICKERS, limit=1000)}
    lacking = {ticker for ticker, row in now.items() if "composite_figi" not in row}
    assert {"GOOG", "SIM0003", "SIM0006"} <= lacking
    assert len(lacking) < len(now) / 2
    assert all("composite_figi" not in row for row in api.all(TICKERS, active="false"))


def test_a_listing_from_before_the_history_of_the_plan_is_refused(api_of: Any) -> None:
    api = api_of(plan="free", synthetic_tickers=0)
    assert "timeframe" in api.answer(TICKERS, date="2024-06-03").json()["message"]
    assert api.get(TICKERS, date="2025-06-03")["results"]
