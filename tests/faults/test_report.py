"""docs/reliability.md says what the last full run found, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults import points, report
from tests.faults.report import FAILED, PAGE, PASSED, RESULTS, Report, fault_names, page, publish


def test_the_page_is_made_of_the_results() -> None:
    assert PAGE.read_text() == page(Report(**json.loads(RESULTS.read_text())))


def test_a_failed_point_and_one_that_was_not_run_are_told_as_such() -> None:
    first, second = points.ALL[:2]
    text = page(Report(1, 4, points={first.name: FAILED}))
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| ")}
    assert FAILED in rows[first.name]
    assert "not run" in rows[second.name]


def test_a_failed_schedule_is_told_with_its_seed() -> None:
    found = Report(7, 4, failures=["seed 9: raw.splits is not the replay"])
    for _ in range(3):
        found.add_schedule(["kill: mid-download", "API: html, html, reset", "three loads at once"])
    text = page(found)
    assert "2 passed, 1 failed" in text
    assert "- seed 9: raw.splits" in text
    assert "| API: html | – | – | – | 3 | 6 |" in text


def test_a_step_names_its_faults() -> None:
    assert fault_names("kill: load, anywhere: after 3 events") == ["load, anywhere"]
    assert fault_names("  which was over before") == []


EVERY = {kill.name: PASSED for kill in (*points.ALL, *points.AIRFLOW)}


@pytest.mark.parametrize(
    ("run", "schedules", "is_published"),
    [
        pytest.param(EVERY, 20, True, id="full"),
        pytest.param(EVERY, 19, False, id="too few schedules"),
        pytest.param(dict(list(EVERY.items())[:-1]), 20, False, id="a point left out"),
        pytest.param({}, 1000, False, id="schedules alone"),
    ],
)
def test_only_a_full_run_replaces_the_page(
    run: dict[str, str], schedules: int, is_published: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "reliability.md")

    assert publish(Report(1, 4, points=run, schedules=schedules)) == is_published
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reliability.md", "results.json"] * is_published
