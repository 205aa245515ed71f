"""The ASGI application: endpoints, the gate before them, and the server's own addresses.

GET /health                        200 once the market is there
GET, DELETE /_requests             what came in (time, method, path, params, status) / forget it
GET, POST, DELETE /_faults         see faults.py
GET, POST /_plan                   {"plan": "free"}: what the key is entitled to from now on, see plans.py
GET, POST, DELETE /_corrections    bars that are corrected and splits that are told late, see corrections.py
GET, POST, DELETE /_yields         treasury yields that are restated, see economy.py
GET, POST /_clock                  {"now": "2026-11-20T22:00:00Z"} stops the clock there, {"now": null} lets it run

Those that begin with _ need the control token as `Authorization: Bearer …`; nothing answers a web page (local/door.py).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.door import Door
from local.market import aggregates, corrections, economy, options, reference, status
from local.market.errors import ApiError, bad_request
from local.market.faults import FaultList, Faults
from local.market.gate import Gate, RequestLog
from local.market.market import Market, market_of
from local.market.plans import PLANS
from local.market.respond import answer, refusal
from local.market.sessions import CalendarEnds
from local.market.settings import MarketSettings

_BODY_BYTES = 1024 * 1024
_GZIP_LEVEL = 1
"""The fastest: level 6 takes longer than everything else about a grouped answer together."""


def create_app(settings: MarketSettings) -> Starlette:
    """The application for one market.

    Raises ValueError for an anchor that is no session, CalendarEnds for a present too far from it.
    """
    log, faults = RequestLog(), FaultList()
    app = Starlette(
        routes=[
            *aggregates.ROUTES,
            *reference.ROUTES,
            *options.ROUTES,
            *status.ROUTES,
            *economy.ROUTES,
            *corrections.ROUTES,
            Route("/health", _health),
            Route("/_clock", _clock, methods=["GET", "POST"]),
            Route("/_plan", _plan, methods=["GET", "POST"]),
            Route("/_faults", _faults, methods=["GET", "POST", "DELETE"]),
            Route("/_requests", _requests, methods=["GET", "DELETE"]),
        ],
        middleware=[
            Middleware(Door, max_body_bytes=_BODY_BYTES, form=_refusal),
            Middleware(Gate, settings=settings, log=log),
            Middleware(Faults, faults=faults),
            Middleware(GZipMiddleware, minimum_size=500, compresslevel=_GZIP_LEVEL),
        ],
        exception_handlers={ApiError: _refuse, 404: _no_such_address},
    )
    app.state.market, app.state.log, app.state.faults = Market(settings), log, faults
    return app


def _refusal(sentence: str) -> dict[str, Any]:
    return {"status": "ERROR", "error": sentence}


async def _health(request: Request) -> Response:
    market = market_of(request)
    return answer(
        {
            "status": "OK",
            "anchor": market.sessions.day(market.universe.anchor).isoformat(),
            "now": market.clock.now().isoformat(),
            "last_completed_session": market.sessions.day(market.clock.last_completed()).isoformat(),
            "tickers": len({listing.ticker for listing in market.universe.listings}),
        }
    )


async def _clock(request: Request) -> Response:
    clock = market_of(request).clock
    if request.method == "POST":
        body = await _json(request)
        try:
            moment = datetime.fromisoformat(body["now"]) if body["now"] is not None else None
            if moment is not None and moment.tzinfo is None:
                raise ValueError
            clock.set(moment)
        except (KeyError, TypeError, ValueError):
            raise bad_request('send {"now": null} or {"now": "2026-11-20T22:00:00Z"}, with a time zone') from None
        except CalendarEnds as error:
            raise bad_request(str(error)) from None
    return answer({"status": "OK", "now": clock.now().isoformat()})


async def _plan(request: Request) -> Response:
    market = market_of(request)
    if request.method == "POST":
        body = await _json(request)
        name = body.get("plan") if isinstance(body, dict) else None
        if name not in PLANS:
            raise bad_request(f'send {{"plan": "…"}} with one of {", ".join(PLANS)}')
        market.plan = PLANS[name]
    return answer({"status": "OK", "plan": market.plan.name})


async def _faults(request: Request) -> Response:
    faults: FaultList = request.app.state.faults
    if request.method == "POST":
        faults.replace(await _json(request))
    elif request.method == "DELETE":
        faults.replace([])
    return answer({"status": "OK", "faults": [asdict(fault) for fault in faults.faults]})


async def _requests(request: Request) -> Response:
    log: RequestLog = request.app.state.log
    if request.method == "DELETE":
        log.clear()
    return answer({"status": "OK", "requests": log.rows()})


async def _json(request: Request) -> Any:
    try:
        return orjson.loads(await request.body())
    except (orjson.JSONDecodeError, RecursionError):
        raise bad_request("the body is not JSON") from None


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return refusal(error)


async def _no_such_address(request: Request, error: Exception) -> Response:
    return answer({"status": "NOT_FOUND", "message": "Page not found."}, 404)
