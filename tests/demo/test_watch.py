"""A server of the demo that dies is started again, on its own port, and the others stay as they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.demo.watch import RESTARTS, SPAN_SECONDS, Watch
from local.processes import Register, Server, answers, free_port, listens, start, stop, wait_until


def up(server: Server, port: int) -> None:
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/") and listens(server, port), server, seconds=120)


class Site:
    """Small HTTP servers under watch, and a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 1000.0
        self.watch = Watch(Register(folder / "processes.json"), clock=lambda: self.now)

    def run(self, name: str, port: int) -> Server:
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        return start(name, command, self.folder / "log", os.environ, self.folder)

    def serve(self, name: str, port: int) -> Server:
        return self.watch.start(lambda: self.run(name, port), lambda server: up(server, port))

    def short_lived(self) -> None:
        """A server that can be started and dies at once."""
        command = [sys.executable, "-c", "raise SystemExit('out of memory')"]
        self.watch.start(lambda: start("the warehouse", command, self.folder / "log", os.environ, self.folder))

    def die(self, server: Server) -> None:
        server.process.kill()
        server.process.wait()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    stop(made.watch.running, grace_seconds=0.5)


def test_killed_server_serves_again_on_its_port_and_the_other_one_was_left_alone(site: Site) -> None:
    ports = free_port(), free_port()
    market, store = site.serve("the market server", ports[0]), site.serve("the object store", ports[1])
    assert site.watch.revive() == []
    site.die(market)
    (said,) = site.watch.revive()
    assert said.startswith("The market server ended with exit code -9; it was started again")
    assert answers(f"http://127.0.0.1:{ports[0]}/")
    assert [server.process.pid == market.process.pid for server in site.watch.running] == [False, False]
    assert site.watch.running[1] is store
    assert store.process.poll() is None
    assert Register(site.folder / "processes.json").stop_leftovers() == 2


def test_server_that_dies_again_and_again_stays_down_and_the_reason_is_said_once(site: Site) -> None:
    site.short_lived()
    said = []
    for _ in range(RESTARTS + 2):
        site.watch.running[0].process.wait()
        said.append(site.watch.revive())
    assert [len(each) for each in said] == [1] * (RESTARTS + 1) + [0]
    assert "It stays down, everything else stays up" in said[RESTARTS][0]
    assert "out of memory" in said[RESTARTS][0]


def test_deaths_of_long_ago_do_not_count(site: Site) -> None:
    site.short_lived()
    for _ in range(RESTARTS + 2):
        site.watch.running[0].process.wait()
        (said,) = site.watch.revive()
        assert "started again" in said
        site.now += SPAN_SECONDS


def test_server_whose_port_was_taken_is_named_and_started_once_the_port_is_free(site: Site) -> None:
    port = free_port()
    site.die(site.serve("the market server", port))
    other = site.run("a program of somebody else", port)
    up(other, port)
    (said,) = site.watch.revive()
    assert said.startswith("The market server ended with exit code -9 and did not start again")
    assert "Address already in use" in said
    stop([other], grace_seconds=0.5)
    (said,) = site.watch.revive()
    assert "it was started again" in said
    assert listens(site.watch.running[0], port)
