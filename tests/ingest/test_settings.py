from pathlib import Path
from typing import NamedTuple

import pytest

from ingest.errors import BadSetting
from ingest.settings import read_api, read_storage, read_universe

GOOD = {"POLYGON_API_KEY": "secret-key-1", "SNOWTAPE_BUCKET": "bucket"}


def test_defaults_are_the_vendors_host_and_the_free_plan() -> None:
    api = read_api(GOOD)
    assert (api.base_url, api.requests_per_minute) == ("https://api.massive.com", 5)
    assert read_storage(GOOD).prefix == ""
    assert read_universe({}).tickers == ()
    assert read_universe({}).underlyings == ("AAPL", "MSFT")


def test_lists_are_sorted_and_distinct_and_keep_their_case() -> None:
    assert read_universe({"SNOWTAPE_TICKERS": " MSFT, AAPL,BRKpA,AAPL ,"}).tickers == ("AAPL", "BRKpA", "MSFT")


def test_the_key_is_not_in_a_repr() -> None:
    assert "secret-key-1" not in repr(read_api(GOOD))


class Case(NamedTuple):
    variable: str
    value: str


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case("POLYGON_API_KEY", ""), id="no key"),
        pytest.param(Case("POLYGON_API_KEY", "secret key"), id="a key with a blank"),
        pytest.param(Case("POLYGON_API_KEY", "secret\nkey"), id="a key with a line break"),
        pytest.param(Case("POLYGON_BASE_URL", "api.massive.com"), id="no scheme"),
        pytest.param(Case("POLYGON_BASE_URL", "ftp://x"), id="another scheme"),
        pytest.param(Case("POLYGON_BASE_URL", "http://x:port"), id="no port number"),
        pytest.param(Case("POLYGON_BASE_URL", "http://me:secret@x"), id="credentials in the URL"),
        pytest.param(Case("POLYGON_BASE_URL", "http://x?apiKey=secret"), id="key in the URL"),
        pytest.param(Case("POLYGON_REQUESTS_PER_MINUTE", "0"), id="no requests"),
        pytest.param(Case("POLYGON_REQUESTS_PER_MINUTE", "five"), id="no number"),
        pytest.param(Case("SNOWTAPE_BUCKET", ""), id="no bucket"),
        pytest.param(Case("SNOWTAPE_BUCKET", "s3://bucket"), id="a URL as bucket"),
        pytest.param(Case("SNOWTAPE_PREFIX", "landing"), id="prefix without a slash"),
        pytest.param(Case("SNOWTAPE_PREFIX", "/landing/"), id="prefix that begins with a slash"),
        pytest.param(Case("SNOWTAPE_TICKERS", "AAPL,$$"), id="no ticker"),
        pytest.param(Case("SNOWTAPE_UNDERLYINGS", "A/B"), id="a path as underlying"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_the_variable_and_no_secret(case: Case) -> None:
    def read() -> None:
        environment = GOOD | {case.variable: case.value}
        read_api(environment), read_storage(environment), read_universe(environment)

    with pytest.raises(BadSetting, match=case.variable) as caught:
        read()
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_key_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret-key-2\n")

    assert read_api({"POLYGON_API_KEY_FILE": str(tmp_path / "key")}).api_key == "secret-key-2"


def test_a_key_in_two_places_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="POLYGON_API_KEY and POLYGON_API_KEY_FILE are both set") as caught:
        read_api(GOOD | {"POLYGON_API_KEY_FILE": str(tmp_path / "key")})

    assert "secret-key-1" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "not text"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    with pytest.raises(BadSetting, match=f"POLYGON_API_KEY_FILE is '{tmp_path}/key'; expected a file"):
        read_api({"POLYGON_API_KEY_FILE": str(tmp_path / "key")})
