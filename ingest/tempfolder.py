"""Short-lived files of this user: one folder, and in it a folder of its own for each owner.

    <tmp>/snowtape-<uid>/           <tmp> is the system's temporary folder, or what TMPDIR names
        <purpose>-<random>/         goes with its owner; locked while the owner lives
        budget/                     requests in the last minute, shared by every process (ingest/budget.py)
        .lock                       held while an owner comes

An owner that is killed leaves its folder but not its lock, and the next owner with the same purpose removes the
folder. The lock is the kernel's: process ids are reused, and are not seen from one container to the next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from ingest.errors import BadSetting


def root() -> Path:
    """This user's folder for short-lived files, made when it is missing.

    Raises:
        BadSetting: the folder belongs to somebody else, or others may write to it.
    """
    name, temporary = f"snowtape-{os.getuid()}", Path(tempfile.gettempdir())
    # An owner may have made its folder the TMPDIR of its children: theirs lie beside each other in it.
    path = temporary if temporary.parent.name == name else temporary / name
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise BadSetting(
            f"The temporary folder {path} belongs to somebody else or is open to others; expected a folder of this"
            " user alone. Remove it, or set TMPDIR to another folder."
        )
    return path


class TempFolder:
    """A folder that goes with its owner: at `close`, or after a kill when the next owner comes.

    with TempFolder("landing") as folder:
        (folder / "part").write_bytes(b"…")
    """

    def __init__(self, purpose: str) -> None:
        with _sweeping() as top:
            remove_leftovers(top, purpose)
            self.path = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=top))
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._is_open = True

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder and what is in it; a second call does nothing."""
        if self._is_open:
            self._is_open = False
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)


def remove_leftovers(top: Path, purpose: str) -> None:
    """Remove the folders of a purpose whose owners are gone."""
    for path in top.glob(f"{purpose}-*"):
        with suppress(OSError):  # gone, or no folder
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


@contextmanager
def _sweeping() -> Iterator[Path]:
    """One owner comes at a time: a folder that is made but not locked yet must not look left over.

    The lock is a file's, as the folder itself may be an owner's and locked for as long as that lives.
    """
    top = root()
    lock = os.open(top / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield top
    finally:
        os.close(lock)
