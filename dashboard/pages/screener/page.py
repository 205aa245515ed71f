"""The screener page: filters, presets and order over every ticker; the server answers a block of rows at a time."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

from dashboard.data import screener as data
from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime, origin_counts
from dashboard.data.screener import COLUMNS
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.address import Param
from dashboard.pages.backtest.form import MOST_TICKERS

PATHS = ("/screener",)
TITLE = "Screener"
BLOCK = 50
PARAMS = (
    Param("filter", "screener-filter", "json", {}, prop="data", most=1500, is_written=False),
    Param("sort", "screener-sort", "text", data.DEFAULT_SORT, prop="data", is_written=False),
    Param("session", "screener-session", "date", ""),
)
_LEFT = {"type": "greaterThan"}
PRESETS: dict[str, tuple[str, dict[str, Any], str]] = {
    "all": ("All, most traded first", {}, data.DEFAULT_SORT),
    "oversold": ("Oversold (RSI under 30)", {"rsi_14": {"type": "lessThan", "filter": 30}}, "rsi_14"),
    "overbought": ("Overbought (RSI over 70)", {"rsi_14": {"type": "greaterThan", "filter": 70}}, "-rsi_14"),
    "uptrend": (
        "Uptrend (above SMA 50 and 200)",
        {"above_sma_50_pct": {**_LEFT, "filter": 0}, "above_sma_200_pct": {**_LEFT, "filter": 0}},
        "-above_sma_200_pct",
    ),
    "high": (
        "Within 3 % of the 52-week high",
        {"above_high_52w_pct": {"type": "greaterThanOrEqual", "filter": -3}},
        "-above_high_52w_pct",
    ),
    "losers": ("Losers of the day", {"simple_return_pct": {"type": "lessThan", "filter": 0}}, "simple_return_pct"),
    "volatile": ("Most volatile", {}, "-volatility_21d_pct"),
}  # fmt: skip


def layout() -> html.Div:
    """The page before it has data."""
    preset = dmc.Select(
        id="screener-preset", placeholder="Choose a preset", size="xs", w=250, clearable=False,
        data=[{"value": key, "label": label} for key, (label, _filters, _sort) in PRESETS.items()],
    )  # fmt: skip
    day: Any = dmc.TextInput(
        id="screener-session", value="", size="xs", debounce=400, className="st-date",
        attributes={"input": {"type": "date"}},
    )  # fmt: skip
    tools = html.Div(
        [
            html.Button("CSV", id="screener-csv", className="st-csv", type="button", title="Save what is shown as CSV",
                        **parts.attrs({"aria-label": "Save Tickers as CSV"})),
        ]
    )  # fmt: skip
    return html.Div(
        [
            *address.stores("screener", PARAMS),
            *[dcc.Store(id=param.control) for param in PARAMS if param.prop == "data"],
            dcc.Store(id="screener-shown"),
            dcc.Store(id="screener-listed"),
            dcc.Download(id="screener-download"),
            html.Div(id="screener-banner"),
            html.Div(
                [
                    html.H1(TITLE),
                    html.Label(["Preset", preset], className="st-as-of-field"),
                    html.Label(
                        ["Universe of", day], className="st-as-of-field",
                        title="All that traded on that day, also what was delisted since",
                    ),
                    html.P(id="screener-count", className="st-hint", **parts.attrs({"aria-live": "polite"})),
                ],
                className="st-head",
            ),
            parts.panel(
                "screener-table", "Tickers", 600, "Filter and sort by a column’s head; a ticker opens its chart.",
                tools=tools,
            ),
        ],
        className="st-page",
    )  # fmt: skip


def grid(filters: Any, sort: Any) -> dag.AgGrid:
    """The table, which asks the server for blocks of rows as it scrolls."""
    column, is_descending = data.parse_sort(sort)
    spark = {
        "field": "spark", "headerName": "60 sessions", "cellRenderer": "SparkCell", "width": 130, "sortable": False,
        "cellDataType": False,
    }  # fmt: skip
    columns = [_column(each, column, is_descending) for each in COLUMNS]
    columns.insert(2, spark)
    return dag.AgGrid(
        id="screener-grid",
        columnDefs=columns,
        rowModelType="infinite",
        filterModel=filters if isinstance(filters, dict) else {},
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True, "sortingOrder": ["desc", "asc"]},
        dashGridOptions={
            "theme": {"function": "snowtapeTheme(themeQuartz)"},
            "rowHeight": 36, "headerHeight": 56, "cacheBlockSize": BLOCK, "maxBlocksInCache": 6, "rowBuffer": 5,
            "enableCellTextSelection": True,
        },
        style={"height": "620px"},
    )  # fmt: skip


def read_table(door: Door, filters: Any, sort: Any, session: Any = "") -> parts.Content:
    """The grid over the newest session, or the universe of an earlier one."""
    day = parse_day(session)
    frame = data.read_all(door, day)
    if frame.empty and day:
        return parts.message(
            parts.EMPTY, f"No bars until {day}", "The marts hold no bar of that day, and none before it.",
            "Next: choose a later day.",
        )  # fmt: skip
    if frame.empty:
        return parts.message(
            parts.EMPTY, "No bars yet", "The marts are built and hold no bar.",
            ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), "; loads and builds follow by themselves."],
        )  # fmt: skip
    newest = as_date(frame["session_date"].iloc[0])
    content = parts.Content(
        parts.READY, grid(filters, sort), parts.as_of(newest, as_datetime(frame["fetched_at"].max()))
    )
    content = parts.unused(content, data.refused(filters, sort))
    return content if day else parts.dated(content, newest)


def parse_day(text: Any) -> str:
    """A day as YYYY-MM-DD, else an empty text."""
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except (TypeError, ValueError):
        return ""


def basket_link(rows: pd.DataFrame, day: str) -> Any:
    """To the back-test of the first rows, as those whose tickers they were on the day."""
    first = [str(ticker) for ticker in rows["ticker"].head(MOST_TICKERS)]
    if not first:
        return None
    params = {"ticker": first[0], "with": ",".join(first[1:]), "session": day}
    href = "/backtest?" + urlencode({name: value for name, value in params.items() if value}, safe=",")
    return dcc.Link(f"Back-test {'it' if len(first) == 1 else f'the first {len(first)}'}", href=href)


def preset_of(filters: Any, sort: Any) -> str | None:
    """The preset that a filter model and an order are; None when somebody has changed them."""
    conditions = filters if isinstance(filters, dict) else {}
    bare = {
        name: {key: value for key, value in condition.items() if key != "filterType"}
        for name, condition in conditions.items()
        if isinstance(condition, dict)
    }
    return next((key for key, (_label, wanted, order) in PRESETS.items() if (bare, sort) == (wanted, order)), None)


def rows_of(door: Door, request: Any, day: str = "") -> dict[str, Any]:
    """AG Grid's getRowsResponse to its request: a block of rows, at most BLOCK, and how many pass the filters."""
    filters, sort = _asked(request)
    rows = data.chosen(data.read_all(door, day), filters, sort)
    start = request.get("startRow")
    first = start if isinstance(start, int) and start >= 0 else 0
    block = rows.iloc[first : first + BLOCK]
    sparks = data.sparklines(door, block)
    names = [column.name for column in COLUMNS]
    records = [
        {name: _plain(row[name]) for name in (*names, "override_reason")}
        | {"spark": sparks.get(str(row["ticker"]), []), "session": day}
        for row in block.to_dict("records")
    ]
    return {"rowData": records, "rowCount": len(rows)}


