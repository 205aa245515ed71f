"""The DAGs as Airflow parses them, in a process that has no settings of ours and may not look up a connection."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
OURS = ("POLYGON_", "SNOWTAPE_", "SNOWFLAKE_", "AWS_", "AIRFLOW_CONN_", "DBT_")


@pytest.fixture(scope="session")
def dag_bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Every DAG of the folder, parsed with an empty environment; a look-up of a connection fails the parse."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        if "airflow" not in sys.modules:
            patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        from airflow.dag_processing.dagbag import DagBag
        from airflow.sdk.bases.hook import BaseHook

        def refuse(*args: Any, **kwargs: Any) -> None:
            raise AssertionError("a DAG file looked up a connection while it was parsed")

        patch.setattr(BaseHook, "get_connection", refuse)
        patch.setattr("socket.socket.connect", refuse)
        return DagBag(DAGS)
