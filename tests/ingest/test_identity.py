"""What follows from a listing: changed tickers first, then the ones whose turn it is, never more than may be asked."""

from __future__ import annotations

from typing import Any

import pytest

from ingest import identity
from ingest.identity import EventPlan, Identity

SPAN = "2026-11-20"
META, FUND, OTHER = (Identity(f"BBG00000000{number}", f"000000000{number}") for number in range(3))


def asked(today: dict[str, Identity], before: dict[str, Identity] | None, plan: EventPlan | None = None) -> list[str]:
    """Ids of the events, and the tickers whose delisting is asked for after a `-`."""
    found = []
    for request in identity.follow_up(plan or EventPlan(20, 0, ("none",)), today, before, SPAN):
        ticker = dict(request.params).get("ticker")
        found.append(f"-{ticker}" if ticker else request.path.split("/")[4])
    return found


def watching(*tickers: str) -> EventPlan:
    return EventPlan(20, 0, tickers)


def changed(today: dict[str, Identity], before: dict[str, Identity]) -> list[str]:
    """Without those whose turn it is."""
    turn = asked(today, None, EventPlan(10, 0))
    found = asked(today, before, EventPlan(20, 0))
    return [name for name in found if name not in turn or today.get(name) != before.get(name)]


def test_a_rename_asks_for_the_new_ticker_and_for_the_delisting_of_the_old_one() -> None:
    assert changed({"META": META}, {"FB": META}) == ["META", "-FB"]


def test_a_handover_asks_for_both_securities() -> None:
    assert changed({"IR": OTHER, "TT": META}, {"IR": META}) == ["IR", "TT"]
    assert changed({"IR": OTHER}, {"IR": META}) == ["IR", META.composite_figi]


def test_a_delisting_asks_what_became_of_it_and_for_its_events_by_figi() -> None:
    assert changed({"AAPL": OTHER}, {"AAPL": OTHER, "META": FUND}) == ["-META", FUND.composite_figi]


def test_a_figi_that_is_known_for_the_first_time_is_asked_about() -> None:
    assert changed({"AAPL": META}, {"AAPL": Identity()}) == ["AAPL"]


def test_a_listing_that_lacks_many_at_once_is_short_and_nothing_counts_as_gone() -> None:
    before = {f"T{number:02}": Identity() for number in range(40)}
    today = {ticker: one for ticker, one in before.items() if ticker < "T29"}
    assert changed(today, before) == []


def test_without_a_listing_before_nothing_counts_as_changed() -> None:
    today = {f"T{number}": Identity() for number in range(9)}
    assert asked(today, None, EventPlan(4, 1)) == ["T4", "T5", "T6", "T7"]


@pytest.mark.parametrize("most", [0, 1, 2, 7, 20])
def test_never_more_is_asked_than_may_be(most: int) -> None:
    today = {f"T{number:02}": Identity() for number in range(30)}
    assert len(asked(today, {}, EventPlan(most, 3))) <= most
    assert len(asked(today, None, EventPlan(most, 3))) <= most


def test_all_tickers_have_their_turn_once_before_the_first_one_has_it_again() -> None:
    today = {f"T{number:02}": Identity() for number in range(31)}
    rounds = [asked(today, today, EventPlan(8, turn)) for turn in range(100, 108)]
    assert sorted(ticker for asked_of in rounds for ticker in asked_of) == sorted(today)


def test_of_a_chosen_universe_nothing_else_is_asked() -> None:
    today = {"AAPL": META, "NEW": OTHER, "MSFT": Identity()}
    assert asked(today, {"AAPL": META, "GONE": FUND}, watching("AAPL", "MSFT")) == ["MSFT", "AAPL"]
    assert asked(today, {"AAPL": META, "GONE": FUND}, watching("GONE")) == ["-GONE", FUND.composite_figi]


def test_a_free_key_spends_twenty_minutes_at_most_and_a_paid_one_a_thousand_requests() -> None:
    assert (identity.most_events(5), identity.most_events(6_000)) == (100, 1_000)


def test_rows_that_are_not_a_ticker_are_left_out_and_the_first_of_two_counts() -> None:
    rows: list[dict[str, Any]] = [
        {"ticker": "A/B"},
        {"ticker": None},
        {"ticker": "casy"},
        {"ticker": "CASY", "cik": "1", "composite_figi": "../events"},
        {"ticker": "CASY", "cik": "2"},
    ]
    assert identity.listing(rows) == {"CASY": Identity(None, "1")}


@pytest.mark.parametrize("newest_first", [True, False], ids=str)
def test_of_two_rows_of_a_ticker_on_any_pages_the_one_that_was_updated_last_counts(newest_first: bool) -> None:
    rows = [
        {"ticker": "DINE", "cik": str(year), "last_updated_utc": f"{year}-05-04T00:00:00Z"} for year in (2026, 2019)
    ]
    first, second = rows if newest_first else rows[::-1]
    assert identity.listing([second], identity.listing([first]))["DINE"].cik == "2026"
