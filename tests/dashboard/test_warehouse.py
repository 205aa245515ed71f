"""The pool: errors say what they mean, a dead session is replaced, the SQL answers on a warehouse."""

from __future__ import annotations

import threading
from typing import Any

import pandas as pd
import pytest
from snowflake.connector import errors as sf

from dashboard.data import builds, market, quality
from dashboard.data.door import Door
from dashboard.data.errors import NotBuilt, QueryFailed, SignInRefused, WarehouseAway, translate
from dashboard.data.warehouse import POOL_SIZE, Warehouse, connect_options
from dashboard.settings import WarehouseSettings
from tests.dashboard import seed

SETTINGS = WarehouseSettings(account="local", user="u", password="s3cret", host="127.0.0.1", port=1, protocol="http")


class Session:
    """A connection that answers one row, or raises what it was given."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures
        self.is_closed = False
        self.rowcount = 1

    def cursor(self) -> Session:
        return self

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, *_: Any, **__: Any) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def fetch_pandas_all(self) -> pd.DataFrame:
        return pd.DataFrame({"DATA_ORIGIN": ["market"], "TICKERS": [1]})

    def close(self, retry: bool = True) -> None:
        self.is_closed = True


def lost() -> sf.OperationalError:
    return sf.OperationalError(msg="Connection reset by peer", errno=250003)


def test_a_session_is_used_again_and_columns_are_lower_case() -> None:
    made: list[Session] = []
    pool = Warehouse(SETTINGS, lambda: made.append(Session([])) or made[-1])
    for _ in range(3):
        assert list(pool.run("origins").columns) == ["data_origin", "tickers"]
    assert len(made) == 1


def test_a_session_that_died_while_idle_is_replaced_without_an_error() -> None:
    made: list[Session] = []
    pool = Warehouse(SETTINGS, lambda: made.append(Session([])) or made[-1])
    pool.run("origins")
    made[0].failures.append(lost())
    assert len(pool.run("origins")) == 1
    assert made[0].is_closed
    assert len(made) == 2


def test_a_warehouse_that_is_away_names_its_address_and_then_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.data.warehouse.HOLD_OFF_SECONDS", 0.0)
    answers: list[Any] = [sf.OperationalError(msg="Could not connect to Snowflake backend", errno=250001), Session([])]

    def connect() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    pool = Warehouse(SETTINGS, connect)
    with pytest.raises(WarehouseAway, match=r"127\.0\.0\.1:1 does not answer"):
        pool.run("origins")
    assert len(pool.run("origins")) == 1


def test_after_a_refusal_the_next_callers_are_told_at_once() -> None:
    tries: list[int] = []

    def connect() -> Any:
        tries.append(1)
        raise lost()

    pool = Warehouse(SETTINGS, connect)
    for _ in range(5):
        with pytest.raises(WarehouseAway):
            pool.run("origins")
    assert len(tries) == 1


def test_no_more_sessions_than_places_are_open_at_once() -> None:
    open_now, most, lock = 0, 0, threading.Lock()
    barrier = threading.Event()

    class Slow(Session):
        def execute(self, *_: Any, **__: Any) -> None:
            nonlocal open_now, most
            with lock:
                open_now += 1
                most = max(most, open_now)
            barrier.wait(0.2)
            with lock:
                open_now -= 1

    pool = Warehouse(SETTINGS, lambda: Slow([]))
    threads = [threading.Thread(target=pool.run, args=("origins",)) for _ in range(3 * POOL_SIZE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == POOL_SIZE


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(sf.ProgrammingError(msg="Object 'X' does not exist", errno=2003), NotBuilt, id="no-table"),
        pytest.param(sf.ProgrammingError(msg="syntax error", errno=1003), QueryFailed, id="syntax"),
        pytest.param(sf.ProgrammingError(msg="Session no longer exists", errno=390111), WarehouseAway, id="session"),
        pytest.param(
            sf.DatabaseError(msg="Incorrect username or password", errno=250001), SignInRefused, id="password"
        ),
        pytest.param(sf.OperationalError(msg="Could not connect", errno=250001), WarehouseAway, id="unreachable"),
        pytest.param(ConnectionResetError("reset"), WarehouseAway, id="socket"),
    ],
)
def test_the_connectors_errors_mean_one_thing_each(error: Exception, kind: type[Exception]) -> None:
    assert type(translate(error, address="here", doing="Query bars")) is kind


def test_the_options_name_only_what_was_set() -> None:
    options = connect_options(WarehouseSettings(account="acme", user="u", password="p"))
    assert options["paramstyle"] == "qmark"
    assert not {"host", "port", "protocol", "role", "warehouse", "authenticator"} & set(options)


def test_every_statement_answers_on_the_warehouse(seeded: Warehouse) -> None:
    door = Door(seeded)
    bars = market.read_bars(door, "AAPL")
    expected = seed.bars("AAPL")
    assert len(bars.frame) == len(expected)
    assert bars.frame["adjusted_close_usd"].to_numpy() == pytest.approx(expected["adjusted_close_usd"].to_numpy())
    assert bars.last_session == seed.LAST_SESSION
    assert bars.known_since == seed.FETCHED_AT
    assert market.read_bars(door, "x' or '1'='1").frame.empty
    assert market.origin_counts(door) == {"market": 1, "replayed": 4, "synthetic": 2}
    runs = quality.read_runs(door)
    assert (len(runs), runs[0].tests, runs[0].failed, runs[0].warned) == (24, 12, 1, 1)
    tests = quality.read_latest_tests(door)
    assert list(tests["status"][:3]) == ["fail", "warn", "pass"]
    assert list(tests["is_muted"][:3]) == [False, True, False]
    newest = builds.read_builds(door)[0]
    assert (newest.build_id, newest.built, newest.failed, newest.skipped, newest.seconds) == ("build-1", 2, 1, 1, 60.0)
    assert [model.after for model in builds.read_models(door, newest)] == [0.0, 21.6, 22.1, None]
    assert tests["history"].iloc[0].count("fail") == 2
    assert len(quality.read_loads(door)) == 20
    assert quality.read_rejects(door).empty
    fresh = {row.dataset: (row.last_session, row.bars) for row in quality.read_freshness(door)}
    assert fresh == {"stock_bars": (seed.LAST_SESSION, 6), "option_bars": (seed.LAST_SESSION, 272)}
    assert {row.family: row.incomplete for row in quality.read_families(door)} == {"options": 0, "stocks": 1}


def test_a_load_changes_the_mart_version(seeded: Warehouse, warehouse: Any, seeded_settings: WarehouseSettings) -> None:
    before = Door(seeded).version()
    with warehouse.connect(database=seeded_settings.database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.load_rejects values ('m', 'manifests/stocks/m.json', 'stocks', 'why', '2026-11-20 01:00')"
        )
        assert Door(seeded).version() != before
        cursor.execute("delete from ops.load_rejects")
    assert Door(seeded).version() == before
