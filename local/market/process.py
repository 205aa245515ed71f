"""A market server in a process of its own, to start from Python, in tests above all."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

from local.market.__main__ import KEY_VARIABLE, TOKEN_VARIABLE
from local.processes import LOOPBACK, Server, answers, free_port, wait_until
from local.processes import start as start_server
from local.processes import stop as stop_servers

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 300.0


@dataclass(frozen=True)
class RunningMarket:
    """A market server that listens on base_url and lets api_key in; control_token opens its own addresses."""

    base_url: str
    api_key: str
    control_token: str = field(repr=False)
    server: Server

    @property
    def control(self) -> dict[str, str]:
        """The headers of a request to its own addresses, such as /_faults."""
        return {"Authorization": f"Bearer {self.control_token}"}

    def stop(self) -> int:
        """End it as Ctrl-C would, by force after some seconds. Returns its exit code."""
        stop_servers([self.server])
        return int(self.server.process.wait())


def start(directory: Path, *arguments: str, port: int = 0, api_key: str = "market-test-key") -> RunningMarket:
    """Start a server with these arguments of its command line and wait until it answers; its log goes to directory.

    Raises ServerError with the end of its log when it ends or doesn't answer.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "local.market", "--port", str(port), *arguments]
    control_token = secrets.token_urlsafe(32)
    variables = {**os.environ, KEY_VARIABLE: api_key, TOKEN_VARIABLE: control_token}
    server = start_server("the market server", command, directory / "market.log", variables, _ROOT)
    base_url = f"http://{LOOPBACK}:{port}"
    try:
        wait_until(lambda: answers(f"{base_url}/health"), server, _START_SECONDS)
    except BaseException:
        stop_servers([server])
        raise
    return RunningMarket(base_url, api_key, control_token, server)
