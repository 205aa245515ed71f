"""A row of an answer, held against the model that the vendor's own client has of it.

The client itself accepts anything: what its models lack it drops, and a wrong type it keeps. So a row is given to the
model while it is watched which fields are read, and the types of what the model holds are compared with its own.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from types import UnionType
from typing import Any

# Damaged rows are on record with answers that are right otherwise.
MOST_DAMAGED = 0.01


@dataclass(frozen=True)
class Findings:
    """Of all rows of an answer: `unknown` fields that the model does not read, `faults` one text for each bad row."""

    rows: int
    unknown: frozenset[str]
    faults: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the rows are what the model says, but for a few."""
        return self.rows > 0 and len(self.faults) <= self.rows * MOST_DAMAGED


class Watched(dict[str, Any]):
    """A JSON object that notes which of its fields are read, by their path."""

    def __init__(self, fields: Mapping[str, Any], read: set[str], path: str = "") -> None:
        super().__init__({name: _watched(value, read, f"{path}{name}.") for name, value in fields.items()})
        self._read, self._path = read, path

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(self._path + name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self._read.add(self._path + name)
        return super().__getitem__(name)


def _watched(value: Any, read: set[str], path: str) -> Any:
    if isinstance(value, dict):
        return Watched(value, read, path)
    return [_watched(one, read, path) for one in value] if isinstance(value, list) else value


def held(rows: Iterable[dict[str, Any]], model: Any, needed: Iterable[str]) -> Findings:
    """Compare rows with a model of the vendor's client.

    Args:
        needed: fields, by the model's names, that every row must have.
    """
    count, unknown, faults = 0, set[str](), []
    for row in rows:
        count += 1
        read = set[str]()
        instance = model.from_dict(Watched(row, read))
        unknown |= set(_paths(row)) - read - set(_declared(instance))
        found = [*_mistyped(instance), *(f"{name} is missing" for name in needed if _value(instance, name) is None)]
        if found:
            faults.append(f"{'; '.join(found)} in {str(row)[:200]}")
    return Findings(count, frozenset(unknown), tuple(faults))


def _paths(row: Mapping[str, Any], path: str = "") -> Iterable[str]:
    for name, value in row.items():
        yield path + name
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from _paths(inner, f"{path}{name}.")


def _declared(instance: Any, path: str = "") -> Iterable[str]:
    """Fields of a model: some take them all at once, which nothing can watch."""
    for name in typing.get_type_hints(type(instance)):
        yield path + name
        value = getattr(instance, name)
        for inner in value if isinstance(value, list) else [value]:
            if is_dataclass(inner):
                yield from _declared(inner, f"{path}{name}.")


def _mistyped(instance: Any) -> Iterable[str]:
    for name, hint in typing.get_type_hints(type(instance)).items():
        value = getattr(instance, name)
        if not _is_of(value, hint):
            yield f"{name} is {value!r}, expected {hint}"
        for inner in value if isinstance(value, list) else [value]:
            if is_dataclass(inner):
                yield from _mistyped(inner)


def _is_of(value: Any, hint: Any) -> bool:
    """Whether a value is of a type, as JSON goes: a whole number is a float too, and 1e3 a whole number."""
    kind = typing.get_origin(hint)
    if value is None or hint is Any:
        return True
    if kind in (typing.Union, UnionType):
        return any(_is_of(value, one) for one in typing.get_args(hint) if one is not type(None))
    if kind is list:
        return isinstance(value, list) and all(_is_of(one, typing.get_args(hint)[0]) for one in value)
    if hint in (int, float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (hint is float or value == int(value))
    return isinstance(value, kind or hint)


def _value(instance: Any, name: str) -> Any:
    for part in name.split("."):
        instance = getattr(instance, part, None)
    return instance
