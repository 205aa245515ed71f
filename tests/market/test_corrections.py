"""Bars that the vendor corrects, answers that lack rows, and splits that are told late."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.market.app import create_app
from tests.market.conftest import SETTINGS

DAY, DAY_BEFORE = "2026-11-19", "2026-11-18"
HOME = "/_corrections"


def tell(api: Any, *items: dict[str, Any]) -> Any:
    return api.client.post(HOME, headers=api.control, json=list(items))


def test_a_corrected_bar_says_the_same_in_its_range_and_among_its_session_and_is_forgotten(api_of: Any) -> None:
    api = api_of(synthetic_tickers=5)
    (before,) = api.bars("SIM0001", DAY, DAY)
    assert tell(api, {"session": DAY, "ticker": "SIM0001", "fields": {"c": 1.25, "n": None}}).status_code == 200
    (after,) = api.bars("SIM0001", DAY, DAY)
    assert after == {name: value for name, value in before.items() if name != "n"} | {"c": 1.25}
    grouped = api.grouped(DAY)["SIM0001"]
    assert grouped["c"] == 1.25
    assert "n" not in grouped
    api.client.delete(HOME, headers=api.control)
    assert api.bars("SIM0001", DAY, DAY) == [before]


def test_left_out_tickers_are_missing_from_that_session_alone(api_of: Any) -> None:
    api = api_of(synthetic_tickers=5)
    tell(api, {"session": DAY, "left_out": ["SIM0001", "AAPL"]})
    assert not {"SIM0001", "AAPL"} & api.grouped(DAY).keys()
    assert {"SIM0001", "AAPL"} <= api.grouped(DAY_BEFORE).keys()
    assert [bar["t"] for bar in api.bars("SIM0001", DAY_BEFORE, DAY)] == [api.bars("AAPL", DAY_BEFORE, DAY)[0]["t"]]


def test_a_split_told_late_is_listed_and_divides_the_bars_from_its_session_on(api_of: Any) -> None:
    api = api_of(synthetic_tickers=5)
    old = api.bars("SIM0002", DAY_BEFORE, DAY)
    tell(api, {"session": DAY, "ticker": "SIM0002", "split": [1, 3]})
    (split,) = api.get("/stocks/v1/splits", ticker="SIM0002")["results"]
    assert (split["execution_date"], split["split_from"], split["split_to"]) == (DAY, 1, 3)
    new = api.bars("SIM0002", DAY_BEFORE, DAY)
    assert new[0] == old[0]
    assert new[1]["c"] == pytest.approx(old[1]["c"] / 3, abs=1e-4)
    assert new[1]["v"] == pytest.approx(old[1]["v"] * 3, abs=2)
    assert api.bars("SIM0002", DAY_BEFORE, DAY, adjusted="true")[0]["c"] == pytest.approx(old[0]["c"] / 3, abs=1e-5)


def test_an_adjusted_answer_divides_a_correction_by_the_splits_after_it(api_of: Any) -> None:
    api = api_of(synthetic_tickers=5)
    tell(api, {"session": DAY, "ticker": "SIM0002", "split": [1, 4]})
    tell(api, {"session": DAY_BEFORE, "ticker": "SIM0002", "fields": {"c": 10, "v": 8}})
    (bar,) = api.bars("SIM0002", DAY_BEFORE, DAY_BEFORE, adjusted="true")
    assert (bar["c"], bar["v"]) == (2.5, 32)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"session": "soon", "left_out": []},
        {"session": DAY, "left_out": "SIM0001"},
        {"session": DAY, "ticker": "SIM0001"},
        {"session": DAY, "ticker": "SIM0001", "fields": {"close": 1}},
        {"session": DAY, "ticker": "SIM0001", "split": [1, 0]},
        {"session": DAY, "ticker": "AAPL", "split": [1, 2]},
        {"session": "2026-11-22", "ticker": "SIM0002", "split": [1, 2]},
    ],
    ids=str,
)
def test_what_is_no_correction_is_refused_and_changes_nothing(api_of: Any, item: Any) -> None:
    api = api_of(synthetic_tickers=5)
    assert tell(api, item).status_code == 400
    assert api.client.get(HOME, headers=api.control).json()["corrections"] == []


def test_a_server_begins_with_the_corrections_of_a_file(api_of: Any, tmp_path: Path) -> None:
    file = tmp_path / "corrections.json"
    file.write_text(json.dumps([{"session": DAY, "ticker": "SIM0001", "fields": {"c": 1.25}}]))
    assert api_of(synthetic_tickers=5, corrections=file).bars("SIM0001", DAY, DAY)[0]["c"] == 1.25
    file.write_text('{"session"')
    with pytest.raises(ValueError, match="corrections"):
        create_app(SETTINGS.__class__(anchor=SETTINGS.anchor, now=SETTINGS.now, corrections=file))
