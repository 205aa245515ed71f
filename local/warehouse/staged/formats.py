"""File formats: CREATE, ALTER, DROP, DESCRIBE, SHOW, and what a statement that names one gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.warehouse.errors import ALREADY_EXISTS, SYNTAX_ERROR, sql_error
from local.warehouse.naming import ObjectName
from local.warehouse.results import StatementResult
from local.warehouse.staged import catalog, options
from local.warehouse.staged.catalog import FILE_FORMATS
from local.warehouse.staged.references import identifier_parts

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

TYPES = ("CSV", "JSON", "AVRO", "ORC", "PARQUET", "XML")
COMPRESSIONS = ("AUTO", "GZIP", "BZ2", "BROTLI", "ZSTD", "DEFLATE", "RAW_DEFLATE", "NONE")
# The options of TYPE = JSON and their defaults.
JSON_DEFAULTS: dict[str, Any] = {
    "COMPRESSION": "AUTO",
    "DATE_FORMAT": "AUTO",
    "TIME_FORMAT": "AUTO",
    "TIMESTAMP_FORMAT": "AUTO",
    "BINARY_FORMAT": "HEX",
    "TRIM_SPACE": False,
    "MULTI_LINE": True,
    "NULL_IF": [],
    "FILE_EXTENSION": None,
    "ENABLE_OCTAL": False,
    "ALLOW_DUPLICATE": False,
    "STRIP_OUTER_ARRAY": False,
    "STRIP_NULL_VALUES": False,
    "REPLACE_INVALID_CHARACTERS": False,
    "IGNORE_UTF8_ERRORS": False,
    "SKIP_BYTE_ORDER_MARK": True,
}
_HONOURED = ("COMPRESSION", "STRIP_OUTER_ARRAY", "SKIP_BYTE_ORDER_MARK", "FILE_EXTENSION")
# The options of TYPE = CSV and their defaults.
CSV_DEFAULTS: dict[str, Any] = {
    "COMPRESSION": "AUTO",
    "RECORD_DELIMITER": "\n",
    "FIELD_DELIMITER": ",",
    "MULTI_LINE": True,
    "FILE_EXTENSION": None,
    "PARSE_HEADER": False,
    "SKIP_HEADER": 0,
    "SKIP_BLANK_LINES": False,
    "DATE_FORMAT": "AUTO",
    "TIME_FORMAT": "AUTO",
    "TIMESTAMP_FORMAT": "AUTO",
    "BINARY_FORMAT": "HEX",
    "ESCAPE": "NONE",
    "ESCAPE_UNENCLOSED_FIELD": "\\\\",
    "TRIM_SPACE": False,
    "FIELD_OPTIONALLY_ENCLOSED_BY": "NONE",
    "NULL_IF": ["\\\\N"],
    "ERROR_ON_COLUMN_COUNT_MISMATCH": True,
    "REPLACE_INVALID_CHARACTERS": False,
    "EMPTY_FIELD_AS_NULL": True,
    "SKIP_BYTE_ORDER_MARK": True,
    "ENCODING": "UTF8",
}


@dataclass(frozen=True)
class JsonFormat:
    """What reading a JSON file depends on."""

    compression: str = "AUTO"
    strip_outer_array: bool = False
    skip_byte_order_mark: bool = True


@dataclass(frozen=True)
class CsvFormat:
    """What reading a CSV file depends on: fields without quotes or escapes, an empty one is NULL."""

    compression: str = "AUTO"
    skip_byte_order_mark: bool = True
    field_delimiter: str = ","
    skip_header: int = 0
    skip_blank_lines: bool = False


FileFormat = JsonFormat | CsvFormat


def normalise(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the options of a file format. Other types than JSON and CSV are kept as they are: nothing here reads them.

    Raises an SQL error that names an option which TYPE = JSON does not have, or which is not supported here.
    """
    kind = str(given.get("TYPE", "CSV")).upper()
    if kind not in TYPES:
        raise options.invalid_value("TYPE", given["TYPE"], ", ".join(TYPES))
    checked = {**given, "TYPE": kind}
    if kind not in ("JSON", "CSV"):
        return checked
    defaults = JSON_DEFAULTS if kind == "JSON" else CSV_DEFAULTS
    options.check_names(given, ("TYPE", *defaults))
    for name, value in given.items():
        if name == "COMPRESSION":
            checked[name] = str(value).upper()
            if checked[name] not in COMPRESSIONS:
                raise options.invalid_value(name, value, ", ".join(COMPRESSIONS))
        elif isinstance(defaults.get(name), bool):
            checked[name] = options.as_bool(name, value)
        elif isinstance(value, str) and name.endswith("_FORMAT"):
            checked[name] = value.upper() if value.upper() == defaults[name] else value
        if kind == "JSON" and name not in ("TYPE", *_HONOURED) and checked[name] not in (JSON_DEFAULTS[name], {}):
            raise options.unsupported(name, value)
    return checked


def file_format(given: Mapping[str, Any]) -> FileFormat:
    """The format of files that these options describe. Raises for a type, or a kind of CSV, that nothing here reads."""
    kind = str(given.get("TYPE", "CSV")).upper()
    if kind == "CSV":
        return _csv_format({**CSV_DEFAULTS, **given})
    if kind != "JSON":
        raise options.unsupported("TYPE", kind)
    return JsonFormat(
        given.get("COMPRESSION", "AUTO"),
        given.get("STRIP_OUTER_ARRAY", False),
        given.get("SKIP_BYTE_ORDER_MARK", True),
    )


