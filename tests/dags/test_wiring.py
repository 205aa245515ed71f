"""The shared wiring, without a scheduler."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest

from ingest.errors import IncompleteFetch, NotAuthorized


def test_an_error_that_another_try_cannot_help_fails_the_task_at_once() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from wiring.defaults import final_errors

    with pytest.raises(AirflowFailException, match="set POLYGON_API_KEY"), final_errors():
        raise NotAuthorized("set POLYGON_API_KEY")


def test_an_error_that_may_pass_is_left_to_the_retries() -> None:
    from wiring.defaults import final_errors

    with pytest.raises(IncompleteFetch), final_errors():
        raise IncompleteFetch("try again")


def test_a_failure_is_one_line_with_the_task_and_the_error(caplog) -> None:
    from wiring.notifying import task_failed

    ti = SimpleNamespace(dag_id="a_dag", task_id="land", map_index=3, run_id="a_run")
    with caplog.at_level(logging.ERROR):
        task_failed({"ti": ti, "exception": ValueError("boom")})
    assert caplog.messages == ["FAILED a_dag.land[3] in run a_run: boom"]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param(
            {"account": "local", "host": "127.0.0.1", "port": 4000, "protocol": "http"},
            {"host": "127.0.0.1", "port": 4000, "protocol": "http"},
            id="a plain-http endpoint",
        ),
        pytest.param({"account": "xy12345"}, {"host": None, "port": None, "protocol": None}, id="the vendor's own"),
        pytest.param({"account": "local", "port": "4000"}, {"port": 4000}, id="a port as text"),
    ],
)
def test_the_hook_reaches_the_endpoint_of_the_connection_with_autocommit(monkeypatch, extra, expected) -> None:
    from wiring.warehouse import WarehouseHook

    connection = {"conn_type": "snowflake", "login": "me", "password": "x", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", json.dumps(connection))
    params = WarehouseHook(snowflake_conn_id="snowflake_default")._get_conn_params()
    assert params["autocommit"] is True
    assert {name: params.get(name) for name in expected} == expected
    assert params["account"] == extra["account"]


def test_the_run_is_named_in_the_query_tag_beside_the_settings_of_the_connection(monkeypatch) -> None:
    from wiring.warehouse import WarehouseHook

    connection = {"conn_type": "snowflake", "login": "me", "password": "x"}
    connection["extra"] = {"account": "local", "session_parameters": {"TIMEZONE": "UTC"}}
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "polygon_stocks_load")
    monkeypatch.setenv("AIRFLOW_CTX_DAG_RUN_ID", "scheduled__2026-11-20")

    parameters = WarehouseHook(snowflake_conn_id="snowflake_default")._get_conn_params()["session_parameters"]

    assert parameters == {"TIMEZONE": "UTC", "QUERY_TAG": "snowtape/polygon_stocks_load/scheduled__2026-11-20"}
