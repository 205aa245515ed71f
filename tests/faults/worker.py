"""What a task of Airflow does, in a process that can be killed: ingest, load, build. Its steps pass by a trap.

Events: `download <path>` (some bytes of an answer have come), `before put <key>`, `after put <key>`, `announce`
(everything is landed, the asset not rung yet), `before sql <statement>`, `after sql <statement>`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
import warnings
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import snowflake.connector
import urllib3
from snowflake.connector.cursor import SnowflakeCursor

from ingest import runs
from ingest.datasets import Family
from ingest.storage import LandingStore
from tests.faults.traps import pass_by

CONTEXT = multiprocessing.get_context("fork")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Worker:
    """A forked process with one piece of work; its traceback, if any, is in `log`."""

    def __init__(self, log: Path, work: Callable[..., None], *arguments: Any) -> None:
        self.log = log
        self.process: BaseProcess = CONTEXT.Process(target=_work, args=(log, work, arguments))
        with warnings.catch_warnings():
            # The test's own threads hold nothing that the worker needs; starting afresh would take seconds each time.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()

    @property
    def is_alive(self) -> bool:
        """Whether it is still at work."""
        return self.process.is_alive()

    def kill(self) -> None:
        """SIGKILL, with whatever it has started."""
        assert self.process.pid is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join()

    def join(self, seconds: float = 600.0) -> int:
        """Its exit code; a worker that hangs is killed and fails the test."""
        self.process.join(seconds)
        if self.process.is_alive():
            self.kill()
            raise AssertionError(f"a worker hung: {self.log}")
        assert self.process.exitcode is not None
        return self.process.exitcode


def ingest(start: str, end: str, run_id: str, refetch: bool = False, family: str = "stocks") -> None:
    """A backfill run: plan, land batch after batch, ring the asset."""
    began = datetime.now(UTC)
    params = {"start": start, "end": end, "refetch": refetch}
    for batch in runs.plan_backfill(Family(family), params, NOW):
        runs.land(batch, "polygon_ingest_backfill", run_id)
    pass_by("announce")
    runs.landed(Family(family), "polygon_ingest_backfill", run_id, began)


def load(family: str = "stocks") -> None:
    """A load run: sweep, then load batch after batch."""
    with closing(connect()) as connection:
        for keys in runs.sweep(connection, Family(family), full=True):
            runs.load(connection, keys)


def load_keys(keys: list[str]) -> None:
    """What a load does that was started twice for the same event."""
    with closing(connect()) as connection:
        runs.load(connection, keys)


def connect() -> snowflake.connector.SnowflakeConnection:
    """As Airflow's connection does: autocommit, and not for ever without an answer."""
    names = ("account", "user", "password", "database", "host", "port", "protocol")
    settings: dict[str, Any] = {name: os.environ[f"SNOWFLAKE_{name.upper()}"] for name in names}
    return snowflake.connector.connect(
        **settings, autocommit=True, login_timeout=60, network_timeout=60, platform_detection_timeout_seconds=0.0
    )


def _work(log: Path, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.setpgrp()
    _wrap()
    code = 0
    try:
        work(*arguments)
    except BaseException:
        code = 1
        with log.open("a") as file:
            file.write(traceback.format_exc())
    os._exit(code)


def _wrap() -> None:
    read1, put, execute = urllib3.HTTPResponse.read1, LandingStore._put, SnowflakeCursor.execute

    def downloaded(self: urllib3.HTTPResponse, *args: Any, **kwargs: Any) -> bytes:
        body = read1(self, *args, **kwargs)
        pass_by(f"download {getattr(self, 'url', '')}")
        return body

    def stored(self: LandingStore, key: str, *args: Any) -> None:
        pass_by(f"before put {key}")
        put(self, key, *args)
        pass_by(f"after put {key}")

    def executed(self: SnowflakeCursor, command: str, *args: Any, **kwargs: Any) -> Any:
        pass_by(f"before sql {command}")
        result = execute(self, command, *args, **kwargs)
        pass_by(f"after sql {command}")
        return result

    urllib3.HTTPResponse.read1 = downloaded  # type: ignore[method-assign]
    LandingStore._put = stored  # type: ignore[method-assign,assignment]
    SnowflakeCursor.execute = executed  # type: ignore[method-assign,assignment]