def _csv_format(given: Mapping[str, Any]) -> CsvFormat:
    """The one kind of CSV that is read here; any other is refused by the name of its option."""
    expected = {
        **{name: (default,) for name, default in CSV_DEFAULTS.items()},
        # Snowflake's default takes a backslash for an escape, and \\N for NULL.
        "ESCAPE_UNENCLOSED_FIELD": ("NONE",),
        "NULL_IF": ([], {}),
        "ENCODING": ("UTF8", "UTF-8"),
        "SKIP_BLANK_LINES": (False, True),
        "SKIP_BYTE_ORDER_MARK": (False, True),
        # Without effect where a COPY has a SELECT, and there is no other here.
        "ERROR_ON_COLUMN_COUNT_MISMATCH": (False, True),
        "COMPRESSION": COMPRESSIONS,
    }
    for name, allowed in expected.items():
        value = given[name].upper() if isinstance(given[name], str) and name != "FIELD_DELIMITER" else given[name]
        is_number = name == "SKIP_HEADER" and isinstance(value, int) and value >= 0
        is_delimiter = name == "FIELD_DELIMITER" and isinstance(value, str) and len(value) == 1
        if not is_number and not is_delimiter and name != "FILE_EXTENSION" and value not in allowed:
            raise options.unsupported(name, given[name])
    return CsvFormat(
        given["COMPRESSION"],
        given["SKIP_BYTE_ORDER_MARK"],
        given["FIELD_DELIMITER"],
        given["SKIP_HEADER"],
        given["SKIP_BLANK_LINES"],
    )


def lookup(cursor: WarehouseCursor, name: str) -> dict[str, Any]:
    """The options of a named file format. Raises when there is none."""
    full = catalog.resolve(cursor, identifier_parts(name))
    return _find(cursor, full)


def _find(cursor: WarehouseCursor, name: ObjectName) -> dict[str, Any]:
    rows = catalog.run(
        cursor,
        f"SELECT options FROM {FILE_FORMATS} WHERE (database_name, schema_name, name) = (?, ?, ?)",
        name,
    )
    if not rows:
        raise sql_error(
            f"SQL compilation error:\nFile format '{name}' does not exist or not authorized.", 2003, "02000"
        )
    found: dict[str, Any] = json.loads(rows[0][0])
    return found


def resolve(cursor: WarehouseCursor, given: Any) -> dict[str, Any]:
    """The options behind `FILE_FORMAT = …`: a name, or a list with either FORMAT_NAME or TYPE."""
    if not isinstance(given, dict):
        return lookup(cursor, str(given))
    if "FORMAT_NAME" not in given:
        return normalise(given)
    if len(given) > 1:
        others = ", ".join(sorted(set(given) - {"FORMAT_NAME"}))
        raise sql_error(
            f"SQL compilation error:\nFORMAT_NAME and {others} are mutually exclusive in FILE_FORMAT", *SYNTAX_ERROR
        )
    return lookup(cursor, str(given["FORMAT_NAME"]))


def create(
    cursor: WarehouseCursor, name: ObjectName, given: dict[str, Any], *, replace: bool, if_not_exists: bool
) -> StatementResult:
    """CREATE [OR REPLACE] FILE FORMAT [IF NOT EXISTS] name options."""
    comment = str(given.pop("COMMENT", ""))
    checked = normalise(given)
    catalog.begin_ddl(cursor)
    sql = f"""
        INSERT {"OR REPLACE" if replace else "OR IGNORE"} INTO {FILE_FORMATS}
        (created_on, name, database_name, schema_name, type, options, comment)
        VALUES (now(), ?, ?, ?, ?, ?, ?) RETURNING name"""
    row = [name.name, name.database, name.schema, checked["TYPE"], json.dumps(checked), comment]
    if catalog.run(cursor, sql, row):
        return StatementResult.status(f"File format {name.name} successfully created.")
    if if_not_exists:
        return StatementResult.status(f"{name.name} already exists, statement succeeded.")
    raise sql_error(f"SQL compilation error:\nObject '{name}' already exists.", *ALREADY_EXISTS)


def alter(cursor: WarehouseCursor, name: ObjectName, changes: dict[str, Any]) -> StatementResult:
    """ALTER FILE FORMAT name SET options. TYPE cannot be changed."""
    present = _find(cursor, name)
    if "TYPE" in changes:
        raise options.invalid_parameter("TYPE")
    comment = changes.pop("COMMENT", None)
    checked = normalise({**present, **changes})
    catalog.begin_ddl(cursor)
    catalog.run(
        cursor,
        f"""UPDATE {FILE_FORMATS} SET options = ?, comment = coalesce(?, comment)
            WHERE (database_name, schema_name, name) = (?, ?, ?)""",
        [json.dumps(checked), comment, *name],
    )
    return StatementResult.status()


def describe(cursor: WarehouseCursor, name: ObjectName) -> StatementResult:
    """DESCRIBE FILE FORMAT: one row an option."""
    given = _find(cursor, name)
    defaults = {"TYPE": "CSV", **{"JSON": JSON_DEFAULTS, "CSV": CSV_DEFAULTS}.get(given["TYPE"], {})}
    rows = [
        (option, _type_name(default), _text(given.get(option, default)), _text(default))
        for option, default in {**{o: v for o, v in given.items() if o not in defaults}, **defaults}.items()
    ]
    names = ("property", "property_type", "property_value", "property_default")
    return StatementResult([(column, "VARCHAR") for column in names], rows, len(rows))


def _type_name(value: Any) -> str:
    return "Boolean" if isinstance(value, bool) else "List" if isinstance(value, list) else "String"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else json.dumps(value) if isinstance(value, (list, dict)) else str(value)
