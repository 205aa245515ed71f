"""LIST, and which files a statement means: all under a path, those of a list, those that match a pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import format_datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from local.warehouse.results import StatementResult
from local.warehouse.staged import stages
from local.warehouse.staged.objects import S3Location, StagedFile
from local.warehouse.staged.references import parse

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor


def matching(files: Sequence[StagedFile], pattern: str | None) -> list[StagedFile]:
    """The files whose whole name matches. The name is the URL or the path in the bucket: either may match."""
    if pattern is None:
        return list(files)
    expression = re.compile(pattern)
    return [file for file in files if expression.fullmatch(file.url) or expression.fullmatch(file.name)]


def under(location: S3Location, path: str, pattern: str | None) -> list[StagedFile]:
    """All files under a path, perhaps only those that match."""
    return matching(location.list(path), pattern)


def list_files(cursor: WarehouseCursor, tree: exp.ListStage) -> StatementResult:
    """LIST @stage[/path] [PATTERN = '…']: name, size in bytes, md5 (the ETag), last modified."""
    reference = parse(tree.this.name)
    pattern = tree.args.get("pattern")
    files = under(stages.lookup(cursor, reference).location, reference.path, pattern.name if pattern else None)
    rows = [(file.url, file.size, file.etag, format_datetime(file.modified, usegmt=True)) for file in files]
    columns = [("name", "VARCHAR"), ("size", "BIGINT"), ("md5", "VARCHAR"), ("last_modified", "VARCHAR")]
    return StatementResult(columns, rows, len(rows))
