import contextlib
import gzip
import itertools
import json
import logging
import socket
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ingest import datasets
from ingest.budget import Budget
from ingest.client import PolygonClient
from ingest.datasets import Dataset
from ingest.errors import (
    BeforeHistory,
    MalformedResponse,
    MovedAway,
    NotAuthorized,
    NotEntitled,
    NotFound,
    NotPublishedYet,
    RateLimited,
    ServerError,
    TransientError,
    Unreachable,
)
from ingest.landing import raw_line
from ingest.retry import RetryPolicy
from ingest.settings import ApiSettings

from .conftest import FAST, KEY, Reply

SESSION = date(2026, 11, 20)
GROUPED = "/v2/aggs/grouped/locale/us/market/stocks/2026-11-20"
AT_CLOSE = 1795208400000  # 16:00 in New York, in ms
BAR = {"T": "AAPL", "o": 1, "h": 2, "l": 1, "c": 2, "v": 10, "t": AT_CLOSE}
OK = {"status": "OK", "resultsCount": 1, "results": [BAR]}
REQUEST = datasets.grouped(SESSION, "2026-11-20")
RANGE = datasets.bars(Dataset.STOCK_BARS, "AAPL", date(2026, 11, 18), SESSION, "x")
CONTRACTS = datasets.contracts("AAPL", SESSION, None, "x")
CONTRACTS_PATH = "/v3/reference/options/contracts"


def test_the_key_travels_in_the_header_only(api, client) -> None:
    api.on(GROUPED, OK)
    list(client.pages(REQUEST))
    (asked,) = api.asked
    assert asked.headers["Authorization"] == "Bearer canary-key-5f1c0b"
    assert asked.headers["Accept-Encoding"] == "gzip"
    assert asked.params == {"adjusted": "false"}


def test_a_netrc_entry_does_not_replace_the_key(api, client, tmp_path, monkeypatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    api.on(GROUPED, OK)
    list(client.pages(REQUEST))
    assert api.asked[0].headers["Authorization"] == "Bearer canary-key-5f1c0b"


def test_the_body_is_kept_digit_for_digit_on_one_line(api, client) -> None:
    body = b'{"status":"OK",\n "results":[{"T":"A","c":1.10,"v":1e9,"n":9007199254740993}]}'
    api.on(GROUPED, _raw(body))
    (answer,) = client.pages(REQUEST)
    line = raw_line(answer)
    assert b'"response":{"status":"OK",  "results":[{"T":"A","c":1.10,"v":1e9,"n":9007199254740993}]}}\n' in line
    assert line.count(b"\n") == 1
    assert json.loads(line)["request"] == {"path": GROUPED, "params": {"adjusted": "false"}}


def test_a_byte_order_mark_never_reaches_a_raw_line(api, client) -> None:
    api.on(GROUPED, _raw(b"\xef\xbb\xbf" + json.dumps(OK).encode()))
    (answer,) = client.pages(REQUEST)
    assert answer.rows == [BAR]
    assert raw_line(answer).isascii()


def test_a_character_of_two_escapes_is_kept(api, client) -> None:
    api.on(GROUPED, _raw(rb'{"results":[{"T":"\ud83d\ude00"}]}'))
    (answer,) = client.pages(REQUEST)
    assert answer.rows == [{"T": "😀"}]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"status": "OK", "resultsCount": 0}, id="no results key"),
        pytest.param({"status": "OK", "results": None}, id="results null"),
        pytest.param({"status": "DELAYED", "results": []}, id="delayed"),
    ],
)
def test_an_empty_answer_is_an_answer(api, client, payload) -> None:
    api.on(GROUPED, payload)
    assert [answer.rows for answer in client.pages(REQUEST)] == [[]]


def test_an_answer_of_reference_data_that_lacks_its_results_is_empty_only_where_it_says_so(api, client) -> None:
    api.on(CONTRACTS_PATH, {"status": "OK"}, {"status": "OK", "count": 0})
    assert [answer.rows for answer in client.pages(CONTRACTS)] == [[]]
    assert len(api.asked) == 2


