"""The API as the pipeline asks it: one request an endpoint, for each plan of which there is a key.

Run by `make test-live-api`, which takes some twenty requests a key: four minutes of a free one. It has never had a real
key; without one it asks the local market server, so what it shows there is that the suite itself works.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from itertools import groupby

import pytest

from ingest import chain_bars, datasets
from ingest.calendar import previous_sessions
from ingest.datasets import NEW_YORK, Dataset, Request, bar_session
from ingest.errors import BeforeHistory, NotEntitled, NotPublishedYet
from ingest.landing import raw_line
from tests.live_api.asking import Asking
from tests.live_api.endpoints import BY_NAME, ENDPOINTS, Endpoint
from tests.live_api.models import held

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800), pytest.mark.server]

# What a VARIANT has held since it was introduced.
VARIANT_BYTES = 16 << 20


@pytest.fixture(params=ENDPOINTS, ids=[endpoint.name for endpoint in ENDPOINTS])
def endpoint(request: pytest.FixtureRequest, asking: Asking) -> Endpoint:
    """An endpoint that the plan includes."""
    found: Endpoint = request.param
    if found.name == "option chain" and asking.key.plan == "free":
        pytest.skip("a free plan has no option chain; another test asks for it")
    return found


def test_rows_are_what_the_vendors_own_client_expects(
    asking: Asking, endpoint: Endpoint, state: Callable[[str, object], None]
) -> None:
    rows = [row for answer in asking.answers(endpoint) for row in answer.rows]

    found = held(rows, endpoint.model, endpoint.needed)

    if found.unknown:
        state(f"{asking.key.label}: {endpoint.name} have fields that the vendor's client drops", sorted(found.unknown))
    assert found.fits, found.faults[:3] or "there are no rows"


def test_every_answer_is_one_line_that_a_variant_holds(asking: Asking, endpoint: Endpoint) -> None:
    for answer in asking.answers(endpoint):
        line = raw_line(answer)

        assert line.count(b"\n") == 1
        assert len(line) < VARIANT_BYTES
        assert json.loads(line)["response"] == answer.payload


@pytest.mark.parametrize("name", ["grouped bars", "stock bars", "option bars"])
def test_every_bar_is_of_a_session_that_was_asked_for(asking: Asking, name: str) -> None:
    (answer,) = asking.answers(BY_NAME[name])
    first, last = Request(Dataset.STOCK_BARS, answer.path, (), "").days or ("", "")

    sessions = {bar_session(row) for row in answer.rows}

    assert all(session and first <= session <= last for session in sessions), sessions
    assert answer.payload.get("adjusted") is False


def test_ticker_events_name_every_ticker_of_a_security_newest_first(asking: Asking) -> None:
    (answer,) = asking.pages(datasets.ticker_events("META", "span"))

    assert [row["ticker_change"]["ticker"] for row in answer.rows] == ["META", "FB"]


@pytest.mark.parametrize("name", ["grouped bars", "stock bars"])
def test_newest_session_that_the_plan_should_serve_is_served(asking: Asking, name: str) -> None:
    (answer,) = asking.answers(BY_NAME[name])

    assert bar_session(answer.rows[-1]) == str(asking.session)


def test_todays_data_before_the_end_of_the_day(asking: Asking, state: Callable[[str, object], None]) -> None:
    if not asking.is_session_day():
        pytest.skip(f"{asking.today} is no session; run it on a day that is one, before midnight in New York")
    request = datasets.grouped(asking.today, "span")
    if asking.key.plan == "free":
        with pytest.raises(NotPublishedYet, match="Attempted to request today's data before end of day"):
            asking.pages(request)
    elif asking.key.plan == "real-time":
        assert asking.pages(request)
    else:
        try:
            served = len(asking.pages(request)[0].rows)
        except NotPublishedYet:
            served = 0
        # By reports it is refused, as on the free plan; POLYGON_PLAN=delayed goes by that.
        state(f"{asking.key.label}: bars of today that are served before its end", served)


def test_history_before_the_plan(asking: Asking) -> None:
    request = datasets.grouped(asking.before_the_plan(), "span")
    if asking.key.plan == "real-time":
        assert asking.pages(request)
    else:
        with pytest.raises(BeforeHistory, match="Your plan doesn't include this data timeframe"):
            asking.pages(request)


def test_option_chain_is_refused_to_a_free_key_as_something_it_has_to_pay_for(asking: Asking) -> None:
    if asking.key.plan != "free":
        pytest.skip("the plan includes the option chain")
    with pytest.raises(NotEntitled, match=r"(?i)not entitled|upgrade"):
        asking.pages(datasets.chain("AAPL", "span"))


def test_day_of_a_chain_is_the_last_bar_of_each_contract(asking: Asking, state: Callable[[str, object], None]) -> None:
    """What the daily run's bars of options rest on: an untraded contract keeps the day on which it traded last."""
    if asking.key.plan == "free":
        pytest.skip("a free plan has no option chain")
    rows = {row["details"]["ticker"]: row for answer in asking.answers(BY_NAME["option chain"]) for row in answer.rows}
    days = {contract: day for contract, day in chain_bars.last_days(rows.values()).items() if day.session}
    traded = [contract for contract, day in days.items() if day.session == str(asking.session)]
    untraded = [contract for contract, day in days.items() if day.session < str(asking.session)]
    at_midnight = sum(is_midnight(rows[contract]["day"]["last_updated"]) for contract in days)
    state(f"{asking.key.label}: day.last_updated is 00:00 in New York for", f"{at_midnight} of {len(days)} contracts")
    state(f"{asking.key.label}: contracts of a chain without a day", len(rows) - len(days))
    assert traded
    assert untraded

    for contract in (traded[0], traded[len(traded) // 2], untraded[0], untraded[-1]):
        day, since = rows[contract]["day"], date.fromisoformat(days[contract].session)
        (answer,) = asking.pages(datasets.bars(Dataset.OPTION_BARS, contract, since, asking.session, "span"))
        last = answer.rows[-1]
        state(f"{asking.key.label}: volume of {contract} in the chain and in a range", (day["volume"], last["v"]))
        assert bar_session(last) == days[contract].session
        assert (last["o"], last["h"], last["l"], last["c"]) == (day["open"], day["high"], day["low"], day["close"])


def is_midnight(nanoseconds: int) -> bool:
    return datetime.fromtimestamp(nanoseconds / 1e9, NEW_YORK).time() == time(0)


def test_calls_come_by_underlying_and_the_next_request_begins_after_one(asking: Asking) -> None:
    """What SNOWTAPE_UNDERLYINGS=* rests on."""
    (first,) = asking.pages(datasets.calls_after("M", "N", asking.session, inclusive=True))
    names = [name for name, _ in groupby(row["underlying_ticker"] for row in first.rows)]
    assert len(names) == len(set(names))
    assert all(name.startswith("M") for name in names)
    (following,) = asking.pages(datasets.calls_after(names[0], "N", asking.session, inclusive=False))
    assert not [row for row in following.rows if row["underlying_ticker"] <= names[0]]


def test_listing_before_a_split_has_contracts_that_the_one_of_its_day_lacks(
    asking: Asking, state: Callable[[str, object], None]
) -> None:
    """What planning rests on: a split renames contracts, and only the older listing has the names before it."""
    ticker, since = asking.key.split
    (splits,) = asking.pages(datasets.splits_of(ticker, since, asking.today))
    assert splits.rows, f"{ticker} did not split since {since}: set SNOWTAPE_LIVE_API_SPLIT to a ticker that did"
    day = max(row["execution_date"] for row in splits.rows)
    (before, after) = (listed(asking, ticker, as_of) for as_of in around(day))
    soon = min({expiration for _, expiration in before if expiration > day})

    renamed = {name for name, expiration in before if expiration == soon} - {name for name, _ in after}

    state(
        f"{asking.key.label}: contracts of {ticker} that its split of {day} has renamed, expiring {soon}", len(renamed)
    )
    assert renamed


def around(day: str) -> tuple[date, date]:
    """The session before a day, and the day."""
    on = date.fromisoformat(day)
    return previous_sessions(on, 1)[0], on


def listed(asking: Asking, ticker: str, as_of: date) -> set[tuple[str, str]]:
    """Ticker and expiration of the contracts on the first page of a listing, which has the nearest expirations."""
    (answer,) = asking.pages(datasets.contracts(ticker, as_of, None, "span"))
    return {(row["ticker"], row["expiration_date"]) for row in answer.rows}


def test_no_key_is_in_anything_that_is_kept(asking: Asking) -> None:
    """Last in this file: of everything that was answered."""
    for answers in asking.asked.values():
        for answer in answers if isinstance(answers, list) else []:
            assert asking.key.api.api_key not in raw_line(answer).decode()
