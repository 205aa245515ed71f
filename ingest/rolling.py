"""Which stretch of the past a daily run reads again, so that what the vendor withdraws years later is noticed.

A complete answer over a range is a fact also for what it lacks. The history since 2003 is cut into twenty stretches of
equal length, and each session's run reads one of them: all of it within twenty sessions, which is a month. Pure.
"""

from __future__ import annotations

from datetime import date, timedelta

STRETCHES = 20
# Cuts stay where they are while a stretch keeps its length: nothing falls between two runs. It grows every 20 months.
STEP_DAYS = 30


def stretch(number: int, first: date, last: date) -> tuple[date, date] | None:
    """First and last day of the stretch that session number `number` reads again, None where it would be empty.

    Args:
        number: consecutive sessions have consecutive numbers.
        first, last: the history as a whole, both included.
    """
    days = (last - first).days + 1
    length = -(-days // (STRETCHES * STEP_DAYS)) * STEP_DAYS
    begin = first + timedelta(days=number % STRETCHES * length)
    return (begin, min(begin + timedelta(days=length - 1), last)) if begin <= last else None
