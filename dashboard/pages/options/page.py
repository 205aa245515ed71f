"""The options page: one underlying's chain in one session, as tables and curves. Its state is in the address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.data.door import Door
from dashboard.data.option_history import read_skew, read_volatility
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.address import Param
from dashboard.pages.options import contract, figure, fitted, position_view, summary
from dashboard.pages.options.chain import chain_table
from dashboard.pages.options.find import DEFAULT_DAYS, Chain, find_chain

PATHS = ("/options",)
TITLE = "Options"
PARAMS = (
    Param("ticker", "options-ticker", "text", prop="data", is_written=False),
    Param("session", "options-session", "date", ""),
    Param("expiration", "options-expiration", "date", ""),
    position_view.LEGS,
    contract.CONTRACT,
)
PANELS: dict[str, tuple[str, int, str]] = {
    "options-smile": ("Smile", 380, "One expiration, out of the money: ours, the vendor’s, and fitted."),
    "options-strikes": ("Open interest and volume", 380, "One expiration, by strike; puts are hatched."),
    "options-term": ("Term structure", 300, "At the money, every expiration; and fitted at the forward."),
    "options-surface": ("Surface", 300, "Implied volatility by strike and days to expiration."),
    "options-volatility": ("Volatility", 300, "At the money, 30 days, against what the underlying did in 21 sessions."),
    "options-skew": ("Skew", 300, "25-delta risk reversal of the expiration nearest to 30 days."),
    "options-ratio": ("Put/call ratio", 300, "Puts for each call, session by session."),
}


def layout() -> html.Div:
    """The page before it has data."""
    pickers = html.Div(
        [
            _picker("options-session", "Session", "newest", 150),
            _picker("options-expiration", "Expiration", f"nearest to {DEFAULT_DAYS} days", 190),
            html.P(id="options-days", className="st-hint", **parts.attrs({"aria-live": "polite"})),
        ],
        className="st-toolbar-row",
    )
    graphs = [
        parts.panel(panel, title, height, hint, has_csv=True, has_graph=True)
        for panel, (title, height, hint) in PANELS.items()
    ]
    unusual = parts.panel(
        "options-unusual", "Unusual volume", 300, "Contracts that traded more than was open before.", has_csv=True
    )
    return html.Div(
        [
            *address.stores("options", PARAMS),
            dcc.Store(id="options-ticker"),
            html.Div(id="options-banner"),
            html.Div([html.H1(TITLE, id="options-title"), pickers], className="st-head"),
            html.Div(id="options-summary", className="st-options-summary"),
            parts.panel("options-chain", "Chain", 460, "Calls on the left, puts on the right.", has_csv=True),
            parts.panel(
                position_view.PANEL,
                "Position",
                340,
                "Profit and loss of a combination of this expiration’s contracts.",
                tools=position_view.form(),
                has_csv=True,
                has_graph=True,
            ),
            html.Div([*graphs, unusual], className="st-columns"),
            parts.panel(
                contract.PANEL,
                "Contract",
                300,
                "Its history under each symbol that it has had, through splits and renames of the underlying.",
                tools=contract.form(),
                has_csv=True,
                has_graph=True,
            ),
            parts.panel(
                fitted.PANEL,
                "Fitted surface",
                340,
                "A curve for each expiration, without arbitrage; dashed beyond its points. Fitted, not quoted.",
                has_csv=True,
                has_graph=True,
            ),
            parts.panel(
                "options-expirations",
                "Expirations",
                300,
                "What each expects, and where its open contracts are.",
                has_csv=True,
            ),
        ],
        className="st-page",
    )


def register(app: Dash, door: Door) -> None:
    """The page's callbacks."""
    address.register(app, "options", PARAMS)
    inputs = [
        Input(param.control, param.prop) for param in PARAMS if param not in (position_view.LEGS, contract.CONTRACT)
    ]
    position_view.register(app, door, inputs)
    contract.register(app, door, inputs)
    parts.register_panel(app, door, "options-chain", read_chain, inputs)
    for panel, make in TABLES.items():
        parts.register_panel(app, door, panel, partial(read_table, make=make), inputs)
    for panel, draw in DRAWN.items():
        read = partial(read_graph, draw=draw, say=SAID.get(panel))
        parts.register_panel(app, door, panel, read, inputs, has_graph=True)
    parts.register_panel(app, door, fitted.PANEL, read_fitted, inputs, has_graph=True)

    @app.callback(
        Output("options-session", "data"),
        Output("options-expiration", "data"),
        Output("options-days", "children"),
        Output("options-title", "children"),
        Output("options-summary", "children"),
        Output("options-banner", "children"),
        *inputs,
        *parts.REFRESH,
    )
    def fill_head(ticker: Any, session: Any, expiration: Any, *_: Any) -> tuple[Any, ...]:
        try:
            chain = find_chain(door, ticker, session, expiration)
            line = None if isinstance(chain, parts.Content) else summary.summary_line(read_figures(door, chain))
            coverage = "" if isinstance(chain, parts.Content) else read_coverage(door, chain)
        except Exception as error:  # the panels say it
            parts.failed(error)
            return [], [], "", TITLE, None, None
        if isinstance(chain, parts.Content):
            return [], [], "", TITLE, None, None
        sessions = door.read("option_sessions", underlying=chain.underlying)["session_date"]
        choices = [{"value": str(day), "label": f"{day} · {(day - chain.session).days} d"} for day in chain.expirations]
        said = f"{chain.expiration.day} {chain.expiration:%b %Y}: {fmt.plural(chain.days, 'day')} to expiration from "
        said += f"{fmt.session(chain.session)} · {chain.pricing}{coverage}"
        banner = parts.origin_banner({str(chain.rows["data_origin"].iloc[0]): 1}, chain.underlying)
        title = f"{chain.underlying} options"
        return [str(day) for day in sessions], choices, said, title, line, banner


