"""Which part of the known data a daily run fetches again, so that changes made years later are noticed.

A complete answer over a range is a fact also for what it lacks. The history since 2003 is cut into twenty stretches of
equal length, and each session's run reads one of them: all of it within twenty sessions, which is a month. Pure.
"""

from __future__ import annotations

from datetime import date, timedelta

STRETCHES = 20
# Where the stretches of the delisted tickers begin: about as many in each.
LETTERS = ("", "AM", "B", "BM", "C", "CM", "D", "E", "F", "G", "H", "I", "K", "L", "M", "N", "P", "R", "S", "T")
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


def letters(number: int) -> tuple[str, str]:
    """Where the tickers begin, and before which they end, whose delistings session number `number` reads again.

    "" for the first and after the last one: all tickers in as many sessions as there are stretches.
    """
    place = number % len(LETTERS)
    return LETTERS[place], (*LETTERS, "")[place + 1]
