"""The options of COPY INTO <table>: checked, and as values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.staged import options

MAX_FILES = 1000
_SKIP_FILE = re.compile(r"SKIP_FILE(?:_(\d+)(%)?)?")
# Refused unless they ask for what happens anyway.
_FIXED: dict[str, tuple[Any, ...]] = {
    "ENFORCE_LENGTH": (True,),
    "TRUNCATECOLUMNS": (False,),
    "MATCH_BY_COLUMN_NAME": ("NONE",),
    "LOAD_UNCERTAIN_FILES": (True, False),
    "RETURN_FAILED_ONLY": (True, False),
    "VALIDATION_MODE": (),
    "INCLUDE_METADATA": (),
    "LOAD_MODE": ("FULL_INGEST",),
}
_KNOWN = ("FILES", "PATTERN", "FILE_FORMAT", "ON_ERROR", "SIZE_LIMIT", "PURGE", "FORCE", *_FIXED)


@dataclass(frozen=True)
class OnError:
    """What a bad document means: the statement fails, the file is skipped from `limit` errors on, or it is left out.

    `percent` says that the limit is a share of the file's documents.
    """

    action: str
    limit: int = 1
    percent: bool = False

    def skips(self, errors: int, rows: int) -> bool:
        """Whether a file with so many errors among its documents is skipped as a whole."""
        if self.action != "SKIP_FILE":
            return False
        if self.percent:
            return errors * 100 > self.limit * max(rows, 1)
        return errors >= self.limit


@dataclass(frozen=True)
class CopyOptions:
    """A COPY statement's options; `file_format` is as given, None where the stage's own counts."""

    files: tuple[str, ...] | None
    pattern: str | None
    file_format: Any
    on_error: OnError
    size_limit: int | None
    purge: bool
    force: bool
    return_failed_only: bool


def read(params: Iterable[exp.Expr]) -> CopyOptions:
    """Check the options. Raises an SQL error that names the one that is unknown, wrong or not supported."""
    given = options.read(params)
    options.check_names(given, _KNOWN)
    for name, allowed in _FIXED.items():
        if name in given:
            value = given[name].upper() if isinstance(given[name], str) else given[name]
            if name == "VALIDATION_MODE" or value not in allowed:
                raise options.unsupported(name, given[name])
    return CopyOptions(
        files=_files(given.get("FILES")),
        pattern=_pattern(given.get("PATTERN")),
        file_format=given.get("FILE_FORMAT"),
        on_error=on_error(given.get("ON_ERROR", "ABORT_STATEMENT")),
        size_limit=_size_limit(given.get("SIZE_LIMIT")),
        purge=options.as_bool("PURGE", given.get("PURGE", False)),
        force=options.as_bool("FORCE", given.get("FORCE", False)),
        return_failed_only=options.as_bool("RETURN_FAILED_ONLY", given.get("RETURN_FAILED_ONLY", False)),
    )


def _files(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value) or not value:
        raise options.invalid_value("FILES", value, "a list of file names, ('a', 'b')")
    if len(value) > MAX_FILES:
        raise sql_error(
            f"SQL compilation error:\nFILES names {len(value)} files, the maximum is {MAX_FILES}",
            *SYNTAX_ERROR,
        )
    return tuple(dict.fromkeys(value))


def _pattern(value: Any) -> str | None:
    if value is None:
        return None
    try:
        re.compile(value)
    except (re.error, TypeError) as error:
        raise sql_error(f"SQL compilation error:\ninvalid PATTERN '{value}': {error}", *SYNTAX_ERROR) from None
    return str(value)


def _size_limit(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise options.invalid_value("SIZE_LIMIT", value, "a number of bytes above 0")
    return value


def on_error(value: Any) -> OnError:
    """CONTINUE, SKIP_FILE, SKIP_FILE_<n>, 'SKIP_FILE_<n>%' or ABORT_STATEMENT."""
    action = str(value).upper()
    if action in ("CONTINUE", "ABORT_STATEMENT"):
        return OnError(action)
    if match := _SKIP_FILE.fullmatch(action):
        return OnError("SKIP_FILE", int(match[1] or 1), bool(match[2]))
    raise options.invalid_value(
        "ON_ERROR", value, "CONTINUE, SKIP_FILE, SKIP_FILE_<n>, 'SKIP_FILE_<n>%' or ABORT_STATEMENT"
    )
