"""`python -m dashboard --port 8050`: serve the dashboard until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import logging
import socket
import sys
from typing import Any

from gunicorn.app.base import BaseApplication

from dashboard.settings import BEHIND_PROXY, SettingsError, WarehouseSettings, behind_proxy, session_due

THREADS = 8


class Server(BaseApplication):
    """gunicorn with one threaded worker (one cache, one pool) on a socket that is already bound."""

    def __init__(self, settings: WarehouseSettings, listener: socket.socket, url: str) -> None:
        self._settings, self._listener, self._url = settings, listener, url
        super().__init__()

    def load_config(self) -> None:
        """Settings of gunicorn; nothing is read from files or the command line."""
        options: dict[str, Any] = {
            "bind": f"fd://{self._listener.fileno()}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "timeout": 120,
            "graceful_timeout": 3,
            "keepalive": 5,
            "limit_request_line": 8190,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": lambda _worker: print(f"Dashboard: {self._url}", flush=True),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application, made in the worker: sessions and locks don't survive a fork."""
        from dashboard.app import create_app
        from dashboard.data.door import Door
        from dashboard.data.warehouse import Warehouse

        return create_app(Door(Warehouse(self._settings))).server


def listen(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """A bound, inheritable socket; port 0 takes a free one.

    Args:
        anywhere: any address will do, not only one that nothing but this machine reaches.

    Raises:
        OSError: the address can't be used.
        SettingsError: other machines reach the address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # The bound address, not `host`: "" and names are resolved by now, and nobody can connect yet.
        if not anywhere and not ipaddress.ip_address(listener.getsockname()[0]).is_loopback:
            raise SettingsError(
                f"--host is {host!r}; expected an address of this machine only, such as 127.0.0.1, because the "
                f"dashboard has no sign-in. Put a proxy with one in front and set {BEHIND_PROXY}=true."
            )
        listener.listen(128)
    except (OSError, SettingsError):
        listener.close()
        raise
    return listener


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; 2 for a setting or an address that can't be used."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="The Snowtape dashboard.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8050, help="port to listen on, 0 for a free one (default: 8050)")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Its errors reach us as exceptions, which we log in one line each.
    logging.getLogger("snowflake.connector").setLevel(logging.CRITICAL)
    try:
        settings = WarehouseSettings.from_env()
        session_due()
        listener = listen(chosen.host, chosen.port, anywhere=behind_proxy())
    except SettingsError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 2
    except (OSError, OverflowError) as error:
        print(f"dashboard: {_cannot_listen(chosen.host, chosen.port, error)}", file=sys.stderr)
        return 2
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    Server(settings, listener, f"http://{shown}:{port}/").run()
    return 0


def _cannot_listen(host: str, port: int, error: Exception) -> str:
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; stop what uses it, or choose another with --port."
    return f"can't listen on {host} port {port}: {error}."


if __name__ == "__main__":
    sys.exit(main())
