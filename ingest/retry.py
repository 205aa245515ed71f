"""How often and how long to try again, and what the API's `Retry-After` means."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class RetryPolicy:
    """Bounds of one request, all in seconds: it ends after `tries`, or when the next wait would pass `longest`.

    The wait doubles from `first_wait` up to `longest_wait`, each time with up to a half taken off at random, so that
    threads don't come back together. A 429 waits at least `least_pause`, for everybody.
    """

    tries: int = 5
    first_wait: float = 1.0
    longest_wait: float = 30.0
    longest: float = 900.0
    least_pause: float = 1.0
    # A full window of the API, where a 429 doesn't say how long.
    usual_pause: float = 15.0

    def wait(self, tried: int) -> float:
        """Seconds before the next try, after `tried` ≥ 1 of them failed."""
        return float(min(self.longest_wait, self.first_wait * 2 ** (tried - 1)) * random.uniform(0.5, 1.0))

    def pause(self, retry_after: float | None, tried: int) -> float:
        """Seconds of quiet after a 429 that asked for `retry_after` (None: it named no time)."""
        if retry_after is None:
            return float(min(60.0, self.usual_pause * 2 ** (tried - 1)))
        return max(retry_after, self.least_pause)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number or an HTTP date; None where it is absent or unreadable.

    Args:
        now: by the clock of the server, where its answer says: ours may be a day behind.
    """
    text = (value or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        moment = parse_moment(text)
        return None if moment is None else max(0.0, (moment - now).total_seconds())
    return seconds if 0 <= seconds < float("inf") else None


def parse_moment(text: str | None) -> datetime | None:
    """The moment that an HTTP date names; None where it names none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
