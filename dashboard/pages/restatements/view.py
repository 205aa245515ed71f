"""What the restatements page shows: pure functions from typed rows to components and figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
from dash import dcc, html

from dashboard.data.market import as_datetime
from dashboard.data.restatements import FIELDS, Change
from dashboard.pages import format as fmt
from dashboard.pages.parts import attrs

NAMES = {
    "open_usd": "Open, USD", "high_usd": "High, USD", "low_usd": "Low, USD", "close_usd": "Close, USD",
    "volume_shares": "Volume, shares", "vwap_usd": "VWAP, USD", "transactions": "Transactions",
}  # fmt: skip
_FIGURE_SESSIONS = 120


def changes_table(changes: Sequence[Change]) -> html.Div:
    """One row a restatement: the bar, its fields before and after, when that became known."""
    head = html.Tr(
        [html.Th(name, scope="col") for name in ("Known since", "Ticker", "Session", "Version", "Change", "Chart")]
    )
    return scrolled(
        html.Table([html.Thead(head), html.Tbody([_change(each) for each in changes])], className="st-table"),
        "What changed",
    )


def versions_table(rows: pd.DataFrame, then: datetime | None) -> html.Div:
    """A bar's versions side by side; a field that differs from the version before is marked with its move.

    `then`: the version known before that moment (UTC) is marked; None: the current one.
    """
    versions = rows.to_dict("records")
    shown = next((place for place, row in enumerate(versions) if _was_known(row, then)), None)
    heads: list[Any] = [html.Th("", scope="col", **attrs({"data-value": "Field"}))]
    for place, row in enumerate(versions):
        mark = "shown" if place == shown else None
        label = f"Version {int(row['version_number'])}"
        shown_mark = html.Span(" " + mark, className="st-atm") if mark else None
        heads.append(html.Th([label, shown_mark], scope="col", **attrs({"data-value": label})))
    since = [fmt.utc(as_datetime(row["known_from"])) for row in versions]
    until = ["today" if pd.isna(row["known_until"]) else fmt.utc(as_datetime(row["known_until"])) for row in versions]
    body = [
        html.Tr([html.Th("Known from", scope="row"), *[html.Td(text) for text in since]]),
        html.Tr([html.Th("Known until", scope="row"), *[html.Td(text) for text in until]]),
    ]
    overruled = [fmt.NONE if pd.isna(row["override_reason"]) else str(row["override_reason"]) for row in versions]
    if any(text != fmt.NONE for text in overruled):
        body.append(html.Tr([html.Th("Overruled", scope="row"), *[html.Td(text) for text in overruled]]))
    for field in FIELDS:
        cells = [
            _cell(row[field], versions[place - 1][field] if place else None, 0 if field in FIELDS[4::2] else 4)
            for place, row in enumerate(versions)
        ]
        body.append(html.Tr([html.Th(NAMES[field], scope="row"), *cells]))
    return scrolled(
        html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="st-table"), "Versions of the bar"
    )


def known_figure(now: pd.DataFrame, then: pd.DataFrame, day: date) -> dict[str, Any]:
    """Closes as known at the end of `day` against today's, unadjusted USD, the newest sessions; changed ones marked."""
    today = now.tail(_FIGURE_SESSIONS).set_index("session_date")["close_usd"].astype(float)
    known = then.set_index("session_date")["close_usd"].astype(float).reindex(today.index)
    sessions = [str(session) for session in today.index]
    changed = known.notna() & (known != today)
    lines = (
        ("Known today", today, "--st-accent", "solid"),
        (f"Known at the end of {day:%d %b %Y}", known, "--st-sma20", "dash"),
    )
    data: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "lines", "name": name, "x": sessions, "y": _plain(values)}
        | {"line": {"color": colour, "dash": dash, "width": 1.8}}
        for name, values, colour, dash in lines
    ]
    data.append(
        {
            "type": "scatter", "mode": "markers", "name": "Restated since", "x": sessions,
            "y": _plain(known.where(changed)),
            "marker": {"color": "--st-down", "symbol": "diamond", "size": 9},
        }
    )  # fmt: skip
    layout = {
        "meta": {"label": "Closes as known then and today"}, "hovermode": "x unified",
        "margin": {"l": 58, "r": 12, "t": 8, "b": 44}, "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"type": "category", "nticks": 6, "title": {"text": "Session"}},
        "yaxis": {"title": {"text": "Close, USD"}},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def scrolled(table: html.Table, label: str) -> html.Div:
    """The table in a box that scrolls, reachable by keyboard."""
    return html.Div(table, className="st-scroll", tabIndex=0, role="region", **attrs({"aria-label": label}))


def _change(change: Change) -> html.Tr:
    parts: list[Any] = []
    for name, (before, after) in change.fields.items():
        decimals = 0 if name == "volume_shares" else 4
        text = f"{NAMES[name].split(',')[0]} {fmt.number(before, decimals)} → {fmt.number(after, decimals)} "
        parts.append(html.Div([text, html.Strong(_move(before, after))]))
    if change.override_reason is not None:
        parts.append(html.Div(["Dropped: " if change.is_dropped else "Overruled: ", change.override_reason]))
    link = "/restatements?" + urlencode({"ticker": change.ticker, "session": change.session})
    chart = "/chart?" + urlencode({"ticker": change.ticker})
    as_it_was = f"{chart}&" + urlencode(
        {"asof": change.known_from.date(), "at": f"{change.known_from:%H:%M:%S}"}, quote_via=quote
    )
    return html.Tr(
        [
            html.Td(fmt.utc(change.known_from), **attrs({"data-value": change.known_from.isoformat()})),
            html.Th(dcc.Link(change.ticker, href=chart), scope="row"),
            html.Td(dcc.Link(fmt.session(change.session), href=link), **attrs({"data-value": str(change.session)})),
            html.Td(f"{change.version} of {change.versions}"),
            html.Td(parts or "VWAP or number of transactions"),
            html.Td(dcc.Link("as it was before", href=as_it_was)),
        ]
    )


def _cell(value: Any, before: Any, decimals: int) -> html.Td:
    if pd.isna(value):
        return html.Td(fmt.NONE, **attrs({"data-value": ""}))
    text: list[Any] = [fmt.number(float(value), decimals)]
    is_changed = before is not None and not pd.isna(before) and float(before) != float(value)
    if is_changed:
        text += [" ", html.Strong(_move(float(before), float(value)))]
    return html.Td(
        text, className="st-changed" if is_changed else None, **attrs({"data-value": f"{float(value):.12g}"})
    )


def _move(before: float, after: float) -> str:
    sign = "▲" if after > before else "▼"
    return sign if not before else f"{sign} {fmt.signed(100 * (after / before - 1))}%"


def _was_known(row: dict[Any, Any], then: datetime | None) -> bool:
    if then is None:
        return bool(row["is_current"])
    until = as_datetime(row["known_until"])
    known = as_datetime(row["known_from"])
    return known is not None and known < then and (until is None or until >= then)


def _plain(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else round(float(value), 6) for value in values]
