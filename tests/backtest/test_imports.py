"""The engine knows nothing of the dashboard, the warehouse or the network: bars are passed in."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "backtest"
# The command line is where a reader of bars and the engine meet.
MEETING_PLACE = "__main__.py"
ALLOWED = {"backtest", "numpy", "pandas"}
# Of the standard library what opens no file and no connection.
PURE = {
    "__future__", "collections", "contextlib", "dataclasses", "datetime", "functools", "html", "importlib", "itertools",
    "math", "re", "statistics", "typing",
}  # fmt: skip


def foreign(source: str) -> set[str]:
    """The packages that a module imports and the engine may not."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name.split(".")[0] for name in found} - ALLOWED - PURE


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_engine_imports_only_numpy_pandas_and_what_is_pure(path: Path) -> None:
    beyond = {"argparse", "dashboard", "os", "pathlib", "sys"} if path.name == MEETING_PLACE else set()
    assert foreign(path.read_text()) <= beyond


@pytest.mark.parametrize(
    "planted",
    [
        "import dashboard.settings",
        "from dashboard.data.door import Door",
        "def read():\n    from dashboard.data import market",
        "import snowflake.connector as warehouse",
        "import urllib.request",
    ],
)
def test_import_of_what_the_engine_must_not_know_is_found(planted: str) -> None:
    assert foreign(f"import numpy as np\n{planted}\n")
