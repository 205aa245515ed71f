"""Every endpoint that the pipeline asks, as it asks it, with the model that the vendor's own client has of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from massive.rest.models import (
    Agg,
    GroupedDailyAgg,
    MarketHoliday,
    OptionContractSnapshot,
    OptionsContract,
    StockDividend,
    StockSplit,
    Ticker,
)
from massive.rest.models.economy import TreasuryYield

from ingest import datasets
from ingest.datasets import Dataset, Request

TICKER = UNDERLYING = "AAPL"
BAR = ("open", "high", "low", "close", "volume", "timestamp")
CONTRACT = ("ticker", "underlying_ticker", "contract_type", "expiration_date", "strike_price", "shares_per_contract")


@dataclass(frozen=True)
class Endpoint:
    """A request, given the newest session that is served and an option contract that was traded on it.

    `needed` are the fields, by the model's names, without which a row is of no use to the pipeline. Of `pages` pages
    two are read where the following of a cursor is to be seen.
    """

    name: str
    request: Callable[[date, str], Request]
    model: type
    needed: tuple[str, ...]
    pages: int = 1


def months(session: date, count: int) -> date:
    """About so many months before a session."""
    return session - timedelta(days=30 * count)


ENDPOINTS = (
    # Planning asks for it, to see that the key is accepted; it is landed nowhere, and its rows are not read.
    Endpoint(
        "market status",
        lambda session, contract: Request(Dataset.TICKERS, "/v1/marketstatus/upcoming", (), ""),
        MarketHoliday,
        ("date", "name", "status"),
    ),
    Endpoint(
        "grouped bars",
        lambda session, contract: datasets.grouped(session, str(session)),
        GroupedDailyAgg,
        ("ticker", *BAR),
    ),
    Endpoint(
        "stock bars",
        lambda session, contract: datasets.bars(Dataset.STOCK_BARS, TICKER, months(session, 2), session, "span"),
        Agg,
        BAR,
    ),
    Endpoint(
        "option bars",
        lambda session, contract: datasets.bars(Dataset.OPTION_BARS, contract, months(session, 2), session, "span"),
        Agg,
        BAR,
    ),
    Endpoint(
        "splits",
        lambda session, contract: datasets.splits(months(session, 12), "span"),
        StockSplit,
        ("id", "ticker", "execution_date", "split_from", "split_to"),
    ),
    Endpoint(
        "dividends",
        lambda session, contract: datasets.dividends(months(session, 4), "span"),
        StockDividend,
        ("id", "ticker", "ex_dividend_date", "cash_amount"),
    ),
    Endpoint(
        "listed tickers",
        lambda session, contract: datasets.tickers("span"),
        Ticker,
        ("ticker", "name", "market", "locale", "active"),
        pages=2,
    ),
    Endpoint(
        "delisted tickers",
        lambda session, contract: datasets.delisted("span"),
        Ticker,
        ("ticker", "name", "market", "locale"),
    ),
    Endpoint(
        "tickers of a day",
        lambda session, contract: datasets.tickers_on(months(session, 3)),
        Ticker,
        ("ticker", "name", "market", "locale", "active"),
    ),
    Endpoint(
        "treasury yields",
        lambda session, contract: datasets.treasury_yields("span"),
        TreasuryYield,
        ("date",),
    ),
    Endpoint(
        "live contracts",
        lambda session, contract: datasets.contracts(UNDERLYING, session, None, "span"),
        OptionsContract,
        CONTRACT,
    ),
    Endpoint(
        "expired contracts",
        lambda session, contract: datasets.contracts(UNDERLYING, session, months(session, 1), "span"),
        OptionsContract,
        CONTRACT,
    ),
    Endpoint(
        "option chain",
        lambda session, contract: datasets.chain(UNDERLYING, "span"),
        OptionContractSnapshot,
        ("details.ticker", "details.strike_price", "details.expiration_date", "details.contract_type", "open_interest"),
        pages=2,
    ),
)
BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}
