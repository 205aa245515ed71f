"""More of the data-quality page: health, one test's statement, bars a session with suspects, lineage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from dash import dcc, html

from dashboard.data import health
from dashboard.data import quality as data
from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime
from dashboard.pages import format as fmt
from dashboard.pages.parts import EMPTY, READY, Content, as_of, attrs, message, unused
from dashboard.pages.quality.lineage import lineage
from dashboard.pages.quality.view import badge, mute_said

VOLUME_DAYS = 180


def read_health(door: Door) -> Content:
    """A row a dataset: the verdict and its three causes."""
    rows = health.read_health(door)
    fresh = [row for row in data.read_freshness(door) if row.last_session is not None]
    newest = max(fresh, key=lambda row: str(row.last_session)) if fresh else None
    stamp = as_of(newest.last_session, newest.fetched_at) if newest else None
    return Content(READY, health_table(rows), stamp)


def health_table(rows: Sequence[health.Health]) -> html.Div:
    """Each dataset's verdict and checks: shape, word and colour."""
    names = [check.name for check in rows[0].checks]
    head = html.Tr([html.Th(name, scope="col") for name in ("Dataset", "Health", *names)])
    body = [
        html.Tr(
            [
                html.Th(row.dataset.replace("_", " ").capitalize(), scope="row"),
                html.Td(_status(row.status, row.status)),
                *[html.Td(_status(check.status, check.said)) for check in row.checks],
            ]
        )
        for row in rows
    ]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="st-table")
    return html.Div(table, className="st-scroll", tabIndex=0, role="region", **attrs({"aria-label": "Health"}))


def read_test(door: Door, test: Any) -> Content:
    """The test that the address names, else the worst one: its result and the statement that finds its rows."""
    latest = data.read_latest_tests(door)
    if latest.empty:
        return message(EMPTY, "No test has run yet", "There is no statement to show.",
                       ["Next: run ", html.Code("dbt_test"), "."])  # fmt: skip
    known = set(latest["test_id"])
    wanted = test if isinstance(test, str) and test in known else str(latest["test_id"].iloc[0])
    row = door.read("test_detail", test_id=wanted).iloc[0]
    said = "" if pd.isna(row["message"]) else str(row["message"])
    failing = 0 if pd.isna(row["failing_rows"]) else int(row["failing_rows"])
    state = next(latest[latest["test_id"] == wanted].itertuples())
    odd = latest[latest["status"] != "pass"].head(12)
    links = [
        html.Li(dcc.Link(f"{each.test_name} ({each.status})", href="/quality?" + urlencode({"test": each.test_id})))
        for each in odd.itertuples()
    ]
    sql = "The run kept no statement." if pd.isna(row["compiled_sql"]) else str(row["compiled_sql"])
    body = html.Div(
        [
            html.P([badge(str(row["status"])), html.Strong(str(row["test_name"]))], className="st-verdict st-break"),
            html.P(f"{fmt.plural(failing, 'failing row')}{since(state)}. {said}", className="st-hint"),
            html.P(mute_said(state), className="st-hint st-break") if state.is_muted else None,
            failing_table(door.read("failing_rows", test_id=wanted, invocation_id=str(row["invocation_id"])), failing),
            html.Pre(sql, className="st-sql", tabIndex=0, role="region", **attrs({"aria-label": "The test’s SQL"})),
            html.P("Not passed:" if links else "Every test passed.", className="st-hint"),
            html.Ul(links, className="st-break"),
        ]
    )  # fmt: skip
    when = html.Span(["Tests run at ", html.Strong(fmt.utc(as_datetime(row["executed_at"])))])
    refused = [] if not test or wanted == test else ["No test of the newest results has the id in the address."]
    return unused(Content(READY, body, when), refused)


def since(state: Any) -> str:
    """How many failing rows there were on the day before, where there are any now."""
    if pd.isna(state.failing_rows) or not state.failing_rows or pd.isna(state.failing_rows_before):
        return ""
    before, new = int(state.failing_rows_before), int(state.new_failing_rows)
    return f", {fmt.number(new)} more than the day before" if new else f", {fmt.number(before)} the day before"


