"""Short-lived files go with their owner, and nobody else's folder is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ingest import budget
from ingest.errors import BadSetting
from ingest.tempfolder import TempFolder, root

OWNER = """
import sys
from ingest.tempfolder import TempFolder
with TempFolder(sys.argv[1]) as folder:
    (folder / "part").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system's temporary folder of the test's own; child processes see it too."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def owner(purpose: str) -> tuple[subprocess.Popen[str], Path]:
    """A process that has a folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, purpose], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def folders() -> list[Path]:
    """What is in the user's folder, its lock aside."""
    return sorted(path for path in root().iterdir() if path.name != ".lock")


def test_all_folders_are_in_one_that_is_this_users_alone(temporary: Path) -> None:
    with TempFolder("landing") as one, TempFolder("landing") as other:
        assert one != other
        assert one.parent == other.parent == temporary / f"snowtape-{os.getuid()}"
        assert root().stat().st_mode & 0o777 == 0o700


def test_a_folder_goes_with_what_is_in_it_also_after_an_error() -> None:
    def fail(folder: Path) -> None:
        (folder / "part").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError), TempFolder("landing") as folder:
        fail(folder)
    assert folders() == []


def test_the_next_owner_removes_what_a_killed_one_left() -> None:
    process, left = owner("landing")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (left / "part").exists()
    with TempFolder("landing") as folder:
        assert folders() == [folder]


def test_a_living_owners_folder_and_another_purposes_are_left_alone() -> None:
    living, theirs = owner("landing")
    killed, other = owner("warehouse")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with TempFolder("landing"):
        assert (theirs / "part").exists()
        assert (other / "part").exists()
    living.communicate("")
    assert not theirs.exists()


def test_owners_that_come_at_once_do_not_take_each_other_for_left_over() -> None:
    missing = []

    def come_and_go() -> None:
        for _ in range(20):
            with TempFolder("landing") as folder:
                if not folder.is_dir():
                    missing.append(folder)

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missing == []
    assert folders() == []


def test_a_link_or_file_of_the_folders_name_is_not_followed_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "part").touch()
    (root() / "landing-link").symlink_to(tmp_path / "precious")
    (root() / "landing-file").touch()
    with TempFolder("landing"):
        assert (tmp_path / "precious" / "part").exists()
        assert (root() / "landing-file").exists()


def test_children_of_an_owner_put_theirs_into_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    with TempFolder("tests") as session:
        monkeypatch.setenv("TMPDIR", str(session))
        process, theirs = owner("warehouse")
        assert theirs.parent == session
        process.communicate("")


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_to_is_refused(temporary: Path, mode: int) -> None:
    (temporary / f"snowtape-{os.getuid()}").mkdir()
    (temporary / f"snowtape-{os.getuid()}").chmod(mode)
    with pytest.raises(BadSetting, match="set TMPDIR to another folder"):
        TempFolder("landing")


def test_a_link_in_the_place_of_the_folder_is_refused(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir()
    (temporary / f"snowtape-{os.getuid()}").symlink_to(temporary / "elsewhere")
    with pytest.raises(BadSetting, match="belongs to somebody else"):
        TempFolder("landing")


def test_the_budget_is_shared_in_the_users_folder_or_where_the_setting_says(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget.shared_budget("api.example.com", 5)
    assert [path.name for path in (root() / "budget").iterdir()] == ["budget2-api.example.com-5"]
    monkeypatch.setenv("SNOWTAPE_BUDGET_DIR", str(temporary / "shared" / "by all"))
    budget.shared_budget("api.example.com", 5)
    assert [path.name for path in (temporary / "shared" / "by all").iterdir()] == ["budget2-api.example.com-5"]


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        pytest.param("relative/path", "expected an absolute path", id="relative"),
        pytest.param("/proc/nowhere", "no file can be written", id="not writable"),
    ],
)
def test_a_budget_folder_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, folder: str, message: str
) -> None:
    monkeypatch.setenv("SNOWTAPE_BUDGET_DIR", folder)
    with pytest.raises(BadSetting, match=rf"SNOWTAPE_BUDGET_DIR is '{folder}'.*{message}"):
        budget.shared_budget("api.example.com", 5)
