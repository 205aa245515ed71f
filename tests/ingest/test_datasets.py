from datetime import date

import pytest

from ingest import datasets
from ingest.datasets import Dataset


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        pytest.param(1795150800000, "2026-11-20", id="00:00 in New York, winter (a range)"),
        pytest.param(1795208400000, "2026-11-20", id="16:00 in New York, winter (grouped)"),
        pytest.param(1782878400000, "2026-07-01", id="00:00 in New York, summer"),
        pytest.param(1782936000000.0, "2026-07-01", id="16:00 in New York, summer, as a float"),
        pytest.param(1795150800000000000, "2026-11-20", id="ns of a flat file"),
        pytest.param(None, None, id="none"),
        pytest.param("1795150800000", "2026-11-20", id="a number as text"),
        pytest.param("2026-11-20", None, id="text"),
        pytest.param("nan", None, id="text that Python reads as a number"),
        pytest.param(1795150800000000, None, id="microseconds"),
        pytest.param(10**400, None, id="beyond every float"),
        pytest.param(True, None, id="a boolean"),
        pytest.param(-1, None, id="before 1970"),
    ],
)
def test_the_session_of_a_bar_is_its_date_in_new_york(moment, session) -> None:
    assert datasets.bar_session({"t": moment}) == session


def test_stock_prices_are_asked_for_unadjusted() -> None:
    day = date(2026, 11, 20)
    for request in (datasets.grouped(day, "x"), datasets.bars(Dataset.STOCK_BARS, "AAPL", day, day, "x")):
        assert dict(request.params)["adjusted"] == "false"


def test_only_a_question_about_one_symbol_may_have_no_such_thing_as_its_answer() -> None:
    day = date(2026, 11, 20)
    assert datasets.bars(Dataset.OPTION_BARS, "O:AAPL261120C00100000", day, day, "x").is_of_one_symbol
    assert datasets.chain("AAPL", "x").is_of_one_symbol
    assert not datasets.grouped(day, "x").is_of_one_symbol
    assert not datasets.splits(day, "x").is_of_one_symbol
