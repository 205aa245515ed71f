"""The wire format, errors, paging and parameters, as the API has them on record."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

NEW_YORK = ZoneInfo("America/New_York")
GROUPED = "/v2/aggs/grouped/locale/us/market/stocks/"
TICKERS = "/v3/reference/tickers"


def test_grouped_bars_carry_16_00_and_range_bars_00_00_new_york(api: Any) -> None:
    for day in ("2026-07-06", "2026-11-19"):
        grouped, ranged = api.grouped(day)["AAPL"], api.bars("AAPL", day, day)[0]
        for bar, hour in ((grouped, 16), (ranged, 0)):
            moment = datetime.fromtimestamp(bar["t"] / 1000, NEW_YORK)
            assert (str(moment.date()), moment.hour) == (day, hour)


def test_a_grouped_answer_has_the_fields_of_the_api(api: Any) -> None:
    body = api.get(GROUPED + "2026-11-20")
    assert body.keys() == {"queryCount", "resultsCount", "adjusted", "results", "status", "request_id"}
    assert body["queryCount"] == body["resultsCount"] == len(body["results"])
    assert body["adjusted"] is True
    assert body["status"] == "OK"
    rows = {row["T"]: row for row in body["results"]}
    assert rows["AAPL"].keys() == {"T", "o", "h", "l", "c", "v", "t"}
    assert rows["SIM0001"].keys() == {"T", "o", "h", "l", "c", "v", "t", "vw", "n"}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(GROUPED + "2026-11-21", id="a Saturday"),
        pytest.param(GROUPED + "2025-01-09", id="an ad-hoc closure"),
        pytest.param(GROUPED + "2026-11-23", id="a session to come"),
        pytest.param("/v2/aggs/ticker/NOPE/range/1/day/2026-11-02/2026-11-20", id="an unknown ticker"),
        pytest.param("/v2/aggs/ticker/AAPL/range/1/day/2026-11-21/2026-11-22", id="a weekend"),
        pytest.param("/v2/aggs/ticker/AAPL/range/1/day/1999-01-01/1999-02-01", id="before the series"),
    ],
)
def test_nothing_found_is_a_200_without_results(api: Any, path: str) -> None:
    body = api.get(path)
    assert body["resultsCount"] == body["queryCount"] == 0
    assert "results" not in body
    assert body["status"] == "OK"


def test_no_value_is_ever_null(api: Any) -> None:
    for path in (GROUPED + "2026-11-20", TICKERS, "/stocks/v1/splits", "/stocks/v1/dividends", "/v1/marketstatus/now"):
        assert b"null" not in api.answer(path).content
    assert b"null" not in api.answer("/v3/snapshot/options/AAPL", limit=250).content


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (GROUPED + "2026-13-01", 400, "Could not parse the time parameter"),
        (GROUPED + "20261120", 400, "Could not parse the time parameter"),
        ("/v2/aggs/ticker/AAPL/range/1/day/2026-11-20/2026-11-01", 400, "cannot be a time that occurs before"),
        ("/v2/aggs/ticker/AAPL/range/1/minute/2026-11-01/2026-11-20", 400, "daily bars only"),
        ("/v2/aggs/ticker/AAPL/range/1/day/2026-11-01/2026-11-20?limit=50001", 400, "'limit'"),
        ("/v2/aggs/ticker/AAPL/range/1/day/2026-11-01/2026-11-20?adjusted=maybe", 400, "'adjusted'"),
        (TICKERS + "?limit=1001", 400, "'limit'"),
        (TICKERS + "?limit=0", 400, "'limit'"),
        (TICKERS + "?active=perhaps", 400, "'active'"),
        (TICKERS + "?sort=price", 400, "'sort'"),
        (TICKERS + "?cursor=%21%21", 400, "cursor"),
        ("/v3/reference/options/contracts?as_of=tomorrow", 400, "'as_of'"),
        ("/v3/reference/options/contracts?strike_price.gte=high", 400, "'strike_price'"),
        ("/v3/snapshot/options/AAPL?limit=251", 400, "'limit'"),
        ("/stocks/v1/splits?execution_date.gte=20261120", 400, "'execution_date'"),
        (TICKERS + "/NOPE", 404, "Ticker not found."),
        ("/v3/reference/options/contracts/O:NOPE", 404, "Options contract not found."),
        ("/v3/snapshot/options/AAPL/O:NOPE", 404, "Options contract not found."),
        ("/v9/nothing", 404, "not found"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(api: Any, path: str, status: int, message: str) -> None:
    answer = api.answer(path)
    body = answer.json()
    assert answer.status_code == status
    assert body["status"] == ("NOT_FOUND" if status == 404 else "ERROR")
    assert message in body.get("error", "") + body.get("message", "")
    assert body["request_id"]


def test_a_range_takes_milliseconds_as_well(api: Any) -> None:
    bars = api.bars("AAPL", "2026-11-16", "2026-11-20")
    assert api.bars("AAPL", str(bars[0]["t"]), str(bars[-1]["t"])) == bars


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_range_pages_together_are_the_whole_range(api: Any, sort: str) -> None:
    path = "/v2/aggs/ticker/SIM0005/range/1/day/2026-09-01/2026-11-20"
    whole = api.get(path, adjusted="false", sort=sort)["results"]
    body = api.get(path, adjusted="false", sort=sort, limit=7)
    found = body["results"]
    while "next_url" in body:
        assert body["resultsCount"] == 7
        body = api.get(body["next_url"] + "&adjusted=false")
        found += body["results"]
    assert found == whole


def test_a_range_cursor_forgets_adjusted_as_the_api_does(api: Any) -> None:
    body = api.get("/v2/aggs/ticker/AAPL/range/1/day/2026-11-02/2026-11-20", adjusted="false", limit=2, sort="asc")
    cursor = body["next_url"].partition("cursor=")[2]
    assert base64.urlsafe_b64decode(cursor + "==") == b"limit=2&sort=asc"
    assert api.get(body["next_url"])["adjusted"] is True


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (TICKERS, {"active": "true", "order": "desc"}),
        (TICKERS, {"ticker.gte": "IBM", "ticker.lt": "SIM0020"}),
        ("/v3/reference/options/contracts", {"underlying_ticker": "IBM", "sort": "strike_price", "order": "desc"}),
        ("/v3/snapshot/options/MSFT", {"contract_type": "call"}),
        ("/stocks/v1/splits", {"execution_date.gte": "2023-01-01"}),
        ("/v3/reference/splits", {}),
        ("/stocks/v1/dividends", {"ticker.any_of": "IBM,MSFT"}),
        ("/v3/reference/dividends", {"ticker": "IBM", "order": "asc"}),
    ],
)
def test_pages_together_are_the_whole_list_once(api: Any, path: str, params: dict[str, str]) -> None:
    [whole] = api.pages(path, **params, limit=250) if "snapshot" in path else api.pages(path, **params, limit=1000)
    pages = api.pages(path, **params, limit=17)
    assert len(whole) > 17
    assert [row for page in pages for row in page] == whole
    assert {len(page) for page in pages[:-1]} == {17}


def test_tickers_are_filtered_searched_and_sorted(api: Any) -> None:
    def found(**params: Any) -> list[str]:
        return [row["ticker"] for row in api.all(TICKERS, limit=1000, **params)]

    assert found(ticker="IBM") == ["IBM"]
    assert found(search="microsoft") == ["MSFT"]
    assert found(**{"ticker.gt": "AAPL", "ticker.lte": "IBM"}) == ["GOOG", "IBM"]
    assert found(**{"ticker.lt": "SIM", "order": "desc"}) == ["MSFT", "META", "IBM", "GOOG", "AAPL"]
    assert found(market="crypto") == found(type="ETF") == []
    assert "FB" not in found(date="2024-11-20")
    assert "SIM0009" in found(date="2026-01-05")
    assert "SIM0009" not in found()


def test_names_say_where_the_data_comes_from(api: Any) -> None:
    for row in api.all(TICKERS, limit=1000):
        assert row["name"].endswith("[synthetic]" if row["ticker"].startswith("SIM") else "[replayed]")


def test_splits_are_filtered_and_newest_first(api: Any) -> None:
    rows = api.all("/stocks/v1/splits", limit=5000)
    days = [row["execution_date"] for row in rows]
    assert days == sorted(days, reverse=True)
    assert days[0] <= "2026-11-20"
    assert [r["split_to"] for r in api.all("/stocks/v1/splits", ticker="AAPL")] == [2, 2]
    factors = [r["historical_adjustment_factor"] for r in api.all("/stocks/v1/splits", ticker="AAPL")]
    assert factors == [0.5, 0.25]
    assert {r["adjustment_type"] for r in rows} == {"forward_split", "reverse_split"}
    since = api.all("/v3/reference/splits", **{"execution_date.gte": days[2]}, limit=1000)
    assert [r["execution_date"] for r in since] == [day for day in days if day >= days[2]]


def test_coming_closures_are_a_bare_array(api: Any) -> None:
    rows = api.get("/v1/marketstatus/upcoming")
    by_day = {row["date"]: row for row in rows if row["exchange"] == "NYSE"}
    assert by_day["2026-11-26"] == {
        "date": "2026-11-26",
        "exchange": "NYSE",
        "name": "Thanksgiving",
        "status": "closed",
    }
    assert by_day["2026-11-27"]["status"] == "early-close"
    assert by_day["2026-11-27"]["close"] == "2026-11-27T18:00:00.000Z"


@pytest.mark.parametrize(
    ("moment", "market", "early", "after"),
    [
        (datetime(2026, 11, 20, 15, tzinfo=UTC), "open", False, False),
        (datetime(2026, 11, 20, 12, tzinfo=UTC), "extended-hours", True, False),
        (datetime(2026, 11, 20, 22, tzinfo=UTC), "extended-hours", False, True),
        (datetime(2026, 11, 21, 15, tzinfo=UTC), "closed", False, False),
    ],
)
def test_the_status_follows_the_clock(api_of: Any, moment: datetime, market: str, early: bool, after: bool) -> None:
    body = api_of(now=moment).get("/v1/marketstatus/now")
    assert (body["market"], body["earlyHours"], body["afterHours"]) == (market, early, after)
