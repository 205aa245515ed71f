"""Stages: CREATE, ALTER, DROP, DESCRIBE, and the location and file format behind a reference to one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.warehouse.errors import ALREADY_EXISTS, sql_error
from local.warehouse.naming import ObjectName
from local.warehouse.results import StatementResult
from local.warehouse.staged import catalog, formats, options
from local.warehouse.staged.catalog import STAGE_OPTIONS, STAGES
from local.warehouse.staged.objects import S3Location
from local.warehouse.staged.references import StageReference, identifier_parts

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

# Known to Snowflake. The local object store's settings come from the environment, so credentials change nothing.
_OPTIONS = (
    "URL",
    "STORAGE_INTEGRATION",
    "FILE_FORMAT",
    "COMMENT",
    "DIRECTORY",
    "ENCRYPTION",
    "CREDENTIALS",
    "ENDPOINT",
    "AWS_ACCESS_POINT_ARN",
    "USE_PRIVATELINK_ENDPOINT",
)
_REFUSED = ("COPY_OPTIONS",)
# Never written down.
_SECRET = ("CREDENTIALS",)


@dataclass(frozen=True)
class Stage:
    """A stage as it was created; `file_format` are the options to read it with."""

    name: ObjectName
    url: str
    file_format: dict[str, Any]

    @property
    def location(self) -> S3Location:
        """Where its files are."""
        return S3Location.of(self.url)


def lookup(cursor: WarehouseCursor, reference: StageReference) -> Stage:
    """The stage behind a reference. Raises as Snowflake does when there is none."""
    name = catalog.resolve(cursor, reference.parts)
    url, given = _find(cursor, name)
    file_format = given.get("FILE_FORMAT")
    return Stage(name, url, formats.resolve(cursor, file_format) if file_format else {})


def _find(cursor: WarehouseCursor, name: ObjectName) -> tuple[str, dict[str, Any]]:
    rows = catalog.run(
        cursor,
        f"""SELECT coalesce(s.url, ''), o.options FROM {STAGES} s
            LEFT JOIN {STAGE_OPTIONS} o USING (database_name, schema_name, name)
            WHERE (s.database_name, s.schema_name, s.name) = (?, ?, ?)""",
        name,
    )
    if not rows:
        raise sql_error(f"SQL compilation error:\nStage '{name}' does not exist or not authorized.", 2003, "02000")
    return str(rows[0][0]), json.loads(rows[0][1] or "{}")


def _check(cursor: WarehouseCursor, given: dict[str, Any]) -> dict[str, Any]:
    """Refuse what is wrong; the name of a file format becomes a full one, so that it means the same everywhere."""
    for name in _REFUSED:
        if name in given:
            raise options.unsupported(name, given[name])
    options.check_names(given, _OPTIONS)
    if given.get("URL"):
        S3Location.of(given["URL"])
    if given.get("STORAGE_INTEGRATION"):
        given = {**given, "STORAGE_INTEGRATION": identifier_parts(str(given["STORAGE_INTEGRATION"]))[-1]}
    file_format = given.get("FILE_FORMAT")
    if not file_format:
        return given
    formats.resolve(cursor, file_format)
    named = file_format.get("FORMAT_NAME") if isinstance(file_format, dict) else file_format
    if named:
        file_format = catalog.resolve(cursor, identifier_parts(str(named))).sql
    return {**given, "FILE_FORMAT": file_format}


def create(
    cursor: WarehouseCursor,
    name: ObjectName,
    given: dict[str, Any],
    *,
    replace: bool,
    if_not_exists: bool,
    temporary: bool,
) -> StatementResult:
    """CREATE [OR REPLACE] [TEMPORARY] STAGE [IF NOT EXISTS] name options."""
    given = _check(cursor, given)
    catalog.begin_ddl(cursor)
    exists = catalog.run(cursor, f"SELECT 1 FROM {STAGES} WHERE (database_name, schema_name, name) = (?, ?, ?)", name)
    if exists and not replace:
        if if_not_exists:
            return StatementResult.status(f"{name.name} already exists, statement succeeded.")
        raise sql_error(f"SQL compilation error:\nObject '{name}' already exists.", *ALREADY_EXISTS)
    if not given.get("URL"):
        raise options.unsupported("URL", "nothing (an internal stage)")
    catalog.run(
        cursor,
        f"""INSERT OR REPLACE INTO {STAGES}
            (created_on, name, database_name, schema_name, url, has_credentials, has_encryption_key, owner, comment,
             region, type, cloud, storage_integration, owner_role_type, directory_enabled)
            VALUES (now(), ?, ?, ?, ?, ?, 'N', 'SYSADMIN', ?, NULL, ?, 'AWS', ?, 'ROLE', 'N')""",
        [
            name.name,
            name.database,
            name.schema,
            given["URL"],
            "Y" if "CREDENTIALS" in given else "N",
            given.get("COMMENT", ""),
            "EXTERNAL TEMPORARY" if temporary else "EXTERNAL",
            given.get("STORAGE_INTEGRATION"),
        ],
    )
    _write_options(cursor, name, given)
    return StatementResult.status(f"Stage area {name.name} successfully created.")


def _write_options(cursor: WarehouseCursor, name: ObjectName, given: dict[str, Any]) -> None:
    kept = {option: value for option, value in given.items() if option not in _SECRET}
    catalog.run(cursor, f"INSERT OR REPLACE INTO {STAGE_OPTIONS} VALUES (?, ?, ?, ?)", [*name, json.dumps(kept)])


def alter(cursor: WarehouseCursor, name: ObjectName, changes: dict[str, Any]) -> StatementResult:
    """ALTER STAGE name SET options."""
    url, present = _find(cursor, name)
    changes = _check(cursor, changes)
    catalog.begin_ddl(cursor)
    merged = {**present, **changes}
    _write_options(cursor, name, merged)
    catalog.run(
        cursor,
        f"""UPDATE {STAGES} SET url = ?, comment = ?, storage_integration = ?
            WHERE (database_name, schema_name, name) = (?, ?, ?)""",
        [merged.get("URL", url), merged.get("COMMENT", ""), merged.get("STORAGE_INTEGRATION"), *name],
    )
    return StatementResult.status()


def drop(cursor: WarehouseCursor, name: ObjectName, if_exists: bool) -> StatementResult:
    """DROP STAGE [IF EXISTS] name; the files stay."""
    return _drop(cursor, "Stage", name, if_exists)


def drop_file_format(cursor: WarehouseCursor, name: ObjectName, if_exists: bool) -> StatementResult:
    """DROP FILE FORMAT [IF EXISTS] name."""
    return _drop(cursor, "File format", name, if_exists)


def _drop(cursor: WarehouseCursor, kind: str, name: ObjectName, if_exists: bool) -> StatementResult:
    catalog.begin_ddl(cursor)
    where = "WHERE (database_name, schema_name, name) = (?, ?, ?)"
    table = STAGES if kind == "Stage" else catalog.FILE_FORMATS
    gone = catalog.run(cursor, f"DELETE FROM {table} {where} RETURNING 1", name)
    if not gone and not if_exists:
        raise sql_error(f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", 2003, "02000")
    if gone and kind == "Stage":
        catalog.run(cursor, f"DELETE FROM {STAGE_OPTIONS} {where}", name)
    if not gone:
        return StatementResult.status(f"Drop statement executed successfully ({name.name} already dropped).")
    return StatementResult.status(f"{name.name} successfully dropped.")


def rename(cursor: WarehouseCursor, kind: str, old: ObjectName, new: ObjectName) -> StatementResult:
    """ALTER STAGE | FILE FORMAT old RENAME TO new."""
    tables = (STAGES, STAGE_OPTIONS) if kind == "STAGE" else (catalog.FILE_FORMATS,)
    where = "WHERE (database_name, schema_name, name) = (?, ?, ?)"
    if not catalog.run(cursor, f"SELECT 1 FROM {tables[0]} {where}", old):
        raise sql_error(
            f"SQL compilation error:\n{kind.title()} '{old}' does not exist or not authorized.", 2003, "02000"
        )
    if catalog.run(cursor, f"SELECT 1 FROM {tables[0]} {where}", new):
        raise sql_error(f"SQL compilation error:\nObject '{new}' already exists.", *ALREADY_EXISTS)
    catalog.begin_ddl(cursor)
    for table in tables:
        catalog.run(cursor, f"UPDATE {table} SET database_name = ?, schema_name = ?, name = ? {where}", [*new, *old])
    return StatementResult.status()


def describe(cursor: WarehouseCursor, name: ObjectName) -> StatementResult:
    """DESCRIBE STAGE: one row a property."""
    url, given = _find(cursor, name)
    file_format = given.get("FILE_FORMAT")
    rows: list[tuple[str, str, str, str, str]] = []
    if isinstance(file_format, dict):
        rows += [("STAGE_FILE_FORMAT", key, "String", str(value), "") for key, value in file_format.items()]
    elif file_format:
        rows.append(("STAGE_FILE_FORMAT", "FORMAT_NAME", "String", str(file_format), ""))
    rows.append(("STAGE_LOCATION", "URL", "String", json.dumps([url]), ""))
    rows.append(("STAGE_INTEGRATION", "STORAGE_INTEGRATION", "String", str(given.get("STORAGE_INTEGRATION") or ""), ""))
    rows.append(("DIRECTORY", "ENABLE", "Boolean", "false", "false"))
    names = ("parent_property", "property", "property_type", "property_value", "property_default")
    return StatementResult([(column, "VARCHAR") for column in names], rows, len(rows))
