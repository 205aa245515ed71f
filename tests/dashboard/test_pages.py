"""Restatements, screener, correlation and health: numbers by another way, hostile addresses on every page."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard.data import correlation, health, screener
from dashboard.data.door import Door
from dashboard.pages.correlation import page as correlations
from dashboard.pages.quality import more
from dashboard.pages.quality.lineage import LINEAGE
from dashboard.pages.restatements import page as restatements
from dashboard.pages.screener import page as screen
from tests.dashboard import seed
from tests.dashboard.said import said

pytestmark = pytest.mark.usefixtures("morning_after")

HOSTILE = [
    "'; drop table marts.x; --", "<script>alert(1)</script>", "A" * 10_000, "\x00", "-1", "NOSUCH", "ÅÄÖ雪",
    ["x"], {"type": "inRange"}, -5, None,
]  # fmt: skip


@pytest.fixture
def door(seeded_door: Door) -> Door:
    return seeded_door


def test_a_restatement_says_what_the_bar_said_before(door: Door) -> None:
    changes = restatements.data.read_changes(door, "MSFT")
    assert [(each.version, each.versions, list(each.fields)) for each in changes] == [
        (3, 3, ["volume_shares"]),
        (2, 3, ["volume_shares"]),
    ]
    volume = seed.bars("MSFT").iloc[-5]["volume_shares"]
    assert changes[1].fields["volume_shares"] == (round(volume * 0.8), round(volume * 0.95))


def test_the_version_known_on_the_day_of_the_address_is_marked(door: Door) -> None:
    body = said(restatements.read_bar(door, "MSFT", "", "2026-11-17").body)
    assert body.index(" shown") > body.index("Version 2")
    assert body.index(" shown") < body.index("Version 3")


def test_closes_known_then_differ_where_they_were_restated_since(door: Door) -> None:
    session = seed.bars("AAPL").iloc[-10]["session_date"]
    figure: Any = restatements.read_known(door, "AAPL", "", str(session)).figure
    today, then, marked = figure["data"]
    place = today["x"].index(str(session))
    assert then["y"][place] == pytest.approx(today["y"][place] * 0.99, abs=1e-4)
    assert [x for x, y in zip(marked["x"], marked["y"], strict=True) if y is not None] == [str(session)]


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_a_hostile_address_is_never_a_failed_panel(door: Door, hostile: Any) -> None:
    contents = [
        restatements.read_list(door, hostile),
        restatements.read_bar(door, hostile, hostile, hostile),
        restatements.read_known(door, "AAPL", hostile, hostile),
        screen.read_table(door, hostile, hostile),
        correlations.read_map(door, hostile, hostile),
        correlations.read_map(door, ["AAPL", "MSFT", hostile], "63"),
        more.read_test(door, hostile),
    ]
    assert {content.state for content in contents} <= {"ready", "empty", "absent"}
    request = {
        "startRow": hostile,
        "filterModel": {"rsi_14": hostile, "ticker": {"type": hostile}, "x": hostile},
        "sortModel": hostile,
    }
    assert screen.rows_of(door, request)["rowCount"] == 6


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        pytest.param(
            {"close_usd": {"type": "greaterThan", "filter": 200}}, lambda row: row["close_usd"] > 200, id="more"
        ),
        pytest.param(
            {"rsi_14": {"type": "inRange", "filter": 30, "filterTo": 60}},
            lambda row: 30 <= row["rsi_14"] <= 60, id="range",
        ),
        pytest.param(
            {"ticker": {"type": "startsWith", "filter": "sim"}, "close_usd": {"type": "lessThan", "filter": 39}},
            lambda row: row["ticker"].startswith("SIM") and row["close_usd"] < 39, id="both",
        ),
    ],
)  # fmt: skip
def test_filters_keep_the_rows_that_python_would(door: Door, filters: Any, passes: Any) -> None:
    rows = {ticker: seed.bars(ticker).iloc[-1] for ticker in seed.LENGTHS}
    expected = {ticker for ticker, row in rows.items() if passes(row)}
    assert set(screener.chosen(screener.read_all(door), filters, None)["ticker"]) == expected != set(rows)


@pytest.mark.parametrize("condition", [*screener.COMPARE, *screener.LIKE])
def test_every_condition_of_the_server_is_offered_by_the_table(condition: str) -> None:
    offered = {
        each
        for column in screen.grid({}, None).columnDefs
        for each in column.get("filterParams", {}).get("filterOptions", [])
    }
    assert condition in offered


def test_a_presets_conditions_are_offered_and_it_is_known_again() -> None:
    for key, (_label, filters, sort) in screen.PRESETS.items():
        assert screener.refused(filters, sort) == []
        shown = {name: {"filterType": "number", **condition} for name, condition in filters.items()}
        assert screen.preset_of(shown, sort) == key
    assert screen.preset_of({}, "ticker") is None


def test_what_of_a_filter_and_an_order_is_left_out_is_said(door: Door) -> None:
    content = screen.read_table(door, {"x": {}, "rsi_14": {"type": "over", "filter": 3}}, "y")
    assert "no column “x”" in said(content.notice)
    assert "The filter of “RSI 14” is not one of greaterThan" in said(content.notice)
    assert "no column “y” to sort by" in said(content.notice)


def test_an_id_of_no_test_or_a_session_without_restatement_is_said(door: Door) -> None:
    assert "No test of the newest results has the id" in said(more.read_test(door, "nosuch").notice)
    bar = restatements.read_bar(door, "MSFT", "2026-11-15", "")
    assert "No bar of MSFT of Sun 15 Nov 2026 was restated; shown is its newest" in said(bar.notice)


def test_the_csv_holds_exactly_the_rows_that_pass_in_their_order(door: Door) -> None:
    rows = screener.chosen(screener.read_all(door), {"ticker": {"type": "contains", "filter": "a"}}, "ticker")
    table = list(csv.reader(io.StringIO(screener.csv_text(rows).removeprefix("\ufeff"))))
    assert table[0] == [column.title for column in screener.COLUMNS]
    assert [row[0] for row in table[1:]] == ["AAPL"]


def test_a_name_that_a_spreadsheet_would_run_is_disarmed(door: Door) -> None:
    rows = screener.read_all(door).head(1).assign(ticker_name="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in screener.csv_text(rows)


def test_the_first_rows_of_ten_thousand_tickers_stay_under_200_kb(door: Door) -> None:
    everyone = screener.read_all(door)
    many = pd.concat(
        [everyone.assign(ticker=f"T{n}", security_id=f"ticker:T{n}") for n in range(10_000 // len(everyone) + 1)],
        ignore_index=True,
    )

    class Many:
        def read(self, name: str, **_: Any) -> pd.DataFrame:
            if name == "screener":
                return many
            return pd.DataFrame(
                {"security_id": ["ticker:T1"] * 62, "adjusted_close_usd": np.linspace(101.23, 154.32, 62)}
            )

    answer = screen.rows_of(Many(), {"startRow": 0})  # type: ignore[arg-type]
    assert answer["rowCount"] > 9_999
    assert len(answer["rowData"]) == screen.BLOCK
    assert len(json.dumps(answer)) + screen.BLOCK * 62 * 8 < 200_000


def test_correlation_is_numpys_on_the_windows_returns(door: Door) -> None:
    result = correlation.read_correlation(door, ["AAPL", "IBM", "SIM0002"], 63, seed.LAST_SESSION)
    returns = [seed.bars(ticker)["log_return"].to_numpy()[-63:] for ticker in ("AAPL", "IBM")]
    assert result.matrix.loc["AAPL", "IBM"] == pytest.approx(np.corrcoef(*returns)[0, 1])
    assert result.left_out == ["SIM0002"]


def test_clusters_stand_together() -> None:
    group = np.array([0, 1, 0, 1, 0, 1])
    order = correlation.clustered(np.where(group[:, None] == group[None, :], 0.9, 0.1))
    assert "".join(str(group[place]) for place in order) in ("000111", "111000")
    assert sorted(order) == list(range(6))


def test_health_is_the_worst_of_its_checks() -> None:
    checks = [health.Check("a", status, "") for status in ("pass", "fail", "warn")]
    assert health.Health("stock_bars", tuple(checks)).status == "fail"
    assert health.Health("stock_bars", (checks[0], checks[2])).status == "warn"


def test_the_seeds_failing_test_makes_the_stocks_sick(door: Door) -> None:
    found = {row.dataset: row for row in health.read_health(door)}
    assert found["stock_bars"].status == "fail"
    assert [check.status for check in found["stock_bars"].checks] == ["pass", "pass", "fail"]


def test_one_test_shows_the_statement_that_finds_its_rows(door: Door) -> None:
    body = said(more.read_test(door, "").body)
    assert "17 failing rows" in body
    assert "from marts.stg_polygon__stock_bars_casted" in body
    assert cells(body) == ["ticker", "close_usd", "vwap_usd", "AAPL", "-1", "–", "AAPL", "-2", "–"]
    assert "The first 2 of 17." in body


def cells(body: str) -> list[str]:
    """The texts of a table's cells, head first."""
    found = re.findall(r'"children": ("(?:[^"\\]|\\.)*")(?:, "scope": "col")?}, "type": "T[hd]"', body)
    return [json.loads(text) for text in found]


