"""The home page: each panel reads the newest session; the watchlists are the browser's (assets/watchlists.js)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from dashboard.data import health, home, restatements
from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime, origin_counts
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.address import Param
from dashboard.pages.correlation.page import resolve
from dashboard.pages.home import map as market_map
from dashboard.pages.home import view
from dashboard.pages.restatements.view import changes_table

PATHS = ("/",)
TITLE = "Home"
MOST_WATCHED, MOST_MOVERS, MOST_RESTATED = 50, 8, 6
# The browser keeps both and writes them; the address is only checked for them.
PARAMS = (Param("list", "", "text", ""), Param("watch", "", "tickers", [], most=MOST_WATCHED))
Read = Callable[[Door, pd.DataFrame, date], parts.Content]


def layout() -> html.Div:
    """The page before it has data."""
    return html.Div(
        [
            *address.stores("home", PARAMS),
            dcc.Store(id="home-lists"),
            html.Div(id="home-banner"),
            html.Div([html.H1("Market"), html.P(id="home-status", className="st-home-status")], className="st-head"),
            parts.panel("home-breadth", "Breadth", 180, "All securities of the session, and the one before.",
                        has_csv=True, has_graph=True),
            parts.panel("home-map", "Map", 380, "By type; area is dollar volume, colour the day’s move. A tile opens "
                        "its chart.", has_graph=True),
            html.Div(
                [
                    parts.panel("home-movers", "Movers", 330, _least()),
                    parts.panel("home-unusual", "Unusual volume and volatility", 330,
                                f"Dollars against 20 sessions, volatility against 63. {_least()}"),
                ],
                className="st-columns",
            ),
            html.Div(
                [
                    parts.panel("home-watchlist", "Watchlist", 220, "Kept in this browser; its address shares it.",
                                tools=_watchlist_tools(), has_csv=True),
                    parts.panel("home-changes", "Since the session before", 220),
                ],
                className="st-columns",
            ),
            html.Div(
                [
                    parts.panel("home-restated", "Newest restatements", 200, "When we learned it.", has_csv=True),
                    parts.panel("home-splits", "Newest splits", 200, "Of the last three months.", has_csv=True),
                ],
                className="st-columns",
            ),
        ],
        className="st-page",
    )  # fmt: skip


def read_breadth(door: Door, market: pd.DataFrame, newest: date) -> parts.Content:
    """Counts of the newest session, and the history of about 60."""
    breadth = home.read_breadth(door, newest)
    body = view.breadth_counts(breadth)
    return parts.Content(parts.READY, body, _as_of(market, newest), market_map.breadth_figure(breadth))


def read_map(_door: Door, market: pd.DataFrame, newest: date) -> parts.Content:
    """The treemap."""
    tiles = market_map.tiles(market)
    if tiles.empty:
        return parts.message(
            parts.EMPTY, "No dollar volume yet", "The map needs securities with 20 sessions; there are none yet.",
            "Next: nothing to do; it fills as sessions are built.",
        )  # fmt: skip
    return parts.Content(parts.READY, None, _as_of(market, newest), market_map.map_figure(tiles))


def read_movers(_door: Door, market: pd.DataFrame, newest: date) -> parts.Content:
    """The greatest gains and losses."""
    listed, column = home.traded(market), "simple_return_pct"
    columns = (view.CLOSE, view.MOVE)
    rising, falling = listed[listed[column] > 0], listed[listed[column] < 0]
    tables = [
        view.movers("Gainers", home.greatest(rising, column, MOST_MOVERS), columns),
        view.movers("Losers", home.least(falling, column, MOST_MOVERS), columns),
    ]
    return parts.Content(parts.READY, html.Div(tables, className="st-home-lists"), _as_of(market, newest))


def read_unusual(_door: Door, market: pd.DataFrame, newest: date) -> parts.Content:
    """The most volume against its average, and the most volatility against its quarter."""
    listed = home.traded(market)
    volume, volatility = (home.greatest(listed, f"{name}_ratio", MOST_MOVERS) for name in ("volume", "volatility"))
    tables = [
        view.movers("Volume", volume, (view.VOLUME_RATIO, view.MOVE)),
        view.movers("Volatility", volatility, (view.VOLATILITY, view.VOLATILITY_RATIO)),
    ]
    return parts.Content(parts.READY, html.Div(tables, className="st-home-lists"), _as_of(market, newest))


def read_changes(door: Door, market: pd.DataFrame, newest: date) -> parts.Content:
    """What differs from the session before."""
    changes = home.read_changes(door, market, home.read_breadth(door, newest))
    if changes is None:
        return parts.message(
            parts.EMPTY, "One session only", "There is no session before the newest to compare with.",
            "Next: nothing to do; the next session shows what changed.",
        )  # fmt: skip
    said = [_as_of(market, newest), f" · the session before: {fmt.session(changes.before)}"]
    return parts.Content(parts.READY, view.changes_list(changes), said)


def read_restated(door: Door, _market: pd.DataFrame, _newest: date) -> parts.Content:
    """The newest restatements of all tickers."""
    changes = restatements.read_changes(door)[:MOST_RESTATED]
    if not changes:
        return parts.message(
            parts.EMPTY, "No bar was restated yet", "Every bar still says what it said when it was first fetched.",
            "Next: nothing to do; recent sessions are fetched again and a change shows here.",
        )  # fmt: skip
    said = [
        parts.as_of(changes[0].session, changes[0].known_from, "Newest restatement:"), " · ",
        dcc.Link("all restatements", href="/restatements"),
    ]  # fmt: skip
    return parts.Content(parts.READY, changes_table(changes), said)


def read_splits(door: Door, market: pd.DataFrame, newest: date) -> parts.Content:
    """The newest splits."""
    rows = home.read_splits(door, newest)
    if rows.empty:
        return parts.message(
            parts.EMPTY, "No split in three months", "No security of the marts was split in that time.",
            "Next: nothing to do; splits are fetched with each session.",
        )  # fmt: skip
    return parts.Content(parts.READY, view.splits_table(rows), _as_of(market, newest))


def read_watchlist(door: Door, tickers: Any) -> parts.Content:
    """The listed tickers that exist, in the list's order; the others are named."""
    wanted = [str(ticker)[:32] for ticker in tickers][:MOST_WATCHED] if isinstance(tickers, list) else []
    if not wanted:
        return parts.message(
            parts.EMPTY, "No ticker in this list", "Type tickers above; this browser keeps them.",
            "The address of this page then has the list: send it to share it.",
        )  # fmt: skip
    found, unknown = resolve(door, wanted)
    market = home.read_market(door)
    rows = market[market["ticker"].isin(found)].set_index("ticker", drop=False).reindex(found).dropna(subset=["ticker"])
    silent = [ticker for ticker in found if ticker not in set(rows["ticker"])]
    said = [f"Unknown: {', '.join(unknown)}." if unknown else "",
            f"No bar in the newest session: {', '.join(silent)}." if silent else ""]  # fmt: skip
    columns = (view.CLOSE, view.MOVE, view.OFF_HIGH, view.VOLATILITY, view.VOLUME_RATIO)
    body: list[Any] = [html.P(" ".join(filter(None, said)), className="st-hint st-break")] if any(said) else []
    if len(rows):
        body.append(view.ticker_table(rows, columns, "Watchlist"))
    newest = as_date(market["session_date"].max()) if len(market) else None
    return parts.Content(parts.READY, html.Div(body), _as_of(market, newest) if newest else None)


