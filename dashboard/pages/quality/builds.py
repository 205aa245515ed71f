"""Builds on the data-quality page: a column a build, and each model of one of them with its state, seconds and rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from dashboard.data import builds as data
from dashboard.data.builds import Build, Model
from dashboard.data.door import Door
from dashboard.pages import format as fmt
from dashboard.pages.parts import EMPTY, READY, Content, attrs, message, unused
from dashboard.pages.quality.view import SIGNS, badge
from dashboard.pages.tables import grid

STATES = {"success": "built"}


def read_builds(door: Door, build_id: Any) -> Content:
    """The build that the address names, else the newest one."""
    found = data.read_builds(door)
    if not found:
        return message(
            EMPTY,
            "No build yet",
            "A build notes here what became of each model.",
            ["Next: run ", html.Code("dbt_build"), "; it also runs after every load."],
        )
    named = next((build for build in found if build.build_id == build_id), None)
    build = named or found[0]
    body = html.Div(
        [
            html.Div(
                [
                    strip(list(reversed(found)), build),
                    html.P([badge(build.status), html.Strong(verdict(build))], className="st-verdict"),
                    html.P(ran_as(build), className="st-hint st-break"),
                ],
                className="st-over-grid",
            ),
            models_table(data.read_models(door, build)),
        ]
    )
    stamp = html.Span(["Built at ", html.Strong(fmt.utc(build.finished_at))])
    refused = ["None of the newest builds has the id in the address."] if build_id and named is None else []
    return unused(Content(READY, body, stamp), refused)


def verdict(build: Build) -> str:
    """How many models were built, failed and left out, and in how long."""
    parts = [f"{fmt.plural(build.built, 'model')} built"]
    parts += [f"{build.failed} failed"] if build.failed else []
    parts += [f"{build.skipped} skipped"] if build.skipped else []
    return f"{', '.join(parts)} in {fmt.number(build.seconds, 1)} s"


def ran_as(build: Build) -> str:
    """The Airflow run that built it."""
    return f"Airflow: {build.run_id}" if build.run_id else "Run by hand"


def strip(found: Sequence[Build], shown: Build) -> html.Div:
    """One column a build, oldest first, as high as it took long; each leads to its models."""
    longest = max(build.seconds for build in found) or 1.0
    columns = []
    for build in found:
        said = f"{fmt.utc(build.finished_at)}: {verdict(build)}"
        height = f"{max(100 * build.seconds / longest, 4):.1f}%"
        bar = html.Span(style={"height": height}, className=f"st-bar st-is-{build.status}")
        # A link of Dash has no aria attributes of its own: what is in it names it.
        track = html.Span(bar, className="st-bar-track", role="img", **attrs({"aria-label": said}))
        shown_class = "st-build st-is-shown" if build is shown else "st-build"
        href = "/quality?" + urlencode({"build": build.build_id})
        link = dcc.Link(track, href=href, title=said, className=shown_class)
        columns.append(html.Li([link, html.Span(SIGNS[build.status], className=f"st-bar-mark st-is-{build.status}")]))
    first, last = (fmt.utc(build.finished_at) for build in (found[0], found[-1]))
    return html.Div(
        [
            html.Ol(columns, className="st-history"),
            html.P([html.Span(first if len(found) > 1 else ""), html.Span(last)],
                   className="st-history-foot"),
        ],
        className="st-history-box",
        style={"maxWidth": f"{44 * len(found)}px"},
    )  # fmt: skip


def models_table(models: Sequence[Model]) -> Any:
    """A row a model in the order of their start, with its place in the build's time."""
    end = max((model.after + model.seconds for model in models if model.after is not None), default=0.0) or 1.0
    rows = [
        {
            "status": STATES.get(model.status, model.status),
            "model": model.name,
            "layer": model.layer.lower(),
            "kind": model.materialization,
            "time": None if model.after is None else [model.after / end, model.seconds / end, model.after],
            "seconds": None if model.after is None else round(model.seconds, 3),
            "rows": model.rows,
            "message": model.message,
        }
        for model in models
    ]
    columns = [
        {"field": "status", "headerName": "State", "width": 108, "cellRenderer": "StatusCell", "filter": True},
        {"field": "model", "flex": 3, "minWidth": 270, "filter": True, "tooltipField": "message"},
        {"field": "layer", "width": 120, "filter": True},
        {"field": "kind", "width": 120, "filter": True},
        {
            "field": "time",
            "headerName": "When",
            "cellRenderer": "SpanCell",
            "cellDataType": False,
            "flex": 2,
            "minWidth": 160,
            "sortable": False,
            "context": {"isSkippedInCsv": True},
        },
        {
            "field": "seconds",
            "headerName": "Seconds",
            "type": "rightAligned",
            "width": 100,
            "valueFormatter": {"function": "snowtapeNumber(params.value, 2)"},
        },
        {
            "field": "rows",
            "headerName": "Rows",
            "type": "rightAligned",
            "width": 120,
            "valueFormatter": {"function": "snowtapeNumber(params.value, 0)"},
        },
    ]
    return grid("quality-builds-grid", rows, columns)
