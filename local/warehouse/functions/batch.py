"""Runs a table function's handler on one batch of rows, in a process of its own.

As documented for a vectorised `process` method (docs.snowflake.com/en/developer-guide/udf/python/
udf-python-tabular-vectorized): a DataFrame whose columns are named as the arguments comes in, one row a row goes out.
A module is found only if its package is declared, as in Snowflake.
"""

from __future__ import annotations

import ast
import linecache
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

import pandas

from local.warehouse.procedures.handler import FILE

# What a package brings along.
BRINGS = {"pandas": {"pandas", "numpy", "dateutil", "pytz"}, "scipy": {"scipy", "numpy"}}


@dataclass(frozen=True)
class Batch:
    """A handler and its rows, column by column."""

    body: str
    handler: str
    packages: tuple[str, ...]
    arguments: tuple[str, ...]
    columns: list[list[Any]]
    width: int


@dataclass(frozen=True)
class Answer:
    """The columns that came out, or a traceback."""

    columns: list[list[Any]]
    error: str | None = None


def run(batch: Batch, answer: Connection) -> None:
    """Entry point of the forked process: sends one `Answer`."""
    try:
        answer.send(Answer(_run(batch)))
    except BaseException:
        kind, error, frames = sys.exc_info()
        own = frames
        while own and own.tb_frame.f_code.co_filename != FILE:
            own = own.tb_next
        answer.send(Answer([], "".join(traceback.format_exception(kind, error, own or frames)).rstrip()))
    finally:
        answer.close()


def _run(batch: Batch) -> list[list[Any]]:
    undeclared = modules(batch.body) - allowed(batch.packages)
    if undeclared:
        raise ModuleNotFoundError(f"No module named '{min(undeclared)}'")
    sys.modules["_snowflake"] = _snowflake()
    linecache.cache[FILE] = (len(batch.body), None, batch.body.splitlines(True), FILE)
    namespace: dict[str, Any] = {"__name__": FILE.removesuffix(".py")}
    exec(compile(batch.body, FILE, "exec"), namespace)
    handler = namespace[batch.handler]()
    if getattr(handler.process, "_sf_vectorized_input", None) is not pandas.DataFrame:
        raise TypeError("The local warehouse knows table functions with a vectorized process method only.")
    rows = len(batch.columns[0]) if batch.columns else 0
    found = handler.process(pandas.DataFrame(dict(zip(batch.arguments, batch.columns, strict=True))))
    columns = [found[name] for name in found.columns] if isinstance(found, pandas.DataFrame) else list(found)
    if len(columns) != batch.width:
        raise ValueError(f"The handler returned {len(columns)} columns; expected {batch.width}.")
    if any(len(column) != rows for column in columns):
        raise ValueError(f"The handler returned {len(columns[0])} rows; expected {rows}, one for each row it got.")
    return [pandas.Series(column).astype(object).tolist() for column in columns]


def modules(body: str) -> set[str]:
    """The top-level modules that a body imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(body)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def allowed(packages: tuple[str, ...]) -> set[str]:
    """The modules that a function with these packages may import."""
    names = {package.split("=")[0].split("<")[0].split(">")[0].strip().lower() for package in packages}
    brought = set().union(*(BRINGS.get(name, {name.replace("-", "_")}) for name in names))
    return set(sys.stdlib_module_names) | {"_snowflake"} | brought


def _snowflake() -> ModuleType:
    """The module that only a running function sees."""

    def vectorized(input: type, max_batch_size: int | None = None) -> Callable[[Any], Any]:
        def mark(function: Any) -> Any:
            function._sf_vectorized_input = input
            function._sf_max_batch_size = max_batch_size
            return function

        return mark

    module = ModuleType("_snowflake")
    module.vectorized = vectorized  # type: ignore[attr-defined]
    return module
