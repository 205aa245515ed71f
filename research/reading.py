"""Read bars along securities, as they are known now or were known at a moment, and the tickers listed in a session.

Everything goes through the dashboard's door: the same statements, the same SNOWFLAKE_* settings, the same role.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa

from dashboard.data.as_of import bars_as_of
from dashboard.data.door import Door
from dashboard.data.errors import WarehouseError
from dashboard.data.market import read_bars
from dashboard.data.securities import owner, read_bars_then, read_spans, spans_of_ticker
from dashboard.data.warehouse import Warehouse
from dashboard.settings import SettingsError, WarehouseSettings


class ResearchError(Exception):
    """Nothing was read; the message says what is wrong and what is expected."""


def connect() -> Research:
    """Sign in to the warehouse that the SNOWFLAKE_* variables name; `scripts/with-warehouse` sets a running demo's.

    Raises:
        ResearchError: a variable is missing or can't be used.
    """
    try:
        return Research(Door(Warehouse(WarehouseSettings.from_env())))
    except SettingsError as error:
        raise ResearchError(str(error)) from None


class Research:
    """Tables of stored bars. Answers are kept until the next dbt build; safe for threads."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def bars(
        self,
        tickers: str | Iterable[str],
        start: date | None = None,
        end: date | None = None,
        *,
        as_of: datetime | None = None,
        held_on: date | None = None,
    ) -> pa.Table:
        """Daily bars of securities, each under all the tickers that it has had.

        Args:
            tickers: one or several. A ticker stands for the security that has it now, or had it last.
            start, end: sessions, both included; None for all.
            as_of: a moment with a time zone. Bars, tickers and indicators are those known just before it.
            held_on: a session; the tickers are then those of the securities that had them in it.

        Returns:
            One row a session and security, in the order of `tickers` and then by session: `asked` is the ticker that
            was asked for, `security_id` whose bars they are, the other columns are those of
            dashboard/data/queries/bars.sql: prices in US dollars, raw and adjusted for splits, volumes in shares,
            total return and indicators.

        Raises:
            ResearchError: nobody has or had the ticker, `as_of` has no time zone, or the warehouse does not answer.
        """
        moment, asked = _naive(as_of), [tickers] if isinstance(tickers, str) else list(tickers)
        if not asked:
            raise ResearchError("No ticker is named; expected one or more, such as AAPL.")
        try:
            frame = pd.concat([self._bars(ticker, moment, held_on) for ticker in asked], ignore_index=True)
        except WarehouseError as error:
            raise ResearchError(str(error)) from error
        days = pd.to_datetime(frame["session_date"])
        inside = pd.Series(True, index=frame.index)
        if start is not None:
            inside &= days >= pd.Timestamp(start)
        if end is not None:
            inside &= days <= pd.Timestamp(end)
        return pa.Table.from_pandas(frame[inside], preserve_index=False)

    def universe(self, session: date, *, as_of: datetime | None = None) -> list[str]:
        """The tickers of all securities with bars on either side of a session, delisted ones included, sorted.

        A study over these has no survivorship bias: today's tickers would leave out what has been delisted since.

        Args:
            as_of: a moment with a time zone; who had which ticker is then as it was known just before it.
        """
        moment = _naive(as_of)
        try:
            spans = read_spans(self._door, moment)
        except WarehouseError as error:
            raise ResearchError(str(error)) from error
        day = pd.Timestamp(session)
        first, last, since, until = (
            pd.to_datetime(spans[name])
            for name in ("first_session_date", "last_session_date", "valid_from", "valid_until")
        )
        listed = (first <= day) & (last >= day)
        listed &= since.isna() | (since <= day)
        listed &= until.isna() | (day < until)
        return sorted(set(spans.loc[listed, "ticker"].astype(str)))

    def _bars(self, ticker: str, moment: datetime | None, session: date | None) -> pd.DataFrame:
        """Of one ticker. `moment`: naive UTC."""
        if moment is None:
            had = owner(spans_of_ticker(read_spans(self._door), ticker), session)
            security = had.security if had else ""
            frame = read_bars(self._door, ticker, session).frame
        else:
            security, now, versions = read_bars_then(self._door, ticker, moment, session)
            frame = bars_as_of(now, versions, moment, anew=True)
        if not security:
            when = f" on {session}" if session else ""
            known = f", as known at {moment} UTC" if moment else ""
            raise ResearchError(f"No security has or had the ticker {ticker!r}{when}{known}. Nothing was read.")
        told = {"asked": ticker, "security_id": security}
        return frame.assign(**told)[[*told, *(column for column in frame.columns if column not in told)]]


def _naive(moment: datetime | None) -> datetime | None:
    """In UTC, as the marts have times."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ResearchError(
            f"as_of is {moment}, without a time zone; expected one, such as datetime(2026, 1, 2, tzinfo=UTC)."
        )
    return moment.astimezone(UTC).replace(tzinfo=None)
