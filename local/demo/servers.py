"""The servers of one demo run: what is started, in which order, and that all of it ends with the run."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local.demo import corrections, environment
from local.demo.airflow import AirflowClient
from local.demo.environment import Endpoints
from local.demo.settings import REPOSITORY, DemoSettings
from local.demo.warehouse import Warehouse
from local.demo.watch import Watch
from local.market.__main__ import KEY_VARIABLE, TOKEN_VARIABLE
from local.objects import process as object_store
from local.processes import (
    LOOPBACK,
    Register,
    Server,
    ServerError,
    answers,
    free_port,
    interrupted,
    listens,
    start,
    stop,
    tail,
    wait_until,
)
from local.warehouse import token

BUCKET = "snowtape"
AIRFLOW = str(Path(sys.executable).with_name("airflow"))
# What `airflow standalone` starts, each in a group of its own and without its log servers: those listen on every
# address of the machine, and here the API server reads the logs from the disk anyway.
AIRFLOW_NAME = "Airflow's"
API_SERVER = f"{AIRFLOW_NAME} API server"
OTHER_AIRFLOW_SERVERS = {
    f"{AIRFLOW_NAME} DAG processor": ("dag-processor",),
    f"{AIRFLOW_NAME} scheduler": ("scheduler", "--skip-serve-logs"),
}
TRIGGERER = f"{AIRFLOW_NAME} triggerer"
# SIGKILL afterwards is no harm to any of them: it is what the stored state is made for.
GRACE_SECONDS = 4.0
SCHEMACHANGE = REPOSITORY / ".venv-migrate" / "bin" / "schemachange"


class Servers:
    """Context manager: whatever it started has ended when it exits, also after an error or Ctrl-C."""

    def __init__(self, settings: DemoSettings) -> None:
        self.settings = settings
        self.logs = settings.state / "logs"
        self._register = Register(settings.state / "processes.json")
        self._watch = Watch(self._register)
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
        running = self._watch.running
        airflow = [server for server in running if server.name.startswith(AIRFLOW_NAME)]
        store = [server for server in running if server.name == object_store.NAME]
        others = [server for server in running if server not in (*airflow, *store)]
        stop(airflow, GRACE_SECONDS)
        stop(others, GRACE_SECONDS)
        stop(store, grace_seconds=0.5)
        self._watch.clear()
        self._settings_file.unlink(missing_ok=True)

    @property
    def running(self) -> tuple[Server, ...]:
        """What was started, in that order."""
        return self._watch.running

    def check(self) -> None:
        """Raise `ServerError` when a server has ended by itself."""
        self._watch.check()

    def revive(self) -> list[str]:
        """Start again what has ended by itself; returns a sentence for each server that had."""
        return self._watch.revive()

    def start_object_store(self) -> None:
        """SeaweedFS with what earlier runs stored."""
        self._watch.start(
            lambda: (
                object_store.start(
                    self.settings.state / "objects",
                    port=_port(self.endpoints.object_store_url),
                    access_key=self.endpoints.access_key,
                    secret_key=self.endpoints.secret_key,
                    bucket=BUCKET,
                ).server
            )
        )

    def start_market(self, synthetic_tickers: int, anchor: str) -> None:
        """The built-in market server; `anchor` is the session that the newest replayed bar stands on."""
        url = self.endpoints.market_url
        command = [sys.executable, "-m", "local.market", "--port", str(_port(url))]
        command += ["--synthetic-tickers", str(synthetic_tickers), "--anchor", anchor]
        variables = environment.base() | {KEY_VARIABLE: self.settings.source.api_key, TOKEN_VARIABLE: self.market_token}
        log = self.logs / "market.log"

        def begin() -> Server:
            # Read anew: corrections that were played since are kept, and count for a server that starts again.
            played = corrections.arguments(self.settings.state, synthetic_tickers)
            return start("the market server", [*command, *played], log, variables, REPOSITORY)

        self._watch.start(begin, _answering(f"{url}/health"))

    def start_warehouse(self, module: str = "local.warehouse") -> None:
        """The local Snowflake with what earlier runs stored; a benchmark has its own module."""
        port = self.endpoints.warehouse_port
        command = [sys.executable, "-m", module, "--port", str(port)]
        command += ["--directory", str(self.settings.state / "warehouse")]
        variables = environment.base() | environment.object_store(self.endpoints)
        variables[token.VARIABLE] = self.endpoints.warehouse_token
        log = self.logs / "warehouse.log"
        self._watch.start(
            lambda: start("the warehouse", command, log, variables, REPOSITORY),
            _answering(f"http://{LOOPBACK}:{port}/health"),
        )
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
        """Migrate Airflow's database and start its servers without waiting for them: they need longer than all others.

        Raises:
            ServerError: the migration failed; the message carries its last lines.
        """
        home, port = self.settings.state / "airflow", self.settings.airflow_port
        home.mkdir(parents=True, exist_ok=True)
        # Keys of this run in it: made once, so that a server that starts again has those of the others.
        variables = self.environment | environment.airflow(home, port)
        variables["AIRFLOW_CONN_SNOWFLAKE_DEFAULT"] = environment.airflow_connection(self.endpoints)
        self._airflow_variables = variables
        log = self.logs / "airflow-migration.log"
        migration = start("Airflow's migration", [AIRFLOW, "db", "migrate"], log, variables, home)
        self._register.add(migration)
        while (code := migration.process.poll()) is None:
            if interrupted.wait(0.1):
                stop([migration], GRACE_SECONDS)
        if code:
            raise ServerError(f"{migration.name} failed with exit code {code}.\n{tail(log)}\nIts log: {log}")
        client = AirflowClient(f"http://{LOOPBACK}:{port}")
        self._start_airflow(API_SERVER, ("api-server",), lambda server: self._until_healthy(client, server))
        for name, arguments in OTHER_AIRFLOW_SERVERS.items():
            self._start_airflow(name, arguments)
        return client

    def start_triggerer(self) -> None:
        """The server that sends the alerts of late runs; nothing waits for it, so it starts after all others."""
        self._start_airflow(TRIGGERER, ("triggerer", "--skip-serve-logs"))

    def wait_for_airflow(self, client: AirflowClient, dag_ids: set[str]) -> None:
        """Until Airflow is healthy and has parsed these DAGs."""
        server = next(server for server in self.running if server.name == API_SERVER)
        self._until_healthy(client, server)
        client.log_in()
        wait_until(lambda: dag_ids <= client.dag_ids() or _fail_on(client.import_errors()), server, seconds=300)

    def _start_airflow(
        self, name: str, arguments: Sequence[str], ready: Callable[[Server], None] = lambda _: None
    ) -> None:
        log, home = self.logs / f"airflow-{arguments[0]}.log", self.settings.state / "airflow"
        command = [AIRFLOW, *arguments]
        self._watch.start(lambda: start(name, command, log, self._airflow_variables, home), ready, waits=False)

    def _until_healthy(self, client: AirflowClient, server: Server) -> None:
        """Until the API server answers that all of Airflow is well."""

        def is_ready() -> bool:
            return client.is_healthy() and listens(server, self.settings.airflow_port)

        wait_until(is_ready, server, seconds=600)

    def start_dashboard(self) -> None:
        """The Dash app on the marts."""
        port = self.settings.dashboard_port
        command = [sys.executable, "-m", "dashboard", "--port", str(port)]
        variables = environment.base() | environment.warehouse(self.endpoints)
        log = self.logs / "dashboard.log"
        self._watch.start(
            lambda: start("the dashboard", command, log, variables, REPOSITORY),
            _answering(f"http://{LOOPBACK}:{port}/"),
        )


def _answering(url: str) -> Callable[[Server], None]:
    """Until the server itself answers there: two demos that start at once may both have found a port free."""
    port = _port(url.rsplit("/", 1)[0])
    return lambda server: wait_until(lambda: answers(url) and listens(server, port), server, seconds=180)


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
