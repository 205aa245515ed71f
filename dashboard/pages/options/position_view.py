"""The position's panel: a form that writes legs, their table, and profit and loss at expiration and today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update

from dashboard.data.door import Door
from dashboard.pages import format as fmt
from dashboard.pages import parts
from dashboard.pages.address import Param
from dashboard.pages.options import position
from dashboard.pages.options.figure import TOP, spot_line
from dashboard.pages.options.find import Chain, find_chain
from dashboard.pages.options.legs import (
    MOST_LEGS,
    MOST_QUANTITY,
    PRESETS,
    Leg,
    LegsError,
    parse,
    preset,
    write,
)
from dashboard.pages.options.measures import plain
from dashboard.pages.options.position import Held
from dashboard.pages.parts import attrs

PANEL = "options-position"
LEGS = Param("legs", "options-legs", "text", "", most=160)
_HEADS = (
    ("Leg", "leg", "Quantity and contract; sold where negative"),
    ("Price", "price, USD", "The close, USD a share; the model’s where there was no trade"),
    ("IV %", "implied volatility, %", "The volatility used, % a year: it gives the close, with dividends as a yield"),
    ("Delta", "delta, shares", "Shares that the leg moves like"),
    ("Gamma", "gamma, shares a USD", "Change of delta as the underlying rises by 1 USD"),
    ("Theta", "theta, USD a day", "Change of the value in one calendar day, USD"),
    ("Vega", "vega, USD a point", "Change of the value as volatility rises by one point, USD"),
)  # fmt: skip


def form() -> html.Div:
    """Presets, a leg to add, and the legs as they stand in the address."""
    presets = [
        html.Button(name, id={"type": "options-preset", "name": key}, className="st-button", type="button", n_clicks=0)
        for key, name in PRESETS.items()
    ]
    one = [
        _select("options-leg-side", "Side", {"buy": "Buy", "sell": "Sell"}, 76),
        _select("options-leg-kind", "Kind", {"call": "Call", "put": "Put", "share": "Shares"}, 88),
        dmc.Select(
            id="options-leg-strike", value=None, data=[], size="xs", w=96, placeholder="Strike", searchable=True,
            **attrs({"aria-label": "Strike of the leg"}),
        ),
        dmc.NumberInput(
            id="options-leg-quantity", value=1, min=1, max=MOST_QUANTITY, allowDecimal=False, size="xs", w=72,
            **attrs({"aria-label": "Quantity of the leg"}),
        ),
        html.Button("Add leg", id="options-leg-add", className="st-button", type="button", n_clicks=0),
        dmc.TextInput(
            id="options-legs", value="", size="xs", w=220, debounce=400, placeholder="1c230,-1c240",
            **attrs({"aria-label": "Legs, such as 1c230,-1c240 or 100s"}),
        ),
    ]  # fmt: skip
    return html.Div([html.Div(presets, className="st-home-tools"), html.Div(one, className="st-home-tools")],
                    className="st-position-form")  # fmt: skip


def register(app: Dash, door: Door, inputs: Sequence[Input]) -> None:
    """The form's callbacks, and the panel's content."""
    parts.register_panel(app, door, PANEL, read_position, [*inputs, Input("options-legs", "value")], has_graph=True)
    states = [State(each.component_id, each.component_property) for each in inputs]

    @app.callback(Output("options-leg-strike", "data"), *inputs, *parts.REFRESH)
    def strikes(ticker: Any, session: Any, expiration: Any, *_: Any) -> Any:
        chain = _chain(door, ticker, session, expiration)
        return [] if chain is None else [f"{strike:.10g}" for strike in _strikes(chain)]

    @app.callback(
        Output("options-legs", "value", allow_duplicate=True),
        Input({"type": "options-preset", "name": ALL}, "n_clicks"),
        Input({"type": "options-leg-drop", "place": ALL}, "n_clicks"),
        Input("options-leg-add", "n_clicks"),
        State("options-legs", "value"),
        *[State(f"options-leg-{name}", "value") for name in ("side", "kind", "strike", "quantity")],
        *states,
        prevent_initial_call=True,
    )
    def change(
        _presets: Any, _drops: Any, _add: Any, text: Any, side: Any, kind: Any, strike: Any, quantity: Any,
        *where: Any,
    ) -> Any:  # fmt: skip
        if not ctx.triggered or not ctx.triggered[0]["value"]:  # a button that has only come
            return no_update
        source = ctx.triggered_id
        if source == "options-leg-add":
            return added(str(text or ""), side, kind, strike, quantity)
        if source["type"] == "options-leg-drop":
            legs = list(parse(str(text or "")))
            return write(legs[: source["place"]] + legs[source["place"] + 1 :])
        chain = _chain(door, *where)
        if chain is None or chain.spot is None:
            return no_update
        return write(preset(source["name"], _strikes(chain), chain.spot)) or no_update


def added(text: str, side: Any, kind: Any, strike: Any, quantity: Any) -> Any:
    """The text with one more leg; no_update while the leg isn't whole or the text is full."""
    try:
        count, legs = int(quantity), list(parse(text))
        at = 0.0 if kind == "share" else float(strike)
    except (LegsError, TypeError, ValueError):
        return no_update
    if kind not in ("call", "put", "share") or not 0 < count <= MOST_QUANTITY or len(legs) >= MOST_LEGS:
        return no_update
    return write([*legs, Leg(-count if side == "sell" else count, kind, at)])


