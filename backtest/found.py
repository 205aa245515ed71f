"""All strategies that can be run: the built-in ones, and those that installed packages name as entry points.

[project.entry-points."snowtape.strategies"]
turn-of-month = "turn_of_month:TurnOfMonth"
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

import numpy as np

from backtest.prices import Prices
from backtest.strategies import STRATEGIES, Strategy, targets

GROUP = "snowtape.strategies"
_NAME = re.compile(r"[a-z][a-z0-9]{0,30}")


class StrategyError(ValueError):
    """A strategy can't be used. The message names its entry point and what is expected."""


@cache
def strategies() -> dict[str, type[Strategy]]:
    """Strategies by name: the built-in ones, then those of entry points by their names. Raises StrategyError."""
    found = dict(STRATEGIES)
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        kind = _load(entry)
        if kind.name in found:
            raise StrategyError(
                f"The name of {_said(entry)} is {kind.name!r}; expected one that no other strategy has. Nothing is run."
            )
        found[kind.name] = kind
    return found


def check(kind: object, said: str) -> type[Strategy]:
    """The class, if it is a strategy; raises StrategyError, which calls it `said`."""

    def refuse(got: str, expected: str) -> StrategyError:
        return StrategyError(f"{said} {got}; expected {expected}. Nothing is run.")

    if not (isinstance(kind, type) and issubclass(kind, Strategy) and is_dataclass(kind)):
        raise refuse("is not a strategy", "a frozen dataclass derived from backtest.strategies.Strategy")
    name, title = getattr(kind, "name", None), getattr(kind, "title", None)
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise refuse(f"has the name {name!r}", "up to 31 small letters and digits, a letter first")
    if not (isinstance(title, str) and title.strip()):
        raise refuse(f"has the title {title!r}", "a text")
    for each in fields(kind):
        if not {"label", "least", "most"} <= set(each.metadata):
            raise refuse(f"has the parameter {each.name} without bounds", "backtest.strategies.bounded(…) as its value")
    if kind.signals is Strategy.signals:
        raise refuse("has no method signals", "one that returns 1, 0 or -1 for each bar")
    return kind


def first_look_ahead(strategy: Strategy, prices: Prices, cuts: int = 8) -> int | None:
    """The first row whose target changes when later bars are withheld, at a few cuts; None where none does.

    A strategy that decides by the bars up to each close passes; one that uses a later bar can still be lucky.
    """
    whole = targets(strategy, prices, is_long_only=False)
    rows = len(prices.sessions)
    for cut in sorted({int(each) for each in np.linspace(rows / (cuts + 1), rows - 1, cuts)} - {0}):
        known = targets(strategy, prices.between(0, cut), is_long_only=False)
        changed = np.flatnonzero((known != whole[:cut]).any(axis=1))
        if len(changed):
            return int(changed[0])
    return None


def _load(entry: EntryPoint) -> type[Strategy]:
    try:
        kind = entry.load()
    except Exception as error:
        raise StrategyError(
            f"{_said(entry)} could not be imported: {type(error).__name__}: {error}. Nothing is run."
        ) from error
    return check(kind, _said(entry))


def _said(entry: EntryPoint) -> str:
    return f"Entry point {entry.name} ({entry.value}) of {GROUP}"
