"""Tests that start a server, a browser, Airflow, dbt or a deployment: `make check` leaves them out.

A test is marked `server` if it uses one of `FIXTURES`, directly or through another fixture. A test that starts one of
the programs below without the mark fails, so the list cannot fall behind.
tests/conftest.py imports the hooks.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

FIXTURES = frozenset(
    {"asking", "chromium", "compiled", "demo", "object_store", "running", "site", "target", "warehouse"}
)
PROGRAMS = re.compile(r"/(airflow|dbt|schemachange|streamlit|weed)$")
MODULES = re.compile(r"-m (local|tests\.faults)\b|compile_dbt\.py|tests/dashboard/serve\.py|playwright/driver")
ENVIRONMENTS = str(Path(__file__).parents[1] / ".venv")
_unmarked = ""  # the test that is running, if it is not marked


def starts_server(words: Sequence[str]) -> bool:
    """Whether a command starts one of the programs that `make check` does without."""
    is_program = words[0].startswith(ENVIRONMENTS) and PROGRAMS.search(words[0])
    return bool(is_program or MODULES.search(" ".join(words)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they use."""
    for item in items:
        if FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Watch the processes of a test that is not marked."""
    global _unmarked
    _unmarked = "" if item.get_closest_marker("server") else item.nodeid
    try:
        return (yield)
    finally:
        _unmarked = ""


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and _unmarked:
        words = [os.fsdecode(word) for word in arguments[1]]
        if starts_server(words):
            pytest.fail(
                f"{_unmarked} starts `{' '.join(words)[:120]}` and is not marked; expected the mark `server`. "
                "Add the fixture that starts it to FIXTURES in tests/servers.py, or mark the test.",
                pytrace=False,
            )


sys.addaudithook(_audit)
