"""Results as the connector reads them: column descriptions, Arrow batches, timestamps as Snowflake's structs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fakesnow.rowtype import ColumnInfo

from local.warehouse.results import StatementResult

_SNOWFLAKE_TYPES = {
    **dict.fromkeys(("BIGINT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT"), "fixed"),
    **dict.fromkeys(("UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "UHUGEINT"), "fixed"),
    **dict.fromkeys(("DOUBLE", "FLOAT"), "real"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"), "timestamp_ntz"),
    "TIMESTAMP WITH TIME ZONE": "timestamp_tz",
    "BLOB": "binary",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "JSON": "variant",
}
_ARROW_TYPES = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "BLOB": pa.binary(),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_MAX_TEXT = 16_777_216


def row_type(columns: Sequence[tuple[str, str]]) -> list[ColumnInfo]:
    """Snowflake's description of columns given as (name, DuckDB type). Types it lacks are text."""
    return [_column(name, kind) for name, kind in columns]


def _column(name: str, kind: str) -> ColumnInfo:
    precision: int | None = None
    scale: int | None = None
    length: int | None = None
    if decimal := _DECIMAL.fullmatch(kind):
        snowflake, precision, scale = "fixed", int(decimal[1]), int(decimal[2])
    else:
        snowflake = _SNOWFLAKE_TYPES.get(kind, "text")
        if snowflake == "fixed":
            precision, scale = 38, 0
        elif snowflake.startswith("time"):
            precision, scale = 0, 9
        elif snowflake in ("text", "binary"):
            length = _MAX_TEXT if snowflake == "text" else _MAX_TEXT // 2
    return {
        "name": name,
        "database": "",
        "schema": "",
        "table": "",
        "nullable": True,
        "type": snowflake,
        "byteLength": length,
        "length": length,
        "scale": scale,
        "precision": precision,
        "collation": None,
    }


def arrow_table(result: StatementResult) -> pa.Table:
    """The rows of a statement that the warehouse answered itself."""
    arrays = []
    for index, (_, kind) in enumerate(result.columns):
        decimal = _DECIMAL.fullmatch(kind)
        target = pa.decimal128(int(decimal[1]), int(decimal[2])) if decimal else _ARROW_TYPES.get(kind, pa.string())
        arrays.append(pa.array([row[index] for row in result.rows], type=target))
    return pa.Table.from_arrays(arrays, names=[name for name, _ in result.columns])


def arrow_stream(table: pa.Table, columns: Sequence[ColumnInfo]) -> bytes:
    """An Arrow stream in the layout that the connector decodes."""
    arrays = [_wire(column) for column in table.columns]
    fields = [
        pa.field(column["name"], array.type, metadata=_metadata(column))
        for column, array in zip(columns, arrays, strict=True)
    ]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema(fields)) as writer:
        writer.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)))
    return bytes(sink.getvalue())


def _metadata(column: ColumnInfo) -> dict[str, str]:
    return {
        "logicalType": column["type"].upper(),
        "precision": str(column["precision"] or 38),
        "scale": str(column["scale"] or 0),
        "charLength": str(column["length"] or 0),
    }


def _wire(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], type=array.type)
    kind = array.type
    if pa.types.is_timestamp(kind):
        return timestamp_struct(array)
    if pa.types.is_decimal(kind):
        return _short_decimal(array)
    if pa.types.is_time(kind):
        return pc.multiply(array.cast(pa.int64()), 1000)
    if pa.types.is_null(kind):
        return array.cast(pa.string())
    if pa.types.is_unsigned_integer(kind):
        return array.cast(pa.int64() if kind != pa.uint64() else pa.decimal128(20, 0))
    if pa.types.is_float32(kind):
        return array.cast(pa.float64())
    if pa.types.is_nested(kind) or pa.types.is_interval(kind):
        return pa.array([None if v is None else _json(v) for v in array.to_pylist()], pa.string())
    return array


def _json(value: Any) -> str:
    return json.dumps(value, default=str, separators=(",", ":"))


def _short_decimal(array: pa.Array) -> pa.Array:
    """Decimals as 64-bit integers, as Snowflake sends them wherever they fit: the scale is in the description.

    Only so do they become floats and integers, not objects, in pandas.
    """
    words = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)[array.offset : array.offset + len(array)]
    low, high = words[:, 0], words[:, 1]
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    if bool(((high == (low >> 63)) | ~valid).all()):
        return pa.array(low, mask=~valid)
    return array


def timestamp_struct(array: pa.Array) -> pa.Array:
    """Timestamps as Snowflake sends them: seconds since 1970 and nanoseconds; a NULL stays NULL."""
    zone = array.type.tz
    micros = array.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64())
    # Rounded down, before 1970 too: the fraction is never negative.
    seconds, rest = np.divmod(micros.fill_null(0).to_numpy(zero_copy_only=False), 1_000_000)
    nanos = (rest * 1000).astype(np.int32)
    arrays: list[Any] = [pa.array(seconds), pa.array(nanos)]
    fields = [pa.field("epoch", pa.int64(), nullable=False), pa.field("fraction", pa.int32(), nullable=False)]
    if zone:
        # 1440 minutes stand for an offset of zero: everything is UTC here.
        arrays.append(pa.array([1440] * len(array), pa.int32()))
        fields.append(pa.field("timezone", pa.int32(), nullable=False))
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=pc.is_null(array))
