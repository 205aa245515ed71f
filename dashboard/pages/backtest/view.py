"""The back-test's tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
from dash import html

from backtest.luck import Deflated, Interval, Relative
from backtest.metrics import Drawdown, Metrics
from backtest.study import Fold
from dashboard.pages import format as fmt
from dashboard.pages.parts import attrs
from dashboard.pages.tables import grid

_PCT, _NUMBER = "%", ""
_MAE = "Maximum adverse excursion: the furthest that highs and lows went against the entry"
_MFE = "Maximum favourable excursion: the furthest that highs and lows went for the entry"
_ROWS: tuple[tuple[str, str, int, str], ...] = (
    ("Total return", "total_return_pct", 2, _PCT),
    ("CAGR", "cagr_pct", 2, _PCT),
    ("Volatility", "volatility_pct", 2, _PCT),
    ("Sharpe", "sharpe", 2, _NUMBER),
    ("Sortino", "sortino", 2, _NUMBER),
    ("Calmar", "calmar", 2, _NUMBER),
    ("Profit factor, closed trades", "profit_factor", 2, _NUMBER),
    ("Hit rate, closed trades", "hit_rate_pct", 1, _PCT),
    ("Closed trades", "closed_count", 0, _NUMBER),
    ("Open trades", "open_count", 0, _NUMBER),
    ("Turnover a year", "turnover_pct", 0, _PCT),
    ("Exposure", "exposure_pct", 1, _PCT),
    ("True Sharpe above 0", "likely_pct", 1, _PCT),
)


# What a glance asks first; the table has the rest.
_FIRST: tuple[tuple[str, Callable[[Metrics], str]], ...] = (
    ("Total return", lambda found: _signed(found.total_return_pct)),
    ("CAGR", lambda found: _signed(found.cagr_pct)),
    ("Sharpe", lambda found: fmt.number(found.sharpe, 2)),
    ("Max drawdown", lambda found: _signed(found.drawdown.depth_pct)),
    ("Hit rate, closed trades", lambda found: _with_unit(found.hit_rate_pct, 0, _PCT)),
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


def metrics_table(
    measures: list[tuple[str, Metrics]], relatives: list[Relative], intervals: dict[str, Interval]
) -> html.Div:
    """A column for each run, a row for each figure; the last column is how far the strategy's own figure may be off."""
    falls = [found.drawdown for _, found in measures]
    body = [
        _row("Final equity", "USD", [_money(found.final_usd) for _, found in measures]),
        *[
            _row(
                label,
                unit,
                [_figure(getattr(found, field), decimals, unit) for _, found in measures],
                _interval(intervals.get(field), decimals, unit),
            )
            for label, field, decimals, unit in _ROWS
        ],
        _row("Alpha a year", _PCT, [_figure(each.alpha_pct, 2, _PCT) for each in relatives]),
        _row("Beta", "", [_figure(each.beta, 2, "") for each in relatives]),
        _row("Max drawdown", _PCT, [_figure(fall.depth_pct, 2, _PCT) for fall in falls]),
        _row("Lowest on", "", [html.Td(_bottom(fall)) for fall in falls]),
        _row("Recovered after", "sessions", [_recovery(fall) for fall in falls]),
        _row("Costs paid", "USD", [_money(found.costs_usd) for _, found in measures]),
    ]
    names = [*[name for name, _ in measures], *(["95% interval"] if intervals else [])]
    head = html.Tr([html.Th("Figure", scope="col"), *[html.Th(name, scope="col", **_why(name)) for name in names]])
    if not intervals:
        body = [html.Tr(row.children[:-1]) for row in body]
    return _scroll(html.Table([html.Thead(head), html.Tbody(body)], className="st-table st-chain"))


_NOTES = {
    "95% interval": "Stationary bootstrap in blocks of 21 sessions; of closed trades for hit rate and profit factor",
    "True Sharpe above 0": "Probabilistic Sharpe ratio (Bailey and López de Prado, 2012)",
    "Alpha a year": "Against the last column, risk-free rate zero",
    "Beta": "Against the last column",
}