def read_chain(door: Door, ticker: Any, session: Any, expiration: Any) -> parts.Content:
    """The table of calls, strikes and puts."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return chain
    table = chain_table(chain.expiring, f"{chain.underlying} {chain.session} {chain.expiration}")
    content = parts.Content(parts.READY, table, chain.as_of)
    return _dated(parts.unused(content, chain.unused), chain)


def read_graph(
    door: Door,
    ticker: Any,
    session: Any,
    expiration: Any,
    draw: Callable[[Door, Chain], dict[str, Any]],
    say: Callable[[Door, Chain], Component | None] | None = None,
) -> parts.Content:
    """One figure of the chain, and what is said above it; where there is no chain, the table's panel says why."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return parts.once(chain, is_lead=False)
    drawn = draw(door, chain)
    if not any(len(trace["x"]) for trace in drawn["data"]):
        return parts.message(parts.EMPTY, "Nothing to draw", "No contract of this session has a value for it.")
    body = None if say is None else say(door, chain)
    return _dated(parts.Content(parts.READY, body, chain.as_of, drawn), chain)


def read_fitted(door: Door, ticker: Any, session: Any, expiration: Any) -> parts.Content:
    """The fitted surface; where there is no chain, the table's panel says why."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return parts.once(chain, is_lead=False)
    content = fitted.read_fitted(door, chain)
    return _dated(content, chain) if content.state == parts.READY else content


def read_table(
    door: Door, ticker: Any, session: Any, expiration: Any, make: Callable[[Chain], Component]
) -> parts.Content:
    """One table of the chain; where there is no chain, the table's panel says why."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return parts.once(chain, is_lead=False)
    return _dated(parts.Content(parts.READY, make(chain), chain.as_of), chain)


def read_figures(door: Door, chain: Chain) -> list[summary.Figure]:
    """The figures of the page's first line."""
    return summary.figures(
        chain,
        read_volatility(door, chain.underlying, chain.session),
        read_skew(door, chain.underlying, chain.session),
        read_ratios(door, chain),
    )


def read_coverage(door: Door, chain: Chain) -> str:
    """Which sums over the chain are not all of it, and why; nothing where they are."""
    rows = door.read("option_coverage", underlying=chain.underlying, session=chain.session)
    said = [
        f" · {name} not complete: {reason}"
        for name in ("volume", "open interest")
        for reason in rows[f"{name.replace(' ', '_')}_incomplete_reason"].dropna()
    ]
    return "".join(said)


def read_ratios(door: Door, chain: Chain) -> pd.DataFrame:
    """queries/put_call_ratio.sql until the chain's session."""
    rows = door.read("put_call_ratio", underlying=chain.underlying)
    return rows[rows["session_date"] <= chain.session]


TABLES: dict[str, Callable[[Chain], Component]] = {
    "options-unusual": summary.unusual_table,
    "options-expirations": summary.expirations_table,
}
DRAWN: dict[str, Callable[[Door, Chain], dict[str, Any]]] = {
    "options-smile": lambda door, chain: figure.smile(
        chain.expiring, chain.spot, fitted.chosen_curves(fitted.read_slices(door, chain), chain)
    ),
    "options-strikes": lambda _door, chain: figure.by_strike(chain.expiring, chain.spot),
    "options-term": lambda door, chain: figure.term_structure(
        chain.rows, [fitted.term_trace(fitted.read_slices(door, chain))]
    ),
    "options-surface": lambda _door, chain: figure.surface(chain.rows),
    "options-volatility": lambda door, chain: figure.volatility(read_volatility(door, chain.underlying, chain.session)),
    "options-skew": lambda door, chain: figure.skew(read_skew(door, chain.underlying, chain.session)),
    "options-ratio": lambda door, chain: figure.ratio(read_ratios(door, chain)),
}
SAID: dict[str, Callable[[Door, Chain], Component | None]] = {
    "options-smile": lambda door, chain: fitted.sentence(fitted.read_slices(door, chain), chain),
}


def _dated(content: parts.Content, chain: Chain) -> parts.Content:
    if not chain.is_newest:
        return content  # an old session was asked for
    return parts.dated(content, chain.session, "The newest chain", ingest="polygon_options_ingest_daily")


def _picker(control: str, label: str, default: str, width: int) -> html.Label:
    field = dmc.Select(
        id=control, value="", data=[], size="xs", placeholder=default, clearable=True,
        clearButtonProps={"aria-label": f"{label}: {default}"}, w=width,
    )  # fmt: skip
    return html.Label([label, field], className="st-as-of-field")
