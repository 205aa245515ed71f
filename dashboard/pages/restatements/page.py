"""The restatements page: what changed, when we learned it, and what was known on a day. Its state is in the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from dashboard.data import restatements as data
from dashboard.data.as_of import bars_as_of, end_of_day
from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime, find_ticker, origin_counts, read_bars
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.address import Param
from dashboard.pages.chart.page import resolve_ticker
from dashboard.pages.restatements import view

PATHS = ("/restatements",)
TITLE = "Restatements"
PARAMS = (
    Param("ticker", "restatements-ticker", "text", prop="data", is_written=False),
    Param("session", "restatements-session", "date", "", prop="data", is_written=False),
    Param("asof", "restatements-asof", "date", "", prop="data"),
)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Restated:
    """A ticker's restated bars, the one that is looked at, and the day whose knowledge is asked for (None: today)."""

    ticker: str
    versions: pd.DataFrame
    session: date
    day: date | None
    unused: tuple[str, ...] = ()

    @property
    def bar(self) -> pd.DataFrame:
        """The versions of the bar that is looked at, oldest first."""
        return self.versions[self.versions["session_date"].map(as_date) == self.session]


def layout() -> html.Div:
    """The page before it has data."""
    slider = html.Div(
        [
            html.Label("As known at the end of", id="restatements-slider-label", className="st-hint"),
            dmc.Slider(
                id="restatements-slider", min=0, max=1, value=1, label={"function": "dayOfEpoch"},
                thumbLabel="As known at the end of the day", className="st-day-slider",
            ),
            html.P(id="restatements-day", className="st-hint", **parts.attrs({"aria-live": "polite"})),
        ],
        className="st-day",
    )  # fmt: skip
    return html.Div(
        [
            *address.stores("restatements", PARAMS),
            *[dcc.Store(id=param.control) for param in PARAMS],
            html.Div(id="restatements-banner"),
            html.Div([html.H1(TITLE, id="restatements-title"), slider], className="st-head"),
            parts.panel("restatements-list", "What changed", 240, "When we learned it, newest first.", has_csv=True),
            html.Div(
                [
                    parts.panel("restatements-bar", "A bar’s versions", 340, "Side by side, unadjusted.", has_csv=True),
                    parts.panel(
                        "restatements-known", "Then and today", 340, "Unadjusted closes.", has_csv=True, has_graph=True
                    ),
                ],
                className="st-columns",
            ),
        ],
        className="st-page",
    )


def find_restated(door: Door, ticker: Any, session: Any, asof: Any) -> Restated | parts.Content:
    """What the address means: no ticker is the newest restated one, no such session its newest restated bar."""
    wanted = str(ticker or "").strip()
    newest = data.read_changes(door)
    if not wanted and not newest:
        return _none("No bar was restated yet", "Every bar still says what it said when it was first fetched.")
    found = resolve_ticker(door, wanted or newest[0].ticker)
    if isinstance(found, parts.Content):
        return found
    versions = door.read("bar_versions", security=found.security)
    if versions.empty:
        return _none(f"No bar of {found.ticker} was restated", "Each of its bars has one version.")
    sessions = sorted({day for value in versions["session_date"] if (day := as_date(value)) is not None})
    day = _date(session)
    shown = day if day in sessions else sessions[-1]
    unused: tuple[str, ...] = ()
    if day is not None and day != shown:
        said = f"No bar of {found.ticker} of {fmt.session(day)} was restated"
        unused = (f"{said}; shown is its newest restated bar, {fmt.session(shown)}.",)
    return Restated(found.ticker, versions, shown, _date(asof), unused)


def read_list(door: Door, ticker: Any, *_: Any) -> parts.Content:
    """The restatements of the ticker, or of all while the address names none."""
    symbol = ""
    if str(ticker or "").strip():
        found = resolve_ticker(door, str(ticker))
        if isinstance(found, parts.Content):
            return found
        symbol = found.ticker
    changes = data.read_changes(door, symbol)
    if not changes:
        what = f"No bar of {symbol} was restated" if symbol else "No bar was restated yet"
        return _none(what, "Every bar still says what it said when it was first fetched.")
    more = f" · the newest {len(changes)} of more" if len(changes) == data.MOST_ROWS else ""
    said = [parts.as_of(changes[0].session, changes[0].known_from, "Newest restatement:", subject=symbol), more]
    return parts.Content(parts.READY, view.changes_table(changes), said)


