"""Whose a ticker is: now, on a session of the past, and as it was known at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from dashboard.data.door import Door


@dataclass(frozen=True)
class Span:
    """A security under one ticker, from the day `first` to before `until` (None: open); sessions with bars, if any."""

    security: str
    ticker: str
    first: date | None
    until: date | None
    name: str | None
    first_session: date | None
    last_session: date | None
    uncertain_reason: str | None

    def has(self, session: date) -> bool:
        """Whether the security had the ticker in that session."""
        return (self.first is None or self.first <= session) and (self.until is None or session < self.until)


def read_spans(door: Door, moment: datetime | None = None) -> pd.DataFrame:
    """The rows of queries/securities.sql that were known before `moment` (naive UTC), or are now."""
    frame = door.read("securities")
    until = pd.to_datetime(frame["known_until"])
    if moment is None:
        return frame[until.isna()]
    since = pd.to_datetime(frame["known_from"])
    return frame[(since.isna() | (since < moment)) & (until.isna() | (until >= moment))]


def spans_of_ticker(frame: pd.DataFrame, ticker: str) -> list[Span]:
    """Whose the ticker was, the oldest first. `frame`: what read_spans gives."""
    return _spans(frame[frame["ticker"] == ticker])


def spans_of_security(frame: pd.DataFrame, security: str) -> list[Span]:
    """The tickers that the security had, the oldest first."""
    return _spans(frame[frame["security_id"] == security])


def owner(spans: list[Span], session: date | None = None) -> Span | None:
    """Of one ticker's spans the one that has the session, or the newest; None where nobody had it."""
    if session is None:
        return spans[-1] if spans else None
    return next((span for span in spans if span.has(session)), None)


def read_bars_then(
    door: Door, ticker: str, moment: datetime, session: date | None = None
) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Whose the ticker was (in a session, or last) by what was known at `moment` (naive UTC): the id of the security,
    its bars and their versions, as queries/bars.sql and queries/bar_versions.sql have them today.

    The bars may be of several securities of today: one was split in two since, or its two names were thought to be two.
    """
    then = read_spans(door, moment)
    had = owner(spans_of_ticker(then, ticker), session)
    if had is None:
        return "", door.read("bars", security=""), door.read("bar_versions", security="")
    names = spans_of_security(then, had.security)
    now = read_spans(door)
    today = sorted(set(now.loc[now["ticker"].isin({span.ticker for span in names}), "security_id"].astype(str)))
    bars = [_of(names, door.read("bars", security=security)) for security in today]
    kept = pd.concat([each for each in bars if len(each)] or bars).sort_values(
        "session_date", kind="stable", ignore_index=True
    )
    versions = pd.concat([door.read("bar_versions", security=security) for security in today], ignore_index=True)
    return had.security, kept, _of(names, versions)


def _of(names: list[Span], rows: pd.DataFrame) -> pd.DataFrame:
    sessions = pd.to_datetime(rows["session_date"])
    keep = pd.Series(False, index=rows.index)
    for span in names:
        inside = rows["ticker"] == span.ticker
        inside &= sessions >= pd.Timestamp(span.first) if span.first else True
        inside &= sessions < pd.Timestamp(span.until) if span.until else True
        keep |= inside
    return rows[keep]


def _spans(rows: pd.DataFrame) -> list[Span]:
    found = [
        Span(
            str(row.security_id), str(row.ticker), _date(row.valid_from), _date(row.valid_until),
            _text(row.security_name), _date(row.first_session_date), _date(row.last_session_date),
            _text(row.uncertain_reason),
        )
        for row in rows.itertuples()
    ]  # fmt: skip
    return sorted(found, key=lambda span: (span.first or date.min, span.until or date.max))


def _date(value: object) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()


def _text(value: object) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
