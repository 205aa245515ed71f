"""The ticker page: candles, volume, lines and panes of one ticker. Its whole state is in the address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from dashboard.data.as_of import Known, bars_as_of, read_known
from dashboard.data.door import Door
from dashboard.data.market import (
    Bars,
    Ticker,
    default_ticker,
    find_ticker,
    former_names,
    neighbours,
    newest_session,
    plain_name,
    read_bars,
    search_tickers,
)
from dashboard.data.securities import owner, read_bars_then, read_spans, spans_of_ticker
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.chart.figure import (
    ADJUSTED,
    BASES,
    MOST_COMPARED,
    dividends,
    marks,
    overrides,
    price_figure,
    splits,
)
from dashboard.pages.chart.summary import head, key_numbers
from dashboard.pages.chart.toolbar import PARAMS, toolbar
from dashboard.pages.search import search_options

PATHS = ("/chart",)
TITLE = "Chart"
TICKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:\-/]{0,31}")


@dataclass(frozen=True)
class View:
    """What the server fills in: the panel's content with its figure, head, banner, page title, the tickers beside."""

    content: parts.Content
    head: Any = None
    banner: Any = None
    ticker: str = ""
    beside: tuple[str | None, str | None] = (None, None)


def layout() -> html.Div:
    """The page before it has data: skeletons and controls."""
    return html.Div(
        [
            *address.stores("chart", PARAMS),
            dcc.Store(id="chart-ticker"),
            dcc.Store(id="chart-session"),
            dcc.Store(id="chart-at"),
            dcc.Store(id="chart-figure"),
            dcc.Store(id="chart-drawn"),
            dcc.Store(id="chart-title"),
            dcc.Store(id="chart-titled"),
            dcc.Store(id="chart-neighbours"),
            dcc.Store(id="chart-neighbours-kept"),
            html.Div(id="chart-banner"),
            html.Div(_head_skeleton(), id="chart-head"),
            html.Section(
                [
                    html.H2("Price chart", className="st-visually-hidden", id="chart-panel-title"),
                    toolbar(),
                    html.Div(id="chart-notice"),
                    html.Div(id="chart-legend", className="st-legend", **parts.attrs({"aria-hidden": "true"})),
                    html.Div(
                        [
                            parts.skeleton(420),
                            html.Div(id="chart-message"),
                            dcc.Graph(
                                id="chart-graph",
                                className="st-graph",
                                config={"displayModeBar": False, "scrollZoom": True, "doubleClick": "reset"},
                                responsive=True,
                                clear_on_unhover=True,
                            ),
                        ],
                        className="st-chart-body",
                        id="chart-body",
                    ),
                    html.Footer(id="chart-as-of", className="st-as-of"),
                ],
                id="chart-panel",
                className="st-panel st-chart-panel",
                **parts.attrs(
                    {"data-state": parts.LOADING, "data-busy": "false", "aria-labelledby": "chart-panel-title"}
                ),
            ),
        ],
        className="st-page",
    )


def read_view(
    door: Door,
    wanted: str | None,
    basis: str | None = None,
    compared: Sequence[str] | None = None,
    as_of: str | None = None,
    session: str | None = None,
    at: str | None = None,
) -> View:
    """The page for a ticker and settings as the address gave them (any values). Never raises.

    `session`: whose the ticker was on that day; without one, whose it is. `at`: a time of the day `as_of`, UTC.
    """
    then, on = read_known(as_of, at), parse_day(session)
    others = [str(ticker) for ticker in compared or [] if TICKER.fullmatch(str(ticker))][:MOST_COMPARED]
    try:
        return _read_view(door, wanted, basis if basis in BASES else ADJUSTED, others, then, on)
    except Exception as error:
        return View(parts.failed(error))


def parse_day(text: Any) -> date | None:
    """A day as YYYY-MM-DD; None for anything else."""
    try:
        return date.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        return None


def resolve_ticker(door: Door, wanted: str | None) -> Ticker | parts.Content:
    """The ticker that the address means (none: the preferred one), or the empty state that says why there is none."""
    symbol = (wanted or "").strip()
    if not symbol:
        first = default_ticker(door)
        if first is None:
            return _no_tickers()
        symbol = first
    ticker = None
    if TICKER.fullmatch(symbol):
        ticker = find_ticker(door, symbol) or find_ticker(door, symbol.upper())
    return _unknown(door, symbol) if ticker is None else ticker


