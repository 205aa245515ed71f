"""`python -m local.market`: serve the market on this machine until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from local.market.plans import PLANS
from local.market.settings import MarketSettings

PORT_TAKEN, BAD_SETTING = 2, 2
GRACE_SECONDS = 1
KEY_VARIABLE = "SNOWTAPE_MARKET_API_KEY"
TOKEN_VARIABLE = "SNOWTAPE_MARKET_TOKEN"
"""A command line is visible to every user of a machine, an environment isn't."""


def main(arguments: list[str] | None = None) -> int:
    """Serve; returns the exit code: 0 after a signal, 2 for a bad setting or a taken port."""
    options = _parser().parse_args(arguments)
    try:
        settings = MarketSettings(
            anchor=options.anchor,
            now=options.now,
            synthetic_tickers=options.synthetic_tickers,
            api_key=os.environ.get(KEY_VARIABLE) or "local",
            control_token=os.environ.get(TOKEN_VARIABLE) or None,
            requests_per_minute=options.requests_per_minute,
            delay_ms=options.delay_ms,
            plan=options.plan,
            closures=tuple(options.closure),
            has_chain_snapshot=not options.no_chain_snapshot,
            has_ticker_events=not options.no_ticker_events,
            has_treasury_yields=not options.no_treasury_yields,
            corrections=options.corrections,
        )
    except ValueError as error:
        return _stop(str(error), BAD_SETTING)
    try:
        listener = _bind(options.host, options.port)
    except OSError as error:
        return _stop(f"port {options.port} on {options.host} can't be used: {error.strerror}", PORT_TAKEN)
    # A port that is taken should be said at once, before the second or two that these imports take.
    import uvicorn

    from local.connections import protocol
    from local.market.app import create_app
    from local.market.sessions import CalendarEnds

    try:
        app = create_app(settings)
    except (OSError, ValueError, CalendarEnds) as error:
        return _stop(str(error), BAD_SETTING)
    market = app.state.market
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    line = (
        f"market server on {address}: {len(market.universe.replays)} replayed and {settings.synthetic_tickers} "
        f"synthetic tickers, anchor {market.sessions.day(market.universe.anchor)}, "
        f"sessions up to {market.sessions.day(market.clock.last_completed())}"
    )

    class Server(uvicorn.Server):
        """Says when it listens, and takes a signal as the normal end."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(line, flush=True)

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            before: dict[Any, Any] = {}
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, self.handle_exit)
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    config = uvicorn.Config(
        app,
        http=protocol(),
        ws="none",
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.market",
        description="A stand-in for the Polygon.io (Massive) REST API, on replayed and synthetic data.",
        epilog=f"${KEY_VARIABLE} is the key that is let in (default: local), ${TOKEN_VARIABLE} the token that opens "
        "the server's own addresses, such as /_faults (default: they stay closed).",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", type=_loopback, help="a loopback address (default %(default)s)")
    add("--port", default=8510, type=int, help="0 = any free one (default %(default)s)")
    add("--anchor", type=_date, help="session of the newest replayed bar (default: the last completed one)")
    add("--now", type=_moment, help="stop the server's clock there, e.g. 2026-11-20T22:00:00Z")
    add("--synthetic-tickers", default=100, type=int, metavar="N", help="SIM… tickers (default %(default)s)")
    add("--requests-per-minute", type=int, metavar="N", help="429 above it (default: no limit)")
    add("--delay-ms", default=0, type=int, metavar="N", help="hold every answer back (default %(default)s)")
    add("--plan", default="real-time", choices=list(PLANS), help="what the key is entitled to (default %(default)s)")
    add("--closure", type=_date, action="append", default=[], metavar="DAY", help="no session then; may be repeated")
    add("--no-chain-snapshot", action="store_true", help="403 on the option chain, as plans without it")
    add("--no-ticker-events", action="store_true", help="403 on ticker events, as a plan without them")
    add("--corrections", type=Path, metavar="FILE", help="a JSON list of corrections, as /_corrections takes them")
    add("--no-treasury-yields", action="store_true", help="403 on treasury yields, as a plan without them")
    return parser


def _loopback(text: str) -> str:
    host = "127.0.0.1" if text == "localhost" else text
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not a loopback address; this server is for one machine only")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a date like 2026-11-20") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a moment like 2026-11-20T22:00:00Z") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone; write e.g. 2026-11-20T22:00:00Z")
    return moment


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _stop(message: str, code: int) -> int:
    print(f"market server: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
