"""Market status: now, and the holidays and early closes of the year to come."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.market.market import market_of
from local.market.respond import answer
from local.market.sessions import NEW_YORK, Closure

_DAYS_AHEAD = 365
_PRE_MARKET, _POST_MARKET = time(4), time(20)


async def upcoming(request: Request) -> Response:
    market = market_of(request)
    today = market.clock.today()
    closures = market.sessions.closures(today, today + timedelta(days=_DAYS_AHEAD))
    return answer([_closure_row(closure, exchange) for closure in closures for exchange in ("NYSE", "NASDAQ")])


async def now(request: Request) -> Response:
    market = market_of(request)
    present = market.clock.now()
    local = present.astimezone(NEW_YORK)
    is_open = market.sessions.is_open(present)
    has_session = market.sessions.position(local.date()) is not None
    extended = has_session and not is_open and _PRE_MARKET <= local.time() < _POST_MARKET
    closed_already = extended and market.clock.last_completed() == market.clock.today_position()
    state = "open" if is_open else "extended-hours" if extended else "closed"
    body: dict[str, Any] = {
        "afterHours": closed_already,
        "currencies": {"crypto": "open", "fx": "open"},
        "earlyHours": extended and not closed_already,
        "exchanges": {"nasdaq": state, "nyse": state, "otc": state},
        "market": state,
        "serverTime": local.isoformat(timespec="seconds"),
    }
    return answer(body, has_request_id=False)


def _closure_row(closure: Closure, exchange: str) -> dict[str, Any]:
    row = {"date": closure.day.isoformat(), "exchange": exchange, "name": closure.name, "status": "closed"}
    if closure.opens and closure.closes:
        row |= {"status": "early-close", "open": _utc(closure.opens), "close": _utc(closure.closes)}
    return row


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


ROUTES = [Route("/v1/marketstatus/upcoming", upcoming), Route("/v1/marketstatus/now", now)]
