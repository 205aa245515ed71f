"""Which chain an address means: underlying, session, expiration; what is not there becomes the nearest that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime
from dashboard.pages import format as fmt
from dashboard.pages import parts
from dashboard.pages.chart.page import TICKER

# Days to the expiration that is shown when the address names none: the next one is often over before it has a smile.
DEFAULT_DAYS = 30


@dataclass(frozen=True)
class Chain:
    """One underlying's contracts in one session, and the expiration that is looked at.

    `unused`: what of the address is not used, as sentences. `is_newest`: there is no later session.
    """

    underlying: str
    session: date
    expiration: date
    rows: pd.DataFrame
    unused: tuple[str, ...] = ()
    is_newest: bool = True

    @property
    def spot(self) -> float | None:
        """The underlying's close, USD; None where it has no bar (an index, a session that is still to come in)."""
        closes = self.rows["underlying_close_usd"].dropna()
        return None if closes.empty else float(closes.iloc[0])

    @property
    def days(self) -> int:
        """Calendar days from the session to the expiration."""
        return (self.expiration - self.session).days

    @property
    def expirations(self) -> list[date]:
        """What the session has contracts of, in order."""
        return sorted({day for day in map(as_date, self.rows["expiration_date"].unique()) if day is not None})

    @property
    def expiring(self) -> pd.DataFrame:
        """The rows of the chosen expiration."""
        return self.rows[self.rows["expiration_date"] == self.expiration]

    @property
    def pricing(self) -> str:
        """What the volatilities of the chosen expiration are made with."""
        rows = self.expiring
        styles = " and ".join(sorted(set(rows["exercise_style"].dropna()))) or "american"
        said = f"{styles.capitalize()} exercise"
        rates = rows["risk_free_rate_pct"].dropna()
        if not rates.empty:
            said += f", rate {float(rates.iloc[0]):.2f} %"
        ahead, projected = (int(rows[name].fillna(0).max()) for name in ("dividends_ahead", "dividends_projected"))
        if ahead:
            usd = float(rows["dividends_ahead_usd"].max())
            said += f", {fmt.plural(ahead, 'dividend')} of {usd:,.2f} USD ahead"
        return said + (f" ({projected} projected)" if projected else "")

    @property
    def as_of(self) -> Any:
        """The line under each panel; data that is not the market's own is named."""
        odd = sorted(set(self.rows["data_origin"].dropna()) - {"market"})
        line = parts.as_of(self.session, as_datetime(self.rows["fetched_at"].max()), subject=self.underlying)
        return [line, f" · {' and '.join(odd)} data, not market quotes" if odd else ""]


def find_chain(door: Door, ticker: Any, session: Any, expiration: Any) -> Chain | parts.Content:
    """The chain that the address means; a session or expiration that isn't there becomes the nearest one that is."""
    known = door.read("option_underlyings")["underlying_ticker"].tolist()
    wanted = str(ticker or "").strip()
    if not known:
        return parts.message(
            parts.EMPTY, "No option chain yet", "The marts are built and hold no option contract.",
            ["Next: run ", html.Code("polygon_options_ingest_backfill"), "; loads and builds follow by themselves."],
        )  # fmt: skip
    underlying = wanted if wanted in known else wanted.upper() if wanted.upper() in known else None
    if not wanted:
        underlying = known[0]
    if underlying is None:
        shown = wanted[:24] if TICKER.fullmatch(wanted) else wanted[:12]
        links: list[Any] = ["Underlyings with options: "]
        for place, name in enumerate(known[:6]):
            links += [" · " if place else "", dcc.Link(name, href=f"/options?ticker={name}")]
        return parts.message(parts.EMPTY, f"No options on “{shown}”", "No chain of it was loaded.", links)
    sessions = [as_date(value) for value in door.read("option_sessions", underlying=underlying)["session_date"]]
    dated = [value for value in sessions if value is not None]
    day = _nearest(dated, session, dated[0])
    unused = _unused("session", session, day, f"{underlying} has no chain of")
    rows = door.read("option_chain", underlying=underlying, session=day)
    chain = Chain(underlying, day, day, rows, is_newest=day == dated[0])
    expiring = _nearest(chain.expirations, expiration, default_expiration(chain.expirations, day))
    unused += _unused("expiration", expiration, expiring, f"In that session nothing of {underlying} expires on")
    return replace(chain, expiration=expiring, unused=unused)


def default_expiration(expirations: Sequence[date], session: date) -> date:
    """The expiration nearest to 30 days after the session, the earlier of two; one that is over only if all are."""
    ahead = [value for value in expirations if value > session] or list(expirations)
    return min(ahead, key=lambda day: (abs((day - session).days - DEFAULT_DAYS), day))


def _unused(name: str, wanted: Any, shown: date, why: str) -> tuple[str, ...]:
    try:
        day = date.fromisoformat(wanted)
    except (TypeError, ValueError):  # none was asked for, or the address is said to be wrong already
        return ()
    return () if day == shown else (f"{why} {fmt.session(day)}; shown is the nearest {name}, {fmt.session(shown)}.",)


def _nearest(days: Sequence[date], wanted: Any, default: date) -> date:
    try:
        day = date.fromisoformat(wanted)
    except (TypeError, ValueError):
        return default
    return min(days, key=lambda known: abs((known - day).days))
