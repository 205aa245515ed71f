"""A local warehouse in a process of its own, to start from Python, in tests above all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.warehouse.token import read_token

HOST = "127.0.0.1"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class RunningWarehouse:
    """A warehouse that listens on `host`:`port` and takes `token` as password; its process leads a group of its own."""

    host: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    token: str = field(repr=False)

    def connect(self, **settings: Any) -> Any:
        """A connection of Snowflake's own connector."""
        import snowflake.connector

        return snowflake.connector.connect(
            **{
                "user": "tester",
                "password": self.token,
                "account": "local",
                "host": self.host,
                "port": self.port,
                "protocol": "http",
                "login_timeout": 120,
                "platform_detection_timeout_seconds": 0.0,
                **settings,
            }
        )

    def stop(self, timeout: float = 120.0) -> int:
        """End it as Ctrl-C would, by force after `timeout` seconds. Returns its exit code."""
        self._signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it at once, without a chance to write anything."""
        self._signal(signal.SIGKILL)
        return self.process.wait(60)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def start(
    directory: Path | str,
    port: int = 0,
    object_store_endpoint: str | None = None,
    *,
    arguments: tuple[str, ...] = (),
    module: str = "local.warehouse",
    timeout: float = 300.0,
) -> RunningWarehouse:
    """Start a warehouse and wait until it answers. Port 0 takes a free one; `module` is one that wraps the warehouse.

    Raises RuntimeError with the end of its log when it ends or does not answer within `timeout` seconds.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [sys.executable, "-m", module, "--port", str(port), "--directory", str(folder), *arguments]
    if object_store_endpoint:
        command += ["--object-store-endpoint", object_store_endpoint]
    log = folder / "warehouse.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2).close()
            return RunningWarehouse(HOST, port, process, log, read_token(folder))
        time.sleep(0.05)
    RunningWarehouse(HOST, port, process, log, token="").kill()
    raise RuntimeError(f"the local warehouse did not start:\n{log.read_text(errors='replace')[-3000:]}")
