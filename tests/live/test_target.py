"""The settings of the live tests; these tests need no account."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.target import REHEARSAL, NotConfigured, account

pytestmark = pytest.mark.slow

WHOLE = {
    "SNOWTAPE_LIVE_ACCOUNT": "MYORG-MYACCOUNT",
    "SNOWTAPE_LIVE_USER": "LIVE_TESTS",
    "SNOWTAPE_LIVE_PRIVATE_KEY_FILE": "/keys/live.p8",
    "SNOWTAPE_LIVE_DATABASE": "SNOWTAPE_LIVE",
    "SNOWTAPE_LIVE_BUCKET": "market-data",
    "SNOWTAPE_LIVE_PREFIX": "live/",
}


def test_without_an_account_there_is_no_target() -> None:
    assert account({}) is None


@pytest.mark.parametrize("setting", ["USER", "PRIVATE_KEY_FILE", "DATABASE", "BUCKET"])
def test_half_of_the_settings_is_refused_by_the_name_of_what_is_missing(setting: str) -> None:
    with pytest.raises(NotConfigured, match=f"SNOWTAPE_LIVE_{setting} is not set"):
        account(WHOLE | {f"SNOWTAPE_LIVE_{setting}": ""})


@pytest.mark.parametrize("database", ["SNOWTAPE", "SNOWTAPE_PROD", "LIVE"])
def test_database_that_tests_may_not_fill_is_refused(database: str) -> None:
    with pytest.raises(NotConfigured, match="ends with _LIVE"):
        account(WHOLE | {"SNOWTAPE_LIVE_DATABASE": database})


def test_each_role_works_on_its_own_warehouse_and_the_operator_on_the_readers() -> None:
    target = account(WHOLE)

    assert target is not None
    assert target.environment("loader")["SNOWFLAKE_ROLE"] == "SNOWTAPE_LIVE_LOADER"
    assert target.environment("loader")["SNOWFLAKE_WAREHOUSE"] == "SNOWTAPE_LIVE_LOADER"
    assert target.environment("operator")["SNOWFLAKE_WAREHOUSE"] == "SNOWTAPE_LIVE_READER"
    assert target.environment("deployer")["SNOWTAPE_STORAGE_INTEGRATION"] == "SNOWTAPE_LIVE_S3"


def test_suite_skips_with_its_reason_where_no_account_is_configured(pytestconfig: pytest.Config) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNOWTAPE_LIVE", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", Path(__file__).with_name("test_account.py")],
        cwd=pytestconfig.rootpath, env=kept | {REHEARSAL: "0"}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "no Snowflake account is configured: set SNOWTAPE_LIVE_ACCOUNT" in done.stdout
    assert "passed" not in done.stdout
