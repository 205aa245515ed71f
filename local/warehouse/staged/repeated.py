"""Keys that occur twice in an object: Snowflake refuses them (ALLOW_DUPLICATE = FALSE), DuckDB's reader does not.

Arrow's reader refuses them too, and is quick, but expects a field to be of one type in all documents: what it takes has
none, and what it does not take Python looks at, document by document.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.json

# Arrow counts the bytes of a block, here the whole text, in 32 bits.
_MOST_BYTES = 2**31 - 2


def has_surely_none(text: pa.Array) -> bool:
    """Whether no line of a text (large_string, one value) repeats a key; False where that is not clear."""
    _, _, content = text.buffers()
    if not 0 < len(content) < _MOST_BYTES:
        return False
    options = pyarrow.json.ReadOptions(use_threads=False, block_size=len(content) + 1)
    try:
        pyarrow.json.read_json(pa.BufferReader(content), read_options=options)
    except pa.ArrowInvalid:
        return False
    return True


def repeated_key(text: str) -> str | None:
    """A key that occurs twice in one object of a document; None where there is none, or the text is no document."""
    try:
        json.loads(text, object_pairs_hook=_unique)
    except _Repeated as error:
        return str(error)
    except (ValueError, RecursionError):
        return None
    return None


class _Repeated(Exception):
    """Names the key."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Repeated(next(name for at, name in enumerate(names) if name in names[:at]))
    return found
