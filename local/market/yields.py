"""Treasury yields of constant maturity, synthetic: one curve a day, the same for every server.

A curve by Nelson and Siegel (1987): its level, slope and hump swing over years, and each day adds a few hundredths.
Percent a year with two payments, to the hundredth, as the Treasury and the Federal Reserve publish them; some 2 to 6.
There are none on the bond market's own holidays, Columbus Day and Veterans Day, which are sessions of the exchange, and
those of a day are served from the next one on. They begin with the server's calendar; the vendor's begin in 1962.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from local.market import noise
from local.market.errors import bad_request
from local.market.query import iso_day
from local.market.sessions import Sessions

# Months by the field's name.
TERMS = {
    "yield_1_month": 1, "yield_3_month": 3, "yield_6_month": 6, "yield_1_year": 12, "yield_2_year": 24,
    "yield_3_year": 36, "yield_5_year": 60, "yield_7_year": 84, "yield_10_year": 120, "yield_20_year": 240,
    "yield_30_year": 360,
}  # fmt: skip
_STREAM = 17
# Years after which the slope has faded to a third.
_FADE = 1.8


def curves(days: Sequence[date]) -> list[dict[str, float]]:
    """The yields of each day by the field's name, percent."""
    numbers = np.array([day.toordinal() for day in days])[:, None]
    years = numbers / 365.25
    wobble = 0.03 * noise.bell(_STREAM, [[0, 1, 2]], numbers)
    level = 4.4 + 0.4 * np.sin(2 * np.pi * years / 11) + wobble[:, 0:1]
    slope = -0.5 + 0.9 * np.sin(2 * np.pi * years / 7) + wobble[:, 1:2]
    hump = -0.8 + 0.5 * np.sin(2 * np.pi * years / 5) + wobble[:, 2:3]
    terms = np.array([list(TERMS.values())]) / 12 / _FADE
    faded = (1 - np.exp(-terms)) / terms
    yields = np.round(level + slope * faded + hump * (faded - np.exp(-terms)), 2)
    return [dict(zip(TERMS, row, strict=True)) for row in yields.tolist()]


def has_yields(day: date) -> bool:
    """Whether bonds are traded in a session: not on the second Monday of October, nor on 11 November, or its Monday."""
    is_columbus_day = day.month == 10 and day.isoweekday() == 1 and 8 <= day.day <= 14
    is_veterans_day = day.month == 11 and (day.day == 11 or (day.day == 12 and day.isoweekday() == 1))
    return not (is_columbus_day or is_veterans_day)


class Yields:
    """What is published by day, and what was restated since."""

    def __init__(self, sessions: Sessions) -> None:
        days = [day for day in sessions.dates.tolist() if has_yields(day)]
        self._days = days
        self._published = dict(zip(days, curves(days), strict=True))
        self.restated: dict[str, dict[str, Any]] = {}

    def rows(self, today: date) -> list[dict[str, Any]]:
        """The days before today, oldest first; a yield that there is none of is absent."""
        return [self._row(day) for day in self._published if day < today]

    def rates(self, day: date, years: NDArray[np.float64]) -> NDArray[np.float64]:
        """What money costs on a day until so many years later, a year, continuously compounded (docs/rates.md).

        Of the newest yields that were published on the day or before it, restated ones aside.
        """
        place = bisect_right(self._days, day) - 1
        curve = self._published[self._days[max(place, 0)]]
        continuous = 2.0 * np.log1p(np.array([curve[term] for term in TERMS]) / 200.0)
        return np.interp(years, np.array(list(TERMS.values())) / 12.0, continuous)

    def restate(self, item: Any) -> None:
        """From now on a day has these yields, whatever they are, or with None has none.

        Raises ApiError 400 for anything else than a day and some of its yields.
        """
        fields = dict(item) if isinstance(item, dict) else {}
        try:
            day = iso_day(fields.pop("date"))
        except (KeyError, TypeError, ValueError):
            day = ""
        if not day or not fields.keys() <= TERMS.keys():
            raise bad_request('send {"date": "2026-11-19", "yield_3_month": 4.5}: a day and any of its yields')
        self.restated.setdefault(day, {}).update(fields)

    def _row(self, day: date) -> dict[str, Any]:
        now = self._published[day] | self.restated.get(day.isoformat(), {})
        return {"date": day.isoformat()} | {name: value for name, value in now.items() if value is not None}
