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

from backtest import luck, metrics
from backtest.engine import Run
from backtest.prices import Prices, from_bars
from backtest.restated import PointInTime, Versions, run_as_known, versions_of
from backtest.strategies import BuyAndHold, ParameterError, Strategy
from backtest.study import Setup, hold, run
from backtest.trades import trades
from dashboard.data.door import Door
from dashboard.data.market import find_ticker, has_ended, read_bars, read_versions
from dashboard.pages import format as fmt
from dashboard.pages import parts
from dashboard.pages.backtest import form
from dashboard.pages.chart.page import TICKER, parse_day, resolve_ticker

_FEWEST = 3
_AT_WORK = threading.Lock()


@dataclass(frozen=True)
class Benchmark:
    """A ticker to hold beside the back-test, on its sessions."""

    ticker: str
    prices: Prices
    versions: Mapping[str, Versions]

    def run(self, setup: Setup, *, is_as_known: bool) -> Run:
        """Bought at the open after its first close in the range, at the same costs."""
        plain = Setup(setup.costs, setup.capital_usd, first=setup.first, last=setup.last)
        if is_as_known:
            return run_as_known(self.prices, self.versions, BuyAndHold(), plain).run
        return hold(self.prices, plain)


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
    benchmark: Benchmark | None = None

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
            return [(self.strategy.title, self.today), *others, self._held(self.prices)]
        then = self.then.prices
        others = (
            [(self.other.title, run_as_known(self.prices, self.versions, self.other, self.setup).run)]
            if self.other
            else []
        )
        return [(self.strategy.title, self.then.run), *others, self._held(then)]

    def _held(self, prices: Prices) -> tuple[str, Run]:
        if self.benchmark is None:
            return "Buy and hold", hold(prices, self.setup)
        return f"Hold {self.benchmark.ticker}", self.benchmark.run(self.setup, is_as_known=self.is_as_known)

    @cached_property
    def trade_list(self) -> pd.DataFrame:
        """The strategy's trades."""
        return trades(self.runs[0][1])

    @cached_property
    def measures(self) -> list[tuple[str, metrics.Metrics]]:
        """The figures of every run."""
        return [(name, metrics.measure(each)) for name, each in self.runs]

    @cached_property
    def relatives(self) -> list[luck.Relative]:
        """Alpha and beta of every run beside the last one, which is the benchmark."""
        daily = [metrics.returns(each.equity()) for _, each in self.runs]
        return [luck.alpha_beta(each, daily[-1]) for each in daily]

    @cached_property
    def intervals(self) -> dict[str, luck.Interval]:
        """Where 95 % of the strategy's resampled figures are."""
        closed = self.trade_list[~self.trade_list["is_open"].astype(bool)]["profit_usd"]
        return luck.intervals(metrics.returns(self.runs[0][1].equity()), closed)

    @property
    def session_count(self) -> int:
        """Sessions in the range."""
        first, last = self.setup.span(self.prices)
        return last - first

    @property
    def as_of(self) -> Any:
        """The line under each panel."""
        return self._stamp("bars as known at each close")

    @property
    def studied(self) -> Prices:
        """What many runs at once are made on: in a run as known then, each bar as it was known on its own day."""
        return self.then.prices if self.is_as_known else self.prices

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
        if self.setup.first or self.setup.last:
            sessions = self.runs[0][1].prices.sessions
            said += f" · run from {sessions[0]:%Y-%m-%d} to {sessions[-1]:%Y-%m-%d}"
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
    setup = form.setup(values)
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
    is_total = values.get("returns") == "total"
    ended = frozenset(ticker for ticker in frames if has_ended(door, bars[ticker]))
    prices = from_bars(frames, is_total_return=is_total, ended=ended)
    start, end = setup.span(prices)
    if end - start < _FEWEST:
        return parts.message(
            parts.EMPTY,
            "Too few sessions in the range",
            f"From {values.get('from') or 'the first'} to {values.get('to') or 'the last'} there "
            f"{'is' if end - start == 1 else 'are'} {fmt.plural(end - start, 'session')}; a signal, its fill and its "
            f"result need {_FEWEST}. There are bars from {prices.sessions[0]:%Y-%m-%d} to "
            f"{prices.sessions[-1]:%Y-%m-%d}.",
            "Next: choose an earlier From or a later To under More settings.",
        )
    benchmark, unheld = _benchmark(door, values.get("benchmark"), on, prices, setup, is_total=is_total)
    versions = {
        ticker: versions_of(prices, frame, read_versions(door, bars[ticker]), ticker)
        for ticker, frame in frames.items()
    }
    sinces = [each.known_since for each in bars.values() if each.known_since]
    return Work(
        tuple(frames), prices, versions, strategy, other, setup, values.get("bars") == "then",
        prices.sessions[-1].date(), max(sinces, default=None),
        tuple(ticker.data_origin for ticker in tickers), any(ticker.is_active for ticker in tickers),
        (*_unused(unknown, set(bars) - set(frames)), *unheld), benchmark,
    )  # fmt: skip


def _benchmark(
    door: Door, wanted: Any, on: date | None, prices: Prices, setup: Setup, *, is_total: bool
) -> tuple[Benchmark | None, tuple[str, ...]]:
    """The benchmark that the address means, or why buying and holding the basket takes its place."""
    symbol = str(wanted or "").strip().upper()
    if not symbol:
        return None, ()
    found = find_ticker(door, symbol) if TICKER.fullmatch(symbol) else None
    bars = read_bars(door, found.ticker, on) if found else None
    if found is None or bars is None:
        return None, (f"Benchmark, ticker, is {symbol[:32]}, which the marts don’t know; the basket is the benchmark.",)
    ended = frozenset({found.ticker} if has_ended(door, bars) else ())
    own = from_bars({found.ticker: bars.frame}, is_total_return=is_total, ended=ended)
    held = own.on(prices.sessions)
    if not (held.close_usd[slice(*setup.span(prices))] > 0).any():
        return None, (
            f"Benchmark, ticker, is {found.ticker}, which has no bar in the range; the basket is the benchmark.",
        )
    versions = versions_of(held, bars.frame, read_versions(door, bars), found.ticker)
    return Benchmark(found.ticker, held, {found.ticker: versions}), ()


def _unused(unknown: list[str], without_bars: set[str]) -> tuple[str, ...]:
    said = []
    if unknown:
        said.append(f"The marts don’t know {', '.join(unknown)}; the basket is without.")
    if without_bars:
        said.append(f"No bars of {', '.join(sorted(without_bars))}; the basket is without.")
    return tuple(said)
