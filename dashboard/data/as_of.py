"""A ticker's bars as they were known at a moment: earlier and withdrawn ones put back, later ones left out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd

_VALUES = ("open_usd", "high_usd", "low_usd", "close_usd", "volume_shares")
_PRICES = ("open_usd", "high_usd", "low_usd", "close_usd")


@dataclass(frozen=True)
class Known:
    """What was known before a moment: the end of a day, or a time of it (UTC)."""

    day: date
    at: time | None = None

    @property
    def moment(self) -> datetime:
        """The moment, naive UTC."""
        return end_of_day(self.day) if self.at is None else datetime.combine(self.day, self.at)


def read_known(day: object, at: object = "") -> Known | None:
    """From YYYY-MM-DD and, for less than the whole day, HH:MM:SS; None without a day that is one."""
    try:
        found = date.fromisoformat(str(day)) if day else None
        return None if found is None else Known(found, time.fromisoformat(str(at)) if at else None)
    except ValueError:
        return None


def end_of_day(day: date) -> datetime:
    """The moment (naive UTC) at which the day is over; what was learned before it was known on that day."""
    return datetime(day.year, day.month, day.day) + timedelta(days=1)


def bars_as_of(frame: pd.DataFrame, versions: pd.DataFrame, moment: datetime, *, anew: bool = False) -> pd.DataFrame:
    """`frame` (queries/bars.sql) as known before `moment` (naive UTC), oldest first.

    `versions`: queries/bar_versions.sql of the same security. `anew`: what runs along the bars is computed again in any
    case, since they were not one security's then, or are not now. Adjusted columns count in shares of the newest
    session then known, and indicators are computed again from the closes of then.
    """
    known_until = pd.to_datetime(versions["known_until"])
    was_known = (pd.to_datetime(versions["known_from"]) < moment) & (known_until.isna() | (known_until >= moment))
    is_dropped = versions["is_dropped"].astype(bool)
    dropped = versions.loc[was_known & is_dropped, "session_date"]
    then = versions[was_known & ~is_dropped & known_until.notna()].set_index("session_date")
    frame = with_withdrawn(frame, then)
    known = (pd.to_datetime(frame["fetched_at"]) < moment) | frame["session_date"].isin(then.index)
    known &= ~frame["session_date"].isin(dropped)
    bars = frame[known].reset_index(drop=True)
    if bars.empty or (known.all() and then.empty and not anew):
        return bars
    place = bars["session_date"].map({session: row for row, session in enumerate(then.index)})
    was = place.notna().to_numpy()
    rows = place[was].astype(int).to_numpy()
    bars["override_reason"] = bars["override_reason"].astype(object)
    for column in (*_VALUES, "fetched_at", "override_reason"):
        source = then["known_from" if column == "fetched_at" else column]
        values = bars[column].to_numpy(copy=True)
        values[was] = source.to_numpy()[rows]
        bars[column] = values
    factor = bars["split_factor"].astype(float) / float(bars["split_factor"].iloc[-1])
    total = bars["total_return_close_usd"].astype(float) / bars["adjusted_close_usd"].astype(float)
    for column in _PRICES:
        bars[f"adjusted_{column}"] = bars[column].astype(float) * factor
    bars["adjusted_volume_shares"] = bars["volume_shares"].astype(float) / factor
    bars["split_factor"] = factor
    bars["total_return_close_usd"] = bars["adjusted_close_usd"] * total / total.iloc[-1]
    return bars.assign(**indicators(bars["adjusted_close_usd"]))


def with_withdrawn(frame: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """`frame` with a row for each session of `then` that it lacks: bars that were withdrawn since.

    Such a row has the split factor and the total return's ratio of the bar before it, else of the one after it.
    """
    lost = sorted(set(then.index) - set(frame["session_date"]))
    if not lost or frame.empty:
        return frame
    places = np.maximum(np.searchsorted(frame["session_date"].to_numpy(), np.array(lost)) - 1, 0)
    rows = frame.iloc[places].assign(session_date=lost)
    for column in ("dividend_usd", "split_from", "split_to"):
        rows[column] = np.nan
    return pd.concat([frame, rows]).sort_values("session_date", kind="stable", ignore_index=True)


def indicators(close: pd.Series) -> dict[str, pd.Series]:
    """The mart's indicators of adjusted closes, by column; NaN until a window is full.

    EMA and RSI start from the plain average of their first window (Wilder 1978; TA-Lib does the same); Bollinger bands
    stand two population deviations around SMA 20; volatility is the sample deviation of 21 log returns, a year.
    """
    close = close.astype(float)
    fast, slow = ema(close, 12), ema(close, 26)
    middle, deviation = close.rolling(20).mean(), close.rolling(20).std(ddof=0)
    macd = fast - slow
    signal = ema(macd, 9)
    logs = np.log(close / close.shift(1))
    return {
        **{f"sma_{length}_usd": close.rolling(length).mean() for length in (20, 50, 120, 200)},
        "ema_12_usd": fast,
        "ema_26_usd": slow,
        "bollinger_upper_usd": middle + 2 * deviation,
        "bollinger_lower_usd": middle - 2 * deviation,
        "macd_usd": macd,
        "macd_signal_usd": signal,
        "macd_histogram_usd": macd - signal,
        "rsi_14": rsi(close, 14),
        "simple_return_pct": close.pct_change() * 100,
        "volatility_21d_pct": logs.rolling(21).std() * 252**0.5 * 100,
        "drawdown_pct": (close / close.cummax() - 1) * 100,
    }


def ema(values: pd.Series, length: int) -> pd.Series:
    """Exponential average with weight 2 / (length + 1), begun with the mean of the first `length` values."""
    return _smoothed(values, length, 2 / (length + 1))


def rsi(close: pd.Series, length: int) -> pd.Series:
    """Wilder's relative strength index, 0 to 100; 0 where nothing moved in the window, as TA-Lib has it."""
    change = close.diff()
    gain = _smoothed(change.clip(lower=0), length, 1 / length)
    loss = _smoothed(-change.clip(upper=0), length, 1 / length)
    moved = gain + loss
    return (100 * gain / moved.where(moved > 0)).where(moved != 0, 0.0).where(moved.notna())


def _smoothed(values: pd.Series, length: int, weight: float) -> pd.Series:
    first = int(values.notna().to_numpy().argmax())
    start = first + length - 1
    if values.notna().sum() < length:
        return pd.Series(np.nan, index=values.index)
    seeded = values.astype(float).copy()
    seeded.iloc[:start] = np.nan
    seeded.iloc[start] = values.iloc[first : start + 1].mean()
    return seeded.ewm(alpha=weight, adjust=False, ignore_na=True).mean()
