"""SNOWTAPE_UNDERLYINGS=*: all underlyings that have options, in few requests."""

from __future__ import annotations

from datetime import date

import pytest

from ingest import underlyings
from ingest.client import PolygonClient
from ingest.errors import BadSetting, MalformedResponse, ServerError
from ingest.settings import read_universe

from .conftest import Asked, Reply, Script

DAY = date(2024, 11, 22)
# Calls of each underlying on the first day; one that was delisted is only there.
CLASSES = {"A": 2, "AAPL": 2500, "BRK/B": 3, "MSFT": 1001, "ZVZZT": 1, "2Y": 1} | {f"M{n:03d}": 7 for n in range(300)}
PAGE = 1000


@pytest.fixture
def listing(api: Script, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Answers with the calls after an underlying, a page of them."""

    def contracts(asked: Asked) -> Reply:
        api.asked.append(asked)
        params = asked.params
        assert (params["contract_type"], params["sort"], params["limit"]) == ("call", "underlying_ticker", str(PAGE))
        first, after = params.get("underlying_ticker.gte", ""), params.get("underlying_ticker.gt", "")
        until = params.get("underlying_ticker.lt", "~")
        names = [name for name in sorted(CLASSES) if name >= first and name > after and name < until]
        rows = [{"underlying_ticker": name} for name in names for _ in range(CLASSES[name])]
        more = {"next_url": f"{api.base_url}{asked.path}?cursor=x"} if len(rows) > PAGE else {}
        return Reply({"status": "OK", "results": rows[:PAGE]} | more)

    monkeypatch.setattr(api, "answer", contracts)
    return api


def test_every_underlying_is_found_in_a_thousandth_of_the_calls_and_a_request_a_letter(
    listing: Script, client: PolygonClient
) -> None:
    found = underlyings.with_options(client, [DAY])
    assert found == tuple(sorted(name.replace("/", ".") for name in CLASSES))
    assert len(listing.asked) <= sum(CLASSES.values()) / PAGE + len(underlyings.STRETCHES) - 1
    assert {asked.params["as_of"] for asked in listing.asked} == {str(DAY)}


def test_underlyings_of_both_ends_of_a_range_are_asked_for(listing: Script, client: PolygonClient) -> None:
    underlyings.with_options(client, [DAY, date(2024, 1, 2), DAY])
    assert {asked.params["as_of"] for asked in listing.asked} == {str(DAY), "2024-01-02"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["B", "C", "B"], "not sorted by underlying", id="not sorted"),
        pytest.param([], "a page has no rows", id="an empty page before another"),
    ],
)
def test_listing_that_would_leave_out_underlyings_is_refused(
    api: Script, client: PolygonClient, names: list[str], expected: str
) -> None:
    path = "/v3/reference/options/contracts"
    rows = [{"underlying_ticker": name} for name in names]
    api.on(path, {"results": rows, "next_url": f"{api.base_url}{path}?cursor=x"})
    with pytest.raises(MalformedResponse, match=expected):
        underlyings.with_options(client, [DAY])


def test_filter_that_is_ignored_is_noticed(api: Script, client: PolygonClient) -> None:
    path = "/v3/reference/options/contracts"
    api.on(path, {"results": [{"underlying_ticker": "B"}], "next_url": f"{api.base_url}{path}?cursor=x"})
    with pytest.raises(MalformedResponse, match="begins before it"):
        underlyings.with_options(client, [DAY])


def test_no_part_of_the_list_is_ever_lacking(api: Script, client: PolygonClient) -> None:
    answers = [Reply({"results": [{"underlying_ticker": "A"}]})] * 20 + [Reply(raw=b"", status=500)]
    api.on("/v3/reference/options/contracts", *answers)
    with pytest.raises(ServerError):
        underlyings.with_options(client, [DAY])
    api.on("/v3/reference/options/contracts", {"results": []})
    with pytest.raises(MalformedResponse, match="no contract is listed"):
        underlyings.with_options(client, [DAY])


def test_setting_names_all_underlyings_by_an_asterisk_alone() -> None:
    assert read_universe({"SNOWTAPE_UNDERLYINGS": " * "}).underlyings == ("*",)
    with pytest.raises(BadSetting, match=r"has '\*', which is not a ticker"):
        read_universe({"SNOWTAPE_UNDERLYINGS": "AAPL,*"})
