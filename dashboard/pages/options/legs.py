"""Combinations of options as an address writes them: `-1p215,1p210` sells a put of 215 and buys one of 210.

A leg is a quantity (negative: sold), c, p or s, and the strike; `100s` is 100 shares. All options expire on one day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_LEGS, MOST_QUANTITY = 8, 10_000
PRESETS = {
    "straddle": "Straddle",
    "vertical": "Call vertical",
    "covered": "Covered call",
    "condor": "Iron condor",
}
_KINDS = {"c": "call", "p": "put"}
_LEG = re.compile(r"([+-]?\d{1,5})(?:([cp])(\d{1,7}(?:\.\d{1,4})?)|s)", re.ASCII)


class LegsError(ValueError):
    """A text is not a combination; the message says what is wrong with it."""


@dataclass(frozen=True)
class Leg:
    """`quantity` contracts (shares where `kind` is "share"), sold if negative; `strike` in USD, 0 for shares."""

    quantity: int
    kind: str
    strike: float = 0.0

    @property
    def text(self) -> str:
        """As in an address."""
        return f"{self.quantity}s" if self.kind == "share" else f"{self.quantity}{self.kind[0]}{self.strike:.10g}"


def parse(text: str) -> tuple[Leg, ...]:
    """The legs of an address's text; none of an empty one. Raises LegsError."""
    written = [part.strip() for part in text.split(",") if part.strip()]
    if len(written) > MOST_LEGS:
        raise LegsError(f"A combination has {len(written)} legs; expected at most {MOST_LEGS}. Nothing is drawn.")
    return tuple(map(_leg, written))


def _leg(text: str) -> Leg:
    found = _LEG.fullmatch(text)
    if found is None:
        raise LegsError(f"A leg is “{text[:24]}”; expected one such as 1c230, -2p215 or 100s. Nothing is drawn.")
    quantity, kind, strike = int(found[1]), found[2], found[3]
    if not 0 < abs(quantity) <= MOST_QUANTITY:
        raise LegsError(f"A leg's quantity is {quantity}; expected 1 to {MOST_QUANTITY:,}. Nothing is drawn.")
    return Leg(quantity, _KINDS[kind], float(strike)) if kind else Leg(quantity, "share")


def write(legs: Sequence[Leg]) -> str:
    """As in an address: what `parse` reads."""
    return ",".join(leg.text for leg in legs)


def preset(name: str, strikes: Sequence[float], spot: float) -> tuple[Leg, ...]:
    """The combination on the strikes that are there, about the spot; fewer strikes than it takes give none.

    A straddle buys call and put at the money; a vertical buys that call and sells the one two strikes above; a covered
    call holds 100 shares and sells that upper call; an iron condor sells put and call two strikes from the money and
    buys those two strikes further out.
    """
    known = sorted(set(strikes))
    if not known:
        return ()
    middle = min(range(len(known)), key=lambda place: (abs(known[place] - spot), place))
    steps: dict[str, tuple[tuple[int, str, int], ...]] = {
        "straddle": ((1, "call", 0), (1, "put", 0)),
        "vertical": ((1, "call", 0), (-1, "call", 2)),
        "covered": ((-1, "call", 2),),
        "condor": ((1, "put", -4), (-1, "put", -2), (-1, "call", 2), (1, "call", 4)),
    }
    chosen = steps.get(name, ())
    if any(not 0 <= middle + step < len(known) for _quantity, _kind, step in chosen):
        return ()
    held = (Leg(100, "share"),) if name == "covered" else ()
    return held + tuple(Leg(quantity, kind, known[middle + step]) for quantity, kind, step in chosen)
