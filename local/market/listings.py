"""Which security has which ticker, and when: renames, recycled and handed-over tickers, delistings, missing FIGIs.

A series of bars (a replayed one, a synthetic one) is a security; a listing is a stretch of it under one ticker. Most
have one listing. The others, in sessions before the anchor:

    FB → META     FB's bars are META's from 60 before on. Until 151 before, META is the ticker of a fund at a flat
                  12.31 USD. As in 2022, when the fund gave it up on January 28 and Facebook took it on June 9; the
                  days are moved as the bars are
    SIM0012       SIM0012X until 80 before: a rename
    SIM0033       passes from one company to another overnight, 50 before, at a quarter of the price; the first one
                  goes on as SIM0033X (as IR did, whose former owner is TT)
    SIM0041       one company's until 160 before, a dearer other one's from 70 before on
    SIM0009       delisted 60 before (synthetic.py)

What the vendor lacks is lacking: every third synthetic company has no FIGI and no CIK, GOOG and delisted rows have no
FIGI, and no row of a day more than 500 sessions before the anchor has either. Some have no ticker events. There is no
permanent id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from local.market.replay import Replay
from local.market.synthetic import Synthetic

REPLAYED, SYNTHETIC = "[replayed]", "[synthetic]"
RENAMED_BEFORE, FUND_ENDED_BEFORE = 60, 151
FUND, FUND_CLOSE_USD, FUND_VOLUME = "META fund", 12.31, 250_000.0
RENAMED, HANDED_OVER, RECYCLED = "SIM0012", "SIM0033", "SIM0041"
IDENTIFIED_SESSIONS = 500
"""Rows as of days longer before the anchor have no FIGI and no CIK."""


@dataclass(frozen=True)
class Identity:
    """What the vendor knows of a company: SEC number, FIGI of the listing's country, FIGI of the share class."""

    cik: str | None = None
    composite_figi: str | None = None
    share_class_figi: str | None = None


_COMPANIES = {
    "AAPL": ("Apple Inc.", "XNAS", Identity("0000320193", "BBG000B9XRY4", "BBG001S5N8V8")),
    "FB": ("Facebook, Inc. Class A", "XNAS", Identity("0001326801", "BBG000MM2P62", "BBG001SQCQC5")),
    "GOOG": ("Google Inc.", "XNAS", Identity("0001288776")),
    "IBM": ("International Business Machines Corporation", "XNYS", Identity("0000051143", "BBG000BLNNH6")),
    "MSFT": ("Microsoft Corporation", "XNAS", Identity("0000789019", "BBG000BPH459", "BBG001S5TD05")),
}


@dataclass(frozen=True)
class Listing:
    """A security under one ticker: session numbers of its first bar and of the first session after its last one (None =
    trades).

    Attributes:
        series: the bars: a replayed or synthetic ticker, or FUND.
        scale: what their prices are multiplied by.
        is_renamed: it ended because the security goes on under another ticker.
        has_no_events: the vendor knows no ticker events of it.
    """

    ticker: str
    name: str
    exchange: str
    identity: Identity
    listed: int
    delisted: int | None
    series: str
    scale: float = 1.0
    security_type: str = "CS"
    is_renamed: bool = False
    has_no_events: bool = False

    @property
    def security(self) -> tuple[str, Identity]:
        """What makes two listings one security; the vendor has no id for it."""
        return self.series, self.identity

    def is_active(self, position: int) -> bool:
        return self.listed <= position and (self.delisted is None or position < self.delisted)


def listings(replays: dict[str, Replay], synthetic: Synthetic, anchor: int, sessions: int) -> list[Listing]:
    """All listings by ticker, those of one ticker in the order of time."""
    found = [*_replayed(replays, anchor), *_synthetic(synthetic, anchor, sessions)]
    return sorted(found, key=lambda listing: (listing.ticker, listing.listed))


def _replayed(replays: dict[str, Replay], anchor: int) -> Iterator[Listing]:
    for ticker, replay in replays.items():
        name, exchange, identity = _COMPANIES[ticker]
        one = Listing(ticker, f"{name} {REPLAYED}", exchange, identity, replay.first, None, ticker)
        if ticker != "FB":
            yield one
            continue
        renamed = anchor - RENAMED_BEFORE
        yield replace(one, delisted=renamed, is_renamed=True)
        yield replace(one, ticker="META", name=f"Meta Platforms, Inc. Class A {REPLAYED}", listed=renamed)
        fund = Identity("9900000000", "BBGSIM000000", "BBGSIS000000")
        name, since, until = f"Ball Metaverse ETF {SYNTHETIC}", replay.first - IDENTIFIED_SESSIONS, anchor
        until -= FUND_ENDED_BEFORE
        yield Listing("META", name, "ARCX", fund, since, until, FUND, security_type="ETF")


def _synthetic(synthetic: Synthetic, anchor: int, sessions: int) -> Iterator[Listing]:
    for number, ticker, listed, delisted in zip(
        synthetic.numbers.tolist(),
        synthetic.tickers,
        synthetic.listed.tolist(),
        synthetic.delisted.tolist(),
        strict=True,
    ):
        identity = Identity() if number % 3 == 0 and ticker not in (HANDED_OVER, RENAMED) else _identity(number)
        name = f"Simulated Company {ticker[3:]} {SYNTHETIC}"
        gone = delisted if delisted < sessions else None
        one = Listing(ticker, name, "XNYS", identity, listed, gone, ticker, has_no_events=number % 13 == 6)
        other = replace(
            one, name=f"Simulated Successor {ticker[3:]} {SYNTHETIC}", identity=_identity(number, other=True)
        )
        if ticker == RENAMED:
            yield replace(one, ticker=f"{ticker}X", delisted=anchor - 80, is_renamed=True)
            yield replace(one, listed=anchor - 80)
        elif ticker == HANDED_OVER:
            yield replace(one, delisted=anchor - 50, is_renamed=True)
            yield replace(one, ticker=f"{ticker}X", listed=anchor - 50)
            yield replace(other, listed=anchor - 50, scale=0.25)
        elif ticker == RECYCLED:
            yield replace(one, delisted=anchor - 160, scale=0.0669)
            yield replace(other, listed=anchor - 70)
        else:
            yield one


def _identity(number: int, *, other: bool = False) -> Identity:
    """Recognisably made up: a FIGI has no vowels."""
    digits = f"{number + 500_000 * other:06d}"
    return Identity(f"9900{digits}", f"BBGSIM{digits}", f"BBGSIS{digits}")