def register(app: Dash, door: Door) -> None:
    """The page's callbacks."""
    address.register(app, "screener", PARAMS)
    shown = [Input(param.control, param.prop) for param in PARAMS]
    parts.register_panel(app, door, "screener-table", read_table, shown)
    app.clientside_callback(
        ClientsideFunction("screener", "keep"),
        Output("screener-shown", "data"),
        Input("screener-grid", "getRowsRequest"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("screener", "list"),
        Output("screener-listed", "data"),
        Input("screener-grid", "getRowsResponse"),
        State("screener-grid", "getRowsRequest"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("screener-grid", "getRowsResponse"),
        Output("screener-count", "children"),
        Output("screener-banner", "children"),
        Input("screener-grid", "getRowsRequest"),
        State("screener-session", "value"),
        prevent_initial_call=True,
    )
    def answer(request: Any, session: Any) -> tuple[Any, ...]:
        if not isinstance(request, dict):
            raise PreventUpdate
        try:
            day = parse_day(session)
            response = rows_of(door, request, day)
            everyone = data.read_all(door, day)
            whose = (
                f"that traded on {fmt.session(as_date(everyone['session_date'].max()))}"
                if day
                else "of the newest session"
            )
            said = f"{response['rowCount']:,} of {fmt.plural(len(everyone), 'ticker')} {whose}"
            link = basket_link(data.chosen(everyone, *_asked(request)), day)
            return response, [said, *([" · ", link] if link else [])], parts.origin_banner(origin_counts(door))
        except Exception as error:
            parts.failed(error)
            return {"rowData": [], "rowCount": 0}, "The rows could not be read; trying again.", None

    @app.callback(
        Output("screener-preset", "value"),
        Input("screener-shown", "data"),
        State("screener-preset", "value"),
        prevent_initial_call=True,
    )
    def name_preset(request: Any, named: Any) -> str | None:
        found = preset_of(*_asked(request))
        if found == named:
            raise PreventUpdate
        return found

    @app.callback(
        Output("screener-filter", "data", allow_duplicate=True),
        Output("screener-sort", "data", allow_duplicate=True),
        Input("screener-preset", "value"),
        State("screener-shown", "data"),
        prevent_initial_call=True,
    )
    def preset(key: Any, request: Any) -> tuple[Any, ...]:
        # The name of what is shown already: `name_preset` has set it.
        if not isinstance(key, str) or key not in PRESETS or key == preset_of(*_asked(request)):
            raise PreventUpdate
        _label, filters, sort = PRESETS[key]
        kinds = {name: {"filterType": "number", **condition} for name, condition in filters.items()}
        return kinds, sort

    @app.callback(
        Output("screener-download", "data"),
        Input("screener-csv", "n_clicks"),
        State("screener-shown", "data"),
        State("screener-session", "value"),
        prevent_initial_call=True,
    )
    def csv(clicks: int | None, request: Any, session: Any) -> Any:
        if not clicks or ctx.triggered_id != "screener-csv":
            raise PreventUpdate
        try:
            everyone = data.read_all(door, parse_day(session))
            rows = data.chosen(everyone, *_asked(request))
            newest = as_date(everyone["session_date"].max())
        except Exception as error:  # the panel says it
            parts.failed(error)
            raise PreventUpdate from error
        return dcc.send_string(data.csv_text(rows), f"snowtape-screener-{newest}.csv", type="text/csv;charset=utf-8")


def _asked(request: Any) -> tuple[Any, str]:
    """The filter model and sort of a getRowsRequest, whatever a browser made of it."""
    if not isinstance(request, dict):
        return {}, data.DEFAULT_SORT
    sorts = request.get("sortModel")
    first = sorts[0] if isinstance(sorts, list) and sorts and isinstance(sorts[0], dict) else {}
    sign = "-" if first.get("sort") == "desc" else ""
    filters = request.get("filterModel")
    return (filters if len(json.dumps(filters, default=str)) < 4000 else {}), f"{sign}{first.get('colId')}"


def _column(column: data.Column, sorted_by: str, is_descending: bool) -> dict[str, Any]:
    # What isn't on this list, the table drops from a filter without a word.
    text = {"filterOptions": list(data.LIKE), "buttons": ["reset"]}
    numbers = {"filterOptions": list(data.COMPARE), "buttons": ["reset"]}
    found: dict[str, Any] = {
        "field": column.name, "headerName": column.title, "wrapHeaderText": True, "cellDataType": False,
        "filter": "agTextColumnFilter" if column.is_text else "agNumberColumnFilter",
        "filterParams": text if column.is_text else numbers, "width": 100 if column.is_text else 112,
    }  # fmt: skip
    if column.name == sorted_by:
        found["sort"] = "desc" if is_descending else "asc"
    if column.name == "ticker":
        found |= {"cellRenderer": "TickerCell", "pinned": "left"}
    elif column.name == "ticker_name":
        found |= {"width": 210, "tooltipField": "ticker_name"}
    elif not column.is_text:
        shown = "d3.format('.3~s')" if column.is_shown_compact else f"d3.format(',.{column.decimals}f')"
        text_of = f"params.value == null ? '–' : {shown}(params.value)"
        found |= {"type": "rightAligned", "valueFormatter": {"function": text_of}}
    return found


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    return float(f"{value:.7g}") if isinstance(value, float) else str(value)
