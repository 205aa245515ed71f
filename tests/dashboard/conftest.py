"""A warehouse in memory for the pages' logic, and the real door over the local warehouse for its SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from dashboard.data import sessions
from dashboard.data.door import Door
from dashboard.data.errors import NotBuilt, WarehouseAway
from dashboard.data.sql import STATEMENTS, Value, bind
from dashboard.data.warehouse import Warehouse
from dashboard.settings import WarehouseSettings
from tests.dashboard import seed

DATABASE = "SNOWTAPE_DASHBOARD"
TICKERS = ("AAPL", "MSFT", "SIM0001", "SIM0002")


class FakeWarehouse:
    """Answers statements by name from frames; counts what it was asked; can be away or lack its tables."""

    def __init__(self) -> None:
        self.bars = {ticker: seed.bars(ticker) for ticker in TICKERS}
        self.tickers = seed.tickers(self.bars)
        self.securities = seed.securities(self.tickers)
        self.version = 1
        self.loads = 0
        self.versions = pd.DataFrame(
            seed.bar_versions(self.bars), columns=seed.column_names("marts.fct_polygon__bar_versions")
        )
        self.closures = pd.DataFrame({"closure_date": []}, dtype="datetime64[s]")
        self.is_away = False
        self.is_built = True
        self.frames: dict[str, pd.DataFrame] = {}
        self.asked: list[str] = []

    def run(self, name: str, params: dict[str, Value] | None = None) -> pd.DataFrame:
        bind(STATEMENTS[name], params or {})
        self.asked.append(name)
        if self.is_away:
            raise WarehouseAway("The warehouse at 127.0.0.1:1 does not answer.")
        if not self.is_built:
            raise NotBuilt(f"Query {name}: MARTS does not exist")
        if name == "mart_version":
            return pd.DataFrame([{"build_id": f"build-{self.version}", "loads": self.loads}])
        if name == "bars":
            ticker = str((params or {})["security"]).removeprefix("ticker:")
            return self.bars[ticker] if ticker in self.bars else self.bars["AAPL"].head(0)
        if name == "bar_versions":
            return self.versions["ticker:" + self.versions["ticker"] == (params or {})["security"]]
        if name == "tickers":
            return self.tickers
        if name == "securities":
            return self.securities
        if name == "exchange_closures":
            return self.closures
        if name == "origins":
            return self.tickers.groupby("data_origin").size().rename("tickers").reset_index()
        return self.frames[name]


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def no_closures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendar as it is installed, until a test has an app follow a warehouse."""
    monkeypatch.setattr(sessions, "_asked", None)


@pytest.fixture(scope="session")
def _frames() -> FakeWarehouse:
    return FakeWarehouse()


@pytest.fixture
def fake(_frames: FakeWarehouse) -> FakeWarehouse:
    """A fresh fake over shared, read-only frames."""
    fresh = object.__new__(FakeWarehouse)
    fresh.__dict__ = {**_frames.__dict__, "frames": {}, "asked": []}
    return fresh


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(fake: FakeWarehouse, clock: Clock) -> Door:
    """The door over the fake."""
    return Door(fake, clock)


@pytest.fixture(scope="session")
def seeded_settings(warehouse: Any) -> WarehouseSettings:
    """Settings of the local warehouse after its own database was filled for the dashboard."""
    with warehouse.connect(paramstyle="qmark") as connection:
        seed.seed(connection, DATABASE)
    return WarehouseSettings(
        account="local",
        user="dashboard",
        password=warehouse.token,
        database=DATABASE,
        host=warehouse.host,
        port=warehouse.port,
        protocol="http",
    )


@pytest.fixture
def seeded(seeded_settings: WarehouseSettings) -> Iterator[Warehouse]:
    """The real pool over the local warehouse."""
    pool = Warehouse(seeded_settings)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def seeded_door(seeded_settings: WarehouseSettings) -> Iterator[Door]:
    """A door over the local warehouse."""
    pool = Warehouse(seeded_settings)
    yield Door(pool)
    pool.close()


@pytest.fixture
def morning_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the morning after the newest session of the seeds."""
    monkeypatch.setattr("dashboard.data.sessions.now", lambda: datetime(2026, 11, 21, 9, tzinfo=UTC))
