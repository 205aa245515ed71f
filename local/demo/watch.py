"""Servers that are started again when they end by themselves, so that one that dies does not take the demo with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local.processes import Register, Server, ServerError, stop, tail

# A server that dies more often than this within the span has a cause that another start doesn't mend.
RESTARTS, SPAN_SECONDS = 3, 600.0
# What is left of a dead server's group holds its port.
GRACE_SECONDS = 0.5


@dataclass
class _Watched:
    server: Server
    begin: Callable[[], Server]
    ready: Callable[[Server], None]
    restarts: list[float] = field(default_factory=list)
    is_given_up: bool = False


class Watch:
    """The servers of one demo in the order of their start.

    `register` keeps their process groups for the next demo; `clock` returns seconds.
    """

    def __init__(self, register: Register, clock: Callable[[], float] = time.monotonic) -> None:
        self._register, self._clock = register, clock
        self._watched: list[_Watched] = []

    @property
    def running(self) -> tuple[Server, ...]:
        """Every server that was started, also one that has ended since."""
        return tuple(each.server for each in self._watched)

    def start(
        self, begin: Callable[[], Server], ready: Callable[[Server], None] = lambda _: None, *, waits: bool = True
    ) -> Server:
        """Start a server with `begin`, wait with `ready` until it answers, and watch it from then on.

        Args:
            waits: False returns at once; `ready` is then waited for only after a restart.
        """
        server = begin()
        self._watched.append(_Watched(server, begin, ready))
        self._register.add(server)
        if waits:
            ready(server)
        return server

    def check(self) -> None:
        """Raise `ServerError` when a server has ended by itself."""
        for server in self.running:
            server.check()

    def revive(self) -> list[str]:
        """Start again every server that has ended by itself; returns a sentence for each, for the terminal."""
        return [
            self._revive(each)
            for each in self._watched
            if not each.is_given_up and each.server.process.poll() is not None
        ]

    def clear(self) -> None:
        """Forget every server: they were stopped."""
        self._watched.clear()
        self._register.clear()

    def _revive(self, each: _Watched) -> str:
        dead, now = each.server, self._clock()
        ended = f"{_capital(dead.name)} ended with exit code {dead.process.returncode}"
        each.restarts = [moment for moment in each.restarts if now - moment < SPAN_SECONDS]
        stop([dead], GRACE_SECONDS)
        if len(each.restarts) >= RESTARTS:
            each.is_given_up = True
            return (
                f"{ended}, {RESTARTS + 1} times within {SPAN_SECONDS / 60:.0f} minutes. It stays down, everything else "
                f"stays up; stop the demo with Ctrl-C and run it again.\n{tail(dead.log)}\nIts log: {dead.log}"
            )
        each.restarts.append(now)
        try:
            each.server = each.begin()
            self._register.add(each.server)
            each.ready(each.server)
        except ServerError as error:
            return f"{ended} and did not start again: {error}"
        return f"{ended}; it was started again and everything else stayed up. Its log: {dead.log}"


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
