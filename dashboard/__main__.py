"""`python -m dashboard --port 8050`: serve the dashboard until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import logging
import signal
import socket
import sys

from dashboard.settings import (
    BEHIND_PROXY,
    SettingsError,
    WarehouseSettings,
    allowed_hosts,
    behind_proxy,
    session_due,
)


def listen(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """A bound, listening socket; port 0 takes a free one.

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
    # A line for every request that has to wait for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        settings = WarehouseSettings.from_env()
        hosts = allowed_hosts()
        session_due()
        listener = listen(chosen.host, chosen.port, anywhere=behind_proxy())
    except SettingsError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 2
    except (OSError, OverflowError) as error:
        print(f"dashboard: {_cannot_listen(chosen.host, chosen.port, error)}", file=sys.stderr)
        return 2
    # Ends the server's loop as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A port that is taken should be said at once, before the seconds that these imports take.
    from backtest.found import StrategyError, strategies

    try:
        strategies()
    except StrategyError as error:
        listener.close()
        print(f"dashboard: {error}", file=sys.stderr)
        return 2
    from dashboard.app import create_app
    from dashboard.data.door import Door
    from dashboard.data.warehouse import Warehouse
    from dashboard.serving import Server

    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    server = Server(create_app(Door(Warehouse(settings)), hosts | {shown}).server, listener)
    print(f"Dashboard: http://{shown}:{port}/", flush=True)
    server.run()
    return 0


def _cannot_listen(host: str, port: int, error: Exception) -> str:
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; stop what uses it, or choose another with --port."
    return f"can't listen on {host} port {port}: {error}."


if __name__ == "__main__":
    sys.exit(main())
