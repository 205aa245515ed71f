"""The data-quality page's list of overrides: what people say that the vendor has wrong."""

from __future__ import annotations

import pandas as pd

from dashboard.data.door import Door
from dashboard.data.market import as_datetime
from dashboard.data.quality import LOAD_ROWS
from dashboard.pages import format as fmt
from dashboard.pages.parts import EMPTY, READY, Content, message
from dashboard.pages.tables import grid


def read_overrides(door: Door) -> Content:
    """The newest decisions with their reason, author and times; none says so."""
    frame = door.read("overrides", rows=LOAD_ROWS)
    if frame.empty:
        return message(EMPTY, "Nothing is overruled", "Every number is the vendor’s.")
    rows = [
        {
            "entered": fmt.utc(as_datetime(row.known_from)),
            "state": state(row.is_retracted, row.known_until),
            "dataset": row.dataset,
            "row": row.row_key,
            "field": row.field,
            "value": "" if row.field == "drop" or row.is_retracted else "NULL" if pd.isna(row.value) else row.value,
            "reason": row.reason,
            "author": row.author,
        }
        for row in frame.itertuples()
    ]
    columns = [
        {"field": "entered", "width": 190, "sortable": False},
        {"field": "state", "width": 110, "filter": True},
        {"field": "dataset", "width": 140, "filter": True},
        {"field": "row", "flex": 2, "minWidth": 200, "filter": True, "cellClass": "st-mono"},
        {"field": "field", "width": 150, "filter": True},
        {"field": "value", "width": 120},
        {"field": "reason", "flex": 3, "minWidth": 240, "wrapText": True, "autoHeight": True},
        {"field": "author", "width": 150, "filter": True},
    ]
    return Content(READY, grid("quality-overrides-grid", rows, columns))


def state(is_retracted: bool, known_until: object) -> str:
    """What a decision does now: it counts, or gave the vendor's value back, or a later one has followed it."""
    if not pd.isna(known_until):
        return "over"
    return "retracted" if is_retracted else "in force"
