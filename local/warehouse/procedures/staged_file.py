"""SnowflakeFile in a procedure's process: files in external stages, which Snowpark's own class can't open out here."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from snowflake.snowpark import Session
from snowflake.snowpark.files import SnowflakeFile

from local.warehouse.staged.objects import S3Location
from local.warehouse.staged.references import StageReference, parse


def install(session: Session) -> None:
    """From now on `SnowflakeFile.open("@stage/path", "r" or "rb", require_scoped_url=False)` reads the file there."""

    def open_file(
        file_location: str, mode: str = "r", is_owner_file: bool = False, *, require_scoped_url: bool = True
    ) -> io.BytesIO | io.TextIOWrapper:
        if mode not in ("r", "rb"):
            raise ValueError(f"mode {mode!r}: the local warehouse reads staged files, in mode 'r' or 'rb'")
        if require_scoped_url:
            raise ValueError(f"{file_location} is not a scoped URL; say require_scoped_url=False to open it")
        raw = io.BytesIO(_read(session, parse(file_location)))
        return raw if mode == "rb" else io.TextIOWrapper(raw, "utf-8")

    setattr(SnowflakeFile, "open", staticmethod(open_file))  # noqa: B010 – a plain assignment is a type error


def _read(session: Session, reference: StageReference) -> bytes:
    location = S3Location.of(_url(session, reference.parts))
    found = location.find("", [reference.path])
    if reference.path not in found or not reference.path:
        raise FileNotFoundError(f"Remote file '{reference.text}' was not found.")
    return location.read(found[reference.path])


@cache
def _url(session: Session, parts: tuple[str, ...]) -> str:
    """Asked once a stage: the process lives as long as one CALL."""
    *scope, name = (f'"{part}"' for part in parts)
    where = f" in schema {'.'.join(scope)}" if scope else ""
    like = name.strip('"').replace("'", "''")
    stages: list[Any] = session.sql(f"show stages like '{like}'{where}").collect()
    if not stages:
        raise FileNotFoundError(f"Stage '{'.'.join(parts)}' does not exist or is not authorized.")
    return str(stages[0]["url"])
