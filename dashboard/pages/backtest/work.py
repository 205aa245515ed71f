"""From the address to runs: reads the bars, simulates, and keeps the newest answers for the page's panels."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

import pandas as pd
from dash import dcc, html

from backtest import metrics
from backtest.engine import Run
from backtest.prices import Prices, from_bars
from backtest.restated import PointInTime, Versions, run_as_known, versions_of
from backtest.strategies import ParameterError, Strategy
from backtest.study import Setup, hold, run
from backtest.trades import trades
from dashboard.data.door import Door
from dashboard.data.market import find_ticker, has_ended, read_bars, read_versions
from dashboard.pages import parts
from dashboard.pages.backtest import form
from dashboard.pages.chart.page import TICKER, parse_day, resolve_ticker

_FEWEST = 3
_AT_WORK = threading.Lock()


@dataclass(frozen=True)
class Work:
    """One back-test: what it ran on and how; runs are made when a panel first asks for them."""

    tickers: tuple[str, ...]
    prices: Prices
    versions: Mapping[str, Versions]
    strategy: Strategy
    other: Strategy | None
    setup: Setup
    is_as_known: bool
    last_session: date
    known_since: datetime | None
    origins: tuple[str, ...]
    is_active: bool
    unused: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The ticker, or the basket's first and how many more."""
        more = len(self.tickers) - 1
        return self.tickers[0] + (f" and {more} more" if more else "")

    @cached_property
    def today(self) -> Run:
        """The strategy on today's restated bars."""
        return run(self.prices, self.strategy, self.setup)

    @cached_property
    def then(self) -> PointInTime:
        """The strategy on what was known at each close."""
        return run_as_known(self.prices, self.versions, self.strategy, self.setup)

    @cached_property
    def runs(self) -> list[tuple[str, Run]]:
        """The strategy, the one to compare with, and buy-and-hold, in the order of the panels."""
        if not self.is_as_known:
            others = [(self.other.title, run(self.prices, self.other, self.setup))] if self.other else []
            return [(self.strategy.title, self.today), *others, ("Buy and hold", hold(self.prices, self.setup))]
        then = self.then.run.prices
        others = (
            [(self.other.title, run_as_known(self.prices, self.versions, self.other, self.setup).run)]
            if self.other
            else []
        )
        return [(self.strategy.title, self.then.run), *others, ("Buy and hold", hold(then, self.setup))]

    @cached_property
    def trade_list(self) -> pd.DataFrame:
        """The strategy's trades."""
        return trades(self.runs[0][1])

    @cached_property
    def measures(self) -> list[tuple[str, metrics.Metrics]]:
        """The figures of every run."""
        return [(name, metrics.measure(each)) for name, each in self.runs]

    @property
    def as_of(self) -> Any:
        """The line under each panel."""
        return self._stamp("bars as known at each close")

    @property
    def studied(self) -> Prices:
        """What many runs at once are made on: in a run as known then, each bar as it was known on its own day."""
        return self.then.run.prices if self.is_as_known else self.prices

    @property
    def studied_as_of(self) -> Any:
        """The line under a panel of many runs, which don't ask at each close again what was known then."""
        return self._stamp("each bar as known on its own day; later corrections of it are left out")

    @property
    def banner(self) -> Any:
        """Above the page, where the data is not the market's own."""
        return parts.origin_banner(Counter(self.origins), self.subject)

    def _stamp(self, bars: str) -> list[Any]:
        odd = sorted({origin for origin in self.origins if origin != "market"})
        said = f" · {' and '.join(odd)} data, not market quotes" if odd else ""
        if self.prices.ended:
            said += f" · positions in {', '.join(sorted(self.prices.ended))} end with the last close"
        return [
            parts.as_of(self.last_session, self.known_since, subject=self.subject),
            f" · {bars}" if self.is_as_known else "",
            said,
        ]


def find_work(door: Door, values: Mapping[str, Any]) -> Work | parts.Content:
    """The back-test that the address means, or the empty state that says why there is none. Raises WarehouseError."""
    frozen = tuple((name, _plain(name, value)) for name, value in values.items())
    try:
        # All panels ask at once; the first one does the work, which threads would only do again beside each other.
        with _AT_WORK:
            work = _kept(door, door.version(), frozen)
            if isinstance(work, Work):
                _ = work.runs, work.today, work.then
            return work
    except ParameterError as error:
        return parts.message(
            parts.EMPTY,
            "That parameter can’t be run",
            str(error)[:200],
            ["Next: correct it above, or ", dcc.Link("start with the defaults", href="/backtest"), "."],
        )


def _plain(name: str, value: Any) -> Any:
    """A text, or the basket's texts: callbacks can be sent anything."""
    if name == "with" and isinstance(value, list):
        return tuple(str(each) for each in value[: form.MOST_TICKERS])
    return value if isinstance(value, str) else None


# Every panel asks for the same work, so it is done once for a build, a load or a test run.
@lru_cache(maxsize=16)
def _kept(door: Door, _version: str, frozen: tuple[tuple[str, Any], ...]) -> Work | parts.Content:
    values: dict[str, Any] = dict(frozen)
    setup = Setup(form.costs(values), is_long_only=values.get("direction") != "both")
    name, against = (values.get(each) for each in ("strategy", "against"))
    strategy = form.chosen(name if name in form.STRATEGIES else "sma", values)
    other = form.chosen(str(against), values) if against in form.STRATEGIES and against != name else None
    on = parse_day(values.get("session"))
    first = resolve_ticker(door, values.get("ticker"))
    if isinstance(first, parts.Content):
        return first
    tickers, unknown = [first], []
    for symbol in list(values.get("with") or [])[: form.MOST_TICKERS - 1]:
        if isinstance(symbol, str) and TICKER.fullmatch(symbol) and (found := find_ticker(door, symbol)):
            # Under two names it would count twice.
            tickers += [found] if found.security not in {each.security for each in tickers} or on else []
        else:
            unknown.append(str(symbol)[:32])
    bars = {ticker.ticker: read_bars(door, ticker.ticker, on) for ticker in tickers}
    frames = {ticker: each.frame for ticker, each in bars.items() if not each.frame.empty}
    counted = max((len(frame) for frame in frames.values()), default=0)
    if counted < _FEWEST:
        return parts.message(
            parts.EMPTY,
            f"Too few bars of {first.ticker} for a back-test",
            f"{counted} of its sessions are loaded; a signal, its fill and its result need {_FEWEST}.",
            ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), f" with tickers = {first.ticker}."],
        )
    ended = frozenset(ticker for ticker in frames if has_ended(door, bars[ticker]))
    prices = from_bars(frames, is_total_return=values.get("returns") == "total", ended=ended)
    versions = {
        ticker: versions_of(prices, frame, read_versions(door, bars[ticker]), ticker)
        for ticker, frame in frames.items()
    }
    sinces = [each.known_since for each in bars.values() if each.known_since]
    return Work(
        tuple(frames), prices, versions, strategy, other, setup, values.get("bars") == "then",
        prices.sessions[-1].date(), max(sinces, default=None),
        tuple(ticker.data_origin for ticker in tickers), any(ticker.is_active for ticker in tickers),
        _unused(unknown, set(bars) - set(frames)),
    )  # fmt: skip


def _unused(unknown: list[str], without_bars: set[str]) -> tuple[str, ...]:
    said = []
    if unknown:
        said.append(f"The marts don’t know {', '.join(unknown)}; the basket is without.")
    if without_bars:
        said.append(f"No bars of {', '.join(sorted(without_bars))}; the basket is without.")
    return tuple(said)
