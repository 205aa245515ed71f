"""Starts a process for each CALL, forked from one that has Snowpark loaded already."""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from typing import Any

from local.warehouse.errors import SqlError, sql_error
from local.warehouse.functions import batch
from local.warehouse.procedures import handler
from local.warehouse.procedures.definition import Definition

# Whose process a batch of a table function is, for `stop`.
FUNCTIONS = "functions"


class ProcedureRunner:
    """Runs handlers against the warehouse that listens on `host`:`port`. `timeout` is in seconds."""

    def __init__(self, host: str, port: int, timeout: float = 3600.0) -> None:
        self.host = host
        self.port = port
        self.timeout = timeout
        self._context = multiprocessing.get_context("forkserver")
        self._running: dict[str, set[Any]] = {}

    def start(self) -> None:
        """Load Snowpark now, not at the first CALL."""
        self._context.set_forkserver_preload(["local.warehouse.procedures.preload"])
        forkserver.ensure_running()

    def stop(self, session: str | None = None) -> None:
        """End the handlers of a session, or all of them."""
        for owner in [session] if session else list(self._running):
            for process in list(self._running.get(owner, ())):
                process.kill()

    def run(self, name: str, definition: Definition, arguments: list[Any], token: str, session: str) -> handler.Outcome:
        """Run a procedure to its end; `session` names it for `stop`.

        Raises an SQL error that carries the handler's traceback.
        """
        receiver, sender = self._context.Pipe(duplex=False)
        call = handler.Call(
            definition.body, definition.handler, arguments, definition.returns, token, self.host, self.port
        )
        process = self._context.Process(target=handler.run, args=(call, sender), daemon=True)
        process.start()
        sender.close()
        self._running.setdefault(session, set()).add(process)
        try:
            if not receiver.poll(self.timeout):
                raise _error(name, definition, f"it did not finish within {self.timeout:.0f} seconds")
            outcome = receiver.recv()
        except EOFError:
            process.join(5)
            raise _error(name, definition, f"its process ended with exit code {process.exitcode}") from None
        finally:
            self._running[session].discard(process)
            receiver.close()
            # It has said what it had to say; its own end would take a while (atexit handlers, threads).
            process.kill()
            process.join()
        if outcome.error is not None:
            raise _error(name, definition, outcome.error)
        return outcome

    def run_batch(self, name: str, rows: batch.Batch) -> list[list[Any]]:
        """Run a table function's handler on a batch of rows; returns the columns that it makes."""
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=batch.run, args=(rows, sender), daemon=True)
        process.start()
        sender.close()
        self._running.setdefault(FUNCTIONS, set()).add(process)
        try:
            if not receiver.poll(self.timeout):
                raise _failed(name, rows.handler, f"it did not finish within {self.timeout:.0f} seconds")
            answer = receiver.recv()
        except EOFError:
            process.join(5)
            raise _failed(name, rows.handler, f"its process ended with exit code {process.exitcode}") from None
        finally:
            self._running[FUNCTIONS].discard(process)
            receiver.close()
            process.kill()
            process.join()
        if answer.error is not None:
            raise _failed(name, rows.handler, answer.error)
        found: list[list[Any]] = answer.columns
        return found


def _error(name: str, definition: Definition, message: str) -> SqlError:
    return _failed(name, definition.handler, message)


def _failed(name: str, of: str, message: str) -> SqlError:
    return sql_error(
        f"Python Interpreter Error:\n{message}\n in function {name} with handler {of}",
        100357,
        "P0000",
    )