def failing_table(rows: pd.DataFrame, failing: int) -> Any:
    """The failing rows that the run kept, and how many there are besides; None for a test that passed."""
    if not failing:
        return None
    if rows.empty:
        return html.P("The run kept no row; its statement, run in the warehouse, gives them.", className="st-hint")
    # The last of the kept texts may be cut: it is shown as it is.
    found = [_fields(text) for text in rows["failing_row"]]
    names = list(dict.fromkeys(name for row in found for name in row))
    head = html.Tr([html.Th(name.lower(), scope="col") for name in names])
    body = [html.Tr([html.Td(_shown(row.get(name))) for name in names]) for row in found]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="st-table")
    more = f"The first {len(found)} of {fmt.number(failing)}." if failing > len(found) else ""
    region = attrs({"aria-label": "Failing rows"})
    return html.Div([html.Div(table, className="st-scroll", tabIndex=0, role="region", **region),
                     html.P(more, className="st-hint")])  # fmt: skip


def _fields(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"row": text}
    return found if isinstance(found, dict) else {"row": found}


def _shown(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value)


def read_volume(door: Door) -> Content:
    """Bars a session; the suspects of the ledger are marked and listed."""
    fresh = next((row for row in data.read_freshness(door) if row.dataset == "stock_bars"), None)
    if fresh is None or fresh.last_session is None:
        return message(EMPTY, "No bars yet", "No session has a bar.",
                       ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), "."])  # fmt: skip
    frame = door.read("session_volume", since=fresh.last_session - timedelta(days=VOLUME_DAYS))
    suspects = door.read("suspect_sessions", rows=data.LOAD_ROWS)
    stamp = as_of(fresh.last_session, fresh.fetched_at)
    return Content(READY, suspects_list(suspects), stamp, volume_figure(frame, suspects))


def read_lineage(door: Door) -> Content:
    """From raw to the marts, each model with what it reads and the worst of its tests."""
    latest = data.read_latest_tests(door)
    worst = {} if latest.empty else latest.drop_duplicates("model_name").set_index("model_name")["status"].to_dict()
    runs = data.read_runs(door)
    when = runs[0].executed_at if runs else None
    stamp = html.Span(["Tests run at ", html.Strong(fmt.utc(when))])
    return Content(READY, lineage(worst), stamp)


def volume_figure(frame: pd.DataFrame, suspects: pd.DataFrame) -> dict[str, Any]:
    """Tickers with a bar, session by session; a session that is suspect still is another colour, hatched."""
    is_bad = (suspects["dataset"] == "stock_bars") & (suspects["state"] == "open")
    bad = {str(as_date(day)) for day in suspects.loc[is_bad, "session_date"]}
    sessions = [str(as_date(day)) for day in frame["session_date"]]
    marks = [session in bad for session in sessions]
    trace = {
        "type": "bar", "name": "Tickers with a bar", "x": sessions, "y": [int(bars) for bars in frame["bars"]],
        "marker": {
            "color": ["--st-down" if each else "--st-accent" for each in marks],
            "pattern": {"shape": ["x" if each else "" for each in marks], "size": 5, "fillmode": "overlay"},
        },
    }  # fmt: skip
    layout = {
        "meta": {"label": "Tickers with a bar, by session"}, "bargap": 0.25, "hovermode": "x unified",
        "margin": {"l": 58, "r": 12, "t": 8, "b": 44}, "xaxis": {"type": "category", "nticks": 8},
        "yaxis": {"title": {"text": "Tickers"}, "rangemode": "tozero"},
    }  # fmt: skip
    return {"data": [trace], "layout": layout}


def suspects_list(suspects: pd.DataFrame) -> Any:
    """A sentence a session that is suspect still, newest first."""
    suspects = suspects[suspects["state"] == "open"]
    if suspects.empty:
        return html.P(
            "No session is suspect: each answered about as many tickers as its neighbours.", className="st-hint"
        )
    return html.Div(
        [
            html.P(
                [
                    badge("warn"),
                    f" {row.dataset.replace('_', ' ')} of {fmt.session(as_date(row.session_date))}: "
                    f"{fmt.number(row.result_rows)} of about {fmt.number(row.expected_rows)} rows after "
                    f"{fmt.plural(int(row.fetches), 'fetch', 'fetches')}; kept and loaded.",
                ],
                className="st-hint st-break",
            )
            for row in suspects.head(8).itertuples()
        ]
    )


def _status(status: str, said: str) -> html.Span:
    return html.Span([badge(status), html.Span(said)], className="st-status")
