"""What a plan of the vendor serves: how far back, from when, and whether the option chain is part of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from local.market.errors import before_history, not_published_yet


@dataclass(frozen=True)
class Plan:
    """One plan: years of history (None = all), whether a day is served after its end only, the chain snapshot, the
    ticker events and treasury yields (by the vendor's documentation every stocks plan has them).
    """

    name: str
    history_years: int | None
    is_end_of_day: bool
    has_chain_snapshot: bool
    has_ticker_events: bool = True
    has_treasury_yields: bool = True

    def served(self, first: date, last: date, today: date) -> tuple[date, date]:
        """The part of a range of days that is served; like the vendor, the rest is cut without a word.

        Args:
            today: the day in New York.

        Raises:
            ApiError: 403 for a range that lies wholly outside.
        """
        if self.is_end_of_day:
            if first == today:
                raise not_published_yet()
            last = min(last, today - timedelta(days=1)) if first < today else last
        self.check_history(last, today)
        if self.history_years is not None:
            first = max(first, _years_before(today, self.history_years))
        return first, last

    def check_history(self, day: date, today: date) -> None:
        """Raises ApiError: 403 for a day before the plan's history."""
        if self.history_years is not None and day < _years_before(today, self.history_years):
            raise before_history()


PLANS = {
    plan.name: plan
    for plan in (
        Plan("free", 2, is_end_of_day=True, has_chain_snapshot=False),
        Plan("delayed", 5, is_end_of_day=True, has_chain_snapshot=True),
        Plan("real-time", None, is_end_of_day=False, has_chain_snapshot=True),
    )
}


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # February 29
        return day.replace(year=day.year - years, day=28)
