"""The options page: one underlying's chain in one session, as tables and curves. Its state is in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, dcc, html

from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.address import Param
from dashboard.pages.chart.page import TICKER
from dashboard.pages.options import figure
from dashboard.pages.options.chain import chain_table

PATHS = ("/options",)
TITLE = "Options"
PARAMS = (
    Param("ticker", "options-ticker", "text", prop="data", is_written=False),
    Param("session", "options-session", "date", ""),
    Param("expiration", "options-expiration", "date", ""),
)
PANELS: dict[str, tuple[str, int, str]] = {
    "options-smile": ("Smile", 380, "One expiration: our implied volatility and the vendor’s, and open interest."),
    "options-strikes": ("Open interest and volume", 380, "One expiration, by strike; puts are hatched."),
    "options-term": ("Term structure", 300, "At-the-money implied volatility of every expiration."),
    "options-surface": ("Surface", 300, "Implied volatility by strike and days to expiration."),
    "options-ratio": ("Put/call ratio", 300, "Puts for each call, session by session."),
}


@dataclass(frozen=True)
class Chain:
    """One underlying's contracts in one session, and the expiration that is looked at."""

    underlying: str
    session: date
    expiration: date
    rows: pd.DataFrame
    unused: tuple[str, ...] = ()

    @property
    def spot(self) -> float | None:
        """The underlying's close, USD; None where it has no bar (an index, a session that is still to come in)."""
        closes = self.rows["underlying_close_usd"].dropna()
        return None if closes.empty else float(closes.iloc[0])

    @property
    def expiring(self) -> pd.DataFrame:
        """The rows of the chosen expiration."""
        return self.rows[self.rows["expiration_date"] == self.expiration]

    @property
    def pricing(self) -> str:
        """What the volatilities of the chosen expiration are made with."""
        rows = self.expiring
        styles = " and ".join(sorted(set(rows["exercise_style"].dropna()))) or "american"
        said = f"{styles.capitalize()} exercise"
        rates = rows["risk_free_rate_pct"].dropna()
        if not rates.empty:
            said += f", rate {float(rates.iloc[0]):.2f} %"
        ahead, projected = (int(rows[name].fillna(0).max()) for name in ("dividends_ahead", "dividends_projected"))
        if ahead:
            usd = float(rows["dividends_ahead_usd"].max())
            said += f", {fmt.plural(ahead, 'dividend')} of {usd:,.2f} USD ahead"
        return said + (f" ({projected} projected)" if projected else "")

    @property
    def as_of(self) -> Any:
        """The line under each panel; data that is not the market's own is named."""
        odd = sorted(set(self.rows["data_origin"].dropna()) - {"market"})
        line = parts.as_of(self.session, as_datetime(self.rows["fetched_at"].max()), subject=self.underlying)
        return [line, f" · {' and '.join(odd)} data, not market quotes" if odd else ""]


def layout() -> html.Div:
    """The page before it has data."""
    pickers = html.Div(
        [
            _picker("options-session", "Session"),
            _picker("options-expiration", "Expiration"),
            html.P(id="options-days", className="st-hint", **parts.attrs({"aria-live": "polite"})),
        ],
        className="st-toolbar-row",
    )
    graphs = [
        parts.panel(panel, title, height, hint, has_csv=True, has_graph=True)
        for panel, (title, height, hint) in PANELS.items()
    ]
    return html.Div(
        [
            *address.stores("options", PARAMS),
            dcc.Store(id="options-ticker"),
            html.Div(id="options-banner"),
            html.Div([html.H1(TITLE, id="options-title"), pickers], className="st-head"),
            parts.panel("options-chain", "Chain", 460, "Calls on the left, puts on the right.", has_csv=True),
            html.Div(graphs, className="st-columns"),
        ],
        className="st-page",
    )


def find_chain(door: Door, ticker: Any, session: Any, expiration: Any) -> Chain | parts.Content:
    """The chain that the address means; a session or expiration that isn't there becomes the nearest one that is."""
    known = door.read("option_underlyings")["underlying_ticker"].tolist()
    wanted = str(ticker or "").strip()
    if not known:
        return parts.message(
            parts.EMPTY, "No option chain yet", "The marts are built and hold no option contract.",
            ["Next: run ", html.Code("polygon_options_ingest_backfill"), "; loads and builds follow by themselves."],
        )  # fmt: skip
    underlying = wanted if wanted in known else wanted.upper() if wanted.upper() in known else None
    if not wanted:
        underlying = known[0]
    if underlying is None:
        shown = wanted[:24] if TICKER.fullmatch(wanted) else wanted[:12]
        links: list[Any] = ["Underlyings that have: "]
        for place, name in enumerate(known[:6]):
            links += [" · " if place else "", dcc.Link(name, href=f"/options?ticker={name}")]
        return parts.message(parts.EMPTY, f"No options on “{shown}”", "No chain of it was loaded.", links)
    sessions = [as_date(value) for value in door.read("option_sessions", underlying=underlying)["session_date"]]
    dated = [value for value in sessions if value is not None]
    day = _nearest(dated, session, dated[0])
    unused = _unused("session", session, day, f"{underlying} has no chain of")
    rows = door.read("option_chain", underlying=underlying, session=day)
    expirations = sorted({value for value in map(as_date, rows["expiration_date"]) if value is not None})
    later = [value for value in expirations if value > day]
    expiring = _nearest(expirations, expiration, (later or expirations)[0])
    unused += _unused("expiration", expiration, expiring, f"In that session nothing of {underlying} expires on")
    return Chain(underlying, day, expiring, rows, unused)


