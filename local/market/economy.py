"""Treasury yields, at the vendor's address and at one where they are restated.

`POST /_yields` with {"date": "2026-11-19", "yield_3_month": 4.5} restates a day: what it names replaces what was
published, null takes it back. `DELETE /_yields` forgets all of it, `GET` shows it.
"""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.market.errors import bad_request, not_entitled
from local.market.market import market_of
from local.market.query import Query, iso_day
from local.market.respond import answer

DEFAULT_LIMIT, MAX_LIMIT = 100, 50_000


async def treasury_yields(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    if not (market.settings.has_treasury_yields and market.plan.has_treasury_yields):
        raise not_entitled()
    rows = query.filtered(market.yields.rows(market.clock.today()), {"date": iso_day})
    rows = query.ordered(rows, "date.asc", ("date",))
    return answer(query.page(rows, DEFAULT_LIMIT, MAX_LIMIT).body(with_count=True))


async def restatements(request: Request) -> Response:
    yields = market_of(request).yields
    if request.method == "POST":
        try:
            yields.restate(orjson.loads(await request.body()))
        except orjson.JSONDecodeError:
            raise bad_request("the body is not JSON") from None
    elif request.method == "DELETE":
        yields.restated.clear()
    return answer({"status": "OK", "restated": yields.restated})


ROUTES = [
    Route("/fed/v1/treasury-yields", treasury_yields),
    Route("/_yields", restatements, methods=["GET", "POST", "DELETE"]),
]
