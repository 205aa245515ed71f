"""Planted leftovers: what a test or a server leaves, files or processes, fails the session and is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.tempfolder import TempFolder, root
from tests.gates.sources import REPOSITORY
from tests.session_folder import left_running, leftovers

pytestmark = pytest.mark.slow
CONFTEST = (REPOSITORY / "tests" / "conftest.py").read_text()
CONFIGURE = CONFTEST[CONFTEST.index("def pytest_configure") : CONFTEST.index("@pytest.fixture")]
LEAVING = "import tempfile\ndef test_a():\n    tempfile.mkdtemp(prefix='weed-')\n"
RUNNING = """
import subprocess, sys
def test_a():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "weed-"], start_new_session=True)
"""
TIDY = "def test_a(tmp_path):\n    (tmp_path / 'x').touch()\n"


def test_what_is_left_is_named_and_pytests_own_folder_is_nothing_left(tmp_path: Path) -> None:
    for name in ("pytest-of-me", "seaweed", "empty"):
        (tmp_path / name).mkdir()
    for name in (".lock", "pytest-of-me/x", "seaweed/b.sock", "seaweed/a.sock", "snowtape-budget"):
        (tmp_path / name).touch()
    assert leftovers(tmp_path) == ["empty  []", "seaweed  ['a.sock', 'b.sock']", "snowtape-budget"]


def test_a_folder_whose_owner_lives_is_left_and_that_of_a_killed_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with TempFolder("landing") as living:
        (root() / "warehouse-killed").mkdir()
        assert leftovers(root()) == [f"{living.name}  []"]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("test", "code", "told"),
    [(LEAVING, 1, "left behind"), (RUNNING, 1, "still running"), (TIDY, 0, "1 passed")],
    ids=["left", "running", "tidy"],
)
def test_a_session_that_leaves_something_fails(tmp_path: Path, workers: int, test: str, code: int, told: str) -> None:
    (tmp_path / "conftest.py").write_text(
        f"import gc\nimport signal\nimport pytest\nfrom tests.session_folder import SessionFolder\n\n{CONFIGURE}"
    )
    (tmp_path / "test_it.py").write_text(test)
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:dash",
            "-p",
            "no:cacheprovider",
            f"-n{workers}",
            str(tmp_path),
        ],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert told in done.stdout
    assert left_running(tmp_path) == {}
    assert ("weed-" in done.stdout) == (code == 1)
    (kept,) = (tmp_path / "tmp").iterdir()
    assert [path.name.split("-")[0] for path in kept.iterdir() if path.name != ".lock"] == ["tests"] * code
