"""In Snowflake's place at sign-in: lets nobody in, and keeps what each client showed."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Gate:
    """`shown` are the bodies of the requests to sign in."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.shown: list[dict[str, Any]] = []

    def variables(self) -> dict[str, str]:
        """Where clients find it."""
        return {"SNOWFLAKE_HOST": "127.0.0.1", "SNOWFLAKE_PORT": str(self.port), "SNOWFLAKE_PROTOCOL": "http"}


@contextmanager
def opened() -> Iterator[Gate]:
    """A gate on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if "login-request" in self.path:
                gate.shown.append(json.loads(body)["data"])
            said = json.dumps(
                {
                    "success": False,
                    "code": "390100",
                    "message": "Incorrect username or password was specified.",
                    "data": {},
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gate = Gate(server.server_port)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
