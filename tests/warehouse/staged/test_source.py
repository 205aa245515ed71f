"""What a COPY reads its files through."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from local.warehouse.staged.source import Source


def test_a_file_that_two_readers_fetch_at_once_is_whole_for_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_written, rename = Barrier(2, timeout=60), Path.rename

    def rename_when_both_are_written(self: Path, target: Any) -> Path:
        both_written.wait()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_when_both_are_written)
    location: Any = SimpleNamespace(read=lambda _: b"bytes")
    file: Any = SimpleNamespace()
    file_format: Any = SimpleNamespace()
    source = Source(location, [file], file_format, tmp_path, datetime(2026, 1, 2))

    with ThreadPoolExecutor(2) as readers:
        assert list(readers.map(source.bytes_of, [0, 0])) == [b"bytes", b"bytes"]

    assert [path.name for path in tmp_path.iterdir()] == ["0"]
