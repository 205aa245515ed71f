"""Volatility of an underlying's options over the sessions of a year: at the money, its skew, and its rank."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from dashboard.data.door import Door

YEAR_DAYS = 365
THIRTY_DAYS = 30
# Without expirations on both sides of 30 days one that is this near is taken for it.
NEAR_DAYS = 7


def read_volatility(door: Door, underlying: str, session: date) -> pd.DataFrame:
    """Sessions of the year that ends with `session`, oldest first, in percent a year.

    Columns: session_date, implied_pct (at the money, 30 days), realised_pct (21 sessions). Sessions in which the
    ticker was another security's are left out.
    """
    since = session - timedelta(days=YEAR_DAYS)
    rows = door.read("option_volatility_history", underlying=underlying, since=since, session=session)
    owners = rows["security_id"].dropna()
    if not owners.empty:
        rows = rows[rows["security_id"].isna() | (rows["security_id"] == owners.iloc[-1])]
    realised = pd.to_numeric(rows["volatility_21d_pct"]).astype(float)
    found = {"session_date": rows["session_date"], "implied_pct": thirty_days(rows), "realised_pct": realised}
    return pd.DataFrame(found).reset_index(drop=True)


def read_skew(door: Door, underlying: str, session: date) -> pd.DataFrame:
    """Sessions of that year, oldest first: session_date, risk_reversal_pct.

    The 25-delta risk reversal: the call's volatility less the put's, in points; negative where puts cost more.
    """
    since = session - timedelta(days=YEAR_DAYS)
    rows = door.read("option_skew_history", underlying=underlying, since=since, session=session)
    call, put = (pd.to_numeric(rows[f"{side}_volatility_pct"]).astype(float) for side in ("call", "put"))
    return pd.DataFrame({"session_date": rows["session_date"], "risk_reversal_pct": call - put})


def thirty_days(rows: pd.DataFrame) -> pd.Series:
    """Volatility for 30 days from those of the expirations before and after, NaN where neither is near.

    Total variance, σ²·T, runs linearly between the two, as in Cboe's VIX. `rows`: days_before, days_after and
    volatility_before_pct, volatility_after_pct.
    """
    names = ("days_before", "volatility_before_pct", "days_after", "volatility_after_pct")
    before, low, after, high = (pd.to_numeric(rows[name]).astype(float) for name in names)
    share = (THIRTY_DAYS - before) / (after - before)
    variance = before * low**2 * (1 - share) + after * high**2 * share
    between = np.sqrt(variance / THIRTY_DAYS)
    alone = low.where(THIRTY_DAYS - before <= NEAR_DAYS).fillna(high.where(after - THIRTY_DAYS <= NEAR_DAYS))
    return between.where(before < THIRTY_DAYS).fillna(low.where(before == THIRTY_DAYS)).fillna(alone)


def rank_pct(values: pd.Series) -> float | None:
    """Where the last value is between the lowest (0) and the highest (100); None if all are the same or it is NaN."""
    known = values.dropna()
    if known.empty or pd.isna(values.iloc[-1]) or known.max() == known.min():
        return None
    return float(100 * (values.iloc[-1] - known.min()) / (known.max() - known.min()))


def percentile_pct(values: pd.Series) -> float | None:
    """How many of the values are below the last, in percent of all; None for one value or none, or a last NaN."""
    known = values.dropna()
    if len(known) < 2 or pd.isna(values.iloc[-1]):
        return None
    return float(100 * (known < values.iloc[-1]).sum() / len(known))
