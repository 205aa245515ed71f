"""COPY INTO <table> from JSON and CSV files in a stage: which files, what goes wrong in them, one INSERT, history."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, SqlError, sql_error
from local.warehouse.naming import ObjectName
from local.warehouse.results import StatementResult
from local.warehouse.staged import copy_options, formats, history, listing, stages, target
from local.warehouse.staged.copy_options import CopyOptions, OnError
from local.warehouse.staged.documents import Damaged, Problem
from local.warehouse.staged.history import Load
from local.warehouse.staged.objects import S3Location, StagedFile, not_found, pool
from local.warehouse.staged.references import StageReference, is_stage, parse
from local.warehouse.staged.scratch import Scratch
from local.warehouse.staged.source import Source
from local.warehouse.staged.target import Target

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_RESULT = [
    ("file", "VARCHAR"),
    ("status", "VARCHAR"),
    ("rows_parsed", "BIGINT"),
    ("rows_loaded", "BIGINT"),
    ("error_limit", "BIGINT"),
    ("errors_seen", "BIGINT"),
    ("first_error", "VARCHAR"),
    ("first_error_line", "BIGINT"),
    ("first_error_character", "BIGINT"),
    ("first_error_column_name", "VARCHAR"),
]
# DuckDB's errors over a value; any other is over the statement.
_ABOUT_DATA = (
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.ConstraintException,
    duckdb.InvalidInputException,
)
_NOTHING = "Copy executed with 0 files processed."
_GIVEN_UP = (
    "If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or "
    "'CONTINUE' for the ON_ERROR option."
)


@dataclass
class Chosen:
    """The files of a COPY: to be loaded, loaded before, and named but not there (their URLs)."""

    files: list[StagedFile] = field(default_factory=list)
    known: list[StagedFile] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def copy_into(cursor: WarehouseCursor, statement: str, tree: exp.Copy, params: Any) -> StatementResult:
    """Run a COPY."""
    given = copy_options.read(tree.args.get("params") or [])
    select, reference = _source(tree)
    stage = stages.lookup(cursor, reference)
    described = stage.file_format if given.file_format is None else formats.resolve(cursor, given.file_format)
    file_format = formats.file_format(described)
    table = target.find(cursor, tree)
    if select is not None:
        query = target.transformation(cursor, table, select, statement, params, file_format)
    elif isinstance(file_format, formats.CsvFormat):
        raise sql_error(
            "SQL compilation error:\nthe local warehouse copies CSV by a SELECT of its columns only", *SYNTAX_ERROR
        )
    else:
        query = target.whole_document(table)
    chosen = _choose(cursor, table, stage.location, reference.path, given)
    if not chosen.files:
        return _result([], chosen, given)
    with tempfile.TemporaryDirectory(prefix="staged-", dir=spool(cursor)) as folder:
        source = Source(stage.location, chosen.files, file_format, Path(folder), datetime.now(UTC))
        scratch = Scratch(cursor, table.columns, query, params)
        try:
            problems = _fill(source, scratch, given.on_error, is_checked=not target.reads_paths(query))
            loads = [_load(source, at, problems.get(at, []), given.on_error) for at in range(len(chosen.files))]
            loads = _write(cursor, table, scratch, loads, chosen, given)
        finally:
            scratch.close()
    if given.purge:
        _purge(stage.location, [load.file for load in loads if load.status == "LOADED"])
    return _result(loads, chosen, given)


def _source(tree: exp.Copy) -> tuple[exp.Expr | None, StageReference]:
    """The SELECT of a COPY, if it has one, and the stage that it reads."""
    source = tree.args["files"][0]
    select = source.this if isinstance(source, exp.Subquery) else None
    table = source if select is None else select.find(exp.Table)
    if table is None or not is_stage(table):
        raise sql_error(
            "SQL compilation error:\nthe local warehouse copies from named stages only, FROM @stage", *SYNTAX_ERROR
        )
    if table.args.get("format") or table.args.get("pattern"):
        raise sql_error(
            "SQL compilation error:\nFILE_FORMAT and PATTERN are options of COPY, not of the stage in its FROM",
            *SYNTAX_ERROR,
        )
    return select, parse(table.this.name)


def spool(cursor: WarehouseCursor) -> Path:
    """Where fetched files lie meanwhile; the warehouse empties it at every start."""
    folder: Path = cursor.session.warehouse.instance.directory / "spill"
    folder.mkdir(exist_ok=True)
    return folder


def _choose(cursor: WarehouseCursor, table: Target, location: S3Location, path: str, given: CopyOptions) -> Chosen:
    """The files that the statement means, less those that the table holds already. Reads only."""
    chosen = Chosen()
    if given.files is not None:
        found = location.find(path, given.files)
        candidates = [found[name] for name in given.files if name in found]
        chosen.missing = [location.describe(path, name) for name in given.files if name not in found]
        if chosen.missing and given.on_error.action == "ABORT_STATEMENT":
            raise not_found(chosen.missing[0])
    else:
        candidates = listing.under(location, path, given.pattern)
    known = _known(cursor, table, candidates, given)
    chosen.known = [file for file in candidates if file.url in known]
    size = 0
    for file in candidates:
        if file.url not in known:
            if given.size_limit is not None and size >= given.size_limit:
                break
            chosen.files.append(file)
            size += file.size
    return chosen


def _known(cursor: WarehouseCursor, table: Target, files: Sequence[StagedFile], given: CopyOptions) -> set[str]:
    if given.force or table.is_temporary or not files:
        return set()
    return history.loaded(cursor.duck, table.name, files)


def _fill(source: Source, scratch: Scratch, on_error: OnError, is_checked: bool) -> dict[int, list[Problem]]:
    """Transform all documents that can be loaded; returns the problems of the others, by the file's index.

    Looks for the cause of an error only when there is one: first for what is no JSON, then for what cannot be
    converted. `is_checked` looks for the former in any case.
    """
    problems: dict[int, list[Problem]] = {}
    is_inspected = False
    if is_checked:
        is_inspected = True
        _leave_out(source, problems, source.invalid(scratch.duck), on_error)
    while True:
        try:
            scratch.fill(source)
            return problems
        except duckdb.Error as error:
            if source.failure is not None and not isinstance(source.failure, Damaged):
                raise source.failure from None
            if source.failure is None and not isinstance(error, _ABOUT_DATA):
                raise
            found: dict[int, list[Problem]] = {}
            if not is_inspected:
                is_inspected = True
                found = source.invalid(scratch.duck)
                if not found and source.replaced:
                    # Documents that span lines: they are known now.
                    continue
            found = found or scratch.failing(source, only_first=on_error.action == "ABORT_STATEMENT")
            if not found:
                # Not one of the files is to blame: the statement is.
                raise error from None
            _leave_out(source, problems, found, on_error)


def _leave_out(
    source: Source, problems: dict[int, list[Problem]], found: dict[int, list[Problem]], on_error: OnError
) -> None:
    """Decide what the problems mean; raises under ABORT_STATEMENT."""
    for index in sorted(found):
        if on_error.action == "ABORT_STATEMENT":
            raise abort_error(source.files[index], found[index][0])
        here = problems.setdefault(index, [])
        here += found[index]
        is_damaged = any(not problem.row for problem in here)
        if is_damaged or on_error.skips(len(here), source.parsed.get(index, 0)):
            source.skipped.add(index)
        source.left_out.setdefault(index, set()).update(problem.row for problem in here)


def abort_error(file: StagedFile, problem: Problem, advice: str = _GIVEN_UP) -> SqlError:
    """The error of a statement that fails over one document; names the file, the line and the character."""
    row = f", row {problem.row}" if problem.row else ""
    column = f', column "{problem.column or "$1"}"' if problem.row else ""
    errno, sqlstate = (100069, "22P02") if problem.is_json else (100038, "22018")
    where = f"File '{file.name}', line {problem.line}, character {problem.character}{row}{column}"
    return sql_error("\n  ".join(part for part in (problem.message, where, advice) if part), errno, sqlstate)


def _load(source: Source, index: int, problems: list[Problem], on_error: OnError) -> Load:
    parsed = source.parsed.get(index, 0)
    loaded = 0 if index in source.skipped else parsed - len(problems)
    status = "LOADED" if not problems else "PARTIALLY_LOADED" if loaded else "LOAD_FAILED"
    limit = parsed if on_error.action == "CONTINUE" else on_error.limit
    first = min(problems, key=lambda problem: problem.line, default=None)
    return Load(source.files[index], status, parsed, loaded, len(problems), limit, first)


def _write(
    cursor: WarehouseCursor,
    table: Target,
    scratch: Scratch,
    loads: list[Load],
    chosen: Chosen,
    given: CopyOptions,
) -> list[Load]:
    """INSERT and history in one transaction; returns the loads that took place.

    Loads of one table wait for each other, so that none takes a file that another one has just loaded.
    """
    transactions = cursor.session.transactions
    turn = ObjectName(table.name.database, table.name.schema, f"{table.name.name} (load history)")
    transactions.before({table.name: False, turn: True}, is_ddl=False, is_write=True)
    with cursor.atomic():
        late = _known(cursor, table, chosen.files, given)
        done = [load for load in loads if load.file.url not in late]
        left = ", ".join(str(at) for at, load in enumerate(loads) if load.file.url in late)
        where = f" WHERE _file NOT IN ({left})" if left else ""
        (count,) = cursor.duck.execute(
            f"INSERT INTO {table.sql} ({table.column_list}) SELECT {table.column_list} FROM {scratch.table}{where}"
        ).fetchall()[0]
        if count != sum(load.rows_loaded for load in done):
            raise RuntimeError(f"COPY wrote {count} rows, not {sum(load.rows_loaded for load in done)}")
        if done and not table.is_temporary:
            history.record(cursor.duck, table.name, done)
    transactions.after(True)
    chosen.known += [load.file for load in loads if load.file.url in late]
    return done


def _purge(location: S3Location, files: Sequence[StagedFile]) -> None:
    """Remove what was loaded; that it fails is no error, as in Snowflake."""

    def remove(file: StagedFile) -> None:
        with suppress(SqlError, OSError):
            location.delete(file)

    list(pool.map(remove, files))


def _result(loads: Sequence[Load], chosen: Chosen, given: CopyOptions) -> StatementResult:
    rows: list[tuple[Any, ...]] = []
    for load in loads:
        first = load.first
        where = (first.message, first.line, first.character, first.column) if first else (None, None, None, None)
        rows.append(
            (load.file.url, load.status, load.rows_parsed, load.rows_loaded, load.error_limit, load.errors_seen, *where)
        )
    for url in chosen.missing:
        rows.append((url, "LOAD_FAILED", 0, 0, 1, 1, "The file does not exist.", None, None, None))
    if not rows:
        return StatementResult.status(_NOTHING)
    if given.files is not None:
        for file in chosen.known:
            rows.append((file.url, "LOAD_SKIPPED", 0, 0, 1, 1, "File was loaded before.", None, None, None))
    if given.return_failed_only:
        rows = [row for row in rows if row[1] != "LOADED"]
    return StatementResult(_RESULT, rows, sum(load.rows_loaded for load in loads))
