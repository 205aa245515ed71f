import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ingest import option_planning, planning
from ingest.datasets import Dataset, Family
from ingest.errors import BadSetting
from ingest.identity import EventPlan
from ingest.manifests import Coverage
from ingest.planning import Batch

# Every weekday stands for a session here: planning knows no calendar.
DAYS = [date(2026, 1, 5) + timedelta(days=week * 7 + day) for week in range(30) for day in range(5)]
NOTHING = Coverage({}, {})
ALL_REFERENCE = {dataset: frozenset({(DAYS[0], DAYS[-1])}) for dataset in planning.REFERENCE}


def bars(batches: list[Batch]) -> list[Batch]:
    return [batch for batch in batches if batch.sessions]


def test_a_batch_survives_the_way_through_json() -> None:
    batches = [
        *planning.stocks_daily(DAYS[6], DAYS[1:6], []),
        *option_planning.options_daily(DAYS[6], DAYS[1:6], ["AAPL"]),
        *planning.stocks_backfill(DAYS, [], NOTHING),
        *planning.listings_backfill(DAYS, NOTHING),
        planning.tickers_daily(DAYS[6], DAYS[1:6], ("B", "C"), EventPlan(10, 3, ("AAPL",))),
    ]
    for batch in batches:
        assert Batch.from_dict(json.loads(json.dumps(batch.to_dict()))) == batch


def test_daily_reads_five_sessions_again_and_requires_the_newest() -> None:
    (batch,) = planning.stocks_daily(DAYS[6], DAYS[1:6], [])
    asked = [request.session for request in batch.requests if request.session]
    assert asked == [day.isoformat() for day in DAYS[1:7]]
    assert batch.required == DAYS[6]
    assert {request.dataset for request in batch.requests} == {Dataset.STOCK_BARS, Dataset.SPLITS, Dataset.DIVIDENDS}


