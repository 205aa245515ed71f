"""When a build may leave views and comments as they are."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gates.sources import REPOSITORY
from transform.definitions import definitions_are_current, project_digest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project without what runs leave in it."""
    return Path(shutil.copytree(REPOSITORY / "dbt", tmp_path / "dbt", ignore=shutil.ignore_patterns("target", "logs")))


@pytest.mark.parametrize(
    "part",
    [
        "dbt_project.yml",
        "selectors.yml",
        "macros/history.sql",
        "models/ops/freshness.sql",
        "models/ops/ops.yml",
        "tests/generic/holds.sql",
    ],
)
def test_any_part_of_the_project_that_changes_makes_another_project(project: Path, part: str) -> None:
    before = project_digest(project)
    path = project / part
    path.write_text(path.read_text() + "\n")

    assert project_digest(project) != before


def test_a_part_that_is_renamed_or_gone_makes_another_project(project: Path) -> None:
    before = project_digest(project)
    (project / "models/ops/loads.sql").rename(project / "models/ops/loaded.sql")
    renamed = project_digest(project)
    (project / "models/ops/loaded.sql").unlink()

    assert len({before, renamed, project_digest(project)}) == 3


def test_what_runs_leave_behind_changes_nothing(project: Path) -> None:
    before = project_digest(project)
    (project / "target" / "compiled").mkdir(parents=True)
    (project / "target" / "compiled" / "model.sql").write_text("select 1")

    assert project_digest(project) == before


@pytest.fixture(scope="module")
def cursor(deployed: Callable[[str, tuple[str, ...]], Any]) -> Iterator[Any]:
    with deployed("DEFINITION_TESTS", ("V",)).cursor() as cursor:
        yield cursor


@pytest.mark.parametrize(
    ("newest", "is_current"),
    [
        (None, False),
        (("ours", 0, 0), True),
        (("another", 0, 0), False),
        ((None, 0, 0), False),
        (("ours", 1, 0), False),
        (("ours", 0, 1), False),
    ],
)
def test_definitions_are_current_after_a_whole_build_of_the_same_project(
    cursor: Any, newest: tuple[str | None, int, int] | None, is_current: bool
) -> None:
    cursor.execute("delete from ops.builds")
    builds = [("ours", 0, 0), newest] if newest else []
    for hour, build in enumerate(builds):
        cursor.execute(
            """
            insert into ops.builds (build_id, started_at, finished_at, is_full_refresh, models_built,
                project_digest, models_failed, models_skipped)
            select %s, '2026-11-20'::timestamp_ntz, dateadd(hour, %s, '2026-11-20'::timestamp_ntz), false, 9, %s, %s, %s
            """,
            (f"build-{hour}", hour, *build),
        )

    assert definitions_are_current(cursor.connection, "ours") is is_current
