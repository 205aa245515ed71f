"""What a notebook reads is what the dashboard shows."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard.data.door import Door
from research import Research, ResearchError
from tests.dashboard.conftest import FakeWarehouse


@pytest.fixture
def warehouse() -> FakeWarehouse:
    return FakeWarehouse()


@pytest.fixture
def research(warehouse: FakeWarehouse) -> Research:
    return Research(Door(warehouse))


def test_bars_of_several_tickers_are_those_of_the_mart_in_the_order_asked(research, warehouse) -> None:
    frame = research.bars(["MSFT", "AAPL"]).to_pandas()
    assert list(frame["asked"].unique()) == ["MSFT", "AAPL"]
    for ticker, rows in frame.groupby("asked"):
        expected = warehouse.bars[ticker]
        assert list(rows["adjusted_close_usd"]) == list(expected["adjusted_close_usd"])
        assert set(rows["security_id"]) == {f"ticker:{ticker}"}
    assert frame["session_date"].map(type).eq(date).all()


def test_first_and_last_session_are_included(research, warehouse) -> None:
    days = list(warehouse.bars["AAPL"]["session_date"])
    table = research.bars("AAPL", start=days[3], end=days[5])
    assert table["session_date"].to_pylist() == days[3:6]


def test_bars_as_of_a_moment_are_the_versions_known_then(research, warehouse) -> None:
    version = warehouse.versions[warehouse.versions["version_number"] == 1].iloc[0]
    ticker, session = str(version["ticker"]), version["session_date"]
    moment = pd.Timestamp(version["known_until"]).to_pydatetime().replace(tzinfo=UTC)
    then = research.bars(ticker, session, session, as_of=moment).to_pandas()
    now = research.bars(ticker, session, session).to_pandas()
    assert list(then["close_usd"]) == [version["close_usd"]]
    assert list(now["close_usd"]) != [version["close_usd"]]


def test_universe_of_a_session_has_what_was_delisted_since(research, warehouse) -> None:
    spans = warehouse.securities
    spans["last_session_date"] = pd.to_datetime(spans["last_session_date"])
    gone = spans["ticker"] == "MSFT"
    day = spans.loc[gone, "first_session_date"].iloc[0]
    spans.loc[gone, "last_session_date"] = pd.Timestamp(day) + pd.Timedelta(days=30)
    later = (pd.Timestamp(day) + pd.Timedelta(days=60)).date()
    assert "MSFT" in research.universe(pd.Timestamp(day).date())
    assert "MSFT" not in research.universe(later)
    assert "AAPL" in research.universe(later)


def test_what_cannot_be_read_is_named(research, warehouse) -> None:
    with pytest.raises(ResearchError, match=r"No security has or had the ticker 'NONE'\. Nothing was read"):
        research.bars("NONE")
    with pytest.raises(ResearchError, match="No ticker is named"):
        research.bars([])
    with pytest.raises(ResearchError, match="without a time zone"):
        research.bars("AAPL", as_of=datetime(2026, 1, 2))
    with pytest.raises(ResearchError, match="without a time zone"):
        research.universe(date(2026, 1, 2), as_of=datetime(2026, 1, 2))
    warehouse.is_away = True
    with pytest.raises(ResearchError, match=r"The warehouse at 127\.0\.0\.1:1 does not answer"):
        Research(Door(warehouse)).bars("AAPL")


def test_cells_of_the_notebook_run_one_after_the_other(research, monkeypatch) -> None:
    monkeypatch.setattr("research.connect", lambda: research)
    notebook = json.loads((Path(__file__).parents[2] / "research" / "example.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["bars"].num_rows == len(names["frame"]) > 252
    assert names["known"].num_rows <= names["bars"].num_rows
