"""All of the past is read again within a month, without a gap between two days' stretches."""

from datetime import date, timedelta

import pytest

from ingest import planning
from ingest.calendar import FIRST_DAY, sessions
from ingest.datasets import Dataset
from ingest.rolling import STRETCHES, stretch


@pytest.mark.parametrize("first", [FIRST_DAY, date(2026, 10, 1), date(2026, 11, 20)], ids=str)
@pytest.mark.parametrize("number", [0, 6_013])
def test_twenty_runs_in_a_row_read_every_day_of_the_past(first: date, number: int) -> None:
    read = set()
    for run, session in enumerate(sessions(date(2026, 11, 2), date(2026, 12, 1))[:STRETCHES]):
        if again := stretch(number + run, first, session):
            read |= {again[0] + timedelta(days=day) for day in range((again[1] - again[0]).days + 1)}
    until = date(2026, 11, 2)
    assert {first + timedelta(days=day) for day in range(max((until - first).days, 0))} <= read


def test_a_run_of_one_session_reads_one_stretch_of_splits_and_dividends() -> None:
    (batch,) = planning.stocks_daily(date(2026, 11, 20), (), (), again=(date(2010, 1, 1), date(2011, 3, 26)))
    again = [request for request in batch.requests if request.span == "2010-01-01_2011-03-26"]
    assert [request.dataset for request in again] == [Dataset.SPLITS, Dataset.DIVIDENDS]
    assert dict(again[0].params) == {
        "execution_date.gte": "2010-01-01",
        "execution_date.lte": "2011-03-26",
        "limit": "5000",
    }
