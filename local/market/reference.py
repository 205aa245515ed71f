"""Reference data: tickers, their events, splits, dividends (the last two under their new and their old address)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.market.bars import PRICE_DECIMALS, Dividend, Split
from local.market.errors import not_entitled, not_found
from local.market.listings import IDENTIFIED_SESSIONS, Listing
from local.market.market import Market, market_of
from local.market.payouts import DECLARED_SESSIONS, frequency
from local.market.query import Query, Readers, iso_day
from local.market.respond import answer

TICKER_LIMIT, V3_MAX, V1_MAX = 100, 1_000, 5_000
_FACTOR_DECIMALS = 12
_SPLIT_FIELDS: Readers = {"ticker": str, "execution_date": iso_day, "adjustment_type": str}
_DIVIDEND_FIELDS: Readers = {"ticker": str, "ex_dividend_date": iso_day, "cash_amount": float}
_V3_SPLIT = ("execution_date", "id", "split_from", "split_to", "ticker")
_V3_DIVIDEND = ("cash_amount", "currency", "declaration_date", "ex_dividend_date", "frequency", "id", "ticker")


async def tickers(request: Request) -> Response:
    """Listings as of a day: those that were active, or (active=false) the securities that had been delisted by then.

    A ticker that a security gave up for another one is in neither list.
    """
    market, query = market_of(request), Query(request)
    position = _position(market, query.day("date"))
    active = query.flag("active", True)
    known = [x for x in market.universe.listings if x.listed <= position and x.is_active(position) == active]
    if not active:
        known = [x for x in known if not x.is_renamed]
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
    position = _position(market, query.day("date"))
    found = [x for x in market.universe.of_ticker(request.path_params["ticker"]) if x.listed <= position]
    if not found or (found[-1].is_renamed and not found[-1].is_active(position)):
        raise not_found("Ticker")
    row = _ticker_row(market, found[-1], position)
    row["list_date"] = market.sessions.day(found[-1].listed).isoformat()
    row["ticker_root"] = found[-1].ticker
    return answer({"results": row, "status": "OK"})


async def events(request: Request) -> Response:
    """The tickers of one security, newest first. By ticker: of the security that has it today; or by composite FIGI."""
    market = market_of(request)
    if not (market.settings.has_ticker_events and market.plan.has_ticker_events):
        raise not_entitled()
    asked, today = request.path_params["id"], market.clock.today_position()
    known = [listing for listing in market.universe.listings if listing.listed <= today]
    named = [one for one in known if one.ticker == asked and one.is_active(today)]
    named = named or [one for one in known if one.identity.composite_figi == asked]
    if not named or named[-1].has_no_events:
        raise not_found("Ticker")
    told = [one for one in known if one.security == named[-1].security]
    newest = max(told, key=lambda listing: listing.listed)
    results: dict[str, Any] = {"name": newest.name, **_identity(newest)}
    results.pop("share_class_figi", None)
    results["events"] = [
        {
            "ticker_change": {"ticker": listing.ticker},
            "type": "ticker_change",
            "date": market.sessions.day(listing.listed).isoformat(),
        }
        for listing in sorted(told, key=lambda listing: -listing.listed)
    ]
    return answer({"results": results, "status": "OK"})


def _position(market: Market, day: date | None) -> int:
    """The session that a day asks for, today's at the latest. Raises ApiError 403 before the plan's history."""
    if day is None:
        return market.clock.today_position()
    market.plan.check_history(day, market.clock.today())
    return min(market.sessions.at_or_before(day), market.clock.today_position())


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
    rows = [{key: row[key] for key in _V3_DIVIDEND if key in row} for row in rows]
    return answer(query.page(rows, 10, V3_MAX).body())


def _ticker_row(market: Market, listing: Listing, position: int) -> dict[str, Any]:
    active = listing.is_active(position)
    row: dict[str, Any] = {
        "ticker": listing.ticker,
        "name": listing.name,
        "market": "stocks",
        "locale": "us",
        "primary_exchange": listing.exchange,
        "type": listing.security_type,
        "active": active,
        "currency_name": "usd",
        "last_updated_utc": f"{market.clock.today().isoformat()}T00:00:00Z",
    }
    row |= _identity(listing) if position >= market.universe.anchor - IDENTIFIED_SESSIONS else {}
    if not active and listing.delisted is not None:
        row.pop("composite_figi", None)
        row["delisted_utc"] = f"{market.sessions.day(listing.delisted).isoformat()}T00:00:00Z"
    return row


def _identity(listing: Listing) -> dict[str, Any]:
    """What the vendor has of it; as everywhere, an absent value is an absent key."""
    return {name: value for name, value in asdict(listing.identity).items() if value}


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
    """Dividends declared up to today, by ticker and date."""
    today = market.clock.today_position()
    rows = []
    for of_ticker in market.universe.by_ticker(market.universe.dividends(today + DECLARED_SESSIONS)).values():
        factor = 1.0
        for number in reversed(range(len(of_ticker))):
            if of_ticker[number].position <= today:
                factor *= of_ticker[number].price_factor
            rows.append(_dividend_row(market, of_ticker[number], factor, frequency(of_ticker, number), today))
    return sorted(rows, key=lambda row: (row["ticker"], row["ex_dividend_date"]))


def _dividend_row(
    market: Market, dividend: Dividend, factor: float, payments_a_year: int | None, today: int
) -> dict[str, Any]:
    """record and pay date and type are absent: the source doesn't have them."""
    day = market.sessions.day(dividend.position).isoformat()
    later = market.universe.ticker_splits(dividend.ticker, today)
    split_factor = 1.0
    for split in later:
        if split.position > dividend.position:
            split_factor *= split.price_factor
    row = {
        "ticker": dividend.ticker,
        "ex_dividend_date": day,
        "declaration_date": market.sessions.day(max(dividend.position - DECLARED_SESSIONS, 0)).isoformat(),
        "cash_amount": dividend.cash_usd,
        "currency": "USD",
        "id": f"D-{dividend.ticker}-{day}",
        "historical_adjustment_factor": round(factor, _FACTOR_DECIMALS),
        "split_adjusted_cash_amount": round(dividend.cash_usd * split_factor, PRICE_DECIMALS),
    }
    return row if payments_a_year is None else row | {"frequency": payments_a_year}


ROUTES = [
    Route("/v3/reference/tickers", tickers),
    Route("/v3/reference/tickers/{ticker}", ticker),
    Route("/vX/reference/tickers/{id}/events", events),
    Route("/stocks/v1/splits", splits),
    Route("/v3/reference/splits", splits_v3),
    Route("/stocks/v1/dividends", dividends),
    Route("/v3/reference/dividends", dividends_v3),
]
