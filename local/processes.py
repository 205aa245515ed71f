"""Start, watch and stop the servers of one machine, each in its own process group.

A server's children belong to its group, so stopping the group leaves nothing behind. Every started group is written to
a register first; a run that was killed with SIGKILL is cleaned up by the next one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
# A killed process takes a moment to be gone, and the leader's children aren't ours to wait for.
_KILL_SECONDS = 60.0
# Set by a signal handler: waits for a server end at once, so that Ctrl-C works at any moment.
interrupted = threading.Event()


class ServerError(RuntimeError):
    """A server did not start or died; the message names it, its log and what to do."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


@dataclass
class Server:
    """A running server: its name for people, its process (leader of its own group) and its log file.

    `tidy` is called once it has ended, for what it leaves outside its own directory.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    tidy: Callable[[], None] = lambda: None

    def check(self) -> None:
        """Raise `ServerError` when the server has ended by itself."""
        if (code := self.process.poll()) is not None:
            raise ServerError(f"{self.name} ended with exit code {code}.\n{tail(self.log)}\nIts log: {self.log}")


def start(name: str, command: Sequence[str], log: Path, environment: Mapping[str, str], directory: Path) -> Server:
    """Start a command as the leader of a new process group, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Server(name, process, log)


def wait_until(ready: Callable[[], bool], server: Server, seconds: float) -> None:
    """Poll `ready` until it is true; raise `ServerError` when the server dies or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        server.check()
        if ready():
            return
        if interrupted.is_set():
            raise ServerError(f"{server.name} was interrupted while it started")
        if time.monotonic() > deadline:
            raise ServerError(
                f"{server.name} gave no answer within {seconds:.0f} s.\n{tail(server.log)}\nIts log: {server.log}"
            )
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a GET of this URL answers with a status below 400."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return int(response.status) < 400
    except (urllib.error.URLError, OSError, ValueError):
        return False


def listens(server: Server, port: int) -> bool:
    """Whether this server, and not another program, listens on a TCP port: a healthy answer may be somebody else's."""
    try:
        leader = psutil.Process(server.process.pid)
        sockets = [
            found for each in (leader, *leader.children(recursive=True)) for found in each.net_connections("tcp")
        ]
    except psutil.NoSuchProcess:
        return False
    return any(found.status == psutil.CONN_LISTEN and found.laddr.port == port for found in sockets)


def stop(servers: Sequence[Server], grace_seconds: float = 8.0) -> None:
    """Stop all groups at once: TERM, then KILL for whatever is left of a group after the grace period."""
    stop_groups([server.process.pid for server in servers], grace_seconds)
    for server in servers:
        server.process.wait()
        server.tidy()


def stop_groups(groups: Sequence[int], grace_seconds: float) -> None:
    """TERM every process group, wait until all are empty, KILL those that are not and wait for them, too."""
    for number, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, _KILL_SECONDS)):
        for group in groups:
            _signal(group, number)
        deadline = time.monotonic() + seconds
        while any(_alive(group) for group in groups) and time.monotonic() < deadline:
            time.sleep(0.05)


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _alive(group: int) -> bool:
    """Whether a process of the group still runs (a zombie that waits for its parent does not count)."""
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                return True
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return False


class Register:
    """The process groups a run has started, kept in a file so that the next run can end what a killed one left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: list[dict[str, float]] = []

    def add(self, server: Server) -> None:
        """Remember a started group, with its start time so that a reused process id is never mistaken for it."""
        try:
            created = psutil.Process(server.process.pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._entries.append({"group": server.process.pid, "created": created})
        self._path.write_text(json.dumps(self._entries))

    def clear(self) -> None:
        """Forget everything: the run ended properly."""
        self._entries = []
        self._path.unlink(missing_ok=True)

    def stop_leftovers(self) -> int:
        """End the groups that a killed run left behind; returns how many there were."""
        try:
            entries = json.loads(self._path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return 0
        leftovers = [int(entry["group"]) for entry in entries if _is_same(int(entry["group"]), float(entry["created"]))]
        stop_groups(leftovers, grace_seconds=5)
        self.clear()
        return len(leftovers)


def _is_same(group: int, created: float) -> bool:
    """Whether this group is still the one that was started then (its number can't be reused while it has members)."""
    try:
        return abs(psutil.Process(group).create_time() - created) < 1.0
    except psutil.NoSuchProcess:
        return _alive(group)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log file, indented, for an error message."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])