def test_a_backfill_lists_the_tickers_of_its_first_session_and_of_each_quarter_after_it_once() -> None:
    (batch,) = planning.listings_backfill(DAYS, NOTHING)
    days = [dict(request.params)["date"] for request in batch.requests]
    assert days[0] == DAYS[0].isoformat()
    assert [(day[:4], (int(day[5:7]) - 1) // 3) for day in days] == sorted(
        {(f"{day.year}", (day.month - 1) // 3) for day in DAYS}
    )
    assert [request.span for request in batch.requests] == days

    held = replace(NOTHING, spans={Dataset.TICKER_LISTINGS: frozenset({(DAYS[0], DAYS[0]), (DAYS[1], DAYS[9])})})
    (again,) = planning.listings_backfill(DAYS, held)
    assert again.requests == batch.requests[1:]


def test_daily_of_two_tickers_asks_for_two_ranges() -> None:
    (batch,) = planning.stocks_daily(DAYS[6], DAYS[1:6], ["AAPL", "MSFT"])
    paths = [request.path for request in batch.requests if request.dataset == Dataset.STOCK_BARS]
    assert paths == [f"/v2/aggs/ticker/{ticker}/range/1/day/{DAYS[1]}/{DAYS[6]}" for ticker in ("AAPL", "MSFT")]
    assert batch.scope == ("AAPL", "MSFT")


def test_a_backfill_is_a_few_batches_of_whole_sessions_and_one_of_reference_data() -> None:
    batches = planning.stocks_backfill(DAYS, [], NOTHING)
    assert [len(batch.sessions) for batch in batches] == [0, 60, 60, 30]
    assert sum(len(batch.requests) for batch in bars(batches)) == len(DAYS)
    reference = [(request.dataset, dict(request.params).get("active")) for request in batches[0].requests]
    assert reference == [
        (Dataset.SPLITS, None),
        (Dataset.DIVIDENDS, None),
        (Dataset.TICKERS, "true"),
        (Dataset.TICKER_LISTINGS, "false"),
    ]


def test_a_backfill_fetches_only_what_no_manifest_holds() -> None:
    held = Coverage({"*": frozenset(DAYS[:100])}, ALL_REFERENCE)
    (batch,) = planning.stocks_backfill(DAYS, [], held)
    assert batch.sessions == tuple(DAYS[100:])
    assert planning.stocks_backfill(DAYS, [], Coverage({"*": frozenset(DAYS)}, ALL_REFERENCE)) == []


def test_refetch_fetches_what_is_held_too() -> None:
    held = Coverage({"*": frozenset(DAYS)}, ALL_REFERENCE)
    again, first = planning.stocks_backfill(DAYS, [], held, refetch=True), planning.stocks_backfill(DAYS, [], NOTHING)
    assert [batch.requests for batch in again] == [batch.requests for batch in first]


def test_bars_of_some_tickers_do_not_count_as_the_whole_market() -> None:
    held = Coverage({"AAPL": frozenset(DAYS)}, ALL_REFERENCE)
    assert len(bars(planning.stocks_backfill(DAYS, [], held))) == 3
    assert planning.stocks_backfill(DAYS, ["AAPL"], held) == []


def test_a_few_tickers_are_one_range_each_and_only_where_something_lacks() -> None:
    held = Coverage({"AAPL": frozenset(DAYS[:100])}, ALL_REFERENCE)
    batches = planning.stocks_backfill(DAYS, ["AAPL", "GOOG", "MSFT"], held)
    assert {batch.scope: (batch.sessions[0], batch.sessions[-1]) for batch in batches} == {
        ("GOOG", "MSFT"): (DAYS[0], DAYS[-1]),
        ("AAPL",): (DAYS[100], DAYS[-1]),
    }
    assert sum(len(batch.requests) for batch in batches) == 3


def test_more_tickers_than_sessions_are_fetched_by_session() -> None:
    tickers = [f"T{number}" for number in range(20)]
    (batch,) = bars(planning.stocks_backfill(DAYS[:10], tickers, NOTHING))
    assert len(batch.requests) == 10
    assert batch.scope == ("*",)


def test_the_batches_of_a_whole_market_backfill_of_five_years_stay_far_below_the_limit_of_mapped_tasks() -> None:
    many = [date(2020, 1, 1) + timedelta(days=number) for number in range(1254)]
    assert len(planning.stocks_backfill(many, [], NOTHING)) < 30


def test_options_ask_for_live_and_expired_contracts_of_each_underlying() -> None:
    first, second = option_planning.options_backfill(DAYS, ["AAPL", "MSFT"], NOTHING)
    assert (first.scope, second.scope) == (("AAPL",), ("MSFT",))
    live, expired, at_the_start = (dict(request.params) for request in first.requests)
    assert live == {"underlying_ticker": "AAPL", "as_of": str(DAYS[-1]), "expired": "false", "limit": "1000"}
    assert expired["expired"] == "true"
    assert expired["expiration_date.gte"] == str(DAYS[0])
    assert at_the_start == {**live, "as_of": str(DAYS[0])}
    assert first.contract_window == (DAYS[0], DAYS[-1])


def test_options_daily_adds_the_chain() -> None:
    (batch,) = option_planning.options_daily(DAYS[6], DAYS[1:6], ["AAPL"])
    assert [request.dataset for request in batch.requests][-1] == Dataset.OPTION_CHAIN
    assert batch.family == Family.OPTIONS


def test_options_that_are_held_are_not_fetched_again() -> None:
    held = Coverage({"AAPL": frozenset(DAYS[:-3])}, {})
    (batch,) = option_planning.options_backfill(DAYS, ["AAPL"], held)
    assert batch.sessions == tuple(DAYS[-3:])


def test_a_contract_is_one_request_clipped_to_its_life() -> None:
    window = (date(2026, 11, 2), date(2026, 11, 20))
    lives = {"O:B": "2026-11-06", "O:A": "2027-01-15", "O:C": "2026-10-30"}
    assert [request.path for _, request in option_planning.contract_bars(lives, window)] == [
        "/v2/aggs/ticker/O:A/range/1/day/2026-11-02/2026-11-20",
        "/v2/aggs/ticker/O:B/range/1/day/2026-11-02/2026-11-06",
    ]


def test_a_range_ends_at_the_newest_session() -> None:
    assert planning.check_range(DAYS[0], date(2030, 1, 1), DAYS[9]) == (DAYS[0], DAYS[9])


@pytest.mark.parametrize(("start", "end"), [(DAYS[5], DAYS[4]), (DAYS[11], DAYS[12])])
def test_a_range_that_holds_nothing_is_refused_by_name(start: date, end: date) -> None:
    with pytest.raises(BadSetting, match="Parameter start"):
        planning.check_range(start, end, DAYS[9])
