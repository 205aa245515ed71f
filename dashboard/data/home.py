"""The market of the newest session beside the one before: breadth, movers, what is unusual, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pandas as pd

from dashboard.data import restatements, screener
from dashboard.data.door import Door
from dashboard.data.market import as_date

# Calendar days of the breadth's history: about 60 sessions, and over any closure of the exchange.
HISTORY_DAYS = 90
SPLIT_DAYS, MOST_SPLITS = 92, 8
# Below it a few trades move a price by far: such securities are in the counts and not in the lists.
LEAST_DOLLAR_VOLUME = 1_000_000.0
COUNTS = (
    "securities", "advancers", "decliners", "unchanged", "new_highs", "new_lows", "above_sma_200", "with_sma_200",
)  # fmt: skip


@dataclass(frozen=True)
class Changes:
    """From the session before to the newest: tickers of securities that have a bar in one of the two only, that
    crossed SMA 200, and the restatements learned since the session before."""

    session: date
    before: date
    came: tuple[str, ...]
    went: tuple[str, ...]
    crossed_up: tuple[str, ...]
    crossed_down: tuple[str, ...]
    restated: int


def read_market(door: Door) -> pd.DataFrame:
    """The rows of the newest session: screener.read_all, and two ratios.

    `volume_ratio`: dollar volume over its average of 20 sessions; `volatility_ratio`: the volatility of 21
    sessions over the one of 63. All of them end with the session.
    """
    frame = screener.read_all(door)
    dollars = frame["close_usd"] * frame["volume_shares"]
    longer = pd.to_numeric(frame["volatility_63d_pct"]).astype(float)
    return frame.assign(
        volume_ratio=dollars / _positive(frame["average_dollar_volume_20d_usd"]),
        volatility_ratio=frame["volatility_21d_pct"] / _positive(longer),
    )


def read_breadth(door: Door, newest: date) -> pd.DataFrame:
    """queries/market_breadth.sql of about 60 sessions until the newest, counts as whole numbers."""
    frame = door.read("market_breadth", since=newest - timedelta(days=HISTORY_DAYS))
    return frame.assign(**{name: pd.to_numeric(frame[name]).astype(int) for name in COUNTS})


def traded(market: pd.DataFrame) -> pd.DataFrame:
    """The rows that lists are made of: an average dollar volume of at least LEAST_DOLLAR_VOLUME."""
    return market[market["average_dollar_volume_20d_usd"] >= LEAST_DOLLAR_VOLUME]


def greatest(market: pd.DataFrame, column: str, count: int) -> pd.DataFrame:
    """The `count` rows with the greatest values of the column, the greatest first; of equals by ticker."""
    known = market[market[column].notna()]
    return known.sort_values([column, "ticker"], ascending=[False, True], kind="stable").head(count)


def least(market: pd.DataFrame, column: str, count: int) -> pd.DataFrame:
    """The `count` rows with the smallest values of the column, the smallest first; of equals by ticker."""
    known = market[market[column].notna()]
    return known.sort_values([column, "ticker"], kind="stable").head(count)


def read_changes(door: Door, market: pd.DataFrame, breadth: pd.DataFrame) -> Changes | None:
    """What differs between the two newest sessions; None when there is one session only."""
    if len(breadth) < 2:
        return None
    newest, before = as_date(breadth["session_date"].iloc[-1]), as_date(breadth["session_date"].iloc[-2])
    assert newest is not None
    assert before is not None
    earlier = screener.read_all(door, before.isoformat())
    both = market.merge(earlier[["security_id", "above_sma_200_pct"]], on="security_id", suffixes=("", "_before"))
    now, then = both["above_sma_200_pct"], both["above_sma_200_pct_before"]
    evening = datetime.combine(before + timedelta(days=1), time())
    return Changes(
        newest,
        before,
        came=_only(market, earlier),
        went=_only(earlier, market),
        crossed_up=tuple(both.loc[(now > 0) & (then <= 0), "ticker"]),
        crossed_down=tuple(both.loc[(now <= 0) & (then > 0), "ticker"]),
        restated=sum(change.known_from >= evening for change in restatements.read_changes(door)),
    )


def read_splits(door: Door, newest: date) -> pd.DataFrame:
    """queries/splits.sql of the last three months, the newest first."""
    return door.read("splits", since=newest - timedelta(days=SPLIT_DAYS), rows=MOST_SPLITS)


def _only(rows: pd.DataFrame, others: pd.DataFrame) -> tuple[str, ...]:
    return tuple(rows.loc[~rows["security_id"].isin(others["security_id"]), "ticker"])


def _positive(values: pd.Series) -> pd.Series:
    return values.where(values > 0)
