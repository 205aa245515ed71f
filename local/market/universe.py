"""The whole stock market of the server: replayed and synthetic tickers as one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from local.market.bars import Bars, Dividend, Split, later_split_factor
from local.market.replay import REPLAYED_TICKERS, Replay, Source
from local.market.sessions import Sessions
from local.market.synthetic import Synthetic

REPLAYED, SYNTHETIC = "[replayed]", "[synthetic]"
_COMPANIES = {
    "AAPL": ("Apple Inc.", "XNAS", "0000320193"),
    "FB": ("Facebook, Inc. Class A", "XNAS", "0001326801"),
    "GOOG": ("Google Inc.", "XNAS", "0001288776"),
    "IBM": ("International Business Machines Corporation", "XNYS", "0000051143"),
    "MSFT": ("Microsoft Corporation", "XNAS", "0000789019"),
}


@dataclass(frozen=True)
class Listing:
    """A ticker's life: session numbers of its first bar and of the first session after its last one (None = trades)."""

    ticker: str
    name: str
    exchange: str
    cik: str | None
    listed: int
    delisted: int | None

    def is_active(self, position: int) -> bool:
        return self.listed <= position and (self.delisted is None or position < self.delisted)


class Universe:
    """Bars, splits, dividends and listings. Reads only, apart from the synthetic walks that grow when asked for."""

    def __init__(self, sessions: Sessions, anchor: int, synthetic_tickers: int) -> None:
        self.sessions = sessions
        self.anchor = anchor
        self.replays = {ticker: Replay(Source.load(ticker), anchor) for ticker in REPLAYED_TICKERS}
        self.synthetic = Synthetic(synthetic_tickers, anchor)
        self.listings = {listing.ticker: listing for listing in sorted(self._listings(), key=lambda x: x.ticker)}

    def _listings(self) -> list[Listing]:
        found = []
        for ticker, replay in self.replays.items():
            name, exchange, cik = _COMPANIES[ticker]
            found.append(Listing(ticker, f"{name} {REPLAYED}", exchange, cik, replay.first, None))
        for ticker, listed, delisted in zip(
            self.synthetic.tickers, self.synthetic.listed.tolist(), self.synthetic.delisted.tolist(), strict=True
        ):
            name = f"Simulated Company {ticker[3:]} {SYNTHETIC}"
            gone = delisted if delisted < len(self.sessions) else None
            found.append(Listing(ticker, name, "XNYS", None, listed, gone))
        return found

    def ticker_bars(self, ticker: str, low: int, high: int) -> Bars | None:
        """Unadjusted bars of the sessions low to high, both included; None for a ticker that isn't known."""
        if replay := self.replays.get(ticker):
            return replay.bars(low, high)
        index = self.synthetic.index.get(ticker)
        return None if index is None else self.synthetic.ticker_bars(index, low, high)

    def ticker_splits(self, ticker: str, high: int) -> list[Split]:
        """Splits executed up to the session `high`, ascending."""
        if replay := self.replays.get(ticker):
            return replay.splits(high)
        index = self.synthetic.index.get(ticker)
        return [] if index is None else self.synthetic.ticker_splits(index, high)

    def splits(self, high: int) -> list[Split]:
        """Every ticker's splits executed up to the session `high`."""
        return [s for replay in self.replays.values() for s in replay.splits(high)] + self.synthetic.splits(high)

    def dividends(self, high: int) -> list[Dividend]:
        """Every ticker's dividends with an ex-date up to the session `high`."""
        return [d for replay in self.replays.values() for d in replay.dividends(high)]

    def adjust(self, ticker: str, bars: Bars, today: int) -> Bars:
        """A ticker's bars, adjusted for its splits executed up to the session `today`."""
        return bars.adjusted(later_split_factor(self.ticker_splits(ticker, today), bars.position))

    def session_rows(self, position: int, adjusted: bool, today: int) -> list[dict[str, Any]]:
        """Every ticker's bar of one session, as the grouped endpoint writes them."""
        at = int(self.sessions.close_ms[position])
        rows = []
        for ticker, replay in self.replays.items():
            bars = replay.bars(position, position)
            rows += rows_of(self.adjust(ticker, bars, today) if adjusted else bars, {"T": ticker}, [at] * len(bars))
        indices, bars = self.synthetic.session_bars(position)
        if adjusted:
            factor = np.ones(self.synthetic.count)
            for split in self.synthetic.splits(today):
                if split.position > position:
                    factor[self.synthetic.index[split.ticker]] *= split.price_factor
            bars = bars.adjusted(factor[indices])
        if len(bars):
            rows += _grouped_rows([self.synthetic.tickers[i] for i in indices.tolist()], bars, at)
        return rows

    def by_ticker(self, splits: list[Split]) -> dict[str, list[Split]]:
        """Splits grouped by ticker, each ascending."""
        grouped: dict[str, list[Split]] = defaultdict(list)
        for split in splits:
            grouped[split.ticker].append(split)
        return grouped


def rows_of(bars: Bars, head: dict[str, Any], at_ms: list[int]) -> list[dict[str, Any]]:
    """Bars in the API's field names, each with its time stamp; head goes before the fields of every row."""
    vwap = bars.vwap.tolist() if bars.vwap is not None else [None] * len(bars)
    trades = bars.transactions.tolist() if bars.transactions is not None else [None] * len(bars)
    rows = []
    for v, vw, o, c, h, low, t, n in zip(
        _whole(bars), vwap, bars.open.tolist(), bars.close.tolist(), bars.high.tolist(), bars.low.tolist(), at_ms,
        trades, strict=True,
    ):  # fmt: skip
        row = {**head, "v": v, "vw": vw, "o": o, "c": c, "h": h, "l": low, "t": t, "n": n}
        rows.append(row if vw is not None else {key: value for key, value in row.items() if value is not None})
    return rows


def _grouped_rows(tickers: list[str], bars: Bars, at: int) -> list[dict[str, Any]]:
    """rows_of for many tickers at one moment; ten thousand of them is where the server spends its time."""
    assert bars.vwap is not None
    assert bars.transactions is not None
    return [
        {"T": ticker, "v": v, "vw": vw, "o": o, "c": c, "h": h, "l": low, "t": at, "n": n}
        for ticker, v, vw, o, c, h, low, n in zip(
            tickers, _whole(bars), bars.vwap.tolist(), bars.open.tolist(), bars.close.tolist(), bars.high.tolist(),
            bars.low.tolist(), bars.transactions.tolist(), strict=True,
        )
    ]  # fmt: skip


def _whole(bars: Bars) -> list[Any]:
    """Volumes; whole numbers without a decimal point where all of them are whole."""
    if bool(np.all(bars.volume == np.floor(bars.volume))):
        return bars.volume.astype(np.int64).tolist()
    return bars.volume.tolist()
