"""The back-test's tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from dash import html

from dashboard.backtest.metrics import Drawdown, Metrics
from dashboard.backtest.study import Fold
from dashboard.pages import format as fmt
from dashboard.pages.tables import grid

_PCT, _NUMBER = "%", ""
_ROWS: tuple[tuple[str, str, int, str], ...] = (
    ("Total return", "total_return_pct", 2, _PCT),
    ("CAGR", "cagr_pct", 2, _PCT),
    ("Volatility", "volatility_pct", 2, _PCT),
    ("Sharpe", "sharpe", 2, _NUMBER),
    ("Sortino", "sortino", 2, _NUMBER),
    ("Calmar", "calmar", 2, _NUMBER),
    ("Profit factor", "profit_factor", 2, _NUMBER),
    ("Hit rate", "hit_rate_pct", 1, _PCT),
    ("Trades", "trade_count", 0, _NUMBER),
    ("Turnover a year", "turnover_pct", 0, _PCT),
    ("Exposure", "exposure_pct", 1, _PCT),
)


# What a glance asks first; the table has the rest.
_FIRST: tuple[tuple[str, Callable[[Metrics], str]], ...] = (
    ("Total return", lambda found: _signed(found.total_return_pct)),
    ("CAGR", lambda found: _signed(found.cagr_pct)),
    ("Sharpe", lambda found: fmt.number(found.sharpe, 2)),
    ("Max drawdown", lambda found: _signed(found.drawdown.depth_pct)),
    ("Hit rate", lambda found: _with_unit(found.hit_rate_pct, 0, _PCT)),
    ("Exposure", lambda found: _with_unit(found.exposure_pct, 0, _PCT)),
)


def first_figures(measures: list[tuple[str, Metrics]]) -> html.Dl:
    """The strategy's first figures, large, with what it stands beside under each."""
    (_, own), *others = measures
    return html.Dl(
        [
            html.Div(
                [
                    html.Dt(label),
                    html.Dd(show(own)),
                    *[html.Dd([f"{name} ", html.Span(show(found))]) for name, found in others],
                ]
            )
            for label, show in _FIRST
        ],
        className="st-firsts",
    )


def metrics_table(measures: list[tuple[str, Metrics]]) -> html.Div:
    """A column for each run, a row for each figure."""
    body = [
        html.Tr([html.Th("Final equity", scope="row"), *[html.Td(fmt.usd(found.final_usd)) for _, found in measures]])
    ]
    for label, field, decimals, unit in _ROWS:
        cells = [_figure(getattr(found, field), decimals, unit) for _, found in measures]
        body.append(html.Tr([html.Th(label, scope="row"), *cells]))
    falls = [found.drawdown for _, found in measures]
    body += [
        html.Tr(
            [html.Th("Max drawdown", scope="row"), *[_figure(fall.depth_pct, 2, _PCT) for fall in falls]]
        ),
        html.Tr([html.Th("Lowest on", scope="row"), *[html.Td(_bottom(fall)) for fall in falls]]),
        html.Tr([html.Th("Recovered after", scope="row"), *[html.Td(_recovery(fall)) for fall in falls]]),
        html.Tr([html.Th("Costs paid", scope="row"), *[html.Td(fmt.usd(found.costs_usd)) for _, found in measures]]),
    ]  # fmt: skip
    head = html.Tr([html.Th("Figure", scope="col"), *[html.Th(name, scope="col") for name, _ in measures]])
    return _scroll(html.Table([html.Thead(head), html.Tbody(body)], className="st-table st-chain"))


def folds_table(folds: tuple[Fold, ...], sessions: pd.DatetimeIndex) -> html.Div:
    """What was chosen on each window and how it did on the next."""
    head = html.Tr([html.Th(text, scope="col") for text in ("Test from", "Sessions", "Chosen", "Fitted", "Tested")])
    rows = [
        html.Tr(
            [
                html.Th(f"{sessions[fold.test_first]:%Y-%m-%d}", scope="row"),
                html.Td(str(fold.test_last - fold.test_first)),
                html.Td(parameters(fold.strategy)),
                _figure(fold.fit_score, 2, ""),
                _figure(fold.test_score, 2, ""),
            ]
        )
        for fold in folds
    ]
    return _scroll(html.Table([html.Thead(head), html.Tbody(rows)], className="st-table st-chain"))


def parameters(strategy: Any) -> str:
    """ "fast 20, slow 50"."""
    return ", ".join(f"{name} {value:g}" for name, value in vars(strategy).items())


def trades_grid(trades: pd.DataFrame) -> Any:
    """The trades, newest first."""
    rows = [
        {
            "ticker": row.ticker,
            "side": row.side,
            "entry": f"{row.entry_session:%Y-%m-%d}",
            "entry_usd": round(float(row.entry_usd), 4),
            "exit": "still open" if row.is_open else f"{row.exit_session:%Y-%m-%d}",
            "exit_usd": None if row.is_open else round(float(row.exit_usd), 4),
            "sessions": int(row.sessions),
            "profit": round(float(row.profit_usd), 2),
            "return": round(float(row.return_pct), 2),
        }
        for row in trades.iloc[::-1].itertuples()
    ]
    number: dict[str, Any] = {"type": "rightAligned", "minWidth": 95, "flex": 1}
    columns: list[dict[str, Any]] = [
        {"field": "ticker", "headerName": "Ticker", "minWidth": 95, "flex": 1, "filter": True},
        {"field": "side", "headerName": "Side", "minWidth": 80, "flex": 1, "filter": True},
        {"field": "entry", "headerName": "Entry", "minWidth": 110, "flex": 1},
        {"field": "entry_usd", "headerName": "Entry, USD", **number},
        {"field": "exit", "headerName": "Exit", "minWidth": 110, "flex": 1},
        {"field": "exit_usd", "headerName": "Exit, USD", **number},
        {"field": "sessions", "headerName": "Sessions", **number},
        {"field": "profit", "headerName": "Profit, USD", **number},
        {"field": "return", "headerName": "Return, %", **number},
    ]
    return grid("backtest-trades-grid", rows, columns)


def _figure(value: float, decimals: int, unit: str) -> html.Td:
    return html.Td(_with_unit(value, decimals, unit))


def _with_unit(value: float, decimals: int, unit: str) -> str:
    text = fmt.number(value, decimals)
    return text if text == fmt.NONE else f"{text}{unit}"


def _signed(value: float) -> str:
    text = fmt.signed(value)
    return text if text == fmt.NONE else f"{text}{_PCT}"


def _bottom(fall: Drawdown) -> str:
    return fmt.NONE if fall.bottom is None else f"{fall.bottom:%Y-%m-%d}"


def _recovery(fall: Drawdown) -> str:
    if fall.bottom is None:
        return fmt.NONE
    return "not yet" if fall.recovery_sessions is None else fmt.plural(fall.recovery_sessions, "session")


def _scroll(table: html.Table) -> html.Div:
    return html.Div(table, className="st-scroll", tabIndex=0)