def test_a_bare_array_is_its_rows(api, client) -> None:
    api.on("/v1/marketstatus/upcoming", _raw(b'[{"exchange":"NYSE"}]'))
    assert client.get("/v1/marketstatus/upcoming", {}).rows == [{"exchange": "NYSE"}]


# -- bodies that come slowly or damaged


@pytest.mark.parametrize("head", [b"", b"Content-Encoding: gzip\r\n"], ids=["plain", "compressed"])
def test_a_server_that_sends_a_byte_at_a_time_is_left_at_the_deadline(monkeypatch, head) -> None:
    monkeypatch.setattr("ingest.client.WHOLE_SECONDS", 0.5)
    # The start of a body that has no end: only the client can end this.
    body = itertools.chain(gzip.compress(json.dumps(OK).encode())[:-8] if head else b"", itertools.repeat(32))

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 1000000000\r\n\r\n")
        with contextlib.suppress(OSError):
            for byte in body:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: drip(server.accept()[0]))
        thread.start()
        once = RetryPolicy(tries=1)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        late = pytest.raises(Unreachable, match=r"did not finish .* within")
        with PolygonClient(ApiSettings(url, "some-key", 1000), Budget(1000), retry=once) as client, late:
            client.get(GROUPED, {})
        thread.join()


def test_a_body_in_another_compression_is_tried_again(api, client) -> None:
    api.on(GROUPED, _raw(b"xx", headers={"Content-Encoding": "br"}), OK)
    assert len(list(client.pages(REQUEST))) == 1
    assert len(api.asked) == 2


# -- pages


def test_pages_are_followed_on_the_configured_host_with_adjusted_sent_again(api, client) -> None:
    path = RANGE.path
    bar = {"c": 1, "t": AT_CLOSE}
    api.on(
        path,
        {"ticker": "AAPL", "results": [bar], "next_url": f"https://api.polygon.io{path}?cursor=abc%3D%3D&apiKey=leak"},
        {"ticker": "AAPL", "results": [bar]},
    )
    assert len(list(client.pages(RANGE))) == 2
    assert api.asked[1].params == {"cursor": "abc==", "adjusted": "false"}


def test_pages_may_count_their_own_rows_or_all(api, client) -> None:
    following = f"{api.base_url}{CONTRACTS_PATH}?cursor=a"
    row = {"underlying_ticker": "AAPL"}
    for first, second in ((2, 1), (3, 3)):
        api.on(
            CONTRACTS_PATH,
            {"results": [row] * 2, "count": first, "next_url": following},
            {"results": [row], "count": second},
        )
        assert sum(len(answer.rows) for answer in client.pages(CONTRACTS)) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [(2, 2), (4, 4), (3, 1), ("2", "2")],
    ids=["the last of its own", "the last of all pages", "the first of its own", "counts as text"],
)
def test_a_page_that_lacks_rows_is_an_error_worth_another_try(api, client, first, second) -> None:
    row = {"underlying_ticker": "AAPL"}
    api.on(
        CONTRACTS_PATH,
        {"results": [row] * 2, "count": first, "next_url": f"{api.base_url}{CONTRACTS_PATH}?cursor=a"},
        {"results": [row], "count": second},
    )
    with pytest.raises(ServerError, match="count of"):
        list(client.pages(CONTRACTS))


def test_a_next_page_that_is_not_found_is_no_answer_of_an_unknown_ticker(api, client) -> None:
    bar = {"t": AT_CLOSE}
    api.on(RANGE.path, {"ticker": "AAPL", "results": [bar], "next_url": f"{api.base_url}/gone?cursor=a"})
    with pytest.raises(ServerError, match="page 2 is not found"):
        list(client.pages(RANGE))


def test_a_loop_of_cursors_is_found(api, client) -> None:
    row = {"underlying_ticker": "AAPL"}
    api.on(
        CONTRACTS_PATH,
        {"results": [row], "next_url": f"{api.base_url}{CONTRACTS_PATH}?cursor=a"},
        {"results": [row], "next_url": f"{api.base_url}{CONTRACTS_PATH}?cursor=b"},
        {"results": [row], "next_url": f"{api.base_url}{CONTRACTS_PATH}?cursor=a"},
    )
    with pytest.raises(MalformedResponse, match="already read"):
        list(client.pages(CONTRACTS))
    assert len(api.asked) == 3


