"""The data-quality page: how the tests ended, how they ended before, how fresh the data is, what was loaded."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, dcc, html

from dashboard.data import quality as data
from dashboard.data.door import Door
from dashboard.data.errors import WarehouseError
from dashboard.data.market import origin_counts
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.address import Param
from dashboard.pages.parts import EMPTY, FAILED, READY, Content, message
from dashboard.pages.quality import builds, doubts, more, overruled, view

PATHS = ("/quality",)
TITLE = "Data quality"
PARAMS = (
    Param("test", "quality-test-id", "text", "", prop="data", most=300, is_written=False),
    Param("build", "quality-build-id", "text", "", prop="data", most=100, is_written=False),
)


def layout() -> html.Div:
    """The page before it has data."""
    return html.Div(
        [
            html.Div(id="quality-banner-body"),
            html.Span(id="quality-banner", hidden=True),
            html.Span(id="quality-banner-as-of", hidden=True),
            html.Span(id="quality-banner-notice", hidden=True),
            *address.stores("quality", PARAMS),
            dcc.Store(id="quality-test-id"),
            dcc.Store(id="quality-build-id"),
            html.Div(html.H1(TITLE), className="st-head"),
            parts.panel(
                "quality-health",
                "Health",
                130,
                "The worst of the last run, freshness by session, failed tests and new warnings.",
                has_csv=True,
            ),
            html.Div(
                [
                    parts.panel("quality-run", "Latest test run", 150),
                    parts.panel("quality-fresh", "Freshness", 150, has_csv=True),
                ],
                className="st-columns",
            ),
            parts.panel("quality-history", "Runs", 140, "Share of tests that passed, run by run; the newest is right."),
            parts.panel(
                "quality-tests",
                "Tests",
                420,
                "The newest result of every test; first what counts for Health.",
                has_csv=True,
            ),
            html.Div(
                [
                    parts.panel("quality-test", "One test", 300, "Its failing rows and the SQL that counts them."),
                    parts.panel(
                        "quality-volume",
                        "Bars a session",
                        300,
                        "Suspect sessions are hatched.",
                        has_csv=True,
                        has_graph=True,
                    ),
                ],
                className="st-columns",
            ),
            parts.panel(
                "quality-builds",
                "Builds",
                420,
                "What became of each model; a column a build, the newest is right.",
                has_csv=True,
            ),
            parts.panel("quality-loads", "Loads", 300, "Manifests in the ledger, newest first.", has_csv=True),
            parts.panel(
                "quality-rejects",
                "Rejected manifests",
                120,
                "Refused as a whole; nothing of them was loaded.",
                has_csv=True,
            ),
            parts.panel(
                "quality-rejected",
                "Rejected rows",
                200,
                "Rows that can’t be true; the version before stays in force.",
                has_csv=True,
            ),
            parts.panel(
                "quality-suspects",
                "Suspect sessions",
                140,
                "Open until a later answer is sound.",
                has_csv=True,
            ),
            parts.panel(
                "quality-overrides",
                "Overrides",
                120,
                "Rows of the vendor that somebody has overruled, newest first.",
                has_csv=True,
            ),
            parts.panel("quality-lineage", "Lineage", 160, "From the API’s answers to what the pages read."),
        ],
        className="st-page",
    )


def register(app: Dash, door: Door) -> None:
    """One callback a panel, so that each loads, fails and recovers by itself."""
    address.register(app, "quality", PARAMS)
    for panel_id, read in PANELS.items():
        parts.register_panel(app, door, panel_id, read)
    test, build = ([Input(param.control, param.prop)] for param in PARAMS)
    parts.register_panel(app, door, "quality-test", more.read_test, test)
    parts.register_panel(app, door, "quality-builds", builds.read_builds, build)
    parts.register_panel(app, door, "quality-volume", more.read_volume, has_graph=True)


def read_banner(door: Door) -> Content:
    """The banner for data that is not the market's; silent where the panels below say what is wrong."""
    try:
        return Content(READY, parts.origin_banner(origin_counts(door)))
    except WarehouseError:
        return Content(FAILED)


def read_run(door: Door) -> Content:
    """Counts of the newest run."""
    runs = data.read_runs(door)
    if not runs:
        return _no_runs()
    return Content(READY, view.run_card(runs[0]), _runs_as_of(runs))


def read_history(door: Door) -> Content:
    """A bar for each run."""
    runs = data.read_runs(door)
    if not runs:
        return _no_runs()
    return Content(READY, view.history_strip(list(reversed(runs))), _runs_as_of(runs))


def read_tests(door: Door) -> Content:
    """The table of tests."""
    frame = data.read_latest_tests(door)
    if frame.empty:
        return _no_runs()
    return Content(READY, view.tests_table(frame), _runs_as_of(data.read_runs(door)))


def read_fresh(door: Door) -> Content:
    """The newest session of each dataset, the newest load of each family."""
    datasets, families = data.read_freshness(door), data.read_families(door)
    if not datasets and not families:
        return _no_loads()
    dated = [(row.last_session, row.fetched_at) for row in datasets if row.last_session is not None]
    as_of = parts.as_of(*max(dated, key=lambda pair: pair[0])) if dated else None
    return Content(READY, view.freshness_table(datasets, families), as_of)


def read_loads(door: Door) -> Content:
    """The table of loads."""
    frame = data.read_loads(door)
    if frame.empty:
        return _no_loads()
    return Content(READY, view.loads_table(frame), _stamp("Ledger as of", frame["loaded_at"].iloc[0]))


def read_rejects(door: Door) -> Content:
    """The table of rejects; none is the good case and says so."""
    frame = data.read_rejects(door)
    if frame.empty:
        return message(EMPTY, "No manifest was rejected", "Every manifest that was offered matched its objects.")
    return Content(READY, view.rejects_table(frame), _stamp("Newest reject", frame["rejected_at"].iloc[0]))


PANELS = {
    "quality-banner": read_banner,
    "quality-health": more.read_health,
    "quality-lineage": more.read_lineage,
    "quality-run": read_run,
    "quality-fresh": read_fresh,
    "quality-history": read_history,
    "quality-tests": read_tests,
    "quality-loads": read_loads,
    "quality-rejects": read_rejects,
    "quality-overrides": overruled.read_overrides,
    "quality-rejected": doubts.read_rejected,
    "quality-suspects": doubts.read_suspects,
}


def _runs_as_of(runs: list[data.TestRun]) -> html.Span:
    return _stamp("Tests run at", runs[0].executed_at if runs else None)


def _stamp(what: str, when: Any) -> html.Span:
    return html.Span([f"{what} ", html.Strong(fmt.utc(data.as_datetime(when)))])


def _no_runs() -> Content:
    return message(
        EMPTY,
        "No test has run yet",
        "The results table is there and empty.",
        ["Next: run ", html.Code("dbt_test"), "; it also runs after every build."],
    )


def _no_loads() -> Content:
    return message(
        EMPTY,
        "Nothing was loaded yet",
        "The ledger holds no manifest.",
        ["Next: run ", html.Code("polygon_stocks_ingest_backfill"), "; the load starts by itself after it."],
    )
