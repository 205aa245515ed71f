"""Overruled numbers on the pages: a mark with reason and author, a list, and what was known before."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from dash.development.base_component import Component

from dashboard.data.as_of import bars_as_of
from dashboard.data.door import Door
from dashboard.data.market import Bars
from dashboard.data.restatements import Change
from dashboard.pages.chart import figure
from dashboard.pages.quality import overruled
from dashboard.pages.restatements import view
from tests.dashboard.conftest import FakeWarehouse

DAYS = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]


@pytest.fixture
def frame(fake: FakeWarehouse) -> pd.DataFrame:
    """Three bars at 10, known since the first of the month."""
    bars = fake.bars["AAPL"].tail(3).reset_index(drop=True)
    bars = bars.assign(session_date=DAYS, fetched_at=datetime(2026, 3, 1), split_factor=1.0, override_reason=None)
    prices = [name for name in bars if name.endswith("_usd") and name != "dividend_usd"]
    return bars.assign(**dict.fromkeys(prices, 10.0))


def version(day: date, close: float, since: int, until: int | None, **more: Any) -> dict[str, Any]:
    return {
        "session_date": day, "open_usd": close, "high_usd": close, "low_usd": close, "close_usd": close,
        "volume_shares": 5.0, "known_from": datetime(2026, 3, since), "is_current": until is None,
        "known_until": None if until is None else datetime(2026, 3, until), "is_dropped": False,
        "override_reason": None,
    } | more  # fmt: skip


def test_overruled_session_is_marked_on_the_chart_with_reason_and_author(frame: pd.DataFrame) -> None:
    frame.loc[1, "override_reason"] = "close_usd: a <b>slip</b> (Ana)"
    bars = Bars("IBM", frame)

    meta = figure.price_figure(bars, figure.ADJUSTED)["layout"]["meta"]
    assert meta["overrides"] == [["2026-03-03", "close_usd: a &lt;b&gt;slip&lt;/b&gt; (Ana)"]]
    assert figure.marks(1, 0, 2) == "1 split and 2 overrides"
    assert figure.marks(1, 2, 1) == "1 split, 2 dividends and 1 override"


def test_as_of_a_moment_before_an_override_the_vendors_number_is_shown(frame: pd.DataFrame) -> None:
    reason = "close_usd: a slip (Ana)"
    frame.loc[1, ["close_usd", "adjusted_close_usd", "override_reason"]] = [9.0, 9.0, reason]
    frame.loc[1, "fetched_at"] = datetime(2026, 3, 10)
    versions = pd.DataFrame([version(DAYS[1], 10.0, 1, 10), version(DAYS[1], 9.0, 10, None, override_reason=reason)])

    before, after = (bars_as_of(frame, versions, datetime(2026, 3, day)) for day in (9, 11))
    assert (list(before["close_usd"]), list(before["override_reason"])) == ([10.0] * 3, [None] * 3)
    assert (list(after["close_usd"]), after["override_reason"].iloc[1]) == ([10.0, 9.0, 10.0], reason)


def test_as_of_a_moment_a_bar_is_there_until_it_is_dropped_and_after_it_is_given_back(frame: pd.DataFrame) -> None:
    dropped = version(DAYS[1], 10.0, 10, None, is_dropped=True)
    versions = pd.DataFrame([version(DAYS[1], 10.0, 1, 10), dropped])
    without = frame.drop(index=1)

    assert list(bars_as_of(without, versions, datetime(2026, 3, 9))["session_date"]) == DAYS
    assert list(bars_as_of(without, versions, datetime(2026, 3, 11))["session_date"]) == [DAYS[0], DAYS[2]]

    given_back = pd.DataFrame(
        [
            version(DAYS[1], 10.0, 1, 10),
            dropped | {"known_until": datetime(2026, 3, 20)},
            version(DAYS[1], 10.0, 20, None),
        ]
    )
    frame.loc[1, "fetched_at"] = datetime(2026, 3, 20)
    found = {day: len(bars_as_of(frame, given_back, datetime(2026, 3, day))) for day in (9, 11, 21)}
    assert found == {9: 3, 11: 2, 21: 3}


def test_restatement_that_is_an_override_says_so(frame: pd.DataFrame) -> None:
    change = Change(
        "IBM", DAYS[1], 2, 2, datetime(2026, 3, 10), {}, is_dropped=True, override_reason="drop: no trade (Ben)"
    )
    assert "Dropped: drop: no trade (Ben)" in text(view.changes_table([change]))


def test_quality_page_lists_every_decision_with_its_state(door: Door, fake: FakeWarehouse) -> None:
    entered = datetime(2026, 3, 10)
    close = {
        "dataset": "stock_bars",
        "row_key": "IBM|2026-03-02",
        "field": "close_usd",
        "reason": "a slip",
        "author": "Ana",
    }
    fake.frames["overrides"] = pd.DataFrame(
        [
            close | {"value": None, "is_retracted": True, "known_from": entered, "known_until": None},
            close | {"value": "5", "is_retracted": False, "known_from": entered, "known_until": entered},
            close | {"field": "drop", "value": None, "is_retracted": False, "known_from": entered, "known_until": None},
        ]
    )

    (grid,) = [part for part in walk(overruled.read_overrides(door).body) if type(part).__name__ == "AgGrid"]
    assert [(row["state"], row["field"], row["value"], row["reason"], row["author"]) for row in grid.rowData] == [
        ("retracted", "close_usd", "", "a slip", "Ana"),
        ("over", "close_usd", "5", "a slip", "Ana"),
        ("in force", "drop", "", "a slip", "Ana"),
    ]


def walk(component: Any) -> list[Any]:
    inner = getattr(component, "children", None) if isinstance(component, Component) else None
    children = inner if isinstance(inner, list | tuple) else [] if inner is None else [inner]
    return [component, *(each for child in children for each in walk(child))]


def text(component: Any) -> str:
    return "".join(part for part in walk(component) if isinstance(part, str))