ELSEWHERE = [
    pytest.param("https://api.example.com" + GROUPED, "https://api.example.com", id="another host"),
    pytest.param("https://api.example.com/eu" + GROUPED, "https://api.example.com/eu", id="and a prefix"),
    pytest.param("//api.example.com/login?key=1", "http://api.example.com", id="another page"),
    pytest.param(f"https://u:p@api.example.com:444{GROUPED}?apiKey={KEY}", "https://api.example.com:444", id="secrets"),
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("location", "named"), ELSEWHERE)
def test_a_redirect_to_another_host_names_the_setting_and_what_to_set_it_to(
    api, client, status: int, location: str, named: str
) -> None:
    api.on(GROUPED, _raw(b"", status=status, headers={"Location": location}))
    with pytest.raises(MovedAway, match=f"set POLYGON_BASE_URL={named} and run again") as caught:
        list(client.pages(REQUEST))
    assert len(api.asked) == 1
    assert KEY not in str(caught.value)
    assert "u:p@" not in str(caught.value)


def test_the_key_is_not_sent_to_another_port_of_the_same_host(api, client) -> None:
    seen: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)

    with HTTPServer(("127.0.0.1", 0), Other) as other:
        api.on(GROUPED, _raw(b"", status=301, headers={"Location": f"http://127.0.0.1:{other.server_port}/"}))
        with pytest.raises(MovedAway, match=f"POLYGON_BASE_URL=http://127.0.0.1:{other.server_port} and"):
            list(client.pages(REQUEST))
    assert seen == []


def test_a_redirect_on_the_same_origin_is_followed_and_the_answer_is_that_of_the_question(api, client) -> None:
    api.on(GROUPED, _raw(b"", status=308, headers={"Location": "/v9/moved?adjusted=false"}))
    api.on("/v9/moved", {"results": []})
    (answer,) = client.pages(REQUEST)
    assert (answer.path, answer.params) == (GROUPED, dict(REQUEST.params))
    assert api.asked[1].params == {"adjusted": "false"}
    assert api.asked[1].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "location", [GROUPED, "", "http://[", "ftp://127.0.0.1/"], ids=["loop", "none", "broken", "ftp"]
)
def test_a_redirect_that_leads_nowhere_ends(api, client, location: str) -> None:
    api.on(GROUPED, _raw(b"", status=302, headers={"Location": location} if location else {}))
    with pytest.raises(MalformedResponse, match=r"302|redirects"):
        list(client.pages(REQUEST))


# -- what a 403 says


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param(
            "Attempted to request today's data before end of day. Please upgrade.", NotPublishedYet, id="early"
        ),
        pytest.param(
            "Your plan doesn't include this data timeframe. Please upgrade your plan", BeforeHistory, id="old"
        ),
        pytest.param("You are not entitled to this data. Please upgrade your plan", NotEntitled, id="not in the plan"),
        pytest.param("Access from your region is blocked.", NotEntitled, id="unknown"),
    ],
)
@pytest.mark.parametrize("status", [403, 200])
def test_the_text_of_a_403_says_which_of_three_things_it_is(api, client, status: int, said: str, kind: type) -> None:
    api.on(GROUPED, Reply({"status": "NOT_AUTHORIZED", "message": said}, status))
    with pytest.raises(kind, match=said.partition(".")[0]) as caught:
        list(client.pages(REQUEST))
    assert type(caught.value) is kind
    assert len(api.asked) == 1
    assert ("does not include it" in str(caught.value)) == ("not entitled" in said)


# -- answers to another question


