"""The correlation page: a clustered heatmap of daily returns. Tickers and window are in the address."""

from __future__ import annotations

from datetime import date
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, dcc, html

from dashboard.data import screener
from dashboard.data.correlation import FEWEST_SESSIONS, Correlation, read_correlation
from dashboard.data.door import Door
from dashboard.data.market import as_date, find_ticker, origin_counts
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.address import Param
from dashboard.pages.chart.page import TICKER

PATHS = ("/correlation",)
TITLE = "Correlation"
MOST, DEFAULT_TICKERS = 40, 20
WINDOWS = {"21": "1 month", "63": "3 months", "126": "6 months", "252": "1 year"}
PARAMS = (
    Param("tickers", "correlation-tickers", "tickers", [], most=MOST),
    Param("window", "correlation-window", "one", "63", allowed=tuple(WINDOWS)),
)


def layout() -> html.Div:
    """The page before it has data."""
    tickers = dmc.TagsInput(
        id="correlation-tickers", value=[], data=[], maxTags=MOST, splitChars=[",", " ", ";"], size="xs", maw=640,
        placeholder="The most traded; type a ticker and Enter", clearable=True, label="Tickers",
        clearButtonProps={"aria-label": "Back to the most traded"},
    )  # fmt: skip
    window = dmc.SegmentedControl(
        id="correlation-window", value="63", size="xs", className="st-segments",
        data=[{"value": value, "label": label} for value, label in WINDOWS.items()],
        **parts.attrs({"aria-label": "Window"}),
    )  # fmt: skip
    return html.Div(
        [
            *address.stores("correlation", PARAMS),
            html.Div(id="correlation-banner"),
            html.Div(html.H1(TITLE), className="st-head"),
            html.Div([html.Div(tickers, className="st-grow"), window], className="st-filters"),
            parts.panel(
                "correlation-map", "Correlation of daily returns", 640,
                "Log returns; similar tickers stand side by side.", has_csv=True, has_graph=True,
            ),
        ],
        className="st-page",
    )  # fmt: skip


def read_map(door: Door, tickers: Any, window: Any) -> parts.Content:
    """The heatmap of the tickers that exist; those that can't be compared are named."""
    everyone = screener.read_all(door)
    if everyone.empty:
        return parts.message(
            parts.EMPTY, "No bars yet", "The marts are built and hold no bar.",
            ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), "; loads and builds follow by themselves."],
        )  # fmt: skip
    newest = as_date(everyone["session_date"].iloc[0])
    assert newest is not None
    wanted = [str(ticker)[:32] for ticker in tickers or []][:MOST] if isinstance(tickers, list) else []
    found, unknown = resolve(door, wanted)
    if not wanted:
        found = list(screener.chosen(everyone, {}, screener.DEFAULT_SORT)["ticker"].head(DEFAULT_TICKERS))
    sessions = int(window) if isinstance(window, str) and window in WINDOWS else 63
    result = read_correlation(door, found, sessions, newest) if found else None
    if result is None or len(result.matrix) < 2:
        left_out = [*unknown, *(result.left_out if result else [])]
        cause = f"Left out, for they are unknown or have fewer than {FEWEST_SESSIONS} returns in the window: "
        return parts.message(
            parts.EMPTY, "Fewer than two tickers to compare", cause + (", ".join(left_out[:12]) or "none") + ".",
            ["Next: add tickers, choose a longer window, or see ",
             dcc.Link("the most traded", href="/correlation"), "."],
        )  # fmt: skip
    content = parts.Content(parts.READY, _left_out(unknown, result), _as_of(result), figure(result))
    return parts.dated(content, newest)


def resolve(door: Door, wanted: list[str]) -> tuple[list[str], list[str]]:
    """The tickers that exist, as the marts spell them, and those that don't."""
    found: list[str] = []
    unknown: list[str] = []
    for symbol in wanted:
        ticker = None
        if TICKER.fullmatch(symbol):
            ticker = find_ticker(door, symbol) or find_ticker(door, symbol.upper())
        if ticker is None:
            unknown.append(symbol)
        elif ticker.ticker not in found:
            found.append(ticker.ticker)
    return found, unknown


def figure(result: Correlation) -> dict[str, Any]:
    """The heatmap, from -1 to 1; few tickers carry their coefficients as text, so colour isn't the only sign."""
    names = list(result.matrix.columns)
    cells = [[None if pd.isna(cell) else round(float(cell), 3) for cell in row] for row in result.matrix.to_numpy()]
    trace: dict[str, Any] = {
        "type": "heatmap", "meta": {"corner": "r"}, "x": names, "y": names, "z": cells, "zmin": -1, "zmax": 1,
        "colorscale": [[0, "--st-put"], [0.5, "--st-surface"], [1, "--st-call"]], "hoverongaps": False, "xgap": 1,
        "ygap": 1, "colorbar": {"title": {"text": "r"}, "thickness": 10, "outlinewidth": 0},
        "hovertemplate": "%{y} and %{x}<br>r = %{z:.2f}<extra></extra>",
    }  # fmt: skip
    if len(names) <= 14:
        trace |= {"texttemplate": "%{z:.2f}", "textfont": {"size": 11}}
    layout: dict[str, Any] = {
        "meta": {"label": f"Correlation of {len(names)} tickers, clustered"},
        "margin": {"l": 68, "r": 8, "t": 8, "b": 62},
        "xaxis": {"type": "category", "tickangle": -60, "showgrid": False},
        "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
    }
    return {"data": [trace], "layout": layout}


def register(app: Dash, door: Door) -> None:
    """The page's callbacks."""
    address.register(app, "correlation", PARAMS)
    inputs = [Input(param.control, param.prop) for param in PARAMS]
    parts.register_panel(app, door, "correlation-map", read_map, inputs, has_graph=True)

    @app.callback(Output("correlation-banner", "children"), *parts.REFRESH)
    def banner(*_: Any) -> Any:
        try:
            return parts.origin_banner(origin_counts(door))
        except Exception as error:  # the panel says it
            parts.failed(error)
            return None


def _left_out(unknown: list[str], result: Correlation) -> Any:
    said = []
    if unknown:
        said.append(f"Unknown: {', '.join(unknown[:12])}.")
    if short := [ticker for ticker in result.left_out if ticker not in unknown]:
        said.append(f"Left out, fewer than {FEWEST_SESSIONS} returns in the window: {', '.join(short[:12])}.")
    return html.P(" ".join(said), className="st-hint st-break") if said else None


def _as_of(result: Correlation) -> list[Any]:
    first: date | None = result.first
    return [parts.as_of(result.last, result.known_since), f" · returns since {fmt.session(first)}"]
