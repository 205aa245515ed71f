"""One market: sessions, clock, stocks, options and yields, put together from the settings."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request

from local.market.chain import Chain
from local.market.clock import Clock
from local.market.contracts import Contracts
from local.market.corrections import read_file
from local.market.plans import PLANS
from local.market.sessions import sessions_around
from local.market.settings import MarketSettings
from local.market.universe import Universe
from local.market.yields import Yields


class Market:
    """What the endpoints read."""

    def __init__(self, settings: MarketSettings) -> None:
        """Raises ValueError for an anchor that is not a session or a file that is not a list of corrections, OSError
        for one that can't be read, CalendarEnds for a present too far from the anchor.
        """
        now = settings.now or datetime.now(UTC)
        self.settings = settings
        self.plan = PLANS[settings.plan]
        self.sessions = sessions_around(settings.anchor or now.date(), frozenset(settings.closures))
        self.clock = Clock(self.sessions, settings.now)
        anchor = self.clock.last_completed()
        if settings.anchor is not None:
            position = self.sessions.position(settings.anchor)
            if position is None:
                raise ValueError(f"anchor: {settings.anchor} is not a session of the New York Stock Exchange")
            anchor = position
        self.yields = Yields(self.sessions)
        self.universe = Universe(self.sessions, anchor, settings.synthetic_tickers)
        if settings.corrections is not None:
            for item in read_file(settings.corrections.read_bytes()):
                self.universe.correct(item)
        self.contracts = Contracts(self.sessions, self.universe.replays, self.universe.listings)
        self.chain = Chain(self.sessions, self.universe.replays, self.contracts, self.yields)


def market_of(request: Request) -> Market:
    """The market of the application that the request came to."""
    market: Market = request.app.state.market
    return market