@pytest.mark.parametrize(
    ("request_", "payload"),
    [
        pytest.param(RANGE, {"ticker": "MSFT", "results": []}, id="another ticker"),
        pytest.param(RANGE, {"ticker": "AAPL", "results": [{"t": AT_CLOSE + 864e5}]}, id="a day too late"),
        pytest.param(REQUEST, {"results": [{"T": "A", "t": AT_CLOSE - 864e5}]}, id="another session"),
        pytest.param(REQUEST, {"results": [{"T": "A", "t": AT_CLOSE // 1000}]}, id="seconds"),
        pytest.param(REQUEST, {"results": [{"T": "A", "t": AT_CLOSE * 1000}]}, id="microseconds"),
        pytest.param(REQUEST, {"results": [{"T": "A", "t": "2026-11-20T21:00:00Z"}]}, id="a time as text"),
        pytest.param(
            REQUEST, {"results": [{"T": "A", "t": str(AT_CLOSE - 86_400_000)}]}, id="another session, as text"
        ),
        pytest.param(REQUEST, {"adjusted": True, "results": []}, id="adjusted"),
        pytest.param(REQUEST, {"adjusted": "true", "results": []}, id="adjusted, as text"),
        pytest.param(REQUEST, {"results": [BAR], "next_url": 5}, id="a next page without an address"),
        pytest.param(REQUEST, {"results": {"T": "A"}}, id="results is no list"),
        pytest.param(REQUEST, {"results": [BAR, None, "x"]}, id="most results are no objects"),
        pytest.param(CONTRACTS, {"results": [{"underlying_ticker": "MSFT"}]}, id="another underlying"),
        pytest.param(
            datasets.splits(SESSION, "x"), {"results": [{"execution_date": "2026-11-19"}]}, id="splits of before"
        ),
        pytest.param(
            datasets.dividends(date(2026, 11, 2), "x", SESSION),
            {"results": [{"ex_dividend_date": "2026-11-23"}]},
            id="dividends of after",
        ),
        pytest.param(
            datasets.chain("AAPL", "x"), {"results": [{"underlying_asset": {"ticker": "MSFT"}}]}, id="another chain"
        ),
    ],
)
def test_an_answer_to_another_question_is_refused_at_once(api, client, request_, payload) -> None:
    api.on(request_.path, payload)
    with pytest.raises(MalformedResponse):
        list(client.pages(request_))
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("asked", "said"), [("BRK.B", "BRK/B"), ("BRK/B", "BRK.B"), ("SPX", "I:SPX"), ("I:SPX", "SPX")], ids=str
)
def test_an_underlying_is_the_same_in_each_of_its_spellings(api, client, asked, said) -> None:
    api.on(CONTRACTS_PATH, {"results": [{"underlying_ticker": said}]})
    assert len(list(client.pages(datasets.contracts(asked, SESSION, None, "x")))) == 1


@pytest.mark.parametrize(
    ("request_", "rows"),
    [
        pytest.param(REQUEST, [BAR, BAR | {"T": "AMUB", "t": AT_CLOSE - 864e5}], id="a bar of another session"),
        pytest.param(RANGE, [BAR, BAR | {"t": AT_CLOSE + 864e5}], id="a bar outside the range"),
        pytest.param(
            CONTRACTS, [{"underlying_ticker": "AAPL"}, {"underlying_ticker": "MSFT"}], id="another underlying"
        ),
    ],
)
def test_a_few_foreign_rows_do_not_refuse_the_answer(api, client, request_, rows) -> None:
    api.on(request_.path, {"results": rows})
    (answer,) = client.pages(request_)
    assert answer.rows == rows


@pytest.mark.parametrize("stray", [None, "AAPL", 7, [1]], ids=str)
def test_a_result_that_is_not_an_object_is_landed_for_the_warehouse_to_reject(api, client, stray) -> None:
    api.on(GROUPED, {"resultsCount": 2, "results": [BAR, stray]})
    (answer,) = client.pages(REQUEST)
    assert (answer.rows, answer.result_rows, json.loads(answer.body)["results"]) == ([BAR], 2, [BAR, stray])


@pytest.mark.parametrize("bar", [{}, {"t": None}, {"t": 1795208400000000000}, {"t": "1795208400000"}], ids=str)
def test_a_bar_without_a_time_or_with_one_spelled_otherwise_is_kept(api, client, bar) -> None:
    api.on(GROUPED, {"results": [bar]})
    assert len(list(client.pages(REQUEST))) == 1


def test_a_chain_row_without_its_underlying_is_kept(api, client) -> None:
    rows = [{"underlying_asset": found} for found in ({}, None, "AAPL", [1])]
    api.on("/v3/snapshot/options/AAPL", {"results": [*rows, {}]})
    assert len(list(client.pages(datasets.chain("AAPL", "x")))) == 1


# -- errors by type


@pytest.mark.parametrize(
    "first",
    [
        pytest.param({"status": 500, "raw": b"<html>"}, id="500 with HTML"),
        pytest.param({"status": 503, "raw": b""}, id="503 empty"),
        pytest.param({"raw": b"<html>Bad gateway</html>"}, id="200 with HTML"),
        pytest.param({"raw": b'{"results": [{"T": "A'}, id="invalid JSON"),
        pytest.param({"raw": b'{"results": [{"c": NaN}]}'}, id="NaN"),
        pytest.param({"raw": b'{"a": "\xff"}'}, id="not UTF-8"),
        pytest.param({"raw": b""}, id="200 with nothing"),
        pytest.param({"raw": json.dumps(OK).encode(), "compressed": True, "cut": 9}, id="gzip cut off"),
        pytest.param({"raw": b"no gzip", "headers": {"Content-Encoding": "gzip"}}, id="no gzip at all"),
        pytest.param({"raw": json.dumps(OK).encode(), "cut": 9}, id="body cut off"),
        pytest.param({"raw": b'{"status":"ERROR","error":"try later"}'}, id="ERROR with 200"),
        pytest.param({"raw": b'{"status":"OK","resultsCount":3}'}, id="rows counted, none sent"),
        pytest.param({"raw": b'{"status":"OK","resultsCount":2,"results":[{"T":"A"}]}'}, id="one row of two"),
        pytest.param({"raw": b'{"status":"OK","count":2,"results":[{"T":"A"}]}'}, id="one reference row of two"),
        pytest.param({"raw": b'{"status":"OK","resultsCount":"2","results":[{"T":"A"}]}'}, id="a count as text"),
        pytest.param({"raw": b'{"status":"OK","resultsCount":2.0,"results":[{"T":"A"}]}'}, id="a count as a float"),
        pytest.param({"raw": b"{}"}, id="an object with nothing"),
        pytest.param({"raw": b"null"}, id="null"),
        pytest.param({"raw": b'[{"T":"A","c":1}]'}, id="rows without an object around them"),
        pytest.param({"raw": b'{"status":"TIMEOUT","resultsCount":0}'}, id="another status than success"),
        pytest.param({"raw": b'{"status":"FAILED","results":[{"T":"A"}]}'}, id="another status with rows"),
        pytest.param({"raw": b'{"status":"error","error":"try later"}'}, id="error with 200"),
        pytest.param({"raw": b'{"error":"internal","resultsCount":0}'}, id="an error without a status"),
        pytest.param({"raw": b'{"results":[{"T":"A","c":1e400}]}'}, id="a number beyond every float"),
        pytest.param({"raw": b'{"results":[{"T":"A","v":-1%s}]}' % (b"0" * 400)}, id="a whole number like that"),
        pytest.param({"raw": gzip.compress(json.dumps(OK).encode())}, id="gzip that says it is none"),
        pytest.param({"raw": '{"results":[{"T":"É"}]}'.encode()[:-5]}, id="cut within a character"),
        pytest.param({"raw": json.dumps(OK).encode("utf-16")}, id="UTF-16"),
        pytest.param({"raw": json.dumps(OK).encode("utf-16-le")}, id="UTF-16 without a mark"),
        pytest.param({"raw": b'{"results":[{"T":"A","T":"B"}]}'}, id="a key twice"),
        pytest.param({"raw": rb'{"results":[{"T":"\ud83d"}]}'}, id="half a character"),
        pytest.param({"raw": b'{"a":' * 100_000}, id="nested without end"),
        pytest.param({"status": 429, "raw": b""}, id="429 empty"),
        pytest.param({"status": 429, "raw": b"{}", "headers": {"Retry-After": "0"}}, id="429 with 0"),
        pytest.param(
            {"status": 429, "raw": b"{}", "headers": {"Retry-After": "Sat, 21 Nov 2020 00:00:00 GMT"}}, id="429 date"
        ),
    ],
)
def test_a_passing_fault_is_tried_again(api, client, first) -> None:
    api.on(GROUPED, _raw(first.pop("raw"), **first), OK)
    (answer,) = client.pages(REQUEST)
    assert len(answer.rows) == 1
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(400, MalformedResponse), (401, NotAuthorized), (403, NotEntitled), (404, NotFound)]
)
def test_a_lasting_error_is_not_tried_again(api, client, status, kind) -> None:
    api.on(GROUPED, _raw(b'{"error":"no"}', status=status))
    with pytest.raises(kind):
        list(client.pages(REQUEST))
    assert len(api.asked) == 1


def test_a_refused_key_is_told_in_one_line_that_names_the_variable(api, client) -> None:
    api.on(GROUPED, _raw(b'{"status":"ERROR","error":"Unknown API Key"}', status=401))
    with pytest.raises(NotAuthorized, match=r"POLYGON_API_KEY.*Unknown API Key.*set it"):
        list(client.pages(REQUEST))


def test_tries_are_bounded(api, client) -> None:
    api.on(GROUPED, _raw(b"", status=500))
    with pytest.raises(ServerError, match="gave up after 3 tries"):
        list(client.pages(REQUEST))
    assert len(api.asked) == 3


def test_a_pause_beyond_the_bound_is_not_waited_for(api, client) -> None:
    api.on(GROUPED, _raw(b"{}", status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimited, match="pause of 3600 s"):
        list(client.pages(REQUEST))
    assert len(api.asked) == 1


def test_one_pause_holds_for_all_that_share_the_budget(api, settings) -> None:
    now = [1e9]
    shared = Budget(1000, clock=lambda: now[0], sleep=lambda seconds: now.append(now.pop() + seconds))
    api.on(GROUPED, _raw(b"{}", status=429, headers={"Retry-After": "7"}))
    other = datasets.grouped(date(2026, 11, 19), "x")
    api.on(other.path, {"results": []})
    with PolygonClient(settings, shared, retry=RetryPolicy(tries=1)) as limited, pytest.raises(RateLimited):
        list(limited.pages(REQUEST))
    assert now == [1e9]
    with PolygonClient(settings, shared) as client:
        list(client.pages(other))
    assert now[0] >= 1e9 + 7


def test_a_server_that_is_down_is_named_after_a_bounded_number_of_tries(client, settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    down = ApiSettings(f"http://127.0.0.1:{port}", settings.api_key, 5)
    with (
        PolygonClient(down, Budget(100), retry=FAST) as unlucky,
        pytest.raises(Unreachable, match=rf"127\.0\.0\.1:{port} \(POLYGON_BASE_URL\).*Connection refused.*3 tries"),
    ):
        list(unlucky.pages(REQUEST))


# -- the key stays secret


def test_a_key_that_the_server_echoes_is_struck_out_everywhere(api, client, settings, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    api.on(
        GROUPED,
        _raw(b'{"error":"bad key canary-key-5f1c0b"}', status=500),
        {"next_url": None, "results": [], "echo": settings.api_key},
    )
    (answer,) = client.pages(REQUEST)
    assert b"canary" not in raw_line(answer)
    api.on(GROUPED, _raw(b'{"error":"bad key canary-key-5f1c0b"}', status=401))
    with pytest.raises(NotAuthorized) as caught:
        list(client.pages(REQUEST))
    assert "canary" not in str(caught.value)
    assert "canary" not in caplog.text
    assert "canary" not in repr(settings)


def test_a_failed_request_carries_no_key_in_its_error_chain(api, client) -> None:
    api.on(GROUPED, _raw(b"x", cut=1))
    with pytest.raises(TransientError) as caught:
        list(client.pages(REQUEST))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def _raw(body: bytes, **more):
    return Reply(raw=body, **more)
