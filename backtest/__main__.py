"""`python -m backtest AAPL --strategy sma --set fast=10 --html report.html`: run a strategy from the command line.

docs/backtest.md has examples. The bars come through the dashboard's door with its SNOWFLAKE_* settings; the engine gets
them passed in and knows neither.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from backtest import luck
from backtest.engine import Costs
from backtest.found import StrategyError, check, first_look_ahead, strategies
from backtest.prices import Prices, from_bars
from backtest.report import Report
from backtest.rules import EQUAL, FRACTION, VOLATILITY, Exits, Sizing
from backtest.strategies import ParameterError, SignalError, Strategy
from backtest.study import Setup, hold, run, sweep

_FEWEST = 3


class CannotRun(Exception):
    """The run can't be made; the message says why and what is expected."""


@dataclass(frozen=True)
class Read:
    """A ticker's bars (columns as in queries/bars.sql), and whether its security trades no more."""

    frame: pd.DataFrame
    is_ended: bool
    origin: str = "market"


# A ticker's bars; None where there is no such ticker.
Reader = Callable[[str], Read | None]


def main(arguments: Sequence[str] | None = None, read: Reader | None = None) -> int:
    """Run and print; 2 for settings that can't be run, 1 for a warehouse that doesn't answer."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        if asked.list:
            print("\n".join(_described(kind) for kind in strategies().values()))
            return 0
        if not asked.tickers:
            raise CannotRun("No ticker is named; expected one or more, such as AAPL.")
        strategy = _strategy(asked.strategy, asked.set)
        setup = _setup(asked)
        report = _report(asked, strategy, setup, read or _door())
    except (CannotRun, StrategyError, ParameterError, SignalError) as error:
        print(f"backtest: {_in_words(error)}", file=sys.stderr)
        return 2
    except ConnectionError as error:
        print(f"backtest: {error}", file=sys.stderr)
        return 1
    _print(report)
    if asked.html:
        asked.html.write_text(report.html(), encoding="utf-8")
        print(f"\nReport: {asked.html}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backtest", description="Run a strategy on stored bars.")
    add = parser.add_argument
    add("tickers", nargs="*", metavar="TICKER", help="one ticker, or several for a basket")
    add("--strategy", default="sma", help="a name of --list, or module:Class (default: sma)")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the strategy; may be repeated")
    add("--list", action="store_true", help="list the strategies and their parameters")
    add("--from", dest="first", type=_day, metavar="DATE", help="the first session, at the earliest (YYYY-MM-DD)")
    add("--to", dest="last", type=_day, metavar="DATE", help="the last session, at the latest")
    add("--long-short", action="store_true", help="sell short, too (default: long only)")
    add("--total-return", action="store_true", help="reinvest dividends")
    add("--benchmark", metavar="TICKER", help="what to hold beside it (default: the basket)")
    add("--commission-bps", type=float, default=5.0, help="basis points of each fill's value (default: 5)")
    add("--slippage-bps", type=float, default=5.0, help="basis points of each fill's price (default: 5)")
    add("--borrow-pct", type=float, default=0.0, help="cost of borrowing shares, %% a year (default: 0)")
    add("--size", choices=(EQUAL, VOLATILITY, FRACTION), default=EQUAL, help="size of positions (default: equal)")
    add("--volatility-pct", type=float, default=10.0, help="volatility target, %% a year (default: 10)")
    add("--fraction-pct", type=float, default=10.0, help="fixed fraction, %% of equity (default: 10)")
    add("--rebalance-sessions", type=int, default=0, help="size anew every so many sessions (default: never)")
    add("--stop-pct", type=float, default=0.0, help="close a position that is so far against its entry (default: none)")
    add("--take-profit-pct", type=float, default=0.0, help="close a position that is so far for it (default: none)")
    add("--html", type=Path, metavar="FILE", help="write a report that needs no network")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; expected one such as 2026-11-20") from None


def _strategy(wanted: str, changes: Sequence[str]) -> Strategy:
    kind = _kind(wanted)
    known = {each.name: each.default for each in fields(kind)}
    given: dict[str, Any] = {}
    for change in changes:
        name, separator, text = change.partition("=")
        if not separator or name not in known:
            raise CannotRun(f"--set is {change!r}; expected NAME=VALUE with {', '.join(known) or 'no parameter'}.")
        try:
            given[name] = int(text) if isinstance(known[name], int) else float(text)
        except ValueError:
            raise CannotRun(f"--set {name} is {text!r}; expected a number such as {known[name]:g}.") from None
    return kind(**given)


def _kind(wanted: str) -> type[Strategy]:
    if ":" not in wanted:
        if wanted not in strategies():
            raise CannotRun(f"--strategy is {wanted!r}; expected one of {', '.join(strategies())}, or module:Class.")
        return strategies()[wanted]
    module, _, name = wanted.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise CannotRun(f"--strategy is {wanted!r}; expected module:Class that can be imported ({error}).") from error
    return check(kind, f"--strategy {wanted}")


def _setup(asked: argparse.Namespace) -> Setup:
    return Setup(
        Costs(asked.commission_bps, asked.slippage_bps, asked.borrow_pct),
        is_long_only=not asked.long_short,
        sizing=Sizing(asked.size, asked.volatility_pct, asked.fraction_pct),
        exits=Exits(asked.stop_pct, asked.take_profit_pct),
        rebalance_sessions=asked.rebalance_sessions,
        first=asked.first,
        last=asked.last,
    )


def _report(asked: argparse.Namespace, strategy: Strategy, setup: Setup, read: Reader) -> Report:
    wanted = list(dict.fromkeys(each.upper() for each in asked.tickers))
    bars = {ticker: _read(read, ticker) for ticker in wanted}
    prices = _prices(bars, is_total_return=asked.total_return)
    first, last = setup.span(prices)
    if last - first < _FEWEST:
        raise CannotRun(
            f"The range has {last - first} sessions; expected at least {_FEWEST}. There are bars from "
            f"{prices.sessions[0]:%Y-%m-%d} to {prices.sessions[-1]:%Y-%m-%d}."
        )
    row = first_look_ahead(strategy, prices)
    if row is not None:
        raise CannotRun(
            f"{strategy.name} looks ahead: its target at the close of {prices.sessions[row]:%Y-%m-%d} changes when "
            "later bars are withheld; expected decisions by the bars up to each close."
        )
    held = ("Buy and hold", hold(prices, setup))
    if asked.benchmark:
        ticker = asked.benchmark.upper()
        other = _prices({ticker: _read(read, ticker)}, is_total_return=asked.total_return).on(prices.sessions)
        if not (other.close_usd[first:last] > 0).any():
            raise CannotRun(f"--benchmark is {ticker}, which has no bar in the range; expected one that has.")
        held = (f"Hold {ticker}", hold(other, setup))
    done = run(prices, strategy, setup)
    deflated = None
    if strategy.grid is not None:
        found = sweep(prices, strategy, *strategy.grid, setup)
        deflated = None if found.best is None else luck.deflated_sharpe(found.best, found.sharpes)
    odd = sorted({each.origin for each in bars.values() if each.origin != "market"})
    notes = (f"These are {' and '.join(odd)} data, not market quotes.",) if odd else ()
    return Report(
        f"{strategy.title} on {', '.join(wanted)}", _settings(asked, strategy, done.prices),
        ((strategy.title, done), held), notes, deflated,
    )  # fmt: skip


def _read(read: Reader, ticker: str) -> Read:
    found = read(ticker)
    if found is None or found.frame.empty:
        raise CannotRun(f"{ticker} has no bars; expected a ticker that the marts know. Nothing is run.")
    return found


def _prices(bars: dict[str, Read], *, is_total_return: bool) -> Prices:
    ended = frozenset(ticker for ticker, each in bars.items() if each.is_ended)
    frames = {ticker: each.frame for ticker, each in bars.items()}
    return from_bars(frames, is_total_return=is_total_return, ended=ended)


def _settings(asked: argparse.Namespace, strategy: Strategy, prices: Prices) -> tuple[tuple[str, str], ...]:
    usual = vars(_parser().parse_args([]))
    given = {
        name: value
        for name, value in vars(asked).items()
        if value != usual[name] and name not in ("tickers", "strategy", "set", "html", "first", "last")
    }
    parameters = ", ".join(f"{name} {value:g}" for name, value in vars(strategy).items())
    costs = f"commission {asked.commission_bps:g} bp, slippage {asked.slippage_bps:g} bp"
    given = {name: value for name, value in given.items() if name not in ("commission_bps", "slippage_bps")}
    others = ", ".join(
        f"--{name.replace('_', '-')}"
        + ("" if value is True else f" {value:g}" if isinstance(value, float) else f" {value}")
        for name, value in given.items()
    )
    rows = (
        ("Sessions", f"{len(prices.sessions)}, from {prices.sessions[0]:%Y-%m-%d} to {prices.sessions[-1]:%Y-%m-%d}"),
        ("Parameters", parameters),
        ("Costs", costs),
        ("Other settings", others),
    )
    return tuple((name, value) for name, value in rows if value)


def _in_words(error: Exception) -> str:
    """A parameter's name as the option that sets it."""
    if not isinstance(error, ParameterError):
        return str(error)
    options = {"first": "--from", "kind": "--size"} | {
        name: f"--{name.replace('_', '-')}"
        for name in vars(_parser().parse_args([]))
        if name.endswith(("_bps", "_pct"))
    }
    options["rebalance_sessions"] = "--rebalance-sessions"
    name = options.get(error.parameter, f"--set {error.parameter}")
    return f"{name} {error.said}. Nothing is run."