def test_a_failing_row_that_is_no_json_is_shown_as_it_is() -> None:
    rows = pd.DataFrame({"failing_row": ['{"A": 1}', '{"A": "cut off', "[1]"]})

    assert cells(said(more.failing_table(rows, 3))) == ["a", "row", "1", "–", "–", '{"A": "cut off', "–", "[1]"]
    assert "The run kept no row" in said(more.failing_table(rows.head(0), 3))
    assert more.failing_table(rows, 0) is None


def test_a_suspect_session_is_hatched_and_named(door: Door) -> None:
    content = more.read_volume(door)
    assert content.figure is not None
    trace = content.figure["data"][0]
    patterns = dict(zip(trace["x"], trace["marker"]["pattern"]["shape"], strict=True))
    assert patterns["2026-11-12"] == "x"
    assert patterns["2026-11-13"] == ""
    assert "3 of about 6 rows after 2 fetches" in said(content.body)


def refs(text: str, macros: dict[str, str], seen: frozenset[str] = frozenset()) -> set[str]:
    """Models that a model's text names, also by way of the macros that it calls."""
    found = set(re.findall(r"ref\('(\w+)'\)", text))
    for dataset in re.findall(r"overruled\('(\w+)'\)", text):
        found |= set(re.findall(rf"'{dataset}': {{\s*'history': '(\w+)'", macros["overridable"]))
    for name in set(re.findall(r"\b(\w+)\(", text)) & macros.keys() - seen:
        found |= refs(macros[name], macros, seen | {name})
    return found


def test_lineage_is_the_dbt_projects() -> None:
    project = Path(__file__).resolve().parents[2] / "dbt"
    texts = "\n".join(path.read_text() for path in (project / "macros").rglob("*.sql"))
    macros = dict(re.findall(r"{%-? macro (\w+)\(.*?\) -?%}(.*?){%-? endmacro", texts, re.DOTALL))
    models = {path.stem: path.read_text() for path in (project / "models").rglob("*.sql")}
    shown = {model: set(parents) for stage in LINEAGE for model, parents in stage.models.items()}
    marts = {path.stem for path in (project / "models" / "marts").rglob("*.sql")}

    assert marts <= shown.keys()
    for model, parents in shown.items():
        if model.startswith(("snapshot_", "raw.")):
            continue
        # What is read only to find out what has changed since the last build is no source of numbers.
        text = re.sub("-- depends_on.*|forget_withdrawn_bars|stock_bars_touched", "", models[model])
        read = refs(text, macros) & shown.keys()
        if not model.startswith("stg_") and not model.endswith("_versions"):
            read = {each for each in read if not each.startswith("snapshot_") and not each.endswith("_versions")}
        assert read == parents, model
