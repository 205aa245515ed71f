"""Around every page: header with search over all tickers, navigation, theme switch, and the pulse of the marts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboard.data.door import Door
from dashboard.data.errors import WarehouseError
from dashboard.pages import keys
from dashboard.pages.parts import attrs
from dashboard.pages.search import search_options

PULSE_MS = 3_000
AWAY = "away"
# Mantine's greys and accent in the tones of assets/1_tokens.css, lightest first.
THEME: dict[str, Any] = {
    "fontFamily": "inherit",
    "cursorType": "pointer",
    "defaultRadius": "sm",
    "primaryColor": "glacier",
    "primaryShade": {"light": 7, "dark": 4},
    "colors": {
        "glacier": (
            [
                "#e9f5f9",
                "#d3eaf2",
                "#a9d6e5",
                "#84c8dd",
                "#63c2de",
                "#3aa3c4",
                "#1f88aa",
                "#0b6e8f",
                "#095a75",
                "#07475d",
            ]
        ),
        "dark": (
            [
                "#e7ebf0",
                "#c3cad3",
                "#9aa5b3",
                "#6b7583",
                "#3a424e",
                "#232932",
                "#181d24",
                "#14181e",
                "#10141a",
                "#0d1014",
            ]
        ),
    },
}
_NO_PAGE = "There is no such page"


@dataclass(frozen=True)
class Page:
    """One page: the paths it answers (the last is its home), its name in the navigation, how to lay it out.

    `has_ticker`: its address holds a ticker, so search and arrow keys change it there.
    """

    paths: tuple[str, ...]
    title: str
    layout: Callable[[], Any]
    register: Callable[[Dash, Door], None]
    has_ticker: bool = False


def layout() -> dmc.MantineProvider:
    """The frame; the page itself comes into #page."""
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="mart-version"),
            dcc.Store(id="color-scheme"),
            dcc.Store(id="page-title"),
            dcc.Store(id="retry"),
            dcc.Store(id="pulse"),
            dcc.Store(id="pages"),
            dcc.Interval(id="pulse-timer", interval=PULSE_MS),
            html.A("Skip to content", href="#page", className="st-skip"),
            html.Header(
                [
                    dcc.Link(
                        [html.Span(className="st-mark", **attrs({"aria-hidden": "true"})), html.Span("Snowtape")],
                        href="/",
                        className="st-brand",
                    ),
                    html.Nav(id="nav", className="st-nav", **attrs({"aria-label": "Pages"})),
                    _search(),
                    dmc.ColorSchemeToggle(
                        lightIcon=html.Span(className="st-icon st-icon-sun"),
                        darkIcon=html.Span(className="st-icon st-icon-moon"),
                        variant="subtle",
                        color="gray",
                        size="lg",
                        id="theme-toggle",
                        className="st-theme",
                        **attrs({"aria-label": "Switch between dark and light"}),
                    ),
                    keys.button(),
                ],
                className="st-header",
            ),
            html.Main(id="page", tabIndex=-1),
            keys.dialog(),
        ],
        defaultColorScheme="auto",
        theme=THEME,
    )


def register(app: Dash, door: Door, pages: Sequence[Page]) -> None:
    """Routing, search, title, theme and pulse."""

    @app.callback(
        Output("page", "children"),
        Output("page-title", "data"),
        Output("pages", "data"),
        Input("url", "pathname"),
        State("page-title", "data"),
    )
    def route(path: str | None, shown: str | None) -> tuple[Any, str, Any]:
        page = find_page(pages, path)
        title = page.title if page else _NO_PAGE
        # None: the address isn't read yet. A page that is shown already keeps what the user did on it.
        if path is None or title == shown:
            raise PreventUpdate
        links = [{"title": known.title, "paths": known.paths, "isTickers": known.has_ticker} for known in pages]
        return (page.layout() if page else _not_found()), title, links

    app.clientside_callback(
        ClientsideFunction("shell", "nav"),
        Output("nav", "children"),
        Input("pages", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
    )

    @app.callback(Output("search", "data"), Input("search", "searchValue"))
    def search(text: str | None) -> list[dict[str, str]]:
        return search_options(door, text)

    @app.callback(Output("mart-version", "data"), Input("pulse", "data"))
    def pulse(_beat: int | None) -> str:
        try:
            return door.version()
        except WarehouseError:
            return AWAY

    app.clientside_callback(
        ClientsideFunction("shell", "goToTicker"),
        Output("url", "pathname"),
        Output("url", "search"),
        Output("search", "value"),
        Input("search", "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("shell", "beat"),
        Output("pulse", "data"),
        Output("retry", "data"),
        Input("pulse-timer", "n_intervals"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("shell", "setTitle"),
        Output("page", "data-title"),
        Input("page-title", "data"),
        prevent_initial_call=True,
    )
    for page in pages:
        page.register(app, door)


def find_page(pages: Sequence[Page], path: str | None) -> Page | None:
    """The page that answers the path, a trailing slash aside; None for an unknown path."""
    wanted = (path or "/").rstrip("/") or "/"
    return next((page for page in pages if wanted in page.paths), None)


def _search() -> dmc.Select:
    return dmc.Select(
        id="search",
        className="st-search",
        placeholder="Search tickers",
        searchable=True,
        clearable=False,
        nothingFoundMessage="No ticker or name like that",
        filter={"function": "keepAll"},
        renderOption={"function": "tickerOption"},
        maxDropdownHeight=420,
        rightSection=html.Kbd("/", title="Press / to search"),
        rightSectionPointerEvents="none",
        leftSection=html.Span(className="st-icon st-icon-search"),
        comboboxProps={"shadow": "md", "width": "target", "withinPortal": True},
        **attrs({"aria-label": "Search all tickers by symbol or name"}),
    )


def _not_found() -> html.Div:
    return html.Div(
        html.Section(
            html.Div(
                [
                    html.H1(_NO_PAGE),
                    html.P(["Go to the ", dcc.Link("home page", href="/"), "."]),
                ],
                className="st-message",
            ),
            className="st-panel",
        ),
        className="st-page",
    )
