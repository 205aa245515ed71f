"""A trap holds a process at a named point until it is killed or let go; what is in the trap is seen by the harness.

Production code knows nothing of it: the entry points in worker.py and warehouse.py wrap library and pipeline functions
so that they pass by here first. One trap is set at a time; it works through files, because what it catches dies.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER_VARIABLE = "SNOWTAPE_TEST_TRAP"
LONGEST_SECONDS = 600.0
COUNTING = threading.Lock()


@dataclass(frozen=True)
class Point:
    """Where to hold: `event` is a pattern for `<what>: <detail>`, `skip` how many of these pass by before."""

    event: str
    skip: int = 0


class Trap:
    """The harness's side."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[FOLDER_VARIABLE] = str(folder)

    def set(self, point: Point) -> None:
        """Whoever comes to this point first is held."""
        self.clear()
        new = self.folder / "new"
        new.write_text(json.dumps(asdict(point)))
        new.rename(self.folder / "point")

    @property
    def held(self) -> str | None:
        """The event that is held now, if any."""
        with suppress(FileNotFoundError):
            return (self.folder / "held").read_text()
        return None

    def clear(self) -> None:
        """Take the trap away; what is held goes on."""
        for name in ("point", "held"):
            (self.folder / name).unlink(missing_ok=True)


def pass_by(event: str) -> None:
    """Called in a wrapped process: returns at once, unless this is the point where a trap is set."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    # Threads of an ingest pass by side by side; only counting is exclusive, a thread that is held holds no other.
    with COUNTING:
        if not _reached(folder, event):
            return
    deadline = time.monotonic() + LONGEST_SECONDS
    while (folder / "held").exists() and time.monotonic() < deadline:
        time.sleep(0.005)


def _reached(folder: Path, event: str) -> bool:
    """Whether this event springs the trap; counts it down when it is one of those that pass by before."""
    try:
        point = Point(**json.loads((folder / "point").read_text()))
    except FileNotFoundError:
        return False
    if not re.search(point.event, event, re.DOTALL):
        return False
    with suppress(FileNotFoundError):
        if point.skip:
            fewer = folder / "fewer"
            fewer.write_text(json.dumps(asdict(Point(point.event, point.skip - 1))))
            fewer.rename(folder / "point")
            return False
        (folder / "point").rename(folder / "taken")
        (folder / "held").write_text(event)
        return True
    return False