def register(app: Dash, door: Door) -> None:
    """The page's callbacks."""
    address.register(app, "options", PARAMS)
    inputs = [Input(param.control, param.prop) for param in PARAMS]
    parts.register_panel(app, door, "options-chain", read_chain, inputs)
    for panel, draw in DRAWN.items():
        parts.register_panel(app, door, panel, partial(read_graph, draw=draw), inputs, has_graph=True)

    @app.callback(
        Output("options-session", "data"),
        Output("options-expiration", "data"),
        Output("options-days", "children"),
        Output("options-title", "children"),
        Output("options-banner", "children"),
        *inputs,
        *parts.REFRESH,
    )
    def choices(ticker: Any, session: Any, expiration: Any, *_: Any) -> tuple[Any, ...]:
        try:
            chain = find_chain(door, ticker, session, expiration)
        except Exception as error:  # the panels say it
            parts.failed(error)
            return [], [], "", TITLE, None
        if isinstance(chain, parts.Content):
            return [], [], "", TITLE, None
        days = (chain.expiration - chain.session).days
        sessions = door.read("option_sessions", underlying=chain.underlying)["session_date"]
        expirations = sorted(set(chain.rows["expiration_date"]))
        said = f"{chain.expiration:%d %b %Y}: {fmt.plural(days, 'day')} to expiration from {fmt.session(chain.session)}"
        said += f" · {chain.pricing}"
        banner = parts.origin_banner({str(chain.rows["data_origin"].iloc[0]): 1}, chain.underlying)
        title = f"{chain.underlying} options"
        return [str(day) for day in sessions], [str(day) for day in expirations], said, title, banner


def read_chain(door: Door, ticker: Any, session: Any, expiration: Any) -> parts.Content:
    """The table of calls, strikes and puts."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return chain
    content = parts.Content(parts.READY, chain_table(chain.expiring), chain.as_of)
    return _dated(parts.unused(content, chain.unused), door, chain)


def read_graph(
    door: Door, ticker: Any, session: Any, expiration: Any, draw: Callable[[Door, Chain], dict[str, Any]]
) -> parts.Content:
    """One figure of the chain; where there is no chain, the table's panel says why."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return parts.once(chain, is_lead=False)
    return _dated(parts.Content(parts.READY, None, chain.as_of, draw(door, chain)), door, chain)


DRAWN: dict[str, Callable[[Door, Chain], dict[str, Any]]] = {
    "options-smile": lambda _door, chain: figure.smile(chain.expiring, chain.spot),
    "options-strikes": lambda _door, chain: figure.by_strike(chain.expiring, chain.spot),
    "options-term": lambda _door, chain: figure.term_structure(chain.rows),
    "options-surface": lambda _door, chain: figure.surface(chain.rows),
    "options-ratio": lambda door, chain: figure.ratio(door.read("put_call_ratio", underlying=chain.underlying)),
}


def _dated(content: parts.Content, door: Door, chain: Chain) -> parts.Content:
    newest = as_date(door.read("option_sessions", underlying=chain.underlying)["session_date"].iloc[0])
    if newest != chain.session:
        return content  # an old session was asked for
    return parts.dated(content, newest, "The newest chain", ingest="polygon_options_ingest_daily")


def _unused(name: str, wanted: Any, shown: date, why: str) -> tuple[str, ...]:
    try:
        day = date.fromisoformat(wanted)
    except (TypeError, ValueError):  # none was asked for, or the address is said to be wrong already
        return ()
    return () if day == shown else (f"{why} {fmt.session(day)}; shown is the nearest {name}, {fmt.session(shown)}.",)


def _nearest(days: list[date], wanted: Any, default: date) -> date:
    try:
        day = date.fromisoformat(wanted)
    except (TypeError, ValueError):
        return default
    return min(days, key=lambda known: abs((known - day).days))


def _picker(control: str, label: str) -> html.Label:
    field = dmc.Select(
        id=control, value="", data=[], size="xs", placeholder="newest" if label == "Session" else "next",
        clearable=True, clearButtonProps={"aria-label": f"{label}: default"}, w=150,
    )  # fmt: skip
    return html.Label([label, field], className="st-as-of-field")
