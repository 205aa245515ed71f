"""Tables, counts and sentences of the home page: pure functions from typed rows to components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from dash import dcc, html

from dashboard.data.health import Health
from dashboard.data.home import Changes
from dashboard.data.market import as_date
from dashboard.data.restatements import MOST_ROWS
from dashboard.pages import format as fmt
from dashboard.pages.parts import attrs
from dashboard.pages.quality.view import badge
from dashboard.pages.restatements.view import scrolled

MOST_NAMED = 8
# Title, column and decimals of what stands beside a ticker.
CLOSE, MOVE = ("Close, USD", "close_usd", 2), ("Day, %", "simple_return_pct", 2)
DOLLARS = ("Dollar volume 20d, USD", "average_dollar_volume_20d_usd", None)
VOLUME_RATIO = ("Volume, ×", "volume_ratio", 1)
VOLATILITY, VOLATILITY_RATIO = ("Volatility 21d, %", "volatility_21d_pct", 1), ("× of 63d", "volatility_ratio", 2)
OFF_HIGH = ("Off 52-week high, %", "above_high_52w_pct", 1)
Shown = tuple[str, str, int | None]


def health_line(rows: Sequence[Health]) -> html.Span:
    """Each dataset's verdict with its worst cause, and the way to all of them."""
    said: list[Any] = []
    for row in rows:
        worst = next(check for check in row.checks if check.status == row.status)
        name = row.dataset.replace("_", " ").capitalize()
        cause = "" if row.status == "pass" else f": {worst.name.lower()}, {worst.said}"
        said.append(html.Span([badge(row.status), f"{name} {row.status}{cause}"], className="st-status"))
    return html.Span([*said, dcc.Link("Data quality", href="/quality")], className="st-home-health")


def breadth_counts(breadth: pd.DataFrame) -> html.Dl:
    """The newest session's counts, each with what it was in the session before."""
    now = breadth.iloc[-1]
    before = breadth.iloc[-2] if len(breadth) > 1 else None
    names = (
        ("advancers", "Advancers", "pass"), ("decliners", "Decliners", "fail"), ("unchanged", "Unchanged", "skipped"),
        ("new_highs", "At a 52-week high", "pass"), ("new_lows", "At a 52-week low", "fail"),
    )  # fmt: skip
    counts = [
        _count(title, fmt.number(int(now[name])), None if before is None else fmt.number(int(before[name])), key)
        for name, title, key in names
    ]
    then = None if before is None else _share(before)
    return html.Dl([*counts, _count("Above SMA 200", _share(now), then, "pass")], className="st-counts st-home-counts")


def movers(title: str, rows: pd.DataFrame, columns: Sequence[Shown]) -> html.Div:
    """A short table of tickers under its title."""
    return html.Div([html.H3(title), ticker_table(rows, columns, title)], className="st-home-list")


def ticker_table(rows: pd.DataFrame, columns: Sequence[Shown], label: str) -> html.Div:
    """A ticker with its name a row, and the columns beside."""
    head = html.Tr([html.Th("Ticker", scope="col"), *[html.Th(title, scope="col") for title, _, _ in columns]])
    body = [
        html.Tr(
            [
                html.Th(
                    [chart_link(row["ticker"]), html.Span(_name(row), className="st-hint")],
                    scope="row",
                    **attrs({"data-value": row["ticker"]}),
                ),
                *[_cell(row[name], name, decimals) for _, name, decimals in columns],
            ]
        )
        for row in rows.to_dict("records")
    ]
    return scrolled(html.Table([html.Thead(head), html.Tbody(body)], className="st-table st-home-table"), label)


def changes_list(changes: Changes) -> html.Ul:
    """What is different since the session before, a sentence each."""
    most = "at least " if changes.restated >= MOST_ROWS else ""
    restated = html.Strong(f"{most}{fmt.plural(changes.restated, 'bar')}") if changes.restated else "No bar"
    said: list[Any] = [
        _named("crossed above SMA 200", changes.crossed_up),
        _named("fell below SMA 200", changes.crossed_down),
        _named("traded that had no bar in the session before", changes.came),
        _named("had a bar in the session before and none now", changes.went),
        [
            restated, " was" if changes.restated < 2 else " were", " restated since: ",
            dcc.Link("what changed", href="/restatements"),
        ],
    ]  # fmt: skip
    return html.Ul([html.Li(each) for each in said], className="st-home-said")


def splits_table(rows: pd.DataFrame) -> html.Div:
    """Newest splits: the session from which prices are in new shares, and the ratio."""
    head = html.Tr([html.Th(name, scope="col") for name in ("Ticker", "Session", "Split")])
    body = [
        html.Tr(
            [
                html.Th(chart_link(row.ticker), scope="row"),
                html.Td(fmt.session(as_date(row.session_date))),
                html.Td(f"{float(row.split_to):g} for {float(row.split_from):g}"),
            ]
        )
        for row in rows.itertuples()
    ]
    return scrolled(html.Table([html.Thead(head), html.Tbody(body)], className="st-table"), "Newest splits")


def chart_link(ticker: Any) -> dcc.Link:
    """The ticker, leading to its chart."""
    return dcc.Link(str(ticker), href="/chart?" + urlencode({"ticker": str(ticker)}))


def _named(what: str, tickers: tuple[str, ...]) -> list[Any]:
    if not tickers:
        return ["No security ", what]
    said: list[Any] = [html.Strong(fmt.plural(len(tickers), "security", "securities")), f" {what}"]
    for place, ticker in enumerate(tickers[:MOST_NAMED]):
        said += [", " if place else ": ", chart_link(ticker)]
    return [*said, f" and {len(tickers) - MOST_NAMED:,} more"] if len(tickers) > MOST_NAMED else said


def _share(row: pd.Series) -> str:
    known = int(row["with_sma_200"])
    return f"{fmt.number(100 * int(row['above_sma_200']) / known, 1)}%" if known else fmt.NONE


def _count(title: str, value: str, before: str | None, key: str) -> html.Div:
    foot = [] if before is None else [html.Dd(f"before: {before}", className="st-hint")]
    return html.Div([html.Dt(title), html.Dd(value), *foot], className=f"st-count st-is-{key}")


def _name(row: dict[Any, Any]) -> str:
    return "" if row["ticker_name"] is None or pd.isna(row["ticker_name"]) else str(row["ticker_name"])


def _cell(value: Any, name: str, decimals: int | None) -> html.Td:
    number = None if value is None or pd.isna(value) else float(value)
    if name == "simple_return_pct":
        text, colour = fmt.signed(number), "st-up" if (number or 0) > 0 else "st-down" if (number or 0) < 0 else None
    else:
        text, colour = (fmt.compact(number) if decimals is None else fmt.number(number, decimals)), None
    return html.Td(text, className=colour, **attrs({"data-value": "" if number is None else f"{number:.12g}"}))
