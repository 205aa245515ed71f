"""What a market server can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from local.market.plans import PLANS

MAX_SYNTHETIC_TICKERS = 20_000


@dataclass(frozen=True)
class MarketSettings:
    """Settings of one server.

    anchor: the session on which the newest bar of the replayed series lands; None = the last session completed now.
    now: the moment the server takes for the present (time zone aware); None = the machine's clock.
    synthetic_tickers: how many SIM… tickers there are.
    api_key: the only key that is let in.
    control_token: what opens the server's own addresses (/_faults, /_clock, /_requests); None = they stay closed.
    requests_per_minute: requests let through in any 60 seconds; None = no limit.
    delay_ms: how long every answer is held back.
    plan: what the key is entitled to, see plans.py; can be changed at /_plan.
    closures: sessions of every calendar on which the exchange is closed, as it announced on short notice.
    has_chain_snapshot: False answers 403 on the option chain snapshot, as plans without it do.
    has_ticker_events, has_treasury_yields: the same for these.
    corrections: a file of what is corrected from the start, see corrections.py.
    """

    anchor: date | None = None
    now: datetime | None = None
    synthetic_tickers: int = 100
    api_key: str = field(default="local", repr=False)
    control_token: str | None = field(default=None, repr=False)
    requests_per_minute: int | None = None
    delay_ms: int = 0
    plan: str = "real-time"
    closures: tuple[date, ...] = ()
    has_chain_snapshot: bool = True
    has_ticker_events: bool = True
    has_treasury_yields: bool = True
    corrections: Path | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.synthetic_tickers <= MAX_SYNTHETIC_TICKERS:
            raise ValueError(
                f"synthetic tickers: {self.synthetic_tickers} is not a number from 0 to {MAX_SYNTHETIC_TICKERS}"
            )
        if self.requests_per_minute is not None and self.requests_per_minute < 1:
            raise ValueError(f"requests per minute: {self.requests_per_minute} is not a positive number")
        if self.delay_ms < 0:
            raise ValueError(f"delay: {self.delay_ms} ms is negative")
        if self.plan not in PLANS:
            raise ValueError(f"plan: {self.plan!r} is not one of {', '.join(PLANS)}")
        if not self.api_key:
            raise ValueError("API key: it is empty")
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError(f"now: {self.now.isoformat()} has no time zone; write e.g. 2026-11-20T22:00:00Z")
