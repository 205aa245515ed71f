"""The screener's rows: filters and order come from the browser, so both are checked against the list of columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from dashboard.data.door import Door
from dashboard.data.market import as_date, plain_name

# Calendar days that a sparkline reaches back: about 60 sessions.
SPARK_DAYS = 90
# The conditions of a filter, in the order of the table's menus.
LIKE = ("contains", "startsWith", "equals")
COMPARE = ("greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual", "inRange", "equals")


@dataclass(frozen=True)
class Column:
    """A column of queries/screener.sql on the screen: text or a number shown with `decimals`."""

    name: str
    title: str
    decimals: int | None = None
    is_shown_compact: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it is filtered and sorted as text."""
        return self.decimals is None


COLUMNS = (
    Column("ticker", "Ticker"),
    Column("ticker_name", "Name"),
    Column("security_type", "Type"),
    Column("data_origin", "Origin"),
    Column("close_usd", "Close, USD", 2),
    Column("simple_return_pct", "Day, %", 2),
    Column("above_sma_50_pct", "Above SMA 50, %", 1),
    Column("above_sma_200_pct", "Above SMA 200, %", 1),
    Column("above_high_52w_pct", "Off 52-week high, %", 1),
    Column("rsi_14", "RSI 14", 1),
    Column("macd_histogram_usd", "MACD histogram, USD", 3),
    Column("volatility_21d_pct", "Volatility 21d, %", 1),
    Column("drawdown_pct", "Drawdown, %", 1),
    Column("volume_shares", "Volume, shares", 0, True),
    Column("average_dollar_volume_20d_usd", "Dollar volume 20d, USD", 0, True),
)
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
DEFAULT_SORT = "-average_dollar_volume_20d_usd"


def read_all(door: Door, day: str = "") -> pd.DataFrame:
    """The universe of a day (YYYY-MM-DD; empty: the newest session): queries/screener.sql, numbers as floats."""
    frame = door.read("screener", day=day)
    numbers = [column.name for column in COLUMNS if not column.is_text]
    names = [plain_name(str(name)) if not pd.isna(name) else None for name in frame["ticker_name"]]
    return frame.assign(ticker_name=names, **{name: pd.to_numeric(frame[name]).astype(float) for name in numbers})


def chosen(frame: pd.DataFrame, filters: Any, sort: Any) -> pd.DataFrame:
    """The rows that pass the filters, in order.

    `filters`: an AG Grid filter model, {column: condition}; what isn't one of the columns' conditions is left out.
    `sort`: a column, with "-" before it for the greatest first; unknown: the default. Missing values come last.
    """
    keep = pd.Series(True, index=frame.index)
    for name, condition in (filters if isinstance(filters, Mapping) else {}).items():
        if name in BY_NAME and isinstance(condition, Mapping):
            keep &= _passes(frame[name], condition, BY_NAME[name].is_text)
    column, is_descending = parse_sort(sort)
    rows = frame[keep]
    if BY_NAME[column].is_text:
        return rows.sort_values([column, "ticker"], ascending=not is_descending, kind="stable")
    return rows.sort_values([column, "ticker"], ascending=[not is_descending, True], kind="stable")


def refused(filters: Any, sort: Any) -> list[str]:
    """What of a filter model and an order can't be used, a sentence each."""
    said = []
    for name, condition in (filters if isinstance(filters, Mapping) else {}).items():
        column = BY_NAME.get(name)
        if column is None:
            said.append(f"There is no column “{str(name)[:32]}”; its filter is left out.")
        elif not _is_usable(condition, column.is_text):
            kinds = ", ".join(LIKE if column.is_text else COMPARE)
            said.append(f"The filter of “{column.title}” is not one of {kinds} with its values; it is left out.")
    if sort and not (isinstance(sort, str) and sort.removeprefix("-") in BY_NAME):
        said.append(f"There is no column “{str(sort)[:32]}” to sort by; the most traded come first.")
    return said


def _is_usable(condition: Any, is_text: bool) -> bool:
    if not isinstance(condition, Mapping):
        return False
    nested = condition.get("conditions")
    if isinstance(nested, Sequence) and not isinstance(nested, str):
        return bool(nested) and all(_is_usable(each, is_text) for each in nested[:4])
    kind, low, high = condition.get("type"), condition.get("filter"), condition.get("filterTo")
    if is_text:
        return kind in LIKE and isinstance(low, str)
    return kind in COMPARE and _is_number(low) and (kind != "inRange" or _is_number(high))


def parse_sort(sort: Any) -> tuple[str, bool]:
    """ "-rsi_14" → ("rsi_14", True); the default for anything that isn't a column."""
    text = sort if isinstance(sort, str) and sort.removeprefix("-") in BY_NAME else DEFAULT_SORT
    return text.removeprefix("-"), text.startswith("-")


def sparklines(door: Door, rows: pd.DataFrame) -> dict[str, list[float]]:
    """The newest adjusted closes of the rows' tickers, oldest first."""
    if rows.empty:
        return {}
    newest = as_date(rows["session_date"].max())
    assert newest is not None
    since = newest - timedelta(days=SPARK_DAYS)
    named = dict(zip(rows["security_id"], rows["ticker"], strict=True))
    frame = door.read("sparklines", securities=json.dumps(sorted(named)), since=since, until=newest)
    return {
        str(named[security]): [float(f"{value:.5g}") for value in group["adjusted_close_usd"].dropna()]
        for security, group in frame.groupby("security_id")
    }


def csv_text(rows: pd.DataFrame) -> str:
    """The rows as CSV with the columns' titles; a text that a spreadsheet would run as a formula gets an apostrophe."""
    shown = rows[[column.name for column in COLUMNS]].copy()
    for column in COLUMNS:
        if column.is_text:
            shown[column.name] = [None if pd.isna(value) else _unarmed(str(value)) for value in shown[column.name]]
        else:
            shown[column.name] = shown[column.name].round(column.decimals or 0)
    shown.columns = pd.Index([column.title for column in COLUMNS])
    return "\ufeff" + shown.to_csv(index=False, lineterminator="\r\n")


def _passes(values: pd.Series, condition: Mapping[str, Any], is_text: bool) -> pd.Series:
    nested = condition.get("conditions")
    if isinstance(nested, Sequence) and not isinstance(nested, str):
        found = [_passes(values, each, is_text) for each in nested[:4] if isinstance(each, Mapping)]
        if not found:
            return pd.Series(True, index=values.index)
        joined = np.logical_or if condition.get("operator") == "OR" else np.logical_and
        return pd.Series(joined.reduce(found), index=values.index)
    kind, low, high = str(condition.get("type")), condition.get("filter"), condition.get("filterTo")
    if not _is_usable(condition, is_text):
        return pd.Series(True, index=values.index)
    if is_text:
        texts, wanted = values.fillna("").astype(str).str.lower(), str(low)[:64].lower()
        if kind == "equals":
            return texts == wanted
        return texts.str.startswith(wanted) if kind == "startsWith" else texts.str.contains(wanted, regex=False)
    if kind == "equals":
        return values == low
    if kind == "inRange":
        return (values >= low) & (values <= high)
    if kind.startswith("greater"):
        return values >= low if kind.endswith("Equal") else values > low
    return values <= low if kind.endswith("Equal") else values < low


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18


def _unarmed(text: str) -> str:
    return "'" + text if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r") else text
