"""The whole stock market of the server: replayed and synthetic tickers as one."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, TypeVar

import numpy as np

from local.market.bars import Bars, Dividend, Split, flat_bars, joined, later_split_factor
from local.market.corrections import Corrections
from local.market.listings import FUND, FUND_CLOSE_USD, FUND_VOLUME, Listing, listings
from local.market.replay import REPLAYED_TICKERS, Replay, Source
from local.market.sessions import Sessions
from local.market.synthetic import Synthetic

Event = TypeVar("Event", Split, Dividend)


class Universe:
    """Bars, splits, dividends and listings. Reads only, apart from the synthetic walks that grow when asked for."""

    def __init__(self, sessions: Sessions, anchor: int, synthetic_tickers: int) -> None:
        self.sessions = sessions
        self.anchor = anchor
        self.replays = {ticker: Replay(Source.load(ticker), anchor) for ticker in REPLAYED_TICKERS}
        self.synthetic = Synthetic(synthetic_tickers, anchor)
        self.corrections = Corrections()
        self.listings = listings(self.replays, self.synthetic, anchor, len(sessions))
        self._of_ticker: dict[str, list[Listing]] = defaultdict(list)
        for listing in self.listings:
            self._of_ticker[listing.ticker].append(listing)
        # Those whose bars are not simply their ticker's own series.
        self._special = [one for one in self.listings if one.ticker != one.series or one.scale != 1.0 or one.is_renamed]
        self._shared = {one.series for one in self._special}
        self._special = [one for one in self.listings if one.series in self._shared]
        shared = [self.synthetic.index[series] for series in self._shared if series in self.synthetic.index]
        self._is_plain = np.ones(self.synthetic.count, dtype=np.bool_)
        self._is_plain[shared] = False

    def correct(self, item: dict[str, Any]) -> None:
        """Take a correction (see corrections.py).

        Raises ValueError for a split of a ticker that is not synthetic, or on a day without a session.
        """
        if "split" in item:
            position = self.sessions.position(date.fromisoformat(item["session"]))
            index = self.synthetic.index.get(item["ticker"])
            if position is None or index is None or not self._is_plain[index]:
                raise ValueError(
                    f"{item['ticker']} on {item['session']} can't be split: name a SIM ticker and a session"
                )
            self.synthetic.split(index, position, *item["split"])
        self.corrections.add(item)

    def forget_corrections(self) -> None:
        """Everything is again as it was first told."""
        self.corrections.clear()
        self.synthetic.forget_splits()

    def of_ticker(self, ticker: str) -> list[Listing]:
        """A ticker's listings in the order of time; none of a ticker that isn't known."""
        return self._of_ticker.get(ticker, [])

    def ticker_bars(self, ticker: str, low: int, high: int) -> Bars | None:
        """Unadjusted bars of the sessions low to high, both included; None for a ticker that isn't known.

        Also where it was one security's first and another one's later: the API doesn't tell them apart.
        """
        found = [self._listing_bars(listing, low, high) for listing in self.of_ticker(ticker)]
        return joined(found) if found else None

    def _listing_bars(self, listing: Listing, low: int, high: int) -> Bars:
        low = max(low, listing.listed)
        if listing.delisted is not None:
            high = min(high, listing.delisted - 1)
        if listing.series == FUND:
            return flat_bars(low, high, FUND_CLOSE_USD, FUND_VOLUME)
        if replay := self.replays.get(listing.series):
            bars = replay.bars(low, high)
        else:
            bars = self.synthetic.ticker_bars(self.synthetic.index[listing.series], low, high)
        return bars.scaled(listing.scale)

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
            if ticker in self._shared:
                continue
            bars = replay.bars(position, position)
            rows += rows_of(self.adjust(ticker, bars, today) if adjusted else bars, {"T": ticker}, [at] * len(bars))
        for listing in self._special:
            bars = self._listing_bars(listing, position, position)
            rows += rows_of(bars, {"T": listing.ticker}, [at] * len(bars))
        indices, bars = self.synthetic.session_bars(position)
        if adjusted:
            factor = np.ones(self.synthetic.count)
            for split in self.synthetic.splits(today):
                if split.position > position:
                    factor[self.synthetic.index[split.ticker]] *= split.price_factor
            bars = bars.adjusted(factor[indices])
        plain = self._is_plain[indices]
        indices, bars = indices[plain], bars.where(plain)
        if len(bars):
            rows += _grouped_rows([self.synthetic.tickers[i] for i in indices.tolist()], bars, at)
        day = self.sessions.day(position)
        if not self.corrections.has(day):
            return rows
        now = [self._corrected(row["T"], position, row, adjusted, today) for row in rows]
        return [row for row in now if row is not None]

    def ticker_rows(self, ticker: str, low: int, high: int, adjusted: bool, today: int) -> list[dict[str, Any]]:
        """A ticker's bars of the sessions low to high, as the range endpoint writes them; none of an unknown one."""
        bars = self.ticker_bars(ticker, low, high)
        if bars is None:
            return []
        if adjusted:
            bars = self.adjust(ticker, bars, today)
        rows = rows_of(bars, {}, self.sessions.midnight_ms[bars.position].tolist())
        if not self.corrections.told:
            return rows
        positions = bars.position.tolist()
        now = [self._corrected(ticker, at, row, adjusted, today) for at, row in zip(positions, rows, strict=True)]
        return [row for row in now if row is not None]

    def _corrected(
        self, ticker: str, position: int, row: dict[str, Any], adjusted: bool, today: int
    ) -> dict[str, Any] | None:
        later = self.ticker_splits(ticker, today) if adjusted else []
        factor = float(later_split_factor(later, np.array([position]))[0])
        return self.corrections.apply(self.sessions.day(position), ticker, row, factor)

    def by_ticker(self, events: list[Event]) -> dict[str, list[Event]]:
        """Splits or dividends grouped by ticker, each ascending."""
        grouped: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            grouped[event.ticker].append(event)
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
