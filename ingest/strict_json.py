"""JSON as a warehouse loads it, which is less than most parsers accept."""

from __future__ import annotations

import json
from typing import Any

import orjson


class NotJson(ValueError):
    """What COPY would refuse; the text says why."""


def read(body: bytes) -> Any:
    """Read JSON in UTF-8. Integers beyond 64 bits become floats.

    Raises:
        NotJson: also for NaN and Infinity, a number beyond every float, half of a surrogate pair, more than 254 levels,
            and an object that names a key twice, which COPY refuses by default (ALLOW_DUPLICATE = FALSE).
    """
    try:
        found = orjson.loads(body)
        colons = orjson.dumps(found).count(b":")
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise NotJson(str(error)) from None
    # Written again, each key is there once: then there are as many colons, unless one in a string was an escape.
    if body.count(b":") != colons or b"\\u003" in body:
        json.loads(body, object_pairs_hook=_unique_keys)
    return found


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJson("a key occurs twice in one object")
    return found