def register(app: Dash, door: Door) -> None:
    """The page's callbacks."""
    address.register(app, "home", PARAMS)
    panels: tuple[tuple[str, Read, bool], ...] = (
        ("home-breadth", read_breadth, True),
        ("home-map", read_map, True),
        ("home-movers", read_movers, False),
        ("home-unusual", read_unusual, False),
        ("home-changes", read_changes, False),
        ("home-restated", read_restated, False),
        ("home-splits", read_splits, False),
    )
    for panel_id, read, has_graph in panels:
        parts.register_panel(app, door, panel_id, _of_market(read, panel_id == "home-breadth"), has_graph=has_graph)
    parts.register_panel(app, door, "home-watchlist", read_watchlist, [Input("home-watch", "value")])
    _register_watchlists(app)

    @app.callback(Output("home-status", "children"), Output("home-banner", "children"), *parts.REFRESH)
    def status(*_: Any) -> tuple[Any, Any]:
        try:
            market = home.read_market(door)
            newest = as_date(market["session_date"].max()) if len(market) else None
            stamp = _as_of(market, newest) if newest else "No bars yet"
            return [stamp, view.health_line(health.read_health(door))], parts.origin_banner(origin_counts(door))
        except Exception as error:  # the panels say it
            parts.failed(error)
            return None, None