def read_bar(door: Door, ticker: Any, session: Any, asof: Any) -> parts.Content:
    """The versions of one bar side by side."""
    restated = find_restated(door, ticker, session, asof)
    if isinstance(restated, parts.Content):  # the list says it
        return parts.once(restated, is_lead=False)
    then = None if restated.day is None else end_of_day(restated.day)
    heading = html.P(html.Strong(f"{restated.ticker}, {fmt.session(restated.session)}"))
    body = html.Div([heading, view.versions_table(restated.bar, then)])
    return parts.unused(parts.Content(parts.READY, body, _as_of(restated)), restated.unused)


def read_known(door: Door, ticker: Any, session: Any, asof: Any) -> parts.Content:
    """The ticker's closes as known on the slider's day, and today."""
    restated = find_restated(door, ticker, session, asof)
    if isinstance(restated, parts.Content):
        return parts.once(restated, is_lead=False)
    frame = read_bars(door, restated.ticker).frame
    day = restated.day or data.known_days(restated.versions)[-1]
    then = bars_as_of(frame, restated.versions, end_of_day(day))
    if then.empty:
        return parts.message(
            parts.EMPTY, f"Nothing of {restated.ticker} was known on {fmt.session(day)}",
            f"Its first bar became known {fmt.utc(as_datetime(frame['fetched_at'].min()))}.",
            "Next: move the slider to a later day.",
        )  # fmt: skip
    return parts.Content(parts.READY, None, _as_of(restated), view.known_figure(frame, then, day))


def register(app: Dash, door: Door) -> None:
    """The page's callbacks."""
    address.register(app, "restatements", PARAMS)
    inputs = [Input(param.control, param.prop) for param in PARAMS]
    parts.register_panel(app, door, "restatements-list", read_list, inputs[:1])
    parts.register_panel(app, door, "restatements-bar", read_bar, inputs)
    parts.register_panel(app, door, "restatements-known", read_known, inputs, has_graph=True)
    app.clientside_callback(
        ClientsideFunction("restatements", "sync"),
        Output("restatements-slider", "value"),
        Output("restatements-asof", "data", allow_duplicate=True),
        Output("restatements-day", "children"),
        Input("restatements-slider", "value"),
        Input("restatements-asof", "data"),
        Input("restatements-slider", "max"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("restatements-slider", "min"),
        Output("restatements-slider", "max"),
        Output("restatements-title", "children"),
        Output("restatements-banner", "children"),
        *inputs[:2],
        *parts.REFRESH,
    )
    def head(ticker: Any, session: Any, *_: Any) -> tuple[Any, ...]:
        try:
            restated = find_restated(door, ticker, session, None)
            if isinstance(restated, parts.Content):
                return 0, 1, TITLE, parts.origin_banner(origin_counts(door))
            days = data.known_days(restated.versions)
            known = find_ticker(door, restated.ticker)
            banner = parts.origin_banner({known.data_origin: 1}, known.ticker) if known else None
            first = days[0] - timedelta(days=1)
            return (first - _EPOCH).days, (days[-1] - _EPOCH).days, f"{restated.ticker} restatements", banner
        except Exception as error:  # the panels say it
            parts.failed(error)
            return 0, 1, TITLE, None


def _as_of(restated: Restated) -> list[Any]:
    known = as_datetime(pd.to_datetime(restated.bar["known_from"]).max())
    then = f" · shown as known at the end of {fmt.session(restated.day)}" if restated.day else ""
    return [parts.as_of(restated.session, known, subject=restated.ticker), then]


def _none(title: str, text: str) -> parts.Content:
    return parts.message(
        parts.EMPTY, title, text,
        ["Next: nothing to do; recent sessions are fetched again and a change shows here. See all: ",
         dcc.Link("every ticker’s restatements", href="/restatements"), "."],
    )  # fmt: skip


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
