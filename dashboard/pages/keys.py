"""The help that `?` opens: what keys and the mouse do (assets/keys.js)."""

from __future__ import annotations

from dash import html

from dashboard.pages.parts import attrs

KEYS = (
    (("/",), "Search tickers"),
    (("Enter",), "Take the first ticker found"),
    (("←", "→"), "Previous or next ticker, in the screener’s order if you came from there"),
    (("Scroll",), "Zoom the price chart"),
    (("Drag",), "Move the price chart; on other graphs, zoom to a part"),
    (("Double-click",), "Reset a graph"),
    (("?",), "Show these shortcuts"),
    (("Esc",), "Close the search or this help"),
)


def button() -> html.Button:
    """Opens the help, for those who don't know its key."""
    return html.Button(
        "?",
        type="button",
        className="st-keys-button",
        title="Keyboard shortcuts (?)",
        **attrs({"data-keys": "open", "aria-label": "Keyboard shortcuts", "aria-haspopup": "dialog"}),
    )


def dialog() -> html.Dialog:
    """The help itself, closed."""
    rows = [
        html.Div([html.Dt([html.Kbd(key) for key in keys]), html.Dd(what)], className="st-keys-row")
        for keys, what in KEYS
    ]
    close = html.Button("Close", type="button", className="st-button", **attrs({"data-keys": "close"}))
    return html.Dialog(
        [html.Header([html.H2("Shortcuts", id="keys-title"), close]), html.Dl(rows)],
        id="keys",
        className="st-keys",
        **attrs({"aria-labelledby": "keys-title"}),
    )
