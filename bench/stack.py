"""The stand-ins of a benchmark: object store and warehouse with the deployed schema, in a folder that goes away."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import snowflake.connector
from snowflake.connector import SnowflakeConnection

from ingest.settings import read_storage
from ingest.storage import LandingStore
from ingest.tempfolder import TempFolder
from local.demo.servers import Servers
from local.demo.settings import DemoSettings, Source
from local.processes import free_port


@dataclass(frozen=True)
class Stack:
    """What a benchmark works with; `environment` holds the production code's settings."""

    servers: Servers
    environment: dict[str, str]
    store: LandingStore

    def connect(self) -> SnowflakeConnection:
        """A connection to the warehouse's database."""
        names = ("account", "user", "password", "role", "warehouse", "database", "host", "protocol")
        options = {name: self.environment[f"SNOWFLAKE_{name.upper()}"] for name in names}
        return snowflake.connector.connect(
            **options, port=int(self.environment["SNOWFLAKE_PORT"]), autocommit=True, disable_ocsp_checks=True
        )


@contextmanager
def running(warehouse: str = "local.warehouse") -> Iterator[Stack]:
    """Start what is needed; all of it is gone afterwards. Sets the process's own environment meanwhile.

    Args:
        warehouse: module that serves as the warehouse.
    """
    # Ended from outside, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    before = dict(os.environ)
    with TempFolder("bench") as folder:
        source = Source("bench", "http://127.0.0.1:9", "bench-key", "60000")
        settings = DemoSettings(source, folder, True, 0, 1, 61, free_port(), free_port(), notes=())
        (settings.state / "logs").mkdir()
        with Servers(settings) as servers:
            servers.start_object_store()
            servers.start_warehouse(warehouse)
            servers.deploy_schema()
            os.environ.update(servers.environment)
            try:
                yield Stack(servers, servers.environment, LandingStore(read_storage()))
            finally:
                os.environ.clear()
                os.environ.update(before)
