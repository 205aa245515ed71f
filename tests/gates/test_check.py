"""What `make check` runs, and that a test which starts a server unmarked is caught."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import check
from tests import servers

TESTS = Path(__file__).parents[1]


def test_every_folder_of_tests_is_run_or_left_out_on_purpose() -> None:
    folders = {path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}

    assert sorted([*(folder for group in check.TESTS for folder in group), *check.WITHOUT]) == sorted(folders)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([sys.executable, "-m", "local.market", "--port", "1"], id="market server"),
        pytest.param([sys.executable, "-m", "local.warehouse"], id="warehouse"),
        pytest.param([f"{servers.ENVIRONMENTS}/bin/weed", "server"], id="object store"),
        pytest.param([f"{servers.ENVIRONMENTS}/bin/dbt", "build"], id="dbt"),
    ],
)
def test_unmarked_test_that_starts_a_server_fails(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_unmarked", "tests/x/test_x.py::test_x")

    with pytest.raises(pytest.fail.Exception, match=r"test_x starts .* is not marked; expected the mark `server`"):
        subprocess.Popen(command)


def test_other_programs_may_be_started() -> None:
    assert subprocess.run([sys.executable, "-c", "print('local.market')"], capture_output=True, check=True).stdout


@pytest.mark.parametrize(("fixtures", "is_marked"), [(("tmp_path", "running"), True), (("tmp_path", "market"), False)])
def test_a_test_is_marked_by_its_fixtures(fixtures: tuple[str, ...], is_marked: bool) -> None:
    class Item:
        fixturenames = fixtures
        marks: tuple[str, ...] = ()

        def add_marker(self, mark: str) -> None:
            self.marks += (mark,)

    item = Item()
    servers.pytest_collection_modifyitems([item])  # type: ignore[list-item]

    assert (item.marks == ("server",)) == is_marked


def test_a_failed_job_fails_the_check_and_shows_its_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [sys.executable, "-c", "print('3 passed')"]
    bad = [sys.executable, "-c", "raise SystemExit('line 7 is wrong')"]
    monkeypatch.setattr(check, "jobs", lambda arguments: [("good", good), ("bad", bad)])

    assert check.main([]) == 1
    told = capsys.readouterr().out
    assert "good  3 passed" in told
    assert "== bad\nline 7 is wrong" in told
