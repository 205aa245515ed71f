"""Tickers and their bars, as the pages want them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from dashboard.data.door import Door

# Shown when the address names no ticker: the first of these that exists, else the first ticker there is.
PREFERRED = ("AAPL", "MSFT", "SPY")
_LABELS = (" [replayed]", " [synthetic]")


@dataclass(frozen=True)
class Ticker:
    """One row of marts.dim_polygon__tickers; `name` without the origin's label, which `data_origin` carries."""

    ticker: str
    name: str
    exchange: str | None
    security_type: str | None
    is_active: bool
    data_origin: str
    first_session: date | None
    last_session: date | None
    session_count: int


@dataclass(frozen=True)
class Bars:
    """One ticker's daily bars, oldest first: columns as in queries/bars.sql, prices in US dollars."""

    ticker: str
    frame: pd.DataFrame

    @property
    def last_session(self) -> date | None:
        """The newest session, None without bars."""
        return None if self.frame.empty else self.frame["session_date"].iloc[-1]

    @property
    def known_since(self) -> datetime | None:
        """UTC time at which the newest of these bars became known, None without bars."""
        return as_datetime(self.frame["fetched_at"].max()) if not self.frame.empty else None


def as_datetime(value: object) -> datetime | None:
    """A timestamp from pandas as a naive UTC datetime; None for NULL."""
    stamp = pd.Timestamp(value)
    return None if stamp is pd.NaT else stamp.to_pydatetime(warn=False)


def as_date(value: object) -> date | None:
    """A date from pandas (object or timestamp); None for NULL."""
    stamp = pd.Timestamp(value)
    return None if stamp is pd.NaT else stamp.date()


def find_ticker(door: Door, ticker: str) -> Ticker | None:
    """The ticker's row; None when the marts don't have it."""
    frame = door.read("tickers")
    place = int(frame["ticker"].searchsorted(ticker))  # the statement orders them
    found = place < len(frame) and frame["ticker"].iloc[place] == ticker
    return _ticker(frame.iloc[place]) if found else None


def default_ticker(door: Door) -> str | None:
    """The ticker of a page whose address names none; None when there are no tickers at all."""
    known = door.read("tickers")["ticker"]
    for ticker in PREFERRED:
        if (known == ticker).any():
            return ticker
    return None if known.empty else str(known.iloc[0])


def newest_session(door: Door) -> date | None:
    """The newest session of any ticker; None without bars."""
    sessions = door.read("tickers")["last_session_date"].dropna()
    return None if sessions.empty else as_date(sessions.max())


def neighbours(door: Door, ticker: str) -> tuple[str | None, str | None]:
    """The tickers before and after this one in the alphabet; None at the ends."""
    known = door.read("tickers")["ticker"]
    place = int(known.searchsorted(ticker))
    before = str(known.iloc[place - 1]) if place > 0 else None
    after = str(known.iloc[place + 1]) if place + 1 < len(known) else None
    return before, after


def search_tickers(door: Door, text: str, limit: int = 12) -> list[Ticker]:
    """The best matches on ticker and name: exact ticker, then ticker prefix, name prefix, anywhere. Case is ignored."""
    frame = door.read("tickers")
    wanted = " ".join(text.lower().split())
    if not wanted:
        rows = frame[frame["ticker"].isin(PREFERRED)]
        rows = pd.concat([rows, frame[~frame["ticker"].isin(PREFERRED)]]).head(limit)
        return [_ticker(row) for _, row in rows.iterrows()]
    symbols = frame["ticker"].str.lower()
    names = frame["ticker_name"].fillna("").str.lower()
    rank = pd.Series(9, index=frame.index)
    rank[names.str.contains(wanted, regex=False)] = 4
    rank[names.str.contains(" " + wanted, regex=False)] = 3
    rank[names.str.startswith(wanted)] = 2
    rank[symbols.str.startswith(wanted)] = 1
    rank[symbols == wanted] = 0
    hits = frame[rank < 9].assign(rank=rank[rank < 9]).sort_values(["rank", "ticker"], kind="stable").head(limit)
    return [_ticker(row) for _, row in hits.iterrows()]


def read_bars(door: Door, ticker: str) -> Bars:
    """All bars of the ticker, oldest first; an unknown ticker has none."""
    return Bars(ticker, door.read("bars", ticker=ticker))


def origin_counts(door: Door) -> dict[str, int]:
    """How many tickers there are of each data origin (market, replayed, synthetic)."""
    frame = door.read("origins")
    return {str(row.data_origin): int(row.tickers) for row in frame.itertuples()}


def plain_name(name: str) -> str:
    """The name without the label that a stand-in's ticker carries."""
    for label in _LABELS:
        name = name.removesuffix(label)
    return name


def _ticker(row: pd.Series) -> Ticker:
    return Ticker(
        ticker=str(row["ticker"]),
        name=plain_name(_text(row["ticker_name"]) or str(row["ticker"])),
        exchange=_text(row["primary_exchange"]),
        security_type=_text(row["security_type"]),
        is_active=bool(row["is_active"]) if not pd.isna(row["is_active"]) else True,
        data_origin=_text(row["data_origin"]) or "market",
        first_session=as_date(row["first_session_date"]),
        last_session=as_date(row["last_session_date"]),
        session_count=0 if pd.isna(row["session_count"]) else int(row["session_count"]),
    )


def _text(value: object) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
