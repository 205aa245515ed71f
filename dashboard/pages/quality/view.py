"""What the data-quality page shows: pure functions from typed rows to components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import html

from dashboard.data.market import as_date, as_datetime
from dashboard.data.quality import FamilyLoads, Freshness, TestRun
from dashboard.pages import format as fmt
from dashboard.pages.parts import attrs
from dashboard.pages.tables import grid

# A sign for each status besides its colour.
SIGNS = {"pass": "✓", "warn": "!", "fail": "✕", "error": "✕", "skipped": "–"}


def run_card(run: TestRun) -> html.Div:
    """Verdict and counts of one run."""
    if run.failed:
        verdict, status = f"{fmt.plural(run.failed, 'test')} failed", "fail"
    elif run.warned or run.skipped:
        verdict, status = f"No failures, {run.warned + run.skipped} warned or skipped", "warn"
    else:
        verdict, status = f"All {fmt.plural(run.tests, 'test')} passed", "pass"
    counts = (("pass", "passed", run.passed), ("warn", "warned", run.warned), ("fail", "failed", run.failed))
    return html.Div(
        [
            html.P([badge(status), html.Strong(verdict)], className="st-verdict"),
            html.Dl(
                [
                    html.Div([html.Dt(label), html.Dd(fmt.number(count))], className=f"st-count st-is-{key}")
                    for key, label, count in (*counts, ("skipped", "skipped", run.skipped))
                ],
                className="st-counts",
            ),
            html.P(
                f"{fmt.plural(run.tests, 'test')} in {fmt.number(run.execution_seconds, 1)} s of test time · "
                f"run {run.run_id}",
                className="st-hint st-break",
            ),
        ]
    )


def badge(status: str) -> html.Span:
    """A round sign for a status: shape and colour."""
    return html.Span(SIGNS.get(status, "?"), className=f"st-badge st-is-{status}", **attrs({"aria-label": status}))


def history_strip(runs: Sequence[TestRun]) -> html.Div:
    """One column a run, oldest first: its height is the share of tests that passed, its foot says what didn't."""
    columns = []
    for run in runs:
        said = f"{fmt.utc(run.executed_at)}: {run.passed} of {run.tests} passed"
        said += "".join(
            f", {count} {word}"
            for count, word in ((run.failed, "failed"), (run.warned, "warned"), (run.skipped, "skipped"))
            if count
        )
        status = "fail" if run.failed else "warn" if run.warned or run.skipped else "pass"
        mark = str(run.failed) if run.failed else SIGNS[status]
        columns.append(
            html.Li(
                [
                    html.Span(
                        html.Span(style={"height": f"{100 * run.pass_rate:.1f}%"}, className=f"st-bar st-is-{status}"),
                        className="st-bar-track",
                    ),
                    html.Span(mark, className=f"st-bar-mark st-is-{status}"),
                ],
                title=said,
                **attrs({"aria-label": said}),
            )
        )
    rates = [run.pass_rate for run in runs]
    first, last = fmt.utc(runs[0].executed_at), fmt.utc(runs[-1].executed_at)
    return html.Div(
        [
            html.Ol(columns, className="st-history"),
            html.P(
                [
                    html.Span(first if len(runs) > 1 else ""),
                    html.Span(f"lowest {100 * min(rates):.1f}% · newest {100 * rates[-1]:.1f}%"),
                    html.Span(last),
                ],
                className="st-history-foot",
            ),
        ],
        className="st-history-box",
        style={"maxWidth": f"{44 * len(runs)}px"},
    )


def freshness_table(datasets: Sequence[Freshness], families: Sequence[FamilyLoads]) -> html.Table:
    """Newest session a dataset and newest load a family."""
    rows = [
        html.Tr(
            [
                html.Th(row.dataset.replace("_", " ").capitalize(), scope="row"),
                html.Td(fmt.session(row.last_session)),
                html.Td(
                    f"{fmt.plural(row.bars, 'bar')}, fetched {fmt.utc(row.fetched_at)}" if row.bars else "no bars yet"
                ),
            ]
        )
        for row in datasets
    ]
    for family in families:
        incomplete = f", {family.incomplete:,} incomplete" if family.incomplete else ""
        rows.append(
            html.Tr(
                [
                    html.Th(f"{family.family.capitalize()} loads", scope="row"),
                    html.Td(fmt.utc(family.loaded_at)),
                    html.Td(f"{fmt.plural(family.manifests, 'manifest')}{incomplete}"),
                ]
            )
        )
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in ("Dataset", "Newest", "What")]))
    return html.Table([head, html.Tbody(rows)], className="st-table")


