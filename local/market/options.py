"""Option endpoints: contracts as of a day, and the chain snapshot as of the last completed session."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.market.contracts import Contract
from local.market.errors import not_entitled, not_found
from local.market.market import Market, market_of
from local.market.query import Query, Readers, iso_day
from local.market.respond import answer

CONTRACT_LIMIT, CONTRACT_MAX, CHAIN_LIMIT, CHAIN_MAX = 10, 1_000, 10, 250
_CONTRACT_FIELDS: Readers = {"ticker": str, "contract_type": str, "expiration_date": iso_day, "strike_price": float}
_CONTRACT_SORTS = ("ticker", "underlying_ticker", "expiration_date", "strike_price")
_CHAIN_FIELDS: Readers = {"contract_type": str, "expiration_date": iso_day, "strike_price": float}


async def contracts(request: Request) -> Response:
    """expired=false: contracts listed by then that expire on as_of or later; expired=true: those expired before."""
    market, query = market_of(request), Query(request)
    as_of = query.day("as_of") or market.clock.today()
    expired = query.flag("expired", False) is True
    underlying = query.text("underlying_ticker")
    names = market.contracts.underlyings() if underlying is None else [underlying]
    rows = [contract.row for name in names for contract in _contracts(market, name, as_of, expired)]
    fields: Readers = {**_CONTRACT_FIELDS, "underlying_ticker": str}
    rows = query.ordered(query.filtered(rows, fields), "ticker", _CONTRACT_SORTS)
    return answer(query.page(rows, CONTRACT_LIMIT, CONTRACT_MAX).body())


async def contract(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    position = _position(market, query.day("as_of") or market.clock.today())
    found = [
        one
        for one in market.contracts.find(request.path_params["ticker"])
        if one.listed <= position and (position < one.ended or market.contracts.has_expired(one))
    ]
    if not found:
        raise not_found("Options contract")
    return answer({"results": found[-1].row, "status": "OK"})


async def chain(request: Request) -> Response:
    market, query = market_of(request), Query(request)
    found = _snapshot(market, request.path_params["underlying"])
    # Filters and sorts read the fields of `details`; the answer is the whole row.
    rows: list[dict[str, Any]] = [{**row["details"], "_row": row} for row in found]
    rows = query.filtered(rows, _CHAIN_FIELDS)
    rows = query.ordered(rows, "ticker", ("ticker", "expiration_date", "strike_price"))
    return answer(query.page([row["_row"] for row in rows], CHAIN_LIMIT, CHAIN_MAX).body())


async def chain_contract(request: Request) -> Response:
    market = market_of(request)
    for row in _snapshot(market, request.path_params["underlying"]):
        if row["details"]["ticker"] == request.path_params["contract"]:
            return answer({"results": row, "status": "OK"})
    raise not_found("Options contract")


def _snapshot(market: Market, underlying: str) -> list[dict[str, Any]]:
    if not (market.settings.has_chain_snapshot and market.plan.has_chain_snapshot):
        raise not_entitled()
    return market.chain.snapshot(underlying, market.clock.last_completed(), market.clock.today())


def _contracts(market: Market, underlying: str, as_of: date, expired: bool) -> list[Contract]:
    position = _position(market, as_of)
    if position < 0:
        return []
    if expired:
        return market.contracts.expired(underlying, as_of, position)
    return [found for found in market.contracts.alive(underlying, position) if found.expiration >= as_of]


def _position(market: Market, as_of: date) -> int:
    """The session whose knowledge a day has; nothing is known of days to come."""
    return min(market.sessions.at_or_before(as_of), market.clock.today_position())


ROUTES = [
    Route("/v3/reference/options/contracts", contracts),
    Route("/v3/reference/options/contracts/{ticker}", contract),
    Route("/v3/snapshot/options/{underlying}", chain),
    Route("/v3/snapshot/options/{underlying}/{contract}", chain_contract),
]