def _described(kind: type[Strategy]) -> str:
    lines = [f"{kind.name:12}{kind.title}: {(kind.__doc__ or '').strip().splitlines()[0]}"]
    lines += [
        f"{'':12}--set {each.name}={each.default:g}   {each.metadata['label']}, "
        f"{each.metadata['least']:g} to {each.metadata['most']:g}"
        for each in fields(kind)
    ]
    return "\n".join(lines)


def _print(report: Report) -> None:
    print(report.title)
    for name, value in report.settings:
        print(f"{name}: {value}")
    rows = report.table()
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    print()
    for row in rows:
        cells = [row[0].ljust(widths[0]), *[cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]]
        print("  ".join(cells).rstrip())
    for said in [*report.notes, *([warning] if (warning := report.warning()) else [])]:
        print(f"\n{said}")


def _door() -> Reader:
    """Bars through the dashboard's door. Raises CannotRun for settings, ConnectionError for the warehouse."""
    # Here, so that the engine and its tests need neither the dashboard nor a warehouse.
    from dashboard.data.door import Door
    from dashboard.data.errors import WarehouseError
    from dashboard.data.market import find_ticker, has_ended, read_bars
    from dashboard.data.warehouse import Warehouse
    from dashboard.settings import SettingsError, WarehouseSettings

    try:
        door = Door(Warehouse(WarehouseSettings.from_env()))
    except SettingsError as error:
        raise CannotRun(str(error)) from error

    def read(ticker: str) -> Read | None:
        try:
            found = find_ticker(door, ticker)
            if found is None:
                return None
            bars = read_bars(door, found.ticker)
            return Read(bars.frame, has_ended(door, bars), found.data_origin)
        except WarehouseError as error:
            raise ConnectionError(str(error)) from error

    return read


if __name__ == "__main__":
    sys.exit(main())