def tests_table(frame: pd.DataFrame) -> Any:
    """The newest result of each test with its history."""
    rows = [
        {
            "status": row.status,
            "model": row.model_name,
            "test": row.test_name,
            "column": row.column_name,
            "failing": _count(row.failing_rows),
            "new": _count(row.new_failing_rows) or None,
            "muted": muted(row),
            "muted_said": mute_said(row),
            "seconds": None if pd.isna(row.execution_seconds) else round(float(row.execution_seconds), 3),
            "history": list(row.history),
            "message": row.message,
            "when": fmt.utc(as_datetime(row.executed_at)),
        }
        for row in frame.itertuples()
    ]
    columns = [
        {"field": "status", "width": 108, "cellRenderer": "StatusCell", "filter": True},
        {"field": "test", "flex": 4, "minWidth": 220, "filter": True, "tooltipField": "message"},
        {"field": "model", "flex": 3, "minWidth": 190, "filter": True, "tooltipField": "model"},
        {"field": "column", "flex": 2, "minWidth": 120},
        {
            "field": "failing",
            "headerName": "Failing rows",
            "type": "rightAligned",
            "width": 120,
            "valueFormatter": {"function": "snowtapeNumber(params.value, 0)"},
        },
        {
            "field": "new",
            "headerName": "New",
            "headerTooltip": "More failing rows than on the day before, UTC",
            "type": "rightAligned",
            "width": 90,
            "valueFormatter": {"function": "params.value ? '+' + snowtapeNumber(params.value, 0) : ''"},
        },
        {"field": "muted", "headerName": "Muted until", "width": 120, "tooltipField": "muted_said"},
        {
            "field": "seconds",
            "headerName": "Seconds",
            "type": "rightAligned",
            "width": 100,
            "valueFormatter": {"function": "d3.format('.3f')(params.value)"},
        },
        {
            "field": "history",
            "headerName": "History",
            "cellRenderer": "HistoryCell",
            "cellDataType": False,
            "width": 190,
            "sortable": False,
        },
    ]
    return grid("quality-tests-grid", rows, columns)


def muted(row: Any) -> str:
    """The last day of a mute that is in force, "" without one."""
    return "" if not row.is_muted else str(as_date(row.muted_until))


def mute_said(row: Any) -> str:
    """Why a test is muted, by whom and until when; "" for one that is not."""
    if not row.is_muted:
        return ""
    limit = "" if pd.isna(row.accepted_rows) else f", up to {fmt.plural(int(row.accepted_rows), 'failing row')}"
    return f"Muted until {muted(row)}{limit}: {row.mute_reason} ({row.mute_author})"


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def loads_table(frame: pd.DataFrame) -> Any:
    """The ledger's newest rows."""
    rows = [
        {
            "loaded": fmt.utc(as_datetime(row.loaded_at)),
            "family": row.family,
            "complete": "complete" if row.is_complete else "incomplete",
            "lines": int(row.rows_loaded),
            "results": int(row.result_rows),
            "dag": row.dag_id,
            "manifest": row.manifest_id,
        }
        for row in frame.itertuples()
    ]
    columns = [
        {"field": "loaded", "headerName": "Loaded", "width": 190, "sortable": False},
        {"field": "family", "width": 100, "filter": True},
        {"field": "complete", "headerName": "Fetch", "width": 130, "cellRenderer": "CompleteCell", "filter": True},
        {
            "field": "lines",
            "headerName": "Responses",
            "type": "rightAligned",
            "width": 120,
            "valueFormatter": {"function": "d3.format(',')(params.value)"},
        },
        {
            "field": "results",
            "headerName": "Result rows",
            "type": "rightAligned",
            "width": 125,
            "valueFormatter": {"function": "d3.format(',')(params.value)"},
        },
        {"field": "dag", "headerName": "DAG", "flex": 2, "minWidth": 220, "filter": True},
        {"field": "manifest", "flex": 2, "minWidth": 270, "cellClass": "st-mono"},
    ]
    return grid("quality-loads-grid", rows, columns)


def rejects_table(frame: pd.DataFrame) -> Any:
    """The newest rejects with their reasons."""
    rows = [
        {
            "rejected": fmt.utc(as_datetime(row.rejected_at)),
            "family": row.family,
            "reason": row.reason,
            "manifest": row.manifest_id,
        }
        for row in frame.itertuples()
    ]
    columns = [
        {"field": "rejected", "width": 190, "sortable": False},
        {"field": "family", "width": 100},
        {"field": "reason", "flex": 4, "minWidth": 320, "wrapText": True, "autoHeight": True},
        {"field": "manifest", "flex": 2, "minWidth": 270, "cellClass": "st-mono"},
    ]
    return grid("quality-rejects-grid", rows, columns)
