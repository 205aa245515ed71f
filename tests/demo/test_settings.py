"""A setting that can't be used is one clear line that names it, before anything has been started."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local.demo.settings import SettingError, read_settings, read_source


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        pytest.param({"POLYGON_BASE_URL": "api.massive.com"}, "POLYGON_BASE_URL", id="no scheme"),
        pytest.param({"POLYGON_BASE_URL": "ftp://api.massive.com"}, "POLYGON_BASE_URL", id="other scheme"),
        pytest.param({"POLYGON_BASE_URL": "http://host:notaport"}, "POLYGON_BASE_URL", id="port is no number"),
        pytest.param({"POLYGON_BASE_URL": "https://api.massive.com"}, "POLYGON_API_KEY", id="no key"),
        pytest.param(
            {
                "POLYGON_BASE_URL": "https://api.massive.com",
                "POLYGON_API_KEY": "k",
                "POLYGON_REQUESTS_PER_MINUTE": "fast",
            },
            "POLYGON_REQUESTS_PER_MINUTE",
            id="rate is no number",
        ),
        pytest.param(
            {"POLYGON_BASE_URL": "https://api.massive.com", "POLYGON_API_KEY": "k", "POLYGON_REQUESTS_PER_MINUTE": "0"},
            "POLYGON_REQUESTS_PER_MINUTE",
            id="rate of nothing",
        ),
        pytest.param({"SNOWTAPE_TICKERS": "AAPL,../etc"}, "SNOWTAPE_TICKERS", id="no ticker"),
        pytest.param({"SNOWTAPE_UNDERLYINGS": "AAPL MSFT"}, "SNOWTAPE_UNDERLYINGS", id="list without commas"),
        pytest.param({"SNOWTAPE_AIRFLOW_PORT": "eighty"}, "SNOWTAPE_AIRFLOW_PORT", id="port is a word"),
        pytest.param({"SNOWTAPE_DASHBOARD_PORT": "80"}, "SNOWTAPE_DASHBOARD_PORT", id="privileged port"),
    ],
)
def test_bad_setting_is_one_line_that_names_the_variable(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingError, match=named) as error:
        read_settings(once=True, synthetic_tickers=1, years=1, option_days=61, environment=environment)
    assert "\n" not in str(error.value)


def test_key_is_never_part_of_a_message() -> None:
    environment = {"POLYGON_BASE_URL": "nonsense", "POLYGON_API_KEY": "canary-key"}
    with pytest.raises(SettingError) as error:
        read_source(environment)
    assert "canary-key" not in str(error.value)


def test_vendor_gets_the_free_plan_s_rate_and_another_server_none() -> None:
    def rate(url: str) -> str:
        return read_source({"POLYGON_BASE_URL": url, "POLYGON_API_KEY": "k"}).requests_per_minute

    assert rate("https://api.massive.com") == "5"
    assert int(rate("http://127.0.0.1:9000")) > 1000


def test_port_named_by_hand_must_be_free_and_a_default_one_gives_way() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"SNOWTAPE_DASHBOARD_PORT is {port}"):
            read_settings(True, 1, 1, 61, environment={"SNOWTAPE_DASHBOARD_PORT": str(port)})

        from local.demo.settings import read_port

        notes: list[str] = []
        assert read_port({}, "SNOWTAPE_DASHBOARD_PORT", port, notes) != port
        assert str(port) in notes[0]


def test_every_source_has_a_folder_of_its_own(tmp_path: Path) -> None:
    common = {"SNOWTAPE_STATE_DIR": str(tmp_path), "POLYGON_API_KEY": "k"}
    states = {
        read_settings(True, 1, 1, 61, environment=common | {"POLYGON_BASE_URL": url}).state
        for url in ("", "http://127.0.0.1:9000", "http://127.0.0.1:9001", "https://api.massive.com")
    }
    assert len(states) == 4
    assert all(state.parent == tmp_path for state in states)
