"""The ticker page: candles, volume and moving averages of one ticker. Its whole state is in the address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from dashboard.data.door import Door
from dashboard.data.market import default_ticker, find_ticker, read_bars, search_tickers
from dashboard.pages import parts
from dashboard.pages.chart_figure import ADJUSTED, DASHES, OVERLAYS, UNADJUSTED, price_figure
from dashboard.pages.chart_summary import head, key_numbers

PATHS = ("/", "/chart")
TITLE = "Chart"
RANGES = {"1m": "1M", "3m": "3M", "6m": "6M", "ytd": "YTD", "1y": "1Y", "all": "All"}
DEFAULT_RANGE, DEFAULT_OVERLAYS = "6m", ["20", "50"]
_TICKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:\-/]{0,31}")


@dataclass(frozen=True)
class View:
    """What the server fills in: the panel's content, the figure (None unless ready), head, banner, page title."""

    content: parts.Content
    figure: dict[str, Any] | None = None
    head: Any = None
    banner: Any = None
    ticker: str = ""


def layout() -> html.Div:
    """The page before it has data: skeletons and controls."""
    return html.Div(
        [
            dcc.Location(id="chart-url", refresh="callback-nav"),
            dcc.Store(id="chart-ticker"),
            dcc.Store(id="chart-figure"),
            dcc.Store(id="chart-address"),
            dcc.Store(id="chart-drawn"),
            dcc.Store(id="chart-title"),
            dcc.Store(id="chart-titled"),
            html.Div(id="chart-banner"),
            html.Div(_head_skeleton(), id="chart-head"),
            html.Section(
                [
                    html.H2("Price chart", className="st-visually-hidden", id="chart-panel-title"),
                    _toolbar(),
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


def read_view(door: Door, wanted: str | None, basis: str | None) -> View:
    """The page for a ticker as the address gave it (any text, or None). Never raises."""
    try:
        return _read_view(door, wanted, UNADJUSTED if basis == UNADJUSTED else ADJUSTED)
    except Exception as error:
        return View(parts.failed(error))


def _read_view(door: Door, wanted: str | None, basis: str) -> View:
    symbol = (wanted or "").strip()
    if not symbol:
        first = default_ticker(door)
        if first is None:
            return View(_no_tickers())
        symbol = first
    ticker = None
    if _TICKER.fullmatch(symbol):
        ticker = find_ticker(door, symbol) or find_ticker(door, symbol.upper())
    if ticker is None:
        return View(_unknown(door, symbol))
    bars = read_bars(door, ticker.ticker)
    banner = parts.origin_banner({ticker.data_origin: 1}, ticker.ticker)
    numbers = key_numbers(bars)
    if numbers is None:
        return View(_no_bars(ticker.ticker), None, head(ticker, None), banner, ticker.ticker)
    content = parts.Content(parts.READY, None, parts.as_of(bars.last_session, bars.known_since))
    return View(content, price_figure(bars, basis), head(ticker, numbers), banner, ticker.ticker)


def register(app: Dash, door: Door) -> None:
    """The page's callbacks: address ↔ controls and drawing in the browser, reading on the server."""
    names = [Output("chart-ticker", "data"), Output("chart-range", "value")]
    names += [Output("chart-overlays", "value"), Output("chart-basis", "value")]
    app.clientside_callback(ClientsideFunction("chart", "readAddress"), *names, Input("chart-url", "search"))
    app.clientside_callback(
        ClientsideFunction("chart", "writeAddress"),
        Output("chart-address", "data"),
        Input("chart-range", "value"),
        Input("chart-overlays", "value"),
        Input("chart-basis", "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("chart", "draw"),
        Output("chart-graph", "figure"),
        Input("chart-figure", "data"),
        Input("chart-range", "value"),
        Input("chart-overlays", "value"),
        Input("color-scheme", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("shell", "setTitle"),
        Output("chart-titled", "data"),
        Input("chart-title", "data"),
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

    @app.callback(
        Output("chart-figure", "data"),
        Output("chart-head", "children"),
        Output("chart-banner", "children"),
        Output("chart-message", "children"),
        Output("chart-as-of", "children"),
        Output("chart-panel", "data-state"),
        Output("chart-title", "data"),
        Input("chart-ticker", "data"),
        Input("chart-basis", "value"),
        *parts.REFRESH,
        running=[(Output("chart-panel", "data-busy"), "true", "false")],
    )
    def read(ticker: str | None, basis: str | None, *_: Any) -> tuple[Any, ...]:
        view = read_view(door, ticker, basis)
        content = view.content
        return view.figure, view.head, view.banner, content.body, content.as_of, content.state, view.ticker or TITLE


def _toolbar() -> html.Div:
    return html.Div(
        [
            dmc.SegmentedControl(
                id="chart-range",
                data=[{"value": value, "label": label} for value, label in RANGES.items()],
                value=DEFAULT_RANGE,
                size="xs",
                withItemsBorders=False,
                className="st-segments",
                **parts.attrs({"aria-label": "Range of sessions"}),
            ),
            dmc.ChipGroup(
                [
                    dmc.Chip(
                        [html.Span(className=f"st-swatch st-swatch-{length} st-{DASHES[length]}"), f"SMA {length}"],
                        value=length,
                        size="xs",
                        variant="outline",
                    )
                    for length in OVERLAYS
                ],
                id="chart-overlays",
                multiple=True,
                value=DEFAULT_OVERLAYS,
            ),
            dmc.SegmentedControl(
                id="chart-basis",
                data=[{"value": ADJUSTED, "label": "Adjusted"}, {"value": UNADJUSTED, "label": "Unadjusted"}],
                value=ADJUSTED,
                size="xs",
                withItemsBorders=False,
                className="st-segments st-basis",
                **parts.attrs({"aria-label": "Prices adjusted for splits, or as they traded"}),
            ),
        ],
        className="st-toolbar",
        role="toolbar",
        **parts.attrs({"aria-label": "Chart settings"}),
    )


def _head_skeleton() -> html.Div:
    return html.Div(
        [
            html.Div([dmc.Skeleton(height=30, width=220), dmc.Skeleton(height=16, width=140, mt=8)]),
            html.Div([dmc.Skeleton(height=34, width=130), dmc.Skeleton(height=16, width=160, mt=8)]),
        ],
        className="st-head",
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
