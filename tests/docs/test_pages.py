"""The pages name things that are there: files, make targets, settings, and sums that their script still gives."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts import cost
from tests.gates.sources import REPOSITORY

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "*/README.md", "snowflake/account/README.md")
    for path in REPOSITORY.glob(pattern)
)
NAMES = [path.relative_to(REPOSITORY).as_posix() for path in PAGES]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    page = REPOSITORY / name
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", NAMES)
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"(?:`|^\s+|\$ )make ([a-z][a-z-]*)", (REPOSITORY / name).read_text(), re.MULTILINE))

    assert used <= targets


@pytest.mark.parametrize("name", ["docs/deployment.md", "docs/runbook.md", "docs/security.md", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(name: str) -> None:
    named = re.findall(
        r"`?\b((?:scripts|tests|docs|snowflake|schemachange|worksheets|dags|requirements|\.github)/[\w./-]+)",
        (REPOSITORY / name).read_text(),
    )

    assert named
    for path in named:
        assert (REPOSITORY / path.rstrip("./")).exists(), path


@pytest.mark.parametrize("name", ["docs/deployment.md", "docs/runbook.md"])
def test_settings_that_are_named_are_read_somewhere(name: str) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    read = "\n".join(
        (REPOSITORY / path).read_text(errors="replace")
        for path in listed
        if path and not path.endswith((".md", ".txt", ".png", ".svg")) and (REPOSITORY / path).is_file()
    )
    # Roles, users and databases are named like settings.
    objects = r"SNOWTAPE_(DEPLOYER|LOADER|TRANSFORMER|READER|OPERATOR|LOAD|TRANSFORM|DASHBOARD|S3|DEV|LIVE|SCRATCH)"
    text = (REPOSITORY / name).read_text()
    for variable in set(re.findall(r"\b(?:SNOWTAPE|POLYGON|AIRFLOW|OPENLINEAGE)_[A-Z0-9_]*[A-Z0-9]\b", text)):
        assert variable in read or re.fullmatch(objects, variable), variable


def test_sums_are_what_the_script_gives() -> None:
    assert cost.BEGIN + cost.tables() + cost.END in cost.PAGE.read_text()


def test_quotas_are_above_the_worst_case() -> None:
    rows = re.findall(r"^\| (\w+) \| [\d.]+ \| ([\d.]+) \| (\d+) \|$", cost.tables(), re.MULTILINE)

    assert [name for name, _, _ in rows] == ["deployer", "loader", "transformer", "reader"]
    for name, worst, quota in rows:
        assert float(worst) < float(quota), name


def test_credits_count_the_minute_before_a_warehouse_is_suspended() -> None:
    assert cost.Work("x", "loader", times=60, seconds=60, note="").credits == pytest.approx(2.0)
