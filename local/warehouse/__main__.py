"""`python -m local.warehouse --port 8123 --directory .local/warehouse [--object-store-endpoint URL]`.

Signing in takes the token of this start as the password: that of SNOWTAPE_WAREHOUSE_TOKEN, else a new one. It is
in the file `token` of the directory, which only its owner may read.
"""

from __future__ import annotations

import argparse
import atexit
import logging
import os
import signal
import socket
import sys
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ingest.tempfolder import TempFolder
from local.warehouse.token import kept_token

# Registered before multiprocessing registers its own end, and so called after it.
_at_exit = ExitStack()
atexit.register(_at_exit.close)

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local.warehouse", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="loopback only: it runs the Python it is given")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True, help="where databases and metadata are kept")
    parser.add_argument("--object-store-endpoint", help="S3 endpoint of external stages; default: AWS_ENDPOINT_URL_S3")
    parser.add_argument("--memory-limit-mib", type=int, help="DuckDB's memory; default: half of it, at most 4096")
    parser.add_argument("--lock-timeout", type=float, default=600.0, help="seconds a writer waits for a table")
    parser.add_argument(
        "--abandon-after", type=float, default=20.0, help="seconds until a vanished client's transaction is rolled back"
    )
    return parser.parse_args(argv)


def listen(host: str, port: int) -> socket.socket | str:
    """A listening socket, or one line that says why there is none."""
    if host not in LOOPBACK:
        return f"--host {host}: the local warehouse runs the Python it is given and listens on 127.0.0.1 only"
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        return f"--port {port}: cannot listen on {host}:{port} ({error.strerror}); is another warehouse running?"
    return listener


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns 2 when it cannot start."""
    options = arguments(argv)
    listener = listen(options.host, options.port)
    if isinstance(listener, str):
        print(listener, file=sys.stderr)
        return 2
    # The connector asks cloud metadata addresses where it runs: handlers of procedures need not.
    os.environ["SNOWFLAKE_DISABLE_PLATFORM_DETECTION"] = "true"
    if options.object_store_endpoint:
        os.environ["AWS_ENDPOINT_URL_S3"] = options.object_store_endpoint

    # What fakesnow, Snowpark and multiprocessing leave behind goes with this process, also when it is killed.
    os.environ["TMPDIR"] = tempfile.tempdir = str(_at_exit.enter_context(TempFolder("warehouse")))

    import duckdb
    import uvicorn

    from local.connections import protocol
    from local.warehouse.extensions import load
    from local.warehouse.procedures.runner import ProcedureRunner
    from local.warehouse.server import Server
    from local.warehouse.warehouse import Warehouse

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It warns whenever it has no tree for a statement; such statements get an SQL error or a handler here.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    # fakesnow fetches Arrow data from a DB-API result; the copy costs less than our own fetching would bring.
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result")
    runner = ProcedureRunner(options.host, listener.getsockname()[1])
    try:
        warehouse = Warehouse.open(
            options.directory,
            runner,
            load(),
            memory_limit_mib=options.memory_limit_mib,
            lock_timeout=options.lock_timeout,
            abandon_after=options.abandon_after,
        )
    except (OSError, duckdb.IOException) as error:
        print(f"--directory {options.directory}: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    server = Server(warehouse, kept_token(options.directory))
    config = uvicorn.Config(
        server.application(),
        http=protocol(server.connection_lost),
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=3600,
    )
    # uvicorn stops in order and then raises the signal again for an earlier handler; there is none.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
