"""A TCP gate before a server: shut, the server is away for its clients; open, it is back on the same port.

Held, the server hangs for its clients: they connect and hear nothing.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """Forwards 127.0.0.1:`port` to the server while open."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._pairs: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def hold(self) -> None:
        """Pass nothing on, refuse nothing."""
        self._flows.clear()

    def release(self) -> None:
        """Pass on what came meanwhile, and what comes."""
        self._flows.set()

    def open(self) -> None:
        """Listen again."""
        self._listener = self._listen(self.port)

    def shut(self) -> None:
        """Refuse new connections and cut those that exist."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._pairs.clear()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
            except OSError:
                return
            self._pairs += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
