"""The sockets that weed makes in /tmp, whatever it is told, and leaves there.

`weed server` names them after its gRPC ports: /tmp/seaweedfs-<service>-grpc-<port>.sock. A socket that refuses a
connection has no server any more, so removing it takes nothing from anybody.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

# Written into weed itself (weed/command/server.go).
FOLDER = Path("/tmp")
# A server that is just coming up has its socket a moment before it listens there.
SETTLED_SECONDS = 60.0


def of(ports: Mapping[str, int]) -> tuple[Path, ...]:
    """Where a weed with these ports (`<service>.port.grpc`) makes its sockets."""
    services = {name.removesuffix(".port.grpc"): port for name, port in ports.items() if name.endswith(".port.grpc")}
    return tuple(FOLDER / f"seaweedfs-{service}-grpc-{port}.sock" for service, port in services.items())


def remove_dead(paths: Iterable[Path]) -> None:
    """Remove those that are this user's and that nothing listens on."""
    for path in paths:
        with suppress(FileNotFoundError):
            found = path.lstat()
            if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid() and not _answers(path):
                path.unlink()


def remove_left_over() -> None:
    """Remove what killed stores have left, no matter who started them."""
    before = time.time() - SETTLED_SECONDS
    with suppress(FileNotFoundError):
        remove_dead(path for path in FOLDER.glob("seaweedfs-*-grpc-*.sock") if path.lstat().st_mtime < before)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:  # busy, or gone meanwhile
            return True
        return True
