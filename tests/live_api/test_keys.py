"""The settings of the suite, and that no key is ever shown. These tests need no key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.errors import BadSetting
from tests.live_api.keys import any_live_key, live_key

SECRET = "canary-key-9d2e71"


def run(config: pytest.Config, settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The suite in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNOWTAPE_LIVE", "PYTEST"))}
    suite = Path(__file__).with_name("test_api.py")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, suite],
        cwd=config.rootpath, env=kept | dict(settings), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_a_key_there_is_nothing_to_ask_with() -> None:
    assert live_key("free", {}) is None
    assert not any_live_key({})


def test_free_key_keeps_to_five_requests_a_minute_and_a_paid_one_to_the_setting(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    environment = {
        "SNOWTAPE_LIVE_API_KEY_FREE": SECRET,
        "SNOWTAPE_LIVE_API_KEY_REAL_TIME_FILE": str(tmp_path / "key"),
        "SNOWTAPE_LIVE_API_REQUESTS_PER_MINUTE": "90",
    }
    free, real_time = live_key("free", environment), live_key("real-time", environment)

    assert free is not None
    assert real_time is not None
    assert (free.api.requests_per_minute, real_time.api.requests_per_minute) == (5, 90)
    assert real_time.api.api_key == SECRET
    assert free.api.base_url == "https://api.massive.com"
    assert SECRET not in repr(free) + repr(real_time)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("SNOWTAPE_LIVE_API_KEY_FREE", "two words", "SNOWTAPE_LIVE_API_KEY_FREE"),
        ("SNOWTAPE_LIVE_API_BASE_URL", "api.massive.com", "SNOWTAPE_LIVE_API_BASE_URL"),
    ],
)
def test_setting_that_cannot_be_used_is_named(name: str, value: str, named: str) -> None:
    with pytest.raises(BadSetting, match=named):
        live_key("free", {"SNOWTAPE_LIVE_API_KEY_FREE": SECRET, name: value})


def test_without_a_key_the_suite_names_the_settings_and_asks_nobody(pytestconfig: pytest.Config) -> None:
    done = run(pytestconfig, {"SNOWTAPE_LIVE_REHEARSAL": "0"})

    assert done.returncode == 0, done.stdout
    for name in ("FREE", "DELAYED", "REAL_TIME"):
        assert f"set SNOWTAPE_LIVE_API_KEY_{name} " in done.stdout
    assert "passed" not in done.stdout


def test_key_that_is_refused_is_in_no_traceback(pytestconfig: pytest.Config, refusing: str, tmp_path: Path) -> None:
    settings = {
        "SNOWTAPE_LIVE_API_KEY_FREE": SECRET,
        "SNOWTAPE_LIVE_API_BASE_URL": refusing,
        "SNOWTAPE_BUDGET_DIR": str(tmp_path),
        # A session that fails leaves its folder there.
        "TMPDIR": str(tmp_path),
    }
    done = run(pytestconfig, settings, "--showlocals", "--tb=long", "-k", "test_rows and market")

    assert done.returncode == 1, done.stdout
    assert "(401: Unknown API Key)" in done.stdout
    assert SECRET not in done.stdout + done.stderr
