"""JSON is read as Python's parser reads it, and refused where COPY would refuse it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.strict_json import NotJson, read

TEXTS = st.text(st.sampled_from('ab:",{}\\é\n'), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, bool]:
    """An object in JSON, and whether it names a key twice: blanks and escapes where JSON allows them."""
    pairs = draw(st.lists(st.tuples(TEXTS, VALUES), min_size=1, max_size=5))
    repeats = draw(st.booleans())
    if repeats:
        pairs.append((draw(st.sampled_from(pairs))[0], draw(VALUES)))
    blank, colon = draw(st.sampled_from(["", " ", "\n"])), draw(st.sampled_from([":", "\\u003a", "\\u003A"]))

    def text(value: Any) -> str:
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=draw(st.booleans())).replace(":", colon)
        if isinstance(value, list):
            return f"[{','.join(text(one) for one in value)}]"
        if isinstance(value, dict):
            return f"{{{','.join(f'{text(name)}{blank}:{text(one)}' for name, one in value.items())}}}"
        return json.dumps(value)

    body = f"{{{','.join(f'{text(name)}{blank}:{text(value)}' for name, value in pairs)}}}"
    return body, len({name for name, _ in pairs}) < len(pairs)


@given(written())
def test_a_key_that_occurs_twice_is_refused_and_nothing_else_is_changed(example: tuple[str, bool]) -> None:
    body, repeats = example
    if repeats:
        with pytest.raises(NotJson, match="a key occurs twice in one object"):
            read(body.encode())
    else:
        assert read(body.encode()) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"9" * 400,
        rb'"\ud800"',
        b'"\xed\xa0\x80"',
        b"\xff\xfe1\x00",
        b"[1,]",
        b"01",
        b"",
    ],
)
def test_what_a_warehouse_does_not_load_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        read(body)


def test_levels_without_end_are_refused_and_no_error_of_another_kind() -> None:
    for levels in (255, 2_000, 100_000):
        with pytest.raises(NotJson):
            read(b"[" * levels + b"]" * levels)
    assert read(b"[" * 200 + b"]" * 200)