def _read_view(
    door: Door, wanted: str | None, basis: str, others: list[str], then: Known | None, on: date | None
) -> View:
    ticker = resolve_ticker(door, wanted)
    if isinstance(ticker, parts.Content):
        return View(ticker)
    ticker, names, unused = _whose(door, ticker, on)
    on = None if unused else on
    banner = parts.origin_banner({ticker.data_origin: 1}, ticker.ticker)
    beside = neighbours(door, ticker.ticker)
    everything = read_bars(door, ticker.ticker, on)
    bars = _known(door, everything, then, on)
    numbers = key_numbers(bars)
    if numbers is None:
        content = _no_bars(ticker.ticker)
        if then is not None and not everything.frame.empty:
            content = _unknown_then(everything, then)
        return View(content, head(ticker, None, names), banner, ticker.ticker, beside)
    compared, absent = {}, []
    for symbol in others:
        other = _known(door, read_bars(door, symbol), then)
        if symbol != ticker.ticker and not other.frame.empty:
            compared[symbol] = other
        else:
            absent.append(symbol)
    marked = marks(len(splits(bars)), len(dividends(bars)), len(overrides(bars)))
    line = [
        parts.as_of(bars.last_session, bars.known_since, subject=ticker.ticker),
        f" · as known {fmt.known(then)}" if then else "",
        f" · {marked} marked" if marked else "",
    ]
    figure = price_figure(bars, basis, compared)
    without = f"{', '.join(absent)} can’t be compared with {ticker.ticker}: the same ticker, or one without bars."
    content = parts.unused(parts.Content(parts.READY, None, line, figure), [*unused, *([without] if absent else [])])
    if then is None and ticker.is_active:
        content = _dated(content, bars.last_session, newest_session(door), ticker.ticker)
    return View(content, head(ticker, numbers, names), banner, ticker.ticker, beside)


def _whose(door: Door, ticker: Ticker, on: date | None) -> tuple[Ticker, list[str], list[str]]:
    """Who is meant: whose the ticker was on a day, or is; under which other names; what of the address is not used."""
    if on is not None:
        had = owner(spans_of_ticker(read_spans(door), ticker.ticker), on)
        if had is None:
            said = f"Nobody is known to have had {ticker.ticker} on {fmt.session(on)}; shown is who has it now."
            return ticker, _other_names(door, ticker), [said]
        if had.security != ticker.security:
            name = plain_name(had.name) if had.name else ticker.ticker
            other = replace(ticker, name=name, security=had.security, renamed_to=None, renamed_on=None)
            others = former_names(door, other)
            other = replace(other, is_active=any(each.is_active for each in others))
            until = f"had {ticker.ticker} until {fmt.session(had.last_session)}" if had.last_session else None
            now = [f"{each.ticker} since" if each.is_active else f"{each.ticker} too" for each in others]
            return other, [each for each in (until, *now) if each], []
    return ticker, _other_names(door, ticker), []


def _other_names(door: Door, ticker: Ticker) -> list[str]:
    if ticker.renamed:
        return [ticker.renamed]
    return [each.renamed for each in former_names(door, ticker) if each.renamed]


def _known(door: Door, bars: Bars, then: Known | None, on: date | None = None) -> Bars:
    if then is None or bars.frame.empty:
        return bars
    moment = then.moment
    security, frame, versions = read_bars_then(door, bars.ticker, moment, on)
    return Bars(bars.ticker, bars_as_of(frame, versions, moment, anew=len(frame) != len(bars.frame)), security)


def _dated(content: parts.Content, last: date | None, newest: date | None, ticker: str) -> parts.Content:
    # Two causes: everything is behind the calendar, or only this ticker is behind the marts.
    if last is None or newest is None or last >= newest:
        return parts.dated(content, last)
    cause = f"The newest bar of {ticker} is of {fmt.session(last)}, the marts’ newest session is {fmt.session(newest)}."
    step = ["Next: it was halted or renamed, or its bars are missing; see ", parts.QUALITY_LINK, "."]
    behind = parts.notice(cause, step)
    notice = behind if content.notice is None else html.Div([content.notice, behind])
    return parts.Content(parts.STALE, None, content.as_of, content.figure, notice)


