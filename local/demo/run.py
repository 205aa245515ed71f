"""The stages of one demo, from the first server to the summary."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.calendar import previous_sessions
from ingest.publication import read_publication
from local.demo.board import Board, Stage
from local.demo.chain import BUILD, DAG_IDS, INGESTS, LOADS, TEST, Chain
from local.demo.corrections import TICKERS_NEEDED, corrections, keep, kept
from local.demo.held import Held
from local.demo.servers import Servers
from local.demo.settings import DemoSettings
from local.demo.warehouse import Warehouse

STORE, MARKET, WAREHOUSE, SCHEMA, AIRFLOW, DASHBOARD = (
    "object store",
    "market server",
    "warehouse",
    "schema",
    "Airflow",
    "dashboard",
)
SERVER_STAGES = {
    STORE: "SeaweedFS",
    MARKET: "bars replayed onto today's calendar",
    WAREHOUSE: "the local Snowflake",
    SCHEMA: "schemachange deploy",
    AIRFLOW: "scheduler, DAG processor, API server",
    DASHBOARD: "Dash on the marts",
}
DAG_STAGES = {
    "polygon_stocks_ingest_backfill": "API → raw objects and manifests",
    "polygon_options_ingest_backfill": "contracts and bars of two underlyings",
    "polygon_stocks_ingest_daily": "the last session and five before it",
    "polygon_options_ingest_daily": "contracts, bars and chain",
    "polygon_stocks_load": "COPY what the manifests name",
    "polygon_options_load": "COPY what the manifests name",
    "dbt_build": "snapshots, indicators, marts",
    "dbt_test": "tests, with their history",
}
DAILY = "polygon_stocks_ingest_daily"
CHAIN_SECONDS = 3600.0
# Requests run one task at a time, so that all of them share one budget.
POOL, POOL_SLOTS = "polygon_api", 1


class DemoRun:
    """Starts the servers, runs the chain and sums up; `board` shows how far it is, `is_up` that all servers are up."""

    def __init__(self, settings: DemoSettings, console: Console) -> None:
        self.settings = settings
        self.console = console
        self.servers = Servers(settings)
        stages = SERVER_STAGES | DAG_STAGES
        if not settings.source.is_stand_in:
            stages.pop(MARKET)
        self.board = Board([Stage(name, what) for name, what in stages.items()], console)
        self._held = Held(self.servers.endpoints, read_publication(self.servers.environment))
        self._refetch = False
        self.is_up = False
        self._boards = [self.board]
        self._began = datetime.now(UTC)

    @property
    def dashboard_url(self) -> str:
        """Where the dashboard listens."""
        return f"http://127.0.0.1:{self.settings.dashboard_port}"

    @property
    def airflow_url(self) -> str:
        """Where Airflow's pages are."""
        return f"http://127.0.0.1:{self.settings.airflow_port}"

    @property
    def failed(self) -> list[str]:
        """Names of the stages that failed, of both boards."""
        return [name for board in self._boards for name in board.failed]

    def start_servers(self) -> None:
        """Everything up, the schema deployed, the DAGs parsed. Airflow needs longest, so it starts first."""
        self.board.start(AIRFLOW)
        with ThreadPoolExecutor(5) as pool:
            airflow = pool.submit(self.servers.launch_airflow)
            jobs = [pool.submit(self._stage, STORE, self.servers.start_object_store)]
            if self.settings.source.is_stand_in:
                jobs.append(pool.submit(self._stage, MARKET, self._start_market))
            jobs.append(pool.submit(self._warehouse_and_schema))
            for job in jobs:
                job.result()
            dashboard = pool.submit(self._stage, DASHBOARD, self.servers.start_dashboard)
            self._airflow = airflow.result()
            self.servers.wait_for_airflow(self._airflow, set(DAG_IDS))
            self._airflow.ensure_pool(POOL, POOL_SLOTS)
            self.board.end(AIRFLOW)
            dashboard.result()
        self.is_up = True

    def run_chain(self) -> None:
        """The two backfills, the two daily ingests, and all that follows from them."""
        self._follow(self._confs())

    @property
    def has_corrections(self) -> bool:
        """Whether the built-in vendor has something to correct: once, and with enough tickers of its own."""
        settings = self.settings
        is_new = not kept(settings.state).exists()
        return settings.source.is_stand_in and settings.synthetic_tickers >= TICKERS_NEEDED and is_new

    def correct(self) -> None:
        """Let the vendor correct some of its answers, and bring that in as every day does: by the daily ingest."""
        newest = self._held.last_session()
        tickers = [f"SIM{number:04d}" for number in range(1, self.settings.synthetic_tickers + 1)]
        found = corrections([*previous_sessions(newest, 3), newest], tickers, self._bar)
        self._corrected, self._before = found, datetime.now(UTC)
        stages = {name: DAG_STAGES[name] for name in (DAILY, *LOADS.values(), BUILD, TEST)}
        self.board = Board([Stage(name, what) for name, what in stages.items()], self.console)
        self._boards.append(self.board)
        self._began = datetime.now(UTC)
        with self.board:
            self._market("POST", "/_corrections", self.servers.market_token, json=list(found.items))
            self._follow({DAILY: {}})
        keep(self.settings.state, found)

    def print_corrections(self) -> None:
        """What the vendor corrected, and where that is seen."""
        for name, url in self._corrected.lines(self.dashboard_url, f"{self._before:%Y-%m-%d %H:%M:%S}"):
            # On one line, however wide the terminal is: it is there to be clicked.
            self.console.print(f"\n  {name}\n  {url}", soft_wrap=True)
        self.console.print()

    def _bar(self, ticker: str, session: date) -> dict[str, Any]:
        path = f"/v2/aggs/ticker/{ticker}/range/1/day/{session}/{session}"
        answer = self._market("GET", path, self.settings.source.api_key, params={"adjusted": "false"})
        bar: dict[str, Any] = answer.json()["results"][0]
        return bar

    def _market(self, method: str, path: str, token: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.servers.endpoints.market_url}{path}"
        answer = requests.request(method, url, headers=headers, timeout=30, **options)
        answer.raise_for_status()
        return answer

    def _follow(self, confs: dict[str, dict[str, Any]]) -> None:
        warehouse = Warehouse(self.servers.environment)
        chain = Chain(self._airflow, warehouse, self._held.manifests, self.board, confs, self._began)
        try:
            chain.trigger()
            chain.follow(CHAIN_SECONDS, lambda: self.revive(warehouse))
        finally:
            warehouse.close()

    def revive(self, warehouse: Warehouse | None = None) -> bool:
        """Start again what has ended by itself and say so; `warehouse` signs in again then. Whether there was any."""
        said = self.servers.revive()
        for sentence in said:
            self.console.print(Text(f"\n{sentence}", "yellow"), soft_wrap=True)
        if said and warehouse is not None:
            warehouse.drop()
        return bool(said)

    def print_summary(self, complete: bool) -> None:
        """Sessions, objects, rows, tests and where to look."""
        if complete:
            warehouse = Warehouse(self.servers.environment)
            table = Table(box=None, padding=(0, 2), show_header=False)
            table.add_column(justify="right", style="bold")
            table.add_column()
            for name, value in warehouse.summary().items():
                table.add_row(f"{value:,}", name)
            tests = warehouse.latest_tests()
            table.add_row(f"{tests.passed:,}", f"tests passed, {tests.warned} warned, {tests.failed} failed")
            warehouse.close()
            self.console.print(table)
        if self.settings.source.is_stand_in:
            self.console.print(
                Text(
                    "\nAAPL, IBM, MSFT, GOOG and FB: real bars, replayed onto today's calendar. SIM…: synthetic.",
                    "yellow",
                ),
                soft_wrap=True,
            )
        if not self.settings.once:
            self.console.print(f"\n  Dashboard  {self.dashboard_url}\n  Airflow    {self.airflow_url}\n")

    def _stage(self, name: str, work: Callable[[], object]) -> None:
        self.board.start(name)
        work()
        self.board.end(name)

    def _warehouse_and_schema(self) -> None:
        self._stage(WAREHOUSE, self.servers.start_warehouse)
        self._stage(SCHEMA, self.servers.deploy_schema)

    def _start_market(self) -> None:
        """The anchor is fixed by the first run, so that a bar never changes from one run to the next."""
        path = self.settings.state / "market.json"
        count = self.settings.synthetic_tickers
        kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        anchor = str(kept.get("anchor") or self._held.last_session())
        # Other tickers than last time: sessions that are held already lack them.
        self._refetch = bool(kept) and kept.get("synthetic_tickers") != count
        self.servers.start_market(count, anchor)
        path.write_text(json.dumps({"anchor": anchor, "synthetic_tickers": count}))

    def _confs(self) -> dict[str, dict[str, Any]]:
        """Params by DAG; a daily ingest is left out once it has covered the last session."""
        end = self._held.last_session()
        years = end.replace(year=end.year - self.settings.years, day=min(end.day, 28))
        confs: dict[str, dict[str, Any]] = {
            "polygon_stocks_ingest_backfill": {**_range(years, end), "refetch": self._refetch},
            "polygon_options_ingest_backfill": _range(end - timedelta(days=self.settings.option_days), end),
        }
        for dag_id in INGESTS:
            if dag_id not in confs and (self._refetch or not self._held.covers(dag_id, end)):
                confs[dag_id] = {}
        return confs


def _range(start: date, end: date) -> dict[str, Any]:
    return {"start": start.isoformat(), "end": end.isoformat()}
