"""Runs the dbt executable in its own process, with its own target folder, and reads what it left there."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from transform.definitions import project_digest
from transform.results import Artifacts, TestResult, read_artifacts
from transform.settings import TransformSettings

log = logging.getLogger(__name__)

Command = Literal["build", "test"]
# dbt/selectors.yml says what each takes up.
Selector = Literal["build", "build_rows", "after_build"]
FAILURES = ("error", "fail", "runtime error")
PARTIAL_PARSE = "partial_parse.msgpack"
# Folders of older runs are removed: no retry goes back that far.
KEPT_RUNS = 30


@dataclass(frozen=True)
class DbtRun:
    """One finished run of dbt.

    Attributes:
        ok: dbt ended without a failure (warnings are none).
        target_path: the folder with its artifacts, for a retry.
        summary: one line for people; names the first failure.
        results: its tests, passes too.
    """

    ok: bool
    target_path: Path
    summary: str
    results: list[TestResult]


def dbt(
    command: Command,
    *,
    settings: TransformSettings,
    run_id: str,
    selector: Selector | None = None,
    previous_target: Path | None = None,
) -> DbtRun:
    """Run `dbt build` or `dbt test`, streaming dbt's lines to the log.

    Unit tests are left out: they try the code, not the data, and belong to the repository's own tests.

    Args:
        run_id: names the run, its folder and its test results.
        selector: what is run; None is everything.
        previous_target: the folder of a run that failed; `dbt retry` goes on from there. A folder without results
            (dbt died before it had any) means a run from the start.
    """
    target_path = settings.target_path(run_id)
    shutil.rmtree(target_path, ignore_errors=True)
    target_path.mkdir(parents=True)
    _forget_old_runs(settings.runs_dir)
    _lend_parse(settings.runs_dir, target_path)
    command_line = arguments(command, settings, target_path, selector, previous_target)
    environment = {
        "SNOWTAPE_RUN": f"dbt_{command}/{run_id}",
        "SNOWTAPE_PROJECT_DIGEST": project_digest(settings.project_dir),
        "SNOWTAPE_DEFINITIONS": "current" if command_line[1] == "build" and selector == "build_rows" else "",
    }
    code, last_lines = _stream(command_line, settings.project_dir, environment)
    _return_parse(settings.runs_dir, target_path)
    artifacts = read_artifacts(target_path)
    results = artifacts.test_results(run_id) if artifacts else []
    return DbtRun(code == 0, target_path, summarise(command, code, artifacts, last_lines), results)


def arguments(
    command: Command,
    settings: TransformSettings,
    target_path: Path,
    selector: Selector | None,
    previous_target: Path | None,
) -> list[str]:
    """The command line of a run; only looks whether there is something to retry."""
    what = [command, "--exclude-resource-type", "unit_test", *(("--selector", selector) if selector else ())]
    if previous_target is not None and (previous_target / "run_results.json").is_file():
        what = ["retry", "--state", str(previous_target)]
    return [
        str(settings.executable),
        *what,
        *("--project-dir", str(settings.project_dir)),
        *("--profiles-dir", str(settings.project_dir)),
        *("--target-path", str(target_path)),
        *("--log-path", str(target_path)),
        "--no-use-colors",
        "--no-version-check",
        "--no-send-anonymous-usage-stats",
    ]


def summarise(command: Command, code: int, artifacts: Artifacts | None, last_lines: list[str]) -> str:
    """One line: counts by status and seconds, and what failed first."""
    if artifacts is None:
        said = " ".join(" ".join(last_lines).split()) or "nothing"
        return f"dbt {command} ended with code {code} before it had results; it said: {said[-1000:]}"
    counts = Counter(outcome.status for outcome in artifacts.outcomes)
    listed = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "nothing to do"
    line = f"dbt {command}: {listed} in {artifacts.elapsed_seconds:.0f} s"
    for outcome in artifacts.outcomes:
        if outcome.status in FAILURES:
            said = " ".join((outcome.message or "no message").split())
            return f"{line}; first failure: {outcome.name}: {said[:500]}"
    return line


def _stream(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, list[str]]:
    """Exit code and the last lines; dbt ends with this process."""
    last: deque[str] = deque(maxlen=15)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            text = line.rstrip()
            if text:
                last.append(text)
                log.info("%s", text)
        return process.wait(), list(last)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _lend_parse(runs_dir: Path, target_path: Path) -> None:
    """A copy, because runs that overlap would write the same file; without it dbt parses the project anew."""
    shared = runs_dir / PARTIAL_PARSE
    if shared.is_file():
        shutil.copyfile(shared, target_path / PARTIAL_PARSE)


def _return_parse(runs_dir: Path, target_path: Path) -> None:
    parsed = target_path / PARTIAL_PARSE
    if parsed.is_file():
        os.replace(parsed, runs_dir / PARTIAL_PARSE)


def _forget_old_runs(runs_dir: Path) -> None:
    folders = sorted((path for path in runs_dir.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for folder in folders[:-KEPT_RUNS]:
        shutil.rmtree(folder, ignore_errors=True)
