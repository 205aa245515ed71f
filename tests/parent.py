"""Processes of a pool that end when their parent is killed: by themselves they would wait for work for ever."""

from __future__ import annotations

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """For a pool's `initializer`: watch the parent on a thread, and end when it has ended."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
