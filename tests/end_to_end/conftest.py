"""One small demo for all tests here: the real Airflow, DAGs, object store, warehouse and dbt, run twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Demo:
    """Where a demo keeps its state, and how to run it again."""

    state: Path

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """`make demo ARGS="--once …"`, without make."""
        return subprocess.run(
            [sys.executable, "-m", "local.demo", "--once", "--years", "1", "--synthetic-tickers", "5", *arguments],
            cwd=REPOSITORY,
            env=os.environ | {"SNOWTAPE_STATE_DIR": str(self.state)} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


@dataclass(frozen=True)
class FinishedDemo(Demo):
    """A demo that has come through once; its servers have ended."""

    first: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedDemo]:
    """A demo that has come through; fails here with its output when it has not."""
    state = tmp_path_factory.mktemp("demo")
    first = Demo(state).run()
    assert first.returncode == 0, f"{first.stdout}\n{first.stderr}"
    yield FinishedDemo(state, first)