def read_position(door: Door, ticker: Any, session: Any, expiration: Any, text: Any) -> parts.Content:
    """The legs, what they come to, and the diagram; without legs, what to do."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return parts.once(chain, is_lead=False)
    try:
        legs = parse(str(text or ""))
        if not legs:
            return parts.message(parts.EMPTY, "No position yet", "Pick a preset, or add legs of this expiration.")
        held = position.hold(chain, legs)
    except LegsError as error:
        return parts.message(parts.EMPTY, "This position can’t be drawn", str(error))
    assert chain.spot is not None
    return parts.Content(parts.READY, _body(held, chain.spot), chain.as_of, diagram(held, chain))


def diagram(held: Sequence[Held], chain: Chain) -> dict[str, Any]:
    """Profit and loss by the underlying's price, at expiration and today."""
    assert chain.spot is not None
    prices = position.prices_of_underlying(held, chain.spot)
    data = [
        _line("At expiration, USD", prices, position.profit_at_expiration(held, prices), "--st-accent", "solid"),
        _line("Today, USD", prices, position.profit_today(held, prices), "--st-muted", "dash"),
    ]
    layout: dict[str, Any] = {
        "meta": {"label": "Profit and loss by the underlying’s price"}, "hovermode": "x unified",
        "margin": {"l": 64, "r": 12, "t": 8, "b": 44}, "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"title": {"text": "Price of the underlying, USD"}, "zeroline": False},
        "yaxis": {"title": {"text": "Profit and loss, USD"}, "zeroline": True, "domain": [0, TOP]},
    }  # fmt: skip
    return {"data": data, "layout": layout | spot_line(chain.spot)}


def _line(name: str, prices: np.ndarray, values: np.ndarray, colour: str, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": prices.round(4).tolist(), "y": values.round(2).tolist(),
        "line": {"color": colour, "dash": dash, "width": 2},
    }  # fmt: skip


def _body(held: Sequence[Held], spot: float) -> html.Div:
    cost, ends = position.cost_usd(held), position.extremes(held)
    said = [
        ("Costs" if cost >= 0 else "Pays", f"{fmt.number(abs(cost), 2)} USD", "At the closes"),
        ("Most profit", _bound(ends.profit), "At expiration"),
        ("Most loss", _bound(ends.loss), "At expiration"),
        ("Break-even", " · ".join(fmt.number(each, 2) for each in ends.break_evens) or fmt.NONE,
         "Prices of the underlying at expiration at which nothing is gained or lost, USD"),
    ]  # fmt: skip
    line = html.Dl(
        [html.Div([html.Dt(name), html.Dd(value)], title=what) for name, value, what in said],
        className="st-firsts st-position-line",
    )
    head = html.Tr([html.Th(name, scope="col", title=what, **attrs({"data-value": csv})) for name, csv, what in _HEADS])
    body = [_row(place, one, position.greeks(one, spot)) for place, one in enumerate(held)]
    total = position.greeks(held, spot)
    cells = [_cell(total[name], decimals) for name, decimals in _DECIMALS]
    body.append(html.Tr([html.Th("Position", scope="row"), html.Td(""), html.Td(""), *cells]))
    table = html.Table([html.Thead(head), html.Tbody(body)], className="st-table st-chain st-chain-list")
    region = attrs({"aria-label": "Legs of the position"})
    return html.Div([line, html.Div(table, className="st-scroll", tabIndex=0, role="region", **region)])


_DECIMALS = (("delta", 1), ("gamma", 3), ("theta", 2), ("vega", 2))


def _row(place: int, one: Held, greeks: dict[str, float]) -> html.Tr:
    leg = one.leg
    name = "shares" if leg.kind == "share" else f"{leg.kind} {leg.strike:,g}"
    drop = html.Button(
        "×", id={"type": "options-leg-drop", "place": place}, className="st-button st-leg-drop", type="button",
        n_clicks=0, **attrs({"aria-label": f"Remove {fmt.number(leg.quantity)} {name}"}),
    )  # fmt: skip
    said = f"{fmt.number(leg.quantity)} {name}"
    head = html.Th([drop, said], scope="row", **attrs({"data-value": said.replace("\N{MINUS SIGN}", "-")}))
    volatility: Any = html.Td(fmt.NONE, **attrs({"data-value": ""}))
    if leg.kind != "share":
        volatility = _cell(100 * one.sigma, 1, "" if one.is_own else "Of the money: the close gives none")
    return html.Tr([head, _cell(one.price, 2), volatility, *[_cell(greeks[key], digits) for key, digits in _DECIMALS]])


def _cell(value: float, decimals: int, title: str = "") -> html.Td:
    return html.Td(fmt.number(value, decimals), title=title or None, **attrs({"data-value": f"{value:.10g}"}))


def _bound(value: float | None) -> str:
    return "unlimited" if value is None else f"{fmt.number(value, 2)} USD"


def _strikes(chain: Chain) -> list[float]:
    return sorted({float(strike) for strike in plain(chain.expiring)["strike_usd"]})


def _chain(door: Door, ticker: Any, session: Any, expiration: Any) -> Chain | None:
    try:
        chain = find_chain(door, ticker, session, expiration)
    except Exception as error:  # the panels say it
        parts.failed(error)
        return None
    return chain if isinstance(chain, Chain) else None


def _select(control: str, label: str, options: dict[str, str], width: int) -> dmc.Select:
    return dmc.Select(
        id=control, value=next(iter(options)), size="xs", w=width, allowDeselect=False,
        data=[{"value": key, "label": name} for key, name in options.items()],
        **attrs({"aria-label": f"{label} of the leg"}),
    )  # fmt: skip
