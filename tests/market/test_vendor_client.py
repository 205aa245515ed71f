"""The vendor's own client reads every endpoint, page after page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from massive import RESTClient
from massive.exceptions import BadResponse
from massive.rest.models import GroupedDailyAgg, MarketHoliday
from massive.rest.models.economy import TreasuryYield

from local.market.process import RunningMarket

ANCHOR = "2026-11-20"


@pytest.fixture(scope="module")
def client(running: RunningMarket) -> Iterator[RESTClient]:
    vendor = RESTClient(running.api_key, base=running.base_url, retries=0)
    yield vendor
    vendor.client.clear()


def test_grouped_daily(client: RESTClient) -> None:
    bars = client.get_grouped_daily_aggs(ANCHOR, adjusted=False)
    assert isinstance(bars[0], GroupedDailyAgg)
    assert len(bars) > 95
    assert {bar.ticker for bar in bars} > {"AAPL", "SIM0001"}
    assert all(bar.low <= bar.close <= bar.high for bar in bars)


@pytest.mark.parametrize("ticker", ["AAPL", "O:AAPL261218C00425000"])
def test_ranges_with_paging(client: RESTClient, ticker: str) -> None:
    bars = list(client.list_aggs(ticker, 1, "day", "2026-09-01", ANCHOR, limit=9))
    whole = client.get_aggs(ticker, 1, "day", date(2026, 9, 1), datetime(2026, 11, 20, 16), limit=50_000)
    assert bars == whole
    assert len(bars) > 30
    assert bars[0].timestamp < bars[-1].timestamp


def test_tickers_with_paging(client: RESTClient) -> None:
    tickers = list(client.list_tickers(market="stocks", active=True, limit=10))
    # 5 replayed, 100 synthetic: one of them delisted, one under two tickers (local/market/listings.py).
    assert len(tickers) == 105
    assert tickers[0].ticker == "AAPL"
    assert tickers[0].cik == "0000320193"
    later = list(client.list_tickers(ticker_gte="SIM0090", limit=1000))
    assert {t.ticker >= "SIM0090" for t in later} == {True}


def test_ticker_details(client: RESTClient) -> None:
    details = client.get_ticker_details("IBM")
    assert details.name.endswith("[replayed]")
    assert details.list_date < "2015-01-01"
    with pytest.raises(BadResponse, match="NOT_FOUND"):
        client.get_ticker_details("NOPE")


def test_contracts_with_paging(client: RESTClient) -> None:
    contracts = list(
        client.list_options_contracts("MSFT", as_of=ANCHOR, expired=False, strike_price_gte=20.0, limit=100)
    )
    assert len(contracts) > 200
    assert len({c.ticker for c in contracts}) == len(contracts)
    assert {c.underlying_ticker for c in contracts} == {"MSFT"}
    one = client.get_options_contract(contracts[0].ticker)
    assert one == contracts[0]


def test_chain_snapshot_with_paging(client: RESTClient) -> None:
    rows = list(client.list_snapshot_options_chain("IBM", params={"limit": 50}))
    assert len(rows) > 250
    assert all(row.details.ticker.startswith("O:IBM") for row in rows)
    assert sum(row.greeks is not None and row.implied_volatility > 0 for row in rows) > 200
    one = client.get_snapshot_option("IBM", rows[0].details.ticker)
    assert one == rows[0]


def test_ticker_events(client: RESTClient) -> None:
    told = client.get_ticker_events("META")
    assert told.composite_figi == "BBG000MM2P62"
    assert [event["ticker_change"]["ticker"] for event in told.events] == ["META", "FB"]


def test_treasury_yields_with_paging(client: RESTClient) -> None:
    days = list(client.list_treasury_yields(date_gte="2026-10-01", limit=20, sort="date"))
    assert len(days) == 34
    assert isinstance(days[0], TreasuryYield)
    assert (days[0].date, days[-1].date) == ("2026-10-01", "2026-11-19")
    assert 0 < days[0].yield_3_month < 10


def test_splits_at_both_addresses(client: RESTClient) -> None:
    new = list(client.list_stocks_splits(execution_date_gte="2024-11-20", limit=3))
    old = list(client.list_splits(execution_date_gte="2024-11-20", limit=3))
    assert [(s.ticker, s.execution_date, s.split_from, s.split_to) for s in new] == [
        (s.ticker, s.execution_date, s.split_from, s.split_to) for s in old
    ]
    assert len(new) == 10
    assert [s.execution_date for s in client.list_stocks_splits(ticker="MSFT")] == [old_day(client)]


def old_day(client: RESTClient) -> str:
    """MSFT's split by the other address."""
    [split] = client.list_splits(ticker="MSFT")
    return str(split.execution_date)


def test_dividends_at_both_addresses(client: RESTClient) -> None:
    new = list(client.list_stocks_dividends(ticker="IBM", sort="ex_dividend_date.asc", limit=10))
    old = list(client.list_dividends(ticker="IBM", order="asc", limit=10))
    assert [(d.ex_dividend_date, d.cash_amount) for d in new] == [(d.ex_dividend_date, d.cash_amount) for d in old]
    assert len(new) == 52


def test_market_status(client: RESTClient) -> None:
    holidays = client.get_market_holidays()
    assert isinstance(holidays[0], MarketHoliday)
    assert holidays[0].name == "Thanksgiving"
    status = client.get_market_status()
    assert status.market == "extended-hours"
    assert status.exchanges.nyse == "extended-hours"


def test_a_wrong_key_is_an_error(running: RunningMarket) -> None:
    with pytest.raises(BadResponse, match="Unknown API Key"):
        RESTClient("wrong", base=running.base_url, retries=0).get_ticker_details("IBM")