def luck_of(found: Deflated) -> html.Div | None:
    """What is left of a sweep's best after so many trials; a warning where it is no better than chance."""
    if found.trials < 2 or pd.isna(found.likely_pct):
        return None
    said = (
        f"Best of {found.trials}: Sharpe {fmt.number(found.sharpe, 2)}; the best of as many without skill would be "
        f"expected at {fmt.number(found.expected_sharpe, 2)}. Deflated Sharpe {fmt.number(found.likely_pct, 0)}%"
    )
    if found.is_luck:
        text = [html.Strong("No better than chance"), html.Span(f"{said}, under 95%.")]
        return html.Div(text, className="st-notice", role="status")
    return html.Div(f"{said}.", className="st-luck")


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
            "state": "open" if row.is_open else "closed",
            "exit": None if row.is_open else f"{row.exit_session:%Y-%m-%d}",
            "exit_usd": None if row.is_open else round(float(row.exit_usd), 4),
            "sessions": int(row.sessions),
            # Plus zero: a loss of less than half a cent is 0, not -0.
            "profit": round(float(row.profit_usd), 2) + 0.0,
            "return": round(float(row.return_pct), 2) + 0.0,
            "mae": round(float(row.mae_pct), 2) + 0.0,
            "mfe": round(float(row.mfe_pct), 2) + 0.0,
            "closed_by": row.closed_by,
        }
        for row in trades.iloc[::-1].itertuples()
    ]
    whole: dict[str, Any] = {"type": "rightAligned", "minWidth": 95, "flex": 1}
    number = whole | {"valueFormatter": {"function": "snowtapeNumber(params.value, 2)"}}
    price = whole | {"valueFormatter": {"function": "snowtapePrice(params.value)"}}
    columns: list[dict[str, Any]] = [
        {"field": "ticker", "headerName": "Ticker", "minWidth": 95, "flex": 1, "filter": True},
        {"field": "side", "headerName": "Side", "minWidth": 80, "flex": 1, "filter": True},
        {"field": "state", "headerName": "State", "minWidth": 85, "flex": 1, "filter": True},
        {"field": "entry", "headerName": "Entry session", "minWidth": 110, "flex": 1},
        {"field": "entry_usd", "headerName": "Entry, USD", **price},
        {"field": "exit", "headerName": "Exit session", "minWidth": 110, "flex": 1},
        {"field": "exit_usd", "headerName": "Exit, USD", **price},
        {"field": "sessions", "headerName": "Sessions", **whole},
        {"field": "profit", "headerName": "Profit, USD", **number},
        {"field": "return", "headerName": "Return, %", **number},
        {"field": "mae", "headerName": "Worst, %", "headerTooltip": _MAE, **number},
        {"field": "mfe", "headerName": "Best, %", "headerTooltip": _MFE, **number},
        {"field": "closed_by", "headerName": "Closed by", "minWidth": 95, "flex": 1, "filter": True},
    ]
    return grid("backtest-trades-grid", rows, columns)


def _why(label: str) -> dict[str, Any]:
    return {"title": _NOTES[label]} if label in _NOTES else {}


def _interval(found: Interval | None, decimals: int, unit: str) -> html.Td:
    if found is None:
        return html.Td("")
    low, high = ("∞" if math.isinf(each) else _with_unit(each, decimals, unit) for each in found)
    return html.Td(f"{low} to {high}", className="st-interval")


def _row(label: str, unit: str, cells: list[html.Td], interval: html.Td | None = None) -> html.Tr:
    # In a CSV the unit is the figure's, and its values are plain numbers.
    said = f"{label}, {unit}" if unit else label
    head = html.Th(label, scope="row", **attrs({"data-value": said}), **_why(label))
    return html.Tr([head, *cells, html.Td("") if interval is None else interval])


def _figure(value: float, decimals: int, unit: str) -> html.Td:
    return html.Td(_with_unit(value, decimals, unit), **attrs({"data-value": _bare(value, decimals)}))


def _money(value: float) -> html.Td:
    return html.Td(fmt.usd(value), **attrs({"data-value": _bare(value, 2)}))


def _bare(value: float, decimals: int) -> str:
    return "" if pd.isna(value) else f"{value:z.{decimals}f}"


def _with_unit(value: float, decimals: int, unit: str) -> str:
    text = fmt.number(value, decimals)
    return text if text == fmt.NONE else f"{text}{unit}"


def _signed(value: float) -> str:
    text = fmt.signed(value)
    return text if text == fmt.NONE else f"{text}{_PCT}"


def _bottom(fall: Drawdown) -> str:
    return fmt.NONE if fall.bottom is None else f"{fall.bottom:%Y-%m-%d}"


def _recovery(fall: Drawdown) -> html.Td:
    count = fall.recovery_sessions
    if fall.bottom is None or count is None:
        return html.Td(fmt.NONE if fall.bottom is None else "not yet", **attrs({"data-value": ""}))
    return html.Td(fmt.plural(count, "session"), **attrs({"data-value": str(count)}))


def _scroll(table: html.Table) -> html.Div:
    return html.Div(table, className="st-scroll", tabIndex=0)
