"""The target of this session: an account, a rehearsal on the stand-ins, or nothing, which skips with the reason."""

from __future__ import annotations

import os

import pytest

from tests.live.target import NO_ACCOUNT, REHEARSAL, Target, account


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """A database into which the schema was deployed."""
    chosen = account()
    if chosen is None and os.environ.get(REHEARSAL) == "0":
        pytest.skip(NO_ACCOUNT)
    chosen = chosen or rehearsal(request)
    chosen.deploy()
    return chosen


def rehearsal(request: pytest.FixtureRequest) -> Target:
    """The same tests on the local Snowflake, so that the suite itself has been run before an account is there."""
    warehouse, store = request.getfixturevalue("warehouse"), request.getfixturevalue("object_store")
    with warehouse.connect() as connection:
        for database in ("SNOWTAPE_LIVE", "SNOWTAPE_LIVE_SCRATCH"):
            connection.cursor().execute(f"create database if not exists {database}")
    variables = {
        "SNOWFLAKE_ACCOUNT": "local",
        "SNOWFLAKE_USER": "live",
        "SNOWFLAKE_PASSWORD": warehouse.token,
        "SNOWFLAKE_HOST": warehouse.host,
        "SNOWFLAKE_PORT": str(warehouse.port),
        "SNOWFLAKE_PROTOCOL": "http",
    }
    is_quick = os.environ.get(REHEARSAL) != "1"
    return Target("SNOWTAPE_LIVE", store.bucket, "live/", variables, is_rehearsal=True, is_quick=is_quick)


@pytest.fixture
def account_only(target: Target) -> Target:
    """For what the local Snowflake does not have."""
    if target.is_rehearsal:
        pytest.skip(f"the local Snowflake has no privileges, no query history and no Streamlit; {NO_ACCOUNT}")
    return target
