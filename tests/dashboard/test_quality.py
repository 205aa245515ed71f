"""The data-quality page: panels from rows, each with its own state."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from dashboard.data import health
from dashboard.data import quality as data
from dashboard.data.door import Door
from dashboard.pages import parts
from dashboard.pages.quality import doubts, view
from dashboard.pages.quality import page as quality
from tests.dashboard import seed
from tests.dashboard.said import said

if TYPE_CHECKING:
    from tests.dashboard.conftest import FakeWarehouse

RUN = data.TestRun("scheduled__1", datetime(2026, 11, 20, 23, 5), 4, 4, 0, 0, 0, 1.25)


def state(
    test_id: str,
    name: str,
    status: str = "pass",
    failing: int | None = 0,
    *,
    before: int | None = None,
    model: str = "m1",
    column: str | None = None,
    mute: tuple[Any, ...] = (),
) -> tuple[Any, ...]:
    """A row of ops.test_states; `mute`: accepted rows, last day, reason, author."""
    new = max((failing or 0) - (before or 0), 0)
    is_known = status == "warn" and before is not None and not new
    health = "pass" if mute or is_known or status == "pass" else "warn" if status in ("warn", "skipped") else "fail"
    return (test_id, name, model, column, status, "error", failing, before, new, health, bool(mute),
            *(mute or (None,) * 4), 0.1, None, "r3", datetime(2026, 11, 20, 23, 5))  # fmt: skip


def states(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=seed.column_names("ops.test_states")).astype(object)


@pytest.fixture
def filled(door: Door, fake: FakeWarehouse) -> Door:
    """The door with two tests over three runs: one fails in the newest, one is new there."""
    days = [datetime(2026, 11, day, 23, 5) for day in (18, 19, 20)]
    fake.frames["test_history"] = pd.DataFrame(
        [
            ("a", f"i{n}", day, status)
            for n, (day, status) in enumerate(zip(days, ("pass", "warn", "fail"), strict=True))
        ]
        + [("b", "i2", days[2], "pass")],
        columns=["test_id", "run_id", "executed_at", "status"],
    )
    fake.frames["test_latest"] = states(
        state("b", "not_null_b", model="m1"),
        state("a", "unique_a", "fail", 17, before=12, model="m2", column="ticker"),
        state("c", "vwap_c", "warn", 1140, before=1100, mute=(1500, date(2026, 12, 31), "after hours", "Ana")),
        state("d", "range_d", "warn", 40, before=40),
    )
    fake.frames["test_runs"] = pd.DataFrame(
        [("r3", "i2", days[2], 2, 1, 0, 1, 0, 0.3), ("r2", "i1", days[1], 1, 0, 1, 0, 0, None)],
        columns=[
            "run_id",
            "invocation_id",
            "executed_at",
            "tests",
            "passed",
            "warned",
            "failed",
            "skipped",
            "execution_seconds",
        ],
    )
    for name, table in (("loads", "ops.loads"), ("load_rejects", "ops.load_rejects")):
        fake.frames[name] = pd.DataFrame(columns=[part.split()[0] for part in seed.DDL[table].split(", ")])
    return door


def test_rejected_rows_are_counted_by_day_and_reason_and_shown_as_they_came(door: Door, fake: FakeWarehouse) -> None:
    came, object_key = datetime(2026, 11, 12, 23), "raw/stock_bars/2026-11-12/m/0000.ndjson.gz"
    fake.frames["rejected_counts"] = pd.DataFrame(
        [(came.date(), "stock_bars", "a negative volume", 2, 2, came)],
        columns=["fetched_date", "dataset", "rejection_reason", "rejected_rows", "symbols", "last_fetched_at"],
    )
    fake.frames["rejected_rows"] = pd.DataFrame(
        [("stock_bars", "a negative volume", None, None, '{"v": -5}', object_key, 7, came)],
        columns=[
            *("dataset", "rejection_reason", "symbol", "row_date", "raw_row", "object_key", "line_number"),
            "fetched_at",
        ],
    )

    content = doubts.read_rejected(door)

    assert '"reason": "a negative volume", "rows": 2, "symbols": 2' in said(content.body)
    assert json.dumps('{"v": -5}') in said(content.body)
    assert f"{object_key} line 7" in said(content.body)
    assert "12 Nov 2026" in said(content.as_of)


def test_suspect_sessions_say_what_they_are_suspect_for_and_which_manifest_closed_them(
    door: Door, fake: FakeWarehouse
) -> None:
    day = datetime(2026, 11, 12, 23)
    fake.frames["suspect_sessions"] = pd.DataFrame(
        [
            ("m1", "stock_bars", day.date(), 3, 6, 2, day, "fewer tickers than its neighbours", "open", None, None),
            ("m2", "stock_bars", day.date(), 9, 8, 2, day, "bars that contradict each other", "closed", day, "m3"),
        ],
        columns=[
            *("manifest_id", "dataset", "session_date", "result_rows", "expected_rows", "fetches", "loaded_at"),
            *("reason", "state", "closed_at", "closed_by_manifest_id"),
        ],
    )

    content = doubts.read_suspects(door)

    assert '"state": "open", "session": "2026-11-12"' in said(content.body)
    assert '"by": "m3"' in said(content.body)
    assert said(content.as_of).count('"1"') == 1


def test_without_a_rejected_row_or_a_suspect_session_the_panels_say_so(door: Door, fake: FakeWarehouse) -> None:
    fake.frames |= {"rejected_counts": pd.DataFrame(), "suspect_sessions": pd.DataFrame()}

    assert "No row was rejected" in said(doubts.read_rejected(door).body)
    assert "No session is suspect" in said(doubts.read_suspects(door).body)


def test_failing_tests_come_first_with_their_history(filled: Door) -> None:
    frame = data.read_latest_tests(filled)
    assert list(frame["test_id"]) == ["a", "d", "c", "b"]
    assert list(frame["history"])[::3] == [["pass", "warn", "fail"], ["", "", "pass"]]


def test_table_of_tests_says_what_is_new_and_what_is_muted_until_when_and_why(filled: Door) -> None:
    text = said(quality.read_tests(filled).body)
    assert '"failing": 17, "new": 5, "muted": "", "muted_said": ""' in text
    assert '"failing": 40, "new": null, "muted": ""' in text
    assert '"failing": 1140, "new": 40, "muted": "2026-12-31"' in text
    assert "Muted until 2026-12-31, up to 1,500 failing rows: after hours (Ana)" in text


@pytest.mark.parametrize(
    ("rows", "status", "said"),
    [
        pytest.param([state("a", "a")], "pass", "all 1 passed", id="passed"),
        pytest.param([state("a", "a", "warn", 1140, before=1140)], "pass", "1 warned as before, of 1", id="as before"),
        pytest.param([state("a", "a", "warn", 1141, before=1140)], "warn", "1 new or skipped, of 1", id="one more"),
        pytest.param([state("a", "a", "warn", 3)], "warn", "1 new or skipped, of 1", id="first day"),
        pytest.param([state("a", "a", "fail", 3, before=3)], "fail", "1 failed, of 1", id="fails as before"),
        pytest.param([state("a", "a", "fail", 3, mute=(None, date(2026, 12, 31), "known", "Ana"))],
                     "pass", "1 muted, of 1", id="muted"),
        pytest.param([state("a", "a", "skipped", None, before=3)], "warn", "1 new or skipped, of 1", id="skipped"),
        pytest.param([state("a", "a", "error", None), state("b", "b", "warn", 2, before=2)],
                     "fail", "1 failed, 1 warned as before, of 2", id="two"),
    ],
)  # fmt: skip
def test_health_goes_by_failures_and_new_warnings(rows: list[tuple[Any, ...]], status: str, said: str) -> None:
    assert health.tested(states(*rows)) == health.Check("Tests", status, said)


def test_the_run_card_counts_and_names_the_verdict(filled: Door) -> None:
    content = quality.read_run(filled)
    assert content.state == "ready"
    assert "1 test failed" in said(content.body)
    assert "20 Nov 2026 23:05 UTC" in said(content.as_of)


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        pytest.param(RUN, "All 4 tests passed", id="all"),
        pytest.param(data.TestRun("r", None, 4, 3, 1, 0, 0, 0.0), "No failures, 1 warned or skipped", id="warned"),
        pytest.param(data.TestRun("r", None, 4, 1, 1, 2, 0, 0.0), "2 tests failed", id="failed"),
    ],
)
def test_a_run_has_one_verdict(run: data.TestRun, verdict: str) -> None:
    assert verdict in said(view.run_card(run))


def test_the_history_says_each_run_in_words(filled: Door) -> None:
    text = said(quality.read_history(filled).body)
    assert "20 Nov 2026 23:05 UTC: 1 of 2 passed, 1 failed" in text
    assert "lowest 0.0% · newest 50.0%" in text


def test_no_loads_and_no_rejects_are_empty_states_with_a_sentence(filled: Door) -> None:
    assert quality.read_loads(filled).state == "empty"
    assert "polygon_stocks_ingest_backfill" in said(quality.read_loads(filled).body)
    assert "No manifest was rejected" in said(quality.read_rejects(filled).body)


def test_the_banner_says_what_the_page_mixes(filled: Door) -> None:
    assert "1 market, 2 replayed, 2 synthetic" in said(quality.read_banner(filled).body)


@pytest.mark.parametrize("name", ["test_runs", "test_latest"])
def test_without_a_run_the_panel_says_what_to_do(filled: Door, fake: FakeWarehouse, name: str) -> None:
    fake.frames[name] = fake.frames[name].head(0)
    read = quality.read_run if name == "test_runs" else quality.read_tests
    assert read(filled).state == "empty"
    assert "dbt_test" in said(read(filled).body)


def test_while_the_warehouse_is_away_panels_say_so_and_the_banner_is_silent(door: Door, fake: FakeWarehouse) -> None:
    fake.is_away = True
    states = {name: parts.guarded(lambda read=read: read(door)) for name, read in quality.PANELS.items()}
    assert {content.state for content in states.values()} == {"failed"}
    assert states["quality-banner"].body is None
    assert "does not answer" in said(states["quality-tests"].body)
