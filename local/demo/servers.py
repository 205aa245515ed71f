"""The servers of one demo run: what is started, in which order, and that all of it ends with the run."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from local.demo import corrections, environment
from local.demo.airflow import AirflowClient
from local.demo.environment import Endpoints
from local.demo.settings import REPOSITORY, DemoSettings
from local.demo.warehouse import Warehouse
from local.market.__main__ import KEY_VARIABLE, TOKEN_VARIABLE
from local.objects import process as object_store
from local.processes import (
    LOOPBACK,
    Register,
    Server,
    ServerError,
    answers,
    free_port,
    listens,
    start,
    stop,
    tail,
    wait_until,
)
from local.warehouse import token

BUCKET = "snowtape"
AIRFLOW = "Airflow"
# SIGKILL afterwards is no harm to any of them: it is what the stored state is made for.
GRACE_SECONDS = 4.0
SCHEMACHANGE = REPOSITORY / ".venv-migrate" / "bin" / "schemachange"


class Servers:
    """Context manager: whatever it started has ended when it exits, also after an error or Ctrl-C."""

    def __init__(self, settings: DemoSettings) -> None:
        self.settings = settings
        self.logs = settings.state / "logs"
        self._register = Register(settings.state / "processes.json")
        self._running: list[Server] = []
        # For `make dashboard`, `make streamlit`, dbt or a client of one's own, beside the demo.
        self._settings_file = settings.state / "warehouse.env"
        self.endpoints = Endpoints(
            market_url=settings.source.base_url or f"http://{LOOPBACK}:{free_port()}",
            object_store_url=f"http://{LOOPBACK}:{free_port()}",
            bucket=BUCKET,
            access_key=_kept_secret(settings.state / "object-store-access-key"),
            secret_key=_kept_secret(settings.state / "object-store-secret-key"),
            warehouse_host=LOOPBACK,
            warehouse_port=free_port(),
            warehouse_token=token.new_token(),
        )
        self.market_token = secrets.token_urlsafe(32)
        self.environment = environment.pipeline(settings, self.endpoints)

    def __enter__(self) -> Self:
        self._register.stop_leftovers()
        if self.settings.source.is_stand_in:
            shutil.rmtree(self.settings.state / "budget", ignore_errors=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Airflow first: its tasks still talk to the others while they end. SeaweedFS has no graceful end to wait for.
        airflow = [server for server in self._running if server.name == AIRFLOW]
        store = [server for server in self._running if server.name == object_store.NAME]
        others = [server for server in self._running if server not in (*airflow, *store)]
        stop(airflow, GRACE_SECONDS)
        stop(others, GRACE_SECONDS)
        stop(store, grace_seconds=0.5)
        self._running.clear()
        self._register.clear()
        self._settings_file.unlink(missing_ok=True)

    @property
    def running(self) -> tuple[Server, ...]:
        """What was started, in that order."""
        return tuple(self._running)

    def check(self) -> None:
        """Raise `ServerError` when a server has ended by itself."""
        for server in self._running:
            server.check()

    def start_object_store(self) -> None:
        """SeaweedFS with what earlier runs stored."""
        running = object_store.start(
            self.settings.state / "objects",
            port=_port(self.endpoints.object_store_url),
            access_key=self.endpoints.access_key,
            secret_key=self.endpoints.secret_key,
            bucket=BUCKET,
        )
        self._add(running.server)

    def start_market(self, synthetic_tickers: int, anchor: str) -> None:
        """The built-in market server; `anchor` is the session that the newest replayed bar stands on."""
        url = self.endpoints.market_url
        command = [sys.executable, "-m", "local.market", "--port", str(_port(url))]
        command += ["--synthetic-tickers", str(synthetic_tickers), "--anchor", anchor]
        command += corrections.arguments(self.settings.state, synthetic_tickers)
        variables = environment.base() | {KEY_VARIABLE: self.settings.source.api_key, TOKEN_VARIABLE: self.market_token}
        server = self._add(start("the market server", command, self.logs / "market.log", variables, REPOSITORY))
        wait_until(lambda: answers(f"{url}/health"), server, seconds=180)

    def start_warehouse(self, module: str = "local.warehouse") -> None:
        """The local Snowflake with what earlier runs stored; a benchmark has its own module."""
        port = self.endpoints.warehouse_port
        command = [sys.executable, "-m", module, "--port", str(port)]
        command += ["--directory", str(self.settings.state / "warehouse")]
        variables = environment.base() | environment.object_store(self.endpoints)
        variables[token.VARIABLE] = self.endpoints.warehouse_token
        server = self._add(start("the warehouse", command, self.logs / "warehouse.log", variables, REPOSITORY))
        wait_until(lambda: answers(f"http://{LOOPBACK}:{port}/health"), server, seconds=180)
        environment.write(self._settings_file, environment.warehouse(self.endpoints))

    def deploy_schema(self) -> None:
        """Create the database and run schemachange.

        Raises:
            ServerError: schemachange failed; the message carries its last lines.
        """
        connection = Warehouse(self.environment)
        connection.create_database()
        connection.close()
        log = self.logs / "schemachange.log"
        with log.open("ab") as output:
            done = subprocess.run(
                [str(SCHEMACHANGE), "deploy"],
                cwd=REPOSITORY / "schemachange",
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise ServerError(f"schemachange failed with exit code {done.returncode}.\n{tail(log)}\nIts log: {log}")

    def launch_airflow(self) -> AirflowClient:
        """Start Airflow without waiting for it: it needs longer than all the others."""
        home, port = self.settings.state / "airflow", self.settings.airflow_port
        home.mkdir(parents=True, exist_ok=True)
        variables = self.environment | environment.airflow(home, port)
        variables["AIRFLOW_CONN_SNOWFLAKE_DEFAULT"] = environment.airflow_connection(self.endpoints)
        command = [sys.executable, "-m", "local.demo.airflow_servers"]
        self._airflow = self._add(start(AIRFLOW, command, self.logs / "airflow.log", variables, home))
        return AirflowClient(f"http://{LOOPBACK}:{port}")

    def wait_for_airflow(self, client: AirflowClient, dag_ids: set[str]) -> None:
        """Until Airflow is healthy and has parsed these DAGs."""
        port = self.settings.airflow_port
        # Two demos that start at once may both have found the port free.
        wait_until(lambda: client.is_healthy() and listens(self._airflow, port), self._airflow, seconds=600)
        client.log_in()
        wait_until(lambda: dag_ids <= client.dag_ids() or _fail_on(client.import_errors()), self._airflow, seconds=300)

    def start_dashboard(self) -> None:
        """The Dash app on the marts."""
        port = self.settings.dashboard_port
        command = [sys.executable, "-m", "dashboard", "--port", str(port)]
        variables = environment.base() | environment.warehouse(self.endpoints)
        server = self._add(start("the dashboard", command, self.logs / "dashboard.log", variables, REPOSITORY))
        url = f"http://{LOOPBACK}:{port}/"
        wait_until(lambda: answers(url) and listens(server, port), server, seconds=180)

    def _add(self, server: Server) -> Server:
        self._running.append(server)
        self._register.add(server)
        return server


def _fail_on(errors: list[str]) -> bool:
    if errors:
        raise ServerError("Airflow could not import a DAG file:\n" + "\n".join(f"    {error}" for error in errors))
    return False


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def _kept_secret(path: Path) -> str:
    """A random key that stays the same from run to run, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
    return path.read_text()
