"""One version of a package over all locks, and a reason for each exception that is left."""

from __future__ import annotations

import pytest

from scripts.locks import Pin, Pins, problems, read_apart, read_locks, read_pins, settled

SAME = {"local": {"a": [Pin("1", "")]}, "image": {"a": [Pin("1", "")]}, "snow": {"a": [Pin("2", "")]}}


def test_packages_have_one_version_but_for_the_exceptions_with_a_reason() -> None:
    assert problems(read_locks(), read_apart()) == []


def test_certificates_are_the_same_everywhere() -> None:
    assert len({pin.version for lock in read_locks().values() for pin in lock["certifi"]}) == 1
    assert not any(package == "certifi" for _, package in read_apart())


def test_a_lock_is_read_with_extras_markers_and_hashes() -> None:
    text = (
        "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n    # via pandas\n"
        "numpy==2.5.5 ; python_full_version >= '3.12' \\\n    --hash=sha256:00\n"
        "sqlglot[c]==30.22.0 \\\n    --hash=sha256:00\n"
    )

    assert read_pins(text) == {
        "numpy": [Pin("2.4.6", "python_full_version < '3.12'"), Pin("2.5.5", "python_full_version >= '3.12'")],
        "sqlglot": [Pin("30.22.0", "")],
    }


@pytest.mark.parametrize(
    ("locks", "apart", "says"),
    [
        pytest.param(SAME, {}, "snow: a is 2; expected 1 as in the locks before it", id="no reason"),
        pytest.param(
            SAME, {("snow", "a"): "", ("image", "a"): ""}, "image: a is in apart.toml", id="reason for nothing"
        ),
        pytest.param(
            SAME, {("snow", "a"): "", ("snow", "b"): ""}, "snow: b is in apart.toml and not", id="package gone"
        ),
        pytest.param(
            {"local": {"a": [Pin("1", "x"), Pin("2", "y")]}}, {}, "local: a has 1 and 2", id="two in one lock"
        ),
        pytest.param(
            {"local": {"a": [Pin("1", "")]}}, {("local", "a"): ""}, "differs from nothing", id="nothing to differ"
        ),
    ],
)
def test_planted_mistake_is_found(locks: dict[str, Pins], apart: dict[tuple[str, str], str], says: str) -> None:
    found = problems(locks, apart)

    assert len(found) == 1
    assert says in found[0]


def test_a_lock_keeps_to_what_those_before_it_have_settled() -> None:
    locks: dict[str, Pins] = {
        "local": {"a": [Pin("1", "")], "b": [Pin("1", "")]},
        "snow": {"a": [Pin("2", "")], "c": [Pin("1", "")]},
        "peers": {"a": [Pin("9", "")]},
    }

    assert settled("peers", locks, {("snow", "a"): "it names it"}) == {
        "a": [Pin("1", "")],
        "b": [Pin("1", "")],
        "c": [Pin("1", "")],
    }
    assert settled("snow", locks, {("snow", "a"): "it names it"}) == {"b": [Pin("1", "")]}
