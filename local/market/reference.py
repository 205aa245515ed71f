"""Reference data: tickers, splits, dividends (the last two under their new and their old address)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.market.bars import PRICE_DECIMALS, Dividend, Split
from local.market.errors import not_found
from local.market.market import Market, market_of
from local.market.query import Query, Readers, iso_day
from local.market.respond import answer
from local.market.universe import Listing

TICKER_LIMIT, V3_MAX, V1_MAX = 100, 1_000, 5_000
_FACTOR_DECIMALS = 12
_SPLIT_FIELDS: Readers = {"ticker": str, "execution_date": iso_day, "adjustment_type": str}
_DIVIDEND_FIELDS: Readers = {"ticker": str, "ex_dividend_date": iso_day, "cash_amount": float}
_V3_SPLIT = ("execution_date", "id", "split_from", "split_to", "ticker")
_V3_DIVIDEND = ("cash_amount", "currency", "ex_dividend_date", "id", "ticker")


async def tickers(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    day = query.day("date") or market.clock.today()
    position = min(market.sessions.at_or_before(day), market.clock.today_position())
    active = query.flag("active", True)
    known = [x for x in market.universe.listings.values() if x.listed <= position and x.is_active(position) == active]
    if search := query.text("search"):
        known = [x for x in known if search.lower() in x.ticker.lower() or search.lower() in x.name.lower()]
    rows = [_ticker_row(market, listing, position) for listing in known]
    fields: Readers = {"ticker": str, "type": str, "market": str, "locale": str, "cik": str}
    rows = query.filtered(rows, fields)
    if exchange := query.text("exchange"):
        rows = [row for row in rows if row["primary_exchange"] == exchange]
    rows = query.ordered(rows, "ticker", ("ticker", "name", "market", "locale", "primary_exchange", "type"))
    return answer(query.page(rows, TICKER_LIMIT, V3_MAX).body(with_count=True))


async def ticker(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    position = min(
        market.sessions.at_or_before(query.day("date") or market.clock.today()), market.clock.today_position()
    )
    listing = market.universe.listings.get(request.path_params["ticker"])
    if listing is None or listing.listed > position:
        raise not_found("Ticker")
    row = _ticker_row(market, listing, position)
    row["list_date"] = market.sessions.day(listing.listed).isoformat()
    row["ticker_root"] = listing.ticker
    return answer({"results": row, "status": "OK"})


async def splits(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    rows = query.filtered(_split_rows(market), _SPLIT_FIELDS)
    rows = query.ordered(rows, "execution_date.desc", ("execution_date", "ticker"))
    return answer(query.page(rows, 100, V1_MAX).body())


async def splits_v3(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    rows = query.filtered(_split_rows(market), _SPLIT_FIELDS)
    if (reverse := query.flag("reverse_split", None)) is not None:
        rows = [row for row in rows if (row["split_from"] > row["split_to"]) == reverse]
    rows = query.ordered(rows, "execution_date.desc", ("execution_date", "ticker"))
    rows = [{key: row[key] for key in _V3_SPLIT} for row in rows]
    return answer(query.page(rows, 10, V3_MAX).body())


async def dividends(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    rows = query.filtered(_dividend_rows(market), _DIVIDEND_FIELDS)
    rows = query.ordered(rows, "ticker.asc", ("ex_dividend_date", "ticker", "cash_amount"))
    return answer(query.page(rows, 100, V1_MAX).body())


async def dividends_v3(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    rows = query.filtered(_dividend_rows(market), _DIVIDEND_FIELDS)
    rows = query.ordered(rows, "ex_dividend_date.desc", ("ex_dividend_date", "ticker", "cash_amount"))
    rows = [{key: row[key] for key in _V3_DIVIDEND} for row in rows]
    return answer(query.page(rows, 10, V3_MAX).body())


def _ticker_row(market: Market, listing: Listing, position: int) -> dict[str, Any]:
    active = listing.is_active(position)
    row: dict[str, Any] = {
        "ticker": listing.ticker,
        "name": listing.name,
        "market": "stocks",
        "locale": "us",
        "primary_exchange": listing.exchange,
        "type": "CS",
        "active": active,
        "currency_name": "usd",
        "last_updated_utc": f"{market.clock.today().isoformat()}T00:00:00Z",
    }
    if listing.cik:
        row["cik"] = listing.cik
    if not active and listing.delisted is not None:
        row["delisted_utc"] = f"{market.sessions.day(listing.delisted).isoformat()}T00:00:00Z"
    return row


def _split_rows(market: Market) -> list[dict[str, Any]]:
    """Splits executed up to today, by ticker and date."""
    today = market.clock.today_position()
    rows: list[dict[str, Any]] = []
    for splits in market.universe.by_ticker(market.universe.splits(today)).values():
        factor = 1.0
        of_ticker = []
        for split in reversed(splits):
            factor *= split.price_factor
            of_ticker.append(_split_row(market, split, factor))
        rows += reversed(of_ticker)
    return sorted(rows, key=lambda row: (row["ticker"], row["execution_date"]))


def _split_row(market: Market, split: Split, factor: float) -> dict[str, Any]:
    day = market.sessions.day(split.position).isoformat()
    return {
        "ticker": split.ticker,
        "execution_date": day,
        "split_from": split.split_from,
        "split_to": split.split_to,
        "adjustment_type": "forward_split" if split.split_to > split.split_from else "reverse_split",
        "id": f"S-{split.ticker}-{day}",
        "historical_adjustment_factor": round(factor, _FACTOR_DECIMALS),
    }


def _dividend_rows(market: Market) -> list[dict[str, Any]]:
    """Dividends with an ex-date up to today, by ticker and date."""
    today = market.clock.today_position()
    factors: dict[str, float] = {}
    rows = []
    for dividend in sorted(market.universe.dividends(today), key=lambda d: (d.ticker, -d.position)):
        factors[dividend.ticker] = factors.get(dividend.ticker, 1.0) * dividend.price_factor
        rows.append(_dividend_row(market, dividend, factors[dividend.ticker], today))
    return sorted(rows, key=lambda row: (row["ticker"], row["ex_dividend_date"]))


def _dividend_row(market: Market, dividend: Dividend, factor: float, today: int) -> dict[str, Any]:
    """declaration, record and pay date, frequency and type are absent: the source doesn't have them."""
    day = market.sessions.day(dividend.position).isoformat()
    later = market.universe.ticker_splits(dividend.ticker, today)
    split_factor = 1.0
    for split in later:
        if split.position > dividend.position:
            split_factor *= split.price_factor
    return {
        "ticker": dividend.ticker,
        "ex_dividend_date": day,
        "cash_amount": dividend.cash_usd,
        "currency": "USD",
        "id": f"D-{dividend.ticker}-{day}",
        "historical_adjustment_factor": round(factor, _FACTOR_DECIMALS),
        "split_adjusted_cash_amount": round(dividend.cash_usd * split_factor, PRICE_DECIMALS),
    }


ROUTES = [
    Route("/v3/reference/tickers", tickers),
    Route("/v3/reference/tickers/{ticker}", ticker),
    Route("/stocks/v1/splits", splits),
    Route("/v3/reference/splits", splits_v3),
    Route("/stocks/v1/dividends", dividends),
    Route("/v3/reference/dividends", dividends_v3),
]
