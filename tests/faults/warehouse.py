"""`python -m tests.faults.warehouse …`: the local warehouse, whose statements and object reads pass by a trap.

Events: `before <statement>`, `after <statement>`, `read <key>` (an object of a COPY has come).
The statements are also noted, one a line, in the file `statements` of the trap's folder while it is there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from local.warehouse.__main__ import main
from local.warehouse.cursor import WarehouseCursor
from local.warehouse.staged.objects import S3Location
from tests.faults.traps import FOLDER_VARIABLE, pass_by


def note(statement: str) -> None:
    """Write a statement down, where somebody counts them."""
    statements = Path(os.environ[FOLDER_VARIABLE]) / "statements"
    if statements.exists():
        with statements.open("a") as file:
            file.write(f"{statement[:200]}\n")


def wrap() -> None:
    """From now on every statement and every read of an object passes by."""
    execute, read = WarehouseCursor.execute, S3Location.read

    def executed(self: WarehouseCursor, command: str, *args: Any, **kwargs: Any) -> Any:
        text = " ".join(command.split())
        note(text)
        pass_by(f"before {text}")
        result = execute(self, command, *args, **kwargs)
        pass_by(f"after {text}")
        return result

    def was_read(self: S3Location, file: Any) -> bytes:
        body = read(self, file)
        pass_by(f"read {file.name}")
        return body

    WarehouseCursor.execute = executed  # type: ignore[method-assign]
    S3Location.read = was_read  # type: ignore[method-assign]


if __name__ == "__main__":
    wrap()
    sys.exit(main())
