"""Airflow itself on a site: its servers, each in a process group of its own, so that one can be killed alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from local.demo import environment
from local.demo.airflow import AirflowClient, DagRun
from local.demo.environment import Endpoints
from local.demo.run import POOL, POOL_SLOTS
from local.demo.servers import AIRFLOW
from local.processes import LOOPBACK, Server, free_port, start, stop_groups, wait_until
from tests.faults.site import REPOSITORY, WAREHOUSE_TOKEN, Site

BACKFILL, LOAD, BUILD, TEST = "polygon_stocks_ingest_backfill", "polygon_stocks_load", "dbt_build", "dbt_test"
CHAIN = (BACKFILL, LOAD, BUILD)
API_SERVER, DAG_PROCESSOR, SCHEDULER = "api-server", "dag-processor", "scheduler"
COMMANDS = {API_SERVER: [], DAG_PROCESSOR: [], SCHEDULER: ["--skip-serve-logs"]}
# Shorter than Airflow's own 300 s: so long it waits for a task that has fallen silent.
HEARTBEAT_SECONDS = "40"
LONGEST_SECONDS, REST_SECONDS = 420.0, 8.0


class Airflow:
    """Scheduler, DAG processor and API server on a site's market, object store and warehouse."""

    def __init__(self, site: Site) -> None:
        self._home, port = site.folder / "airflow", free_port()
        self._logs = site.logs
        self._home.mkdir()
        self._variables = os.environ | environment.airflow(self._home, port) | _settings(site)
        subprocess.run([AIRFLOW, "db", "migrate"], check=True, env=self._variables, capture_output=True)
        self._servers: dict[str, Server] = {}
        # A server that was killed alone has left children; all groups end with the site.
        self._groups: list[int] = []
        for name in COMMANDS:
            self.start(name)
        self.client = AirflowClient(f"http://{LOOPBACK}:{port}")
        wait_until(self.client.is_healthy, self._servers[API_SERVER], 180)
        self.client.log_in()
        wait_until(lambda: {*CHAIN, TEST} <= self.client.dag_ids(), self._servers[DAG_PROCESSOR], 90)
        self.client.ensure_pool(POOL, POOL_SLOTS)
        # What it would note is not compared, and it takes longest of all.
        subprocess.run([AIRFLOW, "dags", "pause", TEST], check=True, env=self._variables, capture_output=True)

    def start(self, name: str) -> None:
        """Start a server on the metadata database as it is."""
        command = [AIRFLOW, name, *COMMANDS[name]]
        self._servers[name] = start(name, command, self._logs / f"{name}.log", self._variables, self._home)
        self._groups.append(self._servers[name].process.pid)

    def kill(self, name: str, *, with_children: bool) -> None:
        """SIGKILL: for the process alone, or also for its tasks (scheduler) and workers (API server)."""
        process = self._servers[name].process
        children = psutil.Process(process.pid).children(recursive=True) if with_children else []
        process.kill()
        process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> DagRun:
        """Start a run by hand."""
        return self.client.trigger(dag_id, conf or {})

    def rest(self) -> None:
        """Wait until no run of the chain is active for a while: everything that rings has been answered."""
        deadline, quiet_since = time.monotonic() + LONGEST_SECONDS, time.monotonic()
        while time.monotonic() - quiet_since < REST_SECONDS:
            if any(run.is_active for dag_id in CHAIN for run in self.client.runs(dag_id)):
                quiet_since = time.monotonic()
            assert time.monotonic() < deadline, f"Airflow has not come to rest within {LONGEST_SECONDS:.0f} s"
            time.sleep(1)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 300.0) -> None:
        """Poll until something has happened.

        Raises:
            AssertionError: it has not, with `what`.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not reached within {seconds:.0f} s: {what}"
            time.sleep(0.05)

    def stop(self) -> None:
        """End everything that was started here."""
        stop_groups(self._groups, 5)
        for server in self._servers.values():
            server.process.wait()


@contextmanager
def airflow_on(site: Site) -> Iterator[Airflow]:
    """Airflow on a site, ended at the end."""
    made = Airflow(site)
    try:
        yield made
    finally:
        made.stop()


def _settings(site: Site) -> dict[str, str]:
    endpoints = Endpoints(site.market_url, "", "", "", "", LOOPBACK, site.ports["warehouse"], WAREHOUSE_TOKEN)
    connection = json.loads(environment.airflow_connection(endpoints))
    connection["extra"]["database"] = site.database.name
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "NO_PROXY": "127.0.0.1,localhost",
        "SNOWTAPE_DBT_PROJECT_DIR": str(REPOSITORY / "dbt"),
        "AIRFLOW_CONN_SNOWFLAKE_DEFAULT": json.dumps(connection),
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": HEARTBEAT_SECONDS,
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    }
