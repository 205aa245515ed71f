"""State in the address: a page names its parameters once; the browser keeps controls and address in step.

The browser half is assets/address.js. It lets only values through that the parameter allows, so a hostile address
becomes the default, and a line above the page says so; callbacks can be called by anyone, so pages check again what
reaches a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

TEXT_LENGTH = 64


@dataclass(frozen=True)
class Param:
    """One parameter of a page's address.

    `kind`: "one" or "many" of `allowed` ("many" is a list, comma-separated in the address), "tickers" (a list of
    symbols), "text", "date" (YYYY-MM-DD), "time" (HH:MM:SS), "whole" (a number from 0), or "json" (a filter, checked by
    the server).
    `is_written`: False when the address alone sets it (the search box does). `control`: "" for state that the browser
    keeps by itself; the address is only checked for it.
    """

    name: str
    control: str
    kind: str
    default: Any = None
    prop: str = "value"
    allowed: tuple[str, ...] = ()
    most: int = TEXT_LENGTH
    is_written: bool = True


def stores(page: str, params: Sequence[Param]) -> list[Any]:
    """The components that the page's layout must hold."""
    spec = [asdict(param) for param in params]
    return [
        dcc.Location(id=f"{page}-url", refresh="callback-nav"),
        dcc.Store(id=f"{page}-params", data=spec),
        dcc.Store(id=f"{page}-address"),
        html.Div(id=f"{page}-refused", className="st-notice st-refused", role="status"),
    ]


def register(app: Dash, page: str, params: Sequence[Param]) -> None:
    """Address → controls, and controls → address without a new entry in the browser's history."""
    app.clientside_callback(
        ClientsideFunction("address", "read"),
        *[Output(param.control, param.prop) for param in params if param.control],
        Output(f"{page}-refused", "children"),
        Input(f"{page}-url", "search"),
        State(f"{page}-params", "data"),
    )
    written = [param for param in params if param.is_written and param.control]
    if written:
        app.clientside_callback(
            ClientsideFunction("address", "write"),
            Output(f"{page}-address", "data"),
            *[Input(param.control, param.prop) for param in written],
            State(f"{page}-params", "data"),
            prevent_initial_call=True,
        )
