"""The app: headers, routes, no remote file, no debug mode; the command line's errors."""

from __future__ import annotations

import gzip
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dashboard.app import create_app
from dashboard.data.door import Door
from dashboard.pages import PAGES
from dashboard.pages.shell import find_page
from dashboard.settings import HOSTS, SettingsError, allowed_hosts

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.dashboard.conftest import FakeWarehouse

ENV = {"SNOWFLAKE_ACCOUNT": "local", "SNOWFLAKE_USER": "u", "SNOWFLAKE_PASSWORD": "s3cret"}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client(door: Door) -> FlaskClient:
    return create_app(door).server.test_client()


def run(arguments: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SNOWFLAKE_")}
    return subprocess.run(
        [sys.executable, "-m", "dashboard", *arguments],
        cwd=ROOT,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_answer_carries_the_headers(client: FlaskClient) -> None:
    for path in ("/", "/health", "/assets/chart_view.js", "/no/such/page"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_the_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith(("/", "data:")) for source in sources)


def test_files_are_compressed_for_those_who_take_it_and_the_same(client: FlaskClient) -> None:
    path = "/assets/chart_view.js"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    for _ in range(2):
        packed = client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
        assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_alive_and_layout_need_no_warehouse(client: FlaskClient, fake: FakeWarehouse) -> None:
    fake.is_away = True
    assert client.get("/alive").get_data(as_text=True) == "ok\n"
    assert client.get("/_dash-layout").status_code == 200
    assert fake.asked == []


@pytest.mark.parametrize(
    ("path", "title"),
    [("/", "Home"), ("/chart", "Chart"), ("/chart/", "Chart"), ("/quality", "Data quality"), (None, "Home")],
)
def test_paths_lead_to_pages(path: str | None, title: str) -> None:
    page = find_page(PAGES, path)
    assert page is not None
    assert page.title == title


def test_an_unknown_path_is_no_page() -> None:
    assert find_page(PAGES, "/../etc/passwd") is None


def test_a_taken_port_is_one_line_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(["--port", str(taken.getsockname()[1])], ENV)
    assert done.returncode == 2
    assert re.fullmatch(r"dashboard: port \d+ on 127\.0\.0\.1 is taken; .*\n", done.stderr)


def test_a_strategy_that_cannot_be_imported_is_one_line_that_names_its_entry_point(tmp_path: Path) -> None:
    package = tmp_path / "planted-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[snowtape.strategies]\nmine = nothing:Here\n")
    done = run(["--port", "0"], {**ENV, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert re.fullmatch(r"dashboard: Entry point mine \(nothing:Here\) .* could not be imported: .*\n", done.stderr)


def test_a_missing_setting_is_one_line_that_names_it() -> None:
    done = run(["--port", "0"], {**ENV, "SNOWFLAKE_USER": ""})
    assert done.returncode == 2
    assert re.fullmatch(r"dashboard: SNOWFLAKE_USER is not set; .*\n", done.stderr)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8050", "[::1]:8050", "Prices.Example", "prices.example:443"])
def test_the_names_of_loopback_and_of_the_setting_are_answered(door: Door, host: str) -> None:
    client = create_app(door, allowed_hosts({HOSTS: "prices.example, 10.0.0.7"})).server.test_client()
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["rebound.example", "127.0.0.1.rebound.example", "10.0.0.7", "rebound.example@localhost"]
)
@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/assets/chart_view.js", "/no/such/page"])
def test_any_other_host_is_refused_with_the_setting_to_change(client: FlaskClient, host: str, path: str) -> None:
    refused = client.get(path, headers={"Host": host})
    assert refused.status_code == 421
    assert refused.get_data(as_text=True).startswith(f"Host is {host}; expected 127.0.0.1, [::1], localhost.")
    assert "SNOWTAPE_DASHBOARD_HOSTS" in refused.get_data(as_text=True)


def test_no_callback_runs_for_another_host_or_a_form(client: FlaskClient, fake: FakeWarehouse) -> None:
    path = "/_dash-update-component"
    assert client.post(path, json={}, headers={"Host": "rebound.example"}).status_code == 421
    assert client.post(path, data='{"output": "x"}', content_type="text/plain").status_code == 415
    assert fake.asked == []


def test_health_is_answered_under_any_name(client: FlaskClient) -> None:
    assert client.get("/health", headers={"Host": "10.0.0.7"}).status_code == 200


@pytest.mark.parametrize("value", ["https://prices.example", "prices.example:443", "a b", "*", "prices.example/"])
def test_a_host_that_is_no_name_is_a_clear_error(value: str) -> None:
    with pytest.raises(SettingsError, match="SNOWTAPE_DASHBOARD_HOSTS has"):
        allowed_hosts({HOSTS: value})
