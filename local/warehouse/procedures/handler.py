"""Runs one procedure's handler, in a process of its own, with a Snowpark session that is its caller's session."""

from __future__ import annotations

import json
import linecache
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

# Snowflake's own name for the file that a body's code appears in.
FILE = "_udf_code.py"
# The session parameter by which a handler's login names the session it belongs to.
ATTACH = "SNOWTAPE_PROCEDURE_OF"
SEMI_STRUCTURED = ("VARIANT", "OBJECT", "ARRAY", "MAP")


@dataclass(frozen=True)
class Call:
    """What a handler's process needs to know. `token` opens the caller's session at `host`:`port`."""

    body: str
    handler: str
    arguments: Sequence[Any]
    returns: str
    token: str
    host: str
    port: int


@dataclass(frozen=True)
class Outcome:
    """What came of it: a value (rows with `columns` when the procedure returns a table), or a traceback."""

    value: Any = None
    columns: tuple[str, ...] = ()
    error: str | None = None


def run(call: Call, answer: Connection) -> None:
    """Entry point of the forked process: sends one `Outcome`."""
    try:
        answer.send(_run(call))
    except BaseException:
        answer.send(Outcome(error=_traceback()))
    finally:
        answer.close()


def _run(call: Call) -> Outcome:
    from snowflake.snowpark import Session

    from local.warehouse.procedures import staged_file

    session = Session.builder.configs(
        {
            "user": "procedure",
            "password": "unused",
            "account": "local",
            "host": call.host,
            "port": call.port,
            "protocol": "http",
            "session_parameters": {ATTACH: call.token},
        }
    ).create()
    try:
        namespace: dict[str, Any] = {"__name__": FILE.removesuffix(".py")}
        staged_file.install(session)
        linecache.cache[FILE] = (len(call.body), None, call.body.splitlines(True), FILE)
        exec(compile(call.body, FILE, "exec"), namespace)
        function: Any = namespace
        for part in call.handler.split("."):
            function = function[part] if function is namespace else getattr(function, part)
        return _outcome(function(session, *call.arguments), call.returns)
    finally:
        # The session itself is the caller's and lives on; only this process's connection to it ends.
        session.connection.close()


def _outcome(value: Any, returns: str) -> Outcome:
    if hasattr(value, "collect"):
        rows = value.collect()
        if returns.startswith("TABLE"):
            return Outcome([tuple(row) for row in rows], tuple(value.columns))
        value = [row.as_dict() for row in rows]
    base = returns.partition("(")[0].strip()
    if value is not None and base in SEMI_STRUCTURED:
        return Outcome(json.dumps(value, default=str))
    if value is not None and not isinstance(value, (str, int, float, bool)):
        value = str(value)
    return Outcome(value)


def _traceback() -> str:
    kind, error, frames = sys.exc_info()
    own = frames
    while own and own.tb_frame.f_code.co_filename != FILE:
        own = own.tb_next
    return "".join(traceback.format_exception(kind, error, own or frames)).rstrip()
