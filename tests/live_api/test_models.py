"""The comparison with the vendor's models finds what it is there to find: planted mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from massive.rest.models import GroupedDailyAgg, OptionContractSnapshot, OptionsContract, Ticker

from tests.live_api.models import held

BAR = {"T": "AAPL", "o": 1, "h": 2.5, "l": 1, "c": 2, "v": 1e9, "vw": 1.5, "n": 7, "t": 1_795_208_400_000}
CHAIN = {"details": {"ticker": "O:AAPL261218C00425000"}, "greeks": {"delta": 0.5}, "open_interest": 3}


def test_right_row_fits_and_has_nothing_unknown() -> None:
    found = held([BAR], GroupedDailyAgg, ("ticker", "close"))

    assert (found.fits, found.unknown, found.faults) == (True, frozenset(), ())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"c": None}, "close is missing"),
        ({"c": "2.0"}, "close is '2.0'"),
        ({"n": 7.5}, "transactions is 7.5"),
        ({"otc": "true"}, "otc is 'true'"),
        ({"v": True}, "volume is True"),
    ],
)
def test_missing_or_mistyped_field_is_a_fault(change: dict[str, Any], fault: str) -> None:
    found = held([BAR | change], GroupedDailyAgg, ("ticker", "close"))

    assert not found.fits
    assert fault in found.faults[0]


def test_whole_number_may_be_written_with_an_exponent() -> None:
    assert held([BAR | {"n": 1e3}], GroupedDailyAgg, ()).fits


@pytest.mark.parametrize(
    ("model", "row", "unknown"),
    [
        (GroupedDailyAgg, BAR | {"xx": 1}, {"xx"}),
        (OptionContractSnapshot, CHAIN | {"details": {"ticker": "O:A", "colour": "red"}}, {"details.colour"}),
        (OptionsContract, {"additional_underlyings": [{"amount": 1, "new": 2}]}, {"additional_underlyings.new"}),
        (Ticker, {"ticker": "AAPL", "new": 2}, {"new"}),
    ],
)
def test_field_that_the_model_drops_is_named(model: Any, row: dict[str, Any], unknown: set[str]) -> None:
    assert held([row], model, ()).unknown == unknown


def test_field_inside_of_another_is_needed_by_its_path() -> None:
    assert held([CHAIN], OptionContractSnapshot, ("details.ticker",)).fits
    assert held([CHAIN | {"details": {}}], OptionContractSnapshot, ("details.ticker",)).faults


@pytest.mark.parametrize(("damaged", "fits"), [(1, True), (2, False)])
def test_one_row_of_a_hundred_may_be_damaged(damaged: int, fits: bool) -> None:
    rows = [BAR] * (100 - damaged) + [BAR | {"c": None}] * damaged

    assert held(rows, GroupedDailyAgg, ("close",)).fits is fits


def test_answer_without_rows_shows_nothing_and_does_not_fit() -> None:
    assert not held([], GroupedDailyAgg, ()).fits
