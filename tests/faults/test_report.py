"""docs/reliability.md says what the last run found, and nothing else."""

from __future__ import annotations

import json

from tests.faults import points
from tests.faults.report import FAILED, PAGE, RESULTS, Report, fault_names, page


def test_the_page_is_made_of_the_results() -> None:
    assert PAGE.read_text() == page(Report(**json.loads(RESULTS.read_text())))


def test_a_failed_point_and_one_that_was_not_run_are_told_as_such() -> None:
    first, second = points.ALL[:2]
    text = page(Report(1, 4, points={first.name: FAILED}))
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| ")}
    assert FAILED in rows[first.name]
    assert "not run" in rows[second.name]


def test_a_failed_schedule_is_told_with_its_seed() -> None:
    report = Report(7, 4, failures=["seed 9: raw.splits is not the replay"])
    for _ in range(3):
        report.add_schedule(["kill: mid-download", "API: html, html, reset", "three loads at once"])
    text = page(report)
    assert "2 held, 1 did not" in text
    assert "- seed 9: raw.splits" in text
    assert "| API: html | – | – | – | 3 | 6 |" in text


def test_a_step_names_its_faults() -> None:
    assert fault_names("kill: load, anywhere: after 3 events") == ["load, anywhere"]
    assert fault_names("  which was over before") == []
