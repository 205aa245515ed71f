"""`make check`: layout, lint, types and the quick tests, side by side on all cores.

Every job is a process of its own, so that each imports only what its tests need. What passed is one line; the output of
a job that failed follows at the end. Exit code 1 if one failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
# Folders of tests that are imported together, the longest first.
TESTS = (
    ("dashboard", "backtest", "research"),
    ("ingest",),
    ("gates", "docs"),
    ("account", "dags", "image", "schemachange", "snowflake", "transform", "worksheets"),
    ("demo", "market", "standins"),
    ("pricing", "warehouse"),
)
# Nearly all tests in these need a server, and importing them takes longer than running the others.
WITHOUT = ("browser", "dbt", "end_to_end", "faults", "live", "live_api", "objects", "streamlit")
NO_TESTS = 5


@dataclass(frozen=True)
class Done:
    """A job that has ended: its name, exit code, output and seconds."""

    name: str
    code: int
    output: str
    seconds: float

    @property
    def line(self) -> str:
        """The job in one line."""
        passed = re.search(r"\d+ passed", self.output)
        return (
            f"{'ok' if self.code == 0 else 'FAILED':7}{self.seconds:5.1f} s  {self.name}  {passed[0] if passed else ''}"
        )


def jobs(arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Name and command of each job; `arguments` go to pytest."""
    pytest = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not server and not slow",
        *arguments,
    ]
    return [
        ("types", [str(BIN / "mypy")]),
        *((" ".join(folders), [*pytest, *(f"tests/{folder}" for folder in folders)]) for folders in TESTS),
        ("lint", [str(BIN / "ruff"), "check", "."]),
        ("format", [str(BIN / "ruff"), "format", "--check", "."]),
    ]


def run(name: str, command: Sequence[str]) -> Done:
    """Run a job to its end."""
    began = time.monotonic()
    ended = subprocess.run(command, cwd=REPOSITORY, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    code = 0 if ended.returncode == NO_TESTS and "pytest" in command else ended.returncode
    return Done(name, code, ended.stdout, time.monotonic() - began)


def main(arguments: Sequence[str]) -> int:
    """Run all jobs, as many at once as there are cores."""
    began = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(run, name, command) for name, command in jobs(arguments)]
        done = [job.result() for job in running]
    for job in done:
        print(job.line)
    failed = [job for job in done if job.code]
    for job in failed:
        print(f"\n== {job.name}\n{job.output}")
    print(f"make check {'FAILED' if failed else 'passed'} in {time.monotonic() - began:.0f} s.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
