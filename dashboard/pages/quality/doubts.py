"""What is not believed, on the data-quality page: rejected rows by reason and day, suspect sessions open and closed."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import html

from dashboard.data import quality as data
from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime
from dashboard.pages import format as fmt
from dashboard.pages.parts import EMPTY, READY, Content, message
from dashboard.pages.tables import grid

RAW_ROWS = 50
SOUND = "Every row that came can be true."


def read_rejected(door: Door) -> Content:
    """A row a day, dataset and reason; below, the newest rows as the API sent them."""
    counts = door.read("rejected_counts", rows=data.LOAD_ROWS)
    if counts.empty:
        return message(EMPTY, "No row was rejected", SOUND)
    body = html.Div(
        [
            counts_table(counts),
            html.H3("The newest, as they came"),
            raw_table(door.read("rejected_rows", rows=RAW_ROWS)),
        ]
    )
    newest = pd.to_datetime(counts["last_fetched_at"]).max()
    return Content(READY, body, html.Span(["Newest came ", html.Strong(fmt.utc(as_datetime(newest)))]))


def read_suspects(door: Door) -> Content:
    """Suspect sessions, open ones first."""
    frame = door.read("suspect_sessions", rows=data.LOAD_ROWS)
    if frame.empty:
        said = "Each session answered about as many tickers as its neighbours, and contradicted nothing."
        return message(EMPTY, "No session is suspect", said)
    still = int((frame["state"] == "open").sum())
    return Content(READY, suspects_table(frame), html.Span([html.Strong(str(still)), " open"]))


def counts_table(frame: pd.DataFrame) -> Any:
    """How many rows, by day and reason."""
    rows = [
        {
            "day": str(as_date(row.fetched_date)),
            "dataset": row.dataset.replace("_", " "),
            "reason": row.rejection_reason,
            "rows": int(row.rejected_rows),
            "symbols": int(row.symbols),
        }
        for row in frame.itertuples()
    ]
    columns = [
        {"field": "day", "width": 120},
        {"field": "dataset", "width": 150, "filter": True},
        {"field": "reason", "flex": 3, "minWidth": 280, "filter": True},
        {"field": "rows", "width": 100, "type": "rightAligned"},
        {"field": "symbols", "width": 110, "type": "rightAligned"},
    ]
    return grid("quality-rejected-grid", rows, columns)


def raw_table(frame: pd.DataFrame) -> Any:
    """Rows as JSON, with the object and the line that hold them."""
    rows = [
        {
            "came": fmt.utc(as_datetime(row.fetched_at)),
            "symbol": "–" if pd.isna(row.symbol) else row.symbol,
            "date": "–" if pd.isna(row.row_date) else str(as_date(row.row_date)),
            "reason": row.rejection_reason,
            "row": row.raw_row,
            "line": f"{row.object_key} line {int(row.line_number)}",
        }
        for row in frame.itertuples()
    ]
    columns = [
        {"field": "came", "width": 190, "sortable": False},
        {"field": "symbol", "width": 120, "filter": True},
        {"field": "date", "width": 120},
        {"field": "reason", "flex": 2, "minWidth": 240, "filter": True},
        {"field": "row", "flex": 4, "minWidth": 360, "wrapText": True, "autoHeight": True, "cellClass": "st-mono"},
        {"field": "line", "flex": 3, "minWidth": 360, "cellClass": "st-mono"},
    ]
    return grid("quality-raw-grid", rows, columns)


def suspects_table(frame: pd.DataFrame) -> Any:
    """Each with its reason, and what closed it."""
    rows = [
        {
            "state": row.state,
            "session": str(as_date(row.session_date)),
            "dataset": row.dataset.replace("_", " "),
            "reason": row.reason,
            "rows": f"{fmt.number(row.result_rows)} of about {fmt.number(row.expected_rows)}",
            "fetches": int(row.fetches),
            "closed": "" if pd.isna(row.closed_at) else fmt.utc(as_datetime(row.closed_at)),
            "by": "" if pd.isna(row.closed_at) else row.closed_by_manifest_id,
            "manifest": row.manifest_id,
        }
        for row in frame.itertuples()
    ]
    columns = [
        {"field": "state", "width": 100, "filter": True},
        {"field": "session", "width": 120},
        {"field": "dataset", "width": 130},
        {"field": "reason", "flex": 2, "minWidth": 260},
        {"field": "rows", "width": 190},
        {"field": "fetches", "width": 100, "type": "rightAligned"},
        {"field": "closed", "width": 190, "sortable": False},
        {"field": "by", "headerName": "Closed by", "flex": 2, "minWidth": 270, "cellClass": "st-mono"},
        {"field": "manifest", "flex": 2, "minWidth": 270, "cellClass": "st-mono"},
    ]
    return grid("quality-suspects-grid", rows, columns)
