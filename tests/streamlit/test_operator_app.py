"""The operator's Streamlit app on the local warehouse, by Streamlit's own test driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import snowflake.connector
import streamlit as st
import yaml
from streamlit.testing.v1 import AppTest, app_test

from local.warehouse.process import RunningWarehouse
from tests.dashboard import seed
from tests.gates.sources import REPOSITORY
from tests.streamlit import account_usage

# For scripts that are no files, made at the import; it would go when the process ends.
app_test.TMP_DIR.cleanup()
FOLDER = REPOSITORY / "snowflake" / "streamlit"
DATABASE = "OPERATOR_APP"
REJECT = ("20261119T010000000000Z-000000aa", "manifests/stocks/bad.json", "stocks", "object x has 3 bytes, not 4")


@pytest.fixture(scope="module")
def database(warehouse: RunningWarehouse) -> Iterator[RunningWarehouse]:
    """A database with loads, test results and one refused manifest; the app's settings are the process's meanwhile."""
    with warehouse.connect(paramstyle="qmark") as connection:
        seed.seed(connection, DATABASE)
        connection.cursor().execute("insert into ops.freshness (dataset, sessions_behind) values ('stock_bars', 2)")
        connection.cursor().execute(f"insert into ops.load_rejects select {str(REJECT)[1:-1]}, '2026-11-19'::timestamp")
    with pytest.MonkeyPatch.context() as patch:
        # Streamlit sets it for the whole process; it is put back at the end.
        patch.setattr(snowflake.connector, "paramstyle", snowflake.connector.paramstyle)
        for name, value in {
            "ACCOUNT": "local", "USER": "operator", "PASSWORD": warehouse.token, "DATABASE": DATABASE,
            "HOST": warehouse.host, "PORT": str(warehouse.port), "PROTOCOL": "http",
        }.items():  # fmt: skip
            patch.setenv(f"SNOWFLAKE_{name}", value)
        # As `make streamlit` starts it.
        st.config.set_option("server.address", "127.0.0.1")
        yield warehouse


def execute(warehouse: RunningWarehouse, *statements: str) -> None:
    with warehouse.connect(database=DATABASE) as connection:
        for statement in statements:
            connection.cursor().execute(statement)


def run_app() -> AppTest:
    """The app, run once from the top with nothing cached."""
    st.cache_data.clear()
    st.cache_resource.clear()
    app = AppTest.from_file(str(FOLDER / "operator_app.py"), default_timeout=300).run()
    assert not app.exception, app.exception
    return app


def table(app: AppTest, column: str) -> Any:
    """The first table that has a column."""
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


@pytest.fixture(scope="module")
def app(database: RunningWarehouse) -> AppTest:
    with database.connect() as connection:
        account_usage.create(connection, DATABASE)
    return run_app()


def test_freshness_names_the_newest_of_every_stage(app: AppTest) -> None:
    shown = {metric.label: metric.value for metric in app.metric}

    assert shown["stock bars"] == str(seed.LAST_SESSION)
    assert shown["dbt build"] == "11-20 23:00"
    assert shown["load of stocks"] == "11-20 22:45"
    assert any(caption.value.endswith(", 2 sessions behind") for caption in app.caption)
    assert "build-1" in [caption.value for caption in app.caption]
    assert {"option chain", "load of stocks", "load of options"} <= set(shown)


def test_ledger_is_newest_first_and_shows_what_is_incomplete(app: AppTest) -> None:
    ledger = table(app, "Responses")

    assert len(ledger) == 20
    assert ledger["Loaded, UTC"].is_monotonic_decreasing
    assert (~ledger["Complete"]).sum() == 1


def test_refused_manifest_that_is_not_loaded_is_an_error_with_its_reason(app: AppTest) -> None:
    assert [error.value for error in app.error] == ["1 manifests are refused and not loaded: see docs/runbook.md"]
    assert table(app, "Reason")["Reason"].tolist() == [REJECT[3]]


def test_rejected_rows_are_counted_with_one_to_look_at_and_open_suspects_come_first(app: AppTest) -> None:
    rejected, suspects = table(app, "Newest raw row"), table(app, "Closed by manifest id")

    assert rejected[["Rejection reason", "Rejected rows"]].to_numpy().tolist() == [["a negative volume", 2]]
    assert '"v": -5' in rejected["Newest raw row"][0]
    assert suspects["State"].tolist() == ["open", "closed"]


def test_quality_shows_what_fails_now(app: AppTest) -> None:
    failing = table(app, "Failing rows")

    assert failing["Status"].tolist() == ["fail", "warn"][: len(failing)]
    assert [warning.value for warning in app.warning] == [f"{len(failing)} tests failed or warned."]


def test_cost_is_the_sum_of_the_credits_of_our_tags(app: AppTest) -> None:
    shown = {metric.label: metric.value for metric in app.metric}
    runs = table(app, "Run")
    by_job = next(f.value for f in app.dataframe if list(f.value.columns)[:2] == ["Job", "Queries"])

    assert shown["Credits"] == "0.033"
    assert dict(zip(by_job["Job"], by_job["Queries"], strict=True)) == {"dbt_build": 2, "polygon_stocks_load": 2}
    assert "somebody" not in runs.to_string()


def test_nothing_can_be_pressed_or_typed(app: AppTest) -> None:
    for kind in ("button", "text_input", "text_area", "selectbox", "checkbox", "radio", "number_input", "chat_input"):
        assert not app.get(kind), kind


def test_reject_that_was_loaded_later_is_no_error(database: RunningWarehouse) -> None:
    execute(
        database,
        f"insert into ops.loads select '{REJECT[0]}', 'stocks', 'a', 'r', true, 1, 1, '2026-11-19 02:00:00'::timestamp",
    )

    assert not run_app().error

    execute(database, f"delete from ops.loads where manifest_id = '{REJECT[0]}'")


def test_empty_tables_are_no_error(database: RunningWarehouse) -> None:
    execute(database, "delete from ops.load_rejects", "delete from ops.dbt_test_results", "delete from ops.builds")

    app = run_app()

    assert not app.error
    assert "Every manifest that was refused has been loaded since, or none was refused." in app.success[0].value
    assert "No test has run yet." in [info.value for info in app.info]


def test_missing_usage_views_are_said_and_the_rest_stands(database: RunningWarehouse) -> None:
    execute(database, "drop table if exists snowflake.account_usage.query_history")

    app = run_app()

    assert [info.value.partition(":")[0] for info in app.info][-1:] == [
        "Credits come from SNOWFLAKE.ACCOUNT_USAGE, which can't be read here"
    ]
    assert len(table(app, "Responses")) == 20


def test_warehouse_without_marts_is_said_section_by_section(
    database: RunningWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.connect() as connection:
        connection.cursor().execute("create database if not exists EMPTY_OPERATOR_APP")
    monkeypatch.setenv("SNOWFLAKE_DATABASE", "EMPTY_OPERATOR_APP")

    app = run_app()

    assert {error.value.partition(":")[0] for error in app.error} == {
        "freshness", "quality_history", "quality_now", "loads", "rejects", "suspect_sessions", "rejected_rows",
        "overrides",
    }  # fmt: skip


def test_deployment_takes_every_file_of_the_app() -> None:
    project = yaml.safe_load((FOLDER / "snowflake.yml").read_text())["entities"]["operator"]

    taken = {path.name for pattern in project["artifacts"] for path in FOLDER.glob(pattern)}
    wanted = {path.name for path in FOLDER.rglob("*") if path.is_file() and path.suffix in (".py", ".sql")}
    assert wanted | {"environment.yml"} == taken
    assert (FOLDER / project["main_file"]).is_file()


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.0.2.1", "::", "example.com"], ids=repr)
def test_an_address_that_others_reach_shows_nothing_but_why(database: RunningWarehouse, address: str | None) -> None:
    st.config.set_option("server.address", address)
    try:
        refused = run_app()
    finally:
        st.config.set_option("server.address", "127.0.0.1")

    assert [error.value.split(";")[0] for error in refused.error] == [f"server.address is {address!r}"]
    assert not refused.metric
    assert not refused.dataframe


def test_behind_a_proxy_every_address_will_do(database: RunningWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWTAPE_BEHIND_PROXY", "true")
    st.config.set_option("server.address", "0.0.0.0")
    try:
        assert run_app().metric
    finally:
        st.config.set_option("server.address", "127.0.0.1")
