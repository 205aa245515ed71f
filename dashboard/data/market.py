"""Tickers and their bars, as the pages want them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from dashboard.data.door import Door
from dashboard.data.securities import owner, read_spans, spans_of_ticker

# Shown when the address names no ticker: the first of these that exists, else the first ticker there is.
PREFERRED = ("AAPL", "MSFT", "SPY")
# As in dbt/macros/listing_gap_days.sql: what comes after is another listing.
SILENT_DAYS = 90
_LABELS = (" [replayed]", " [synthetic]")


@dataclass(frozen=True)
class Ticker:
    """One row of marts.dim_polygon__tickers; `name` without the origin's label, which `data_origin` carries.

    `security`: whose ticker it is, or was last. `renamed_to`, `renamed_on`: the ticker that it has had since, None
    while it has this one.
    """

    ticker: str
    name: str
    exchange: str | None
    security_type: str | None
    is_active: bool
    data_origin: str
    first_session: date | None
    last_session: date | None
    session_count: int
    security: str = ""
    renamed_to: str | None = None
    renamed_on: date | None = None

    @property
    def renamed(self) -> str | None:
        """FB → META since 2022-06-09; None for a ticker that is still the security's."""
        if self.renamed_to is None:
            return None
        return f"{self.ticker} → {self.renamed_to}" + (f" since {self.renamed_on}" if self.renamed_on else "")


@dataclass(frozen=True)
class Bars:
    """A security's daily bars, oldest first: columns as in queries/bars.sql, prices in US dollars.

    `ticker`: what it was asked for as; `security`: whose that is, or was.
    """

    ticker: str
    frame: pd.DataFrame
    security: str = ""

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
    """The best matches on ticker and name: exact ticker, then ticker prefix or former name, name prefix, anywhere.

    Case is ignored.
    """
    frame = door.read("tickers")
    wanted = " ".join(text.lower().split())
    if not wanted:
        rows = frame[frame["ticker"].isin(PREFERRED)]
        rows = pd.concat([rows, frame[~frame["ticker"].isin(PREFERRED)]]).head(limit)
        return [_ticker(row) for _, row in rows.iterrows()]
    symbols = frame["ticker"].str.lower()
    names = frame["ticker_name"].fillna("").str.lower()
    new_names = frame["renamed_to"].fillna("").astype(str).str.lower()
    rank = pd.Series(9, index=frame.index)
    rank[names.str.contains(wanted, regex=False)] = 4
    rank[names.str.contains(" " + wanted, regex=False)] = 3
    rank[names.str.startswith(wanted)] = 2
    rank[(symbols.str.startswith(wanted)) | (new_names == wanted)] = 1
    rank[symbols == wanted] = 0
    hits = frame[rank < 9].assign(rank=rank[rank < 9]).sort_values(["rank", "ticker"], kind="stable").head(limit)
    return [_ticker(row) for _, row in hits.iterrows()]


def security_of(door: Door, ticker: str, session: date | None = None) -> str | None:
    """The security that has the ticker, had it last, or had it in a session; None where nobody has."""
    if session is not None:
        had = owner(spans_of_ticker(read_spans(door), ticker), session)
        return None if had is None else had.security
    found = find_ticker(door, ticker)
    return None if found is None else found.security


def former_names(door: Door, ticker: Ticker) -> list[Ticker]:
    """The other tickers that its security has had, in the order in which it gave them up."""
    frame = door.read("tickers")
    others = frame[(frame["security_id"] == ticker.security) & (frame["ticker"] != ticker.ticker)]
    return sorted((_ticker(row) for _, row in others.iterrows()), key=lambda other: other.renamed_on or date.max)


def read_bars(door: Door, ticker: str, session: date | None = None) -> Bars:
    """All bars, under whatever name, of the security that has the ticker, or had it in a session; else none."""
    security = security_of(door, ticker, session) or ""
    return Bars(ticker, door.read("bars", security=security), security)


def has_ended(door: Door, bars: Bars) -> bool:
    """Whether the bars' security trades no more: it is listed under none of its names, or silent for over 90 days."""
    frame, newest, last = door.read("tickers"), newest_session(door), bars.last_session
    if last is None or newest is None or last >= newest:
        return False
    listed = frame.loc[frame["security_id"] == bars.security, "is_active"].dropna().astype(bool)
    return not listed.any() if len(listed) else (newest - last).days > SILENT_DAYS


def read_versions(door: Door, bars: Bars) -> pd.DataFrame:
    """queries/bar_versions.sql of the bars' security."""
    return door.read("bar_versions", security=bars.security)


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
        security=str(row["security_id"]),
        renamed_to=_text(row["renamed_to"]),
        renamed_on=as_date(row["renamed_date"]),
    )


def _text(value: object) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