def _register_watchlists(app: Dash) -> None:
    app.clientside_callback(
        ClientsideFunction("watchlists", "open"),
        Output("home-lists", "data"), Input("home-url", "search"), State("home-params", "data"),
    )  # fmt: skip
    app.clientside_callback(
        ClientsideFunction("watchlists", "show"),
        Output("home-list", "data"), Output("home-list", "value"), Output("home-list-name", "value"),
        Output("home-watch", "value"), Input("home-lists", "data"),
    )  # fmt: skip
    app.clientside_callback(
        ClientsideFunction("watchlists", "change"),
        Output("home-lists", "data", allow_duplicate=True),
        Input("home-list", "value"), Input("home-list-name", "value"), Input("home-watch", "value"),
        Input("home-list-new", "n_clicks"), Input("home-list-remove", "n_clicks"), State("home-lists", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    app.clientside_callback(
        ClientsideFunction("watchlists", "tile"),
        Output("home-map-graph", "clickData"), Input("home-map-graph", "clickData"),
        prevent_initial_call=True,
    )  # fmt: skip


def _of_market(read: Read, is_lead: bool) -> Callable[..., parts.Content]:
    """A panel over the newest session; where there is none, the lead panel says so for the page."""

    def panel(door: Door) -> parts.Content:
        market = home.read_market(door)
        newest = as_date(market["session_date"].max()) if len(market) else None
        if newest is None:
            nothing = parts.message(
                parts.EMPTY, "No bars yet", "The marts are built and hold no bar.",
                ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), "; loads and builds follow by themselves."],
            )  # fmt: skip
            return parts.once(nothing, is_lead=is_lead)
        content = read(door, market, newest)
        return parts.dated(content, newest) if is_lead else content

    return panel


def _watchlist_tools() -> html.Div:
    return html.Div(
        [
            dmc.Select(id="home-list", data=[], value=None, size="xs", allowDeselect=False, w=150,
                       **parts.attrs({"aria-label": "Which watchlist"})),
            dmc.TextInput(id="home-list-name", value="", size="xs", debounce=400, w=150, placeholder="Name",
                          attributes={"input": {"maxLength": 40}},
                          **parts.attrs({"aria-label": "Name of the watchlist"})),
            html.Button("New", id="home-list-new", type="button", className="st-button",
                        **parts.attrs({"aria-label": "New watchlist"})),
            html.Button("Remove", id="home-list-remove", type="button", className="st-button",
                        **parts.attrs({"aria-label": "Remove the watchlist"})),
            html.Div(
                dmc.TagsInput(id="home-watch", value=[], data=[], maxTags=MOST_WATCHED, splitChars=[",", " ", ";"],
                              size="xs", placeholder="Type a ticker and Enter", clearable=True,
                              clearButtonProps={"aria-label": "Empty the watchlist"},
                              **parts.attrs({"aria-label": "Tickers of the watchlist"})),
                className="st-grow",
            ),
        ],
        className="st-home-tools",
    )  # fmt: skip


def _least() -> str:
    return f"Of securities that trade ${home.LEAST_DOLLAR_VOLUME / 1e6:.0f}M a day or more."


def _as_of(market: pd.DataFrame, newest: date) -> html.Span:
    return parts.as_of(newest, as_datetime(market["fetched_at"].max()))
