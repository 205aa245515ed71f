"""One temporary folder for a whole test session: what tests and servers leave there, or leave running, fails the run.

Everything that is started inherits TMPDIR, so other programs' files in the system's temporary folder don't matter, and
what is still running with it at the end is ours: it is stopped, also after Ctrl-C or a TERM, which end xdist's workers
before their fixtures. The folder goes with a session that passes; after one that fails it stays until the next session
begins.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psutil
import pytest

from ingest.tempfolder import TempFolder, remove_leftovers
from local.processes import stop_groups

# Owners that tests kill: their folders are removed as the next owner would.
KILLED = ("landing", "warehouse")


class SessionFolder:
    """A plugin of the process that leads the session; xdist's workers inherit its folder."""

    def __init__(self) -> None:
        self.folder = TempFolder("tests")
        self.left: list[str] = []
        self.is_kept = True
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder.path)

    @pytest.hookimpl(trylast=True)  # after the fixtures and the workers have ended
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        running = left_running(self.folder.path)
        stop_groups([*running], grace_seconds=8)
        self.left = [f"still running: {command}" for command in running.values()] + leftovers(self.folder.path)
        if self.left and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self.is_kept = session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.left:
            terminalreporter.section("left behind", red=True)
            terminalreporter.line("\n".join(self.left))
        if self.is_kept:
            terminalreporter.line(f"Files of this session, until the next one begins: {self.folder.path}")

    def pytest_unconfigure(self) -> None:
        if not self.is_kept:
            self.folder.close()


def left_running(folder: Path) -> dict[int, str]:
    """Process groups that have a session's folder for their temporary files, by number, each with a command line."""
    found: dict[int, str] = {}
    for process in psutil.process_iter():
        try:
            if Path(process.environ().get("TMPDIR", "/")).is_relative_to(folder):
                found.setdefault(os.getpgid(process.pid), " ".join(process.cmdline())[:200])
        except (psutil.Error, ProcessLookupError):
            continue  # it has ended, or belongs to somebody else
    found.pop(os.getpgid(0), None)
    return found


def leftovers(folder: Path) -> list[str]:
    """What is in a session's folder at its end and shouldn't be, with what is inside; pytest's own folder may be."""
    for purpose in KILLED:
        remove_leftovers(folder, purpose)
    found = [path for path in folder.iterdir() if path.name != ".lock" and not path.name.startswith("pytest-of-")]
    return sorted(f"{path.name}  {sorted(os.listdir(path))[:5] if path.is_dir() else ''}".rstrip() for path in found)
