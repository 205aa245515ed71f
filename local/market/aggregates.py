"""Daily bars: one ticker's range, and all stocks of one session.

A session has bars once its close has passed; what the plan does not serve is a 403, or cut from a range. As the API
does, a range row carries 00:00 New York as `t`, a grouped row 16:00; nothing found is resultsCount 0 without `results`;
an unknown ticker is an empty answer, not a 404; and a range's next_url keeps limit and sort but not `adjusted`, which
the client has to send again.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.market.bars import joined
from local.market.errors import bad_request
from local.market.market import Market, market_of
from local.market.query import Query, encode_cursor, parse_day
from local.market.respond import answer
from local.market.sessions import new_york_day
from local.market.universe import rows_of

DEFAULT_LIMIT, MAX_LIMIT = 5_000, 50_000


async def grouped(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    day = parse_day("date", request.path_params["day"])
    adjusted = query.flag("adjusted", True) is not False
    query.flag("include_otc", False)
    market.plan.served(day, day, market.clock.today())
    position = market.sessions.position(day)
    rows: list[dict[str, Any]] = []
    if position is not None and position <= market.clock.last_completed():
        rows = market.universe.session_rows(position, adjusted, market.clock.today_position())
    return answer(_body(rows, adjusted))


async def ticker_range(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    ticker, path = request.path_params["ticker"], request.path_params
    adjusted = _adjusted(request)
    limit, descending = query.integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT), _descending(query)
    first, last = _moment("from", path["first"]), _moment("to", path["last"])
    if first > last:
        raise bad_request("The parameter 'to' cannot be a time that occurs before 'from'")
    first, last = market.plan.served(first, last, market.clock.today())
    low = market.sessions.at_or_after(first)
    high = min(market.sessions.at_or_before(last), market.clock.last_completed())
    rows = _rows(market, ticker, low, high, adjusted)
    if descending:
        rows.reverse()
    body = {"ticker": ticker, **_body(rows[:limit], adjusted)}
    if len(rows) > limit:
        rest = int(rows[limit]["t"])
        ends = (path["first"], rest) if descending else (rest, path["last"])
        cursor = encode_cursor({"limit": str(limit), "sort": "desc" if descending else "asc"})
        base = str(request.base_url).rstrip("/")
        body["next_url"] = f"{base}/v2/aggs/ticker/{ticker}/range/1/day/{ends[0]}/{ends[1]}?cursor={cursor}"
    return answer(body)


async def other_range(request: Request) -> Response:
    raise bad_request("This server has daily bars only: range/1/day")


def _rows(market: Market, ticker: str, low: int, high: int, adjusted: bool) -> list[dict[str, Any]]:
    if low > high:
        return []
    if not ticker.startswith("O:"):
        return market.universe.ticker_rows(ticker, low, high, adjusted, market.clock.today_position())
    contracts = market.contracts.find(ticker)
    if not contracts:
        return []
    bars = joined([market.chain.bars(contract, low, high) for contract in contracts])
    return rows_of(bars, {}, market.sessions.midnight_ms[bars.position].tolist())


def _body(rows: list[dict[str, Any]], adjusted: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"queryCount": len(rows), "resultsCount": len(rows), "adjusted": adjusted, "status": "OK"}
    if rows:
        body["results"] = rows
    return body


def _adjusted(request: Request) -> bool:
    """From the request itself: a cursor doesn't hold it."""
    value = request.query_params.get("adjusted", "true").lower()
    if value not in ("true", "false"):
        raise bad_request(f"'adjusted' must be true or false, not '{value}'")
    return value == "true"


def _descending(query: Query) -> bool:
    return query.choice("sort", "asc", "asc", "desc") == "desc"


def _moment(name: str, text: str) -> date:
    """A date, or the New York day of a time in epoch ms. Raises ApiError 400."""
    if text.isdecimal():
        try:
            return new_york_day(datetime.fromtimestamp(int(text) / 1000, UTC))
        except (OverflowError, ValueError, OSError):
            raise bad_request(f"Could not parse the time parameter: '{name}'") from None
    return parse_day(name, text)


ROUTES = [
    Route("/v2/aggs/grouped/locale/us/market/stocks/{day}", grouped),
    Route("/v2/aggs/ticker/{ticker}/range/1/day/{first}/{last}", ticker_range),
    Route("/v2/aggs/ticker/{ticker}/range/{multiplier}/{timespan}/{first}/{last}", other_range),
]
