"""The stand-ins that a fault hits: market, object store and warehouse, each killed and started again on its port."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from local.market.__main__ import KEY_VARIABLE, TOKEN_VARIABLE
from local.objects import process as stores
from local.processes import LOOPBACK, Server, answers, free_port, start, stop, wait_until
from local.warehouse import token
from local.warehouse.process import RunningWarehouse
from tests.faults.traps import Trap
from tests.faults.worker import Worker
from tests.schemachange.deploying import Database

REPOSITORY = Path(__file__).resolve().parents[2]
# Looked for afterwards in everything that was written.
API_KEY, SECRET_KEY = "canary-api-key-7Qx2vK", "canary-secret-key-9Zt4mB"
# The same after a restart, so that clients go on. Both are looked for, too.
WAREHOUSE_TOKEN, MARKET_TOKEN = "canary-warehouse-token-3Rw8pL", "canary-market-token-5Hy6nD"
BUCKET, DATABASE, UNDERLYING = "snowtape", "FAULTS", "AAPL"
NOW = "2026-11-20T23:00:00Z"
ANCHORS = ("2026-11-20", "2026-11-13")


class Site:
    """Everything in one folder; `kill` and `restart` name market, store or warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        self.trap = Trap(folder / "trap")
        self.ports = {name: free_port() for name in ("market", "store", "warehouse")}
        self.servers: dict[str, Server] = {}
        self.anchor = ANCHORS[0]
        self._workers = 0
        os.environ.update(self._environment())

    def begin(self) -> None:
        """Start all servers and deploy the schema."""
        for name in self.ports:
            self.start(name)
        self.warehouse = RunningWarehouse(
            LOOPBACK,
            self.ports["warehouse"],
            self.servers["warehouse"].process,
            self.servers["warehouse"].log,
            WAREHOUSE_TOKEN,
        )
        self.database = Database(self.warehouse, DATABASE, BUCKET, "")
        self.database.create()
        self.database.deploy()

    @property
    def market_url(self) -> str:
        """Where the market answers."""
        return f"http://{LOOPBACK}:{self.ports['market']}"

    def start(self, name: str) -> None:
        """Start a server on what it stored before."""
        starters: dict[str, Callable[[], Server]] = {
            "market": self._market,
            "store": self._store,
            "warehouse": self._warehouse,
        }
        self.servers[name] = starters[name]()

    def kill(self, name: str) -> None:
        """SIGKILL for the server's whole group."""
        process = self.servers[name].process
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def restart(self, name: str) -> None:
        """Kill it and start it again."""
        self.kill(name)
        self.start(name)

    def fail(self, faults: list[dict[str, Any]]) -> None:
        """What the API does from now on, see local/market/faults.py; an empty list: nothing."""
        headers = {"Authorization": f"Bearer {MARKET_TOKEN}"}
        requests.post(f"{self.market_url}/_faults", json=faults, headers=headers, timeout=60).raise_for_status()

    def restate(self) -> None:
        """The API now gives other prices for the same sessions."""
        self.anchor = ANCHORS[1 - ANCHORS.index(self.anchor)]
        self.restart("market")

    def work(self, work: Callable[..., None], *arguments: Any) -> Worker:
        """Start a worker."""
        self._workers += 1
        return Worker(self.logs / f"worker-{self._workers}.log", work, *arguments)

    def stop(self) -> None:
        """End everything."""
        stop(list(self.servers.values()), 0.5)

    def _environment(self) -> dict[str, str]:
        return {
            "POLYGON_BASE_URL": self.market_url,
            "POLYGON_API_KEY": API_KEY,
            "POLYGON_REQUESTS_PER_MINUTE": "100000",
            "POLYGON_PLAN": "real-time",
            "SNOWTAPE_BUCKET": BUCKET,
            "SNOWTAPE_PREFIX": "",
            "SNOWTAPE_BUDGET_DIR": str(self.folder / "budget"),
            "SNOWTAPE_UNDERLYINGS": UNDERLYING,
            "AWS_ENDPOINT_URL_S3": f"http://{LOOPBACK}:{self.ports['store']}",
            "AWS_ACCESS_KEY_ID": "faults",
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": stores.REGION,
            "AWS_DEFAULT_REGION": stores.REGION,
            "SNOWFLAKE_ACCOUNT": "local",
            "SNOWFLAKE_USER": "faults",
            "SNOWFLAKE_PASSWORD": WAREHOUSE_TOKEN,
            "SNOWFLAKE_DATABASE": DATABASE,
            "SNOWFLAKE_WAREHOUSE": "LOCAL",
            "SNOWFLAKE_ROLE": "SYSADMIN",
            "SNOWFLAKE_HOST": LOOPBACK,
            "SNOWFLAKE_PORT": str(self.ports["warehouse"]),
            "SNOWFLAKE_PROTOCOL": "http",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def _market(self) -> Server:
        folder = self.folder / "market"
        command = [sys.executable, "-m", "local.market", "--port", str(self.ports["market"])]
        command += ["--synthetic-tickers", "7", "--anchor", self.anchor, "--now", NOW]
        variables = os.environ | {KEY_VARIABLE: API_KEY, TOKEN_VARIABLE: MARKET_TOKEN}
        server = start("market", command, folder / "market.log", variables, REPOSITORY)
        wait_until(lambda: answers(f"{self.market_url}/health"), server, 300)
        return server

    def _store(self) -> Server:
        folder = self.folder / "objects"
        return stores.start(
            folder, self.ports["store"], access_key="faults", secret_key=SECRET_KEY, bucket=BUCKET
        ).server

    def _warehouse(self) -> Server:
        folder = self.folder / "warehouse"
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "tests.faults.warehouse", "--port", str(self.ports["warehouse"])]
        command += ["--directory", str(folder), "--abandon-after", "1", "--lock-timeout", "300"]
        variables = os.environ | {token.VARIABLE: WAREHOUSE_TOKEN}
        server = start("warehouse", command, self.logs / "warehouse.log", variables, REPOSITORY)
        wait_until(lambda: answers(f"http://{LOOPBACK}:{self.ports['warehouse']}/health"), server, 300)
        return server


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """A site, stopped at the end; whatever it changed in the environment is undone."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("SNOWFLAKE_", "POLYGON_", "AWS_"))]:
        del os.environ[name]
    made = Site(folder)
    try:
        made.begin()
        yield made
    finally:
        made.stop()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder / "warehouse", ignore_errors=True)