def register(app: Dash, door: Door) -> None:
    """The page's callbacks: address ↔ controls and drawing in the browser, reading on the server."""
    address.register(app, "chart", PARAMS)
    app.clientside_callback(
        ClientsideFunction("chart", "draw"),
        Output("chart-graph", "figure"),
        Input("chart-figure", "data"),
        Input("chart-range", "value"),
        Input("chart-overlays", "value"),
        Input("chart-panes", "value"),
        Input("chart-scale", "value"),
        Input("color-scheme", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("shell", "setTitle"), Output("chart-titled", "data"), Input("chart-title", "data")
    )
    app.clientside_callback(
        ClientsideFunction("shell", "keepNeighbours"),
        Output("chart-neighbours-kept", "data"),
        Input("chart-neighbours", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("chart", "hover"),
        Output("chart-drawn", "data"),
        Input("chart-graph", "hoverData"),
        Input("chart-graph", "figure"),
    )
    app.clientside_callback(
        ClientsideFunction("chart", "refit"),
        Output("chart-drawn", "data", allow_duplicate=True),
        Input("chart-graph", "relayoutData"),
        prevent_initial_call=True,
    )

    app.clientside_callback(
        ClientsideFunction("chart", "timeOf"),
        Output("chart-at", "data", allow_duplicate=True),
        Input("chart-asof", "value"),
        State("chart-at", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("chart-figure", "data"),
        Output("chart-head", "children"),
        Output("chart-banner", "children"),
        Output("chart-message", "children"),
        Output("chart-as-of", "children"),
        Output("chart-notice", "children"),
        Output("chart-panel", "data-state"),
        Output("chart-title", "data"),
        Output("chart-neighbours", "data"),
        Input("chart-ticker", "data"),
        Input("chart-basis", "value"),
        Input("chart-compare", "value"),
        Input("chart-asof", "value"),
        Input("chart-session", "data"),
        Input("chart-at", "data"),
        *parts.REFRESH,
        running=[(Output("chart-panel", "data-busy"), "true", "false")],
    )
    def read(ticker: Any, basis: Any, compared: Any, as_of: Any, session: Any, at: Any, *_: Any) -> tuple[Any, ...]:
        view = read_view(door, ticker, basis, compared, as_of, session, at)
        shown = view.content
        filled = (view.head, view.banner, shown.body, shown.as_of, shown.notice, shown.state)
        return (shown.figure, *filled, view.ticker or TITLE, view.beside)

    @app.callback(
        Output("chart-compare", "data"),
        Input("chart-compare", "searchValue"),
        Input("chart-compare", "value"),
        State("chart-ticker", "data"),
    )
    def find_compared(text: str | None, chosen: list[str] | None, ticker: str | None) -> list[dict[str, str]]:
        kept = [{"value": each, "label": each, "name": "", "origin": "market", "query": ""} for each in chosen or []]
        taken = {ticker, *(chosen or [])}
        return kept + [option for option in search_options(door, text) if option["value"] not in taken]


def _head_skeleton() -> html.Div:
    return html.Div(
        [
            html.Div([dmc.Skeleton(height=30, width=220), dmc.Skeleton(height=16, width=140, mt=8)]),
            html.Div([dmc.Skeleton(height=34, width=130), dmc.Skeleton(height=16, width=160, mt=8)]),
        ],
        className="st-head",
        role="status",
        **parts.attrs({"aria-label": "Loading"}),
    )


def _no_tickers() -> parts.Content:
    return parts.message(
        parts.EMPTY,
        "No tickers yet",
        "The marts are built and hold no ticker.",
        ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), "; loads and builds follow by themselves."],
    )


def _no_bars(ticker: str) -> parts.Content:
    return parts.message(
        parts.EMPTY,
        f"No bars for {ticker} yet",
        "The ticker is known, but no session of it was loaded.",
        ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), f" with tickers = {ticker}."],
    )


def _unknown_then(bars: Bars, then: Known) -> parts.Content:
    first = bars.frame["fetched_at"].min()
    return parts.message(
        parts.EMPTY,
        f"Nothing of {bars.ticker} was known yet",
        f"No bar of it had been fetched {fmt.known(then)}; the first came {fmt.utc(first)}.",
        "Next: choose a later day, or clear “As of”.",
    )


def _unknown(door: Door, symbol: str) -> parts.Content:
    shown = symbol if len(symbol) <= 24 else symbol[:23] + "…"
    near = search_tickers(door, shown, limit=4) or search_tickers(door, "", limit=4)
    links: list[Any] = ["Perhaps: "]
    for place, ticker in enumerate(near):
        links += [" · " if place else "", dcc.Link(ticker.ticker, href=f"/chart?ticker={ticker.ticker}")]
    return parts.message(
        parts.EMPTY,
        f"No ticker named “{shown}”",
        "The marts don’t know it. Search all tickers with the / key.",
        links if near else None,
    )
