"""Figures of one session's contracts: expected move, max pain, unusual volume. Pure; rows as in option_chain.sql."""

from __future__ import annotations

import numpy as np
import pandas as pd

YEAR_DAYS = 365
LEAST_VOLUME = 100


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """The contracts that deliver what they are called by; adjusted ones count in no figure."""
    return rows[~rows["is_adjusted_contract"].fillna(False).astype(bool)]


def at_the_money_pct(expiring: pd.DataFrame) -> float | None:
    """Mean of the call's and the put's implied volatility at the money, % a year; None where neither has one."""
    near = expiring[expiring["is_at_the_money"].fillna(False).astype(bool)]
    known = pd.to_numeric(near["implied_volatility_pct"]).dropna()
    return None if known.empty else float(known.mean())


def straddle_usd(expiring: pd.DataFrame) -> float | None:
    """Closes of the call and the put at the money together, USD a share; None unless both traded."""
    near = plain(expiring)
    near = near[near["is_at_the_money"].fillna(False).astype(bool)]
    closes = near.drop_duplicates("contract_type").set_index("contract_type")["close_usd"].dropna()
    return float(closes["call"] + closes["put"]) if {"call", "put"} <= set(closes.index) else None


def expected_move_usd(spot: float, volatility_pct: float, days: int) -> float:
    """One standard deviation until then, USD: spot · σ · √(days / 365)."""
    return float(spot * volatility_pct / 100 * np.sqrt(days / YEAR_DAYS))


def max_pain_usd(expiring: pd.DataFrame) -> float | None:
    """The strike at which the open contracts of one expiration are worth least to their holders, the lower of two.

    A sum of kinked lines has its least value at a kink, so strikes are enough. None without open interest.
    """
    rows = plain(expiring)
    strikes = rows["strike_usd"].to_numpy(dtype=float)
    opened = pd.to_numeric(rows["open_interest_contracts"]).fillna(0).to_numpy(dtype=float)
    if not opened.sum() > 0:
        return None
    sign = np.where(rows["contract_type"] == "call", 1.0, -1.0)
    ends = np.unique(strikes)
    paid = np.maximum(sign * (ends[:, None] - strikes), 0) @ opened
    return float(ends[paid.argmin()])


def expirations(rows: pd.DataFrame, spot: float | None) -> pd.DataFrame:
    """A row for each expiration: what it expects and where its open contracts are.

    Columns: expiration_date, days, volatility_pct, move_usd, move_pct, call_open_interest, put_open_interest,
    volume, max_pain_usd; NaN for what isn't known.
    """
    found = []
    for day, expiring in plain(rows).groupby("expiration_date"):
        days = int(expiring["days_to_expiration"].iloc[0])
        volatility = at_the_money_pct(expiring)
        move = None if spot is None or volatility is None else expected_move_usd(spot, volatility, days)
        opened = expiring.groupby("contract_type")["open_interest_contracts"].sum(min_count=1)
        found.append(
            {
                "expiration_date": day,
                "days": days,
                "volatility_pct": volatility,
                "move_usd": move,
                "move_pct": None if move is None or not spot else 100 * move / spot,
                "call_open_interest": opened.get("call"),
                "put_open_interest": opened.get("put"),
                "volume": expiring["volume_contracts"].sum(min_count=1),
                "max_pain_usd": max_pain_usd(expiring),
            }
        )
    return pd.DataFrame(found)


def unusual(rows: pd.DataFrame, most: int = 8) -> pd.DataFrame:
    """Contracts that traded more than was open before the session, by how many times (`ratio`, inf for new ones).

    At least LEAST_VOLUME contracts; those whose open interest isn't known are left out.
    """
    kept = plain(rows)
    volume, opened = (
        pd.to_numeric(kept[name]).astype(float) for name in ("volume_contracts", "open_interest_contracts")
    )
    ratio = volume / opened
    chosen = kept.assign(ratio=ratio)[(volume >= LEAST_VOLUME) & (volume > opened)]
    return chosen.sort_values(["ratio", "volume_contracts"], ascending=False, kind="stable").head(most)
