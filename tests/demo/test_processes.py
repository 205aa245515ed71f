"""Servers stop by their own process group, and nothing is left of them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from local.processes import Register, Server, ServerError, free_port, listens, start, stop, wait_until

# A parent that starts a child, tells its process id and waits; both ignore TERM when asked to.
FAMILY = """
import pathlib, signal, subprocess, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(600)
"""


def family(folder: Path, manners: str = "polite") -> tuple[Server, int]:
    """A started server and the process id of its child."""
    note = folder / f"child-{time.monotonic_ns()}"
    server = start("a family", [sys.executable, "-c", FAMILY, str(note), manners], folder / "log", os.environ, folder)
    wait_until(lambda: note.exists() and note.read_text() != "", server, seconds=120)
    return server, int(note.read_text())


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("manners", ["polite", "stubborn"])
def test_stop_ends_a_server_and_its_children(tmp_path: Path, manners: str) -> None:
    server, child = family(tmp_path, manners)
    stop([server], grace_seconds=0.5)
    assert not runs(server.process.pid)
    assert not runs(child)


def test_next_run_ends_what_a_killed_run_left(tmp_path: Path) -> None:
    server, child = family(tmp_path)
    Register(tmp_path / "register.json").add(server)
    assert Register(tmp_path / "register.json").stop_leftovers() == 1
    assert not runs(child)
    assert Register(tmp_path / "register.json").stop_leftovers() == 0
    server.process.wait()


def test_process_of_somebody_else_with_a_reused_id_is_left_alone(tmp_path: Path) -> None:
    server, child = family(tmp_path)
    (tmp_path / "register.json").write_text(f'[{{"group": {server.process.pid}, "created": 1.0}}]')
    assert Register(tmp_path / "register.json").stop_leftovers() == 0
    assert runs(child)
    stop([server])


def test_server_that_dies_while_it_starts_shows_its_last_words(tmp_path: Path) -> None:
    server = start(
        "a server", [sys.executable, "-c", "raise SystemExit('no such folder')"], tmp_path / "log", os.environ, tmp_path
    )
    with pytest.raises(ServerError, match="no such folder"):
        wait_until(lambda: False, server, seconds=120)


def test_port_on_which_a_child_listens_is_the_servers_and_nobody_elses(tmp_path: Path) -> None:
    parent = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"
    port = free_port()
    child = ["-m", "http.server", str(port), "--bind", "127.0.0.1"]
    server = start("a server", [sys.executable, "-c", parent, *child], tmp_path / "log", os.environ, tmp_path)
    other, _ = family(tmp_path)
    try:
        wait_until(lambda: listens(server, port), server, seconds=120)
        assert not listens(other, port)
    finally:
        stop([server, other])
    assert not listens(server, port)
