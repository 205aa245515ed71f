"""The connection `snowflake_default`, imported and opened by tasks only, never while a DAG file is parsed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

CONNECTION_ID = "snowflake_default"
SCHEMA = "RAW"


class WarehouseHook(SnowflakeHook):
    """A SnowflakeHook that reaches whatever host, port and protocol the connection names, always with autocommit.

    The provider's own hook ignores `extra.protocol`. Its default is autocommit off, under which Snowflake rolls back
    what a procedure did when the call ends, without an error.
    """

    def _get_conn_params(self) -> dict[str, Any]:
        params: dict[str, Any] = dict(super()._get_conn_params())
        connection = self.get_connection(self.get_conn_id())
        extra = connection.extra_dejson
        for name, value in {
            "host": extra.get("host") or connection.host,
            "port": extra.get("port") or connection.port,
            "protocol": extra.get("protocol"),
        }.items():
            if value:
                params[name] = int(value) if name == "port" else value
        session_parameters = {**(params.get("session_parameters") or {}), **_tag()}
        return params | {"autocommit": True, "session_parameters": session_parameters}


def _tag() -> dict[str, str]:
    """Names the run in Snowflake's query history, so that its cost can be summed up; empty outside of a task."""
    dag_id, run_id = os.environ.get("AIRFLOW_CTX_DAG_ID"), os.environ.get("AIRFLOW_CTX_DAG_RUN_ID")
    return {"QUERY_TAG": f"snowtape/{dag_id}/{run_id}"} if dag_id and run_id else {}


@contextmanager
def warehouse() -> Iterator[SnowflakeConnection]:
    """An open connection with autocommit on; closed at the end."""
    with closing(WarehouseHook(snowflake_conn_id=CONNECTION_ID).get_conn()) as connection:
        connection.autocommit(True)
        yield connection
