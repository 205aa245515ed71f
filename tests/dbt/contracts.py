"""Option contracts through splits and renames of their underlyings, as the vendor lists and quotes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tests.dbt.conftest import Lake
from tests.dbt.options import load_bars
from tests.dbt.stocks import Stock, flat, load, load_splits

LISTING = "/v3/reference/options/contracts"
# The day of all splits, with a session on each of its sides.
BEFORE, SPLIT = date(2020, 3, 13), date(2020, 3, 16)
APRIL = "200417"


def listed(lake: Lake, at: datetime, day: date, underlying: str, *contracts: str | dict[str, Any]) -> None:
    """Contracts as listed on a day: a ticker delivers 100 shares, a row what it says."""
    rows = [_row(underlying, {"ticker": one} if isinstance(one, str) else one) for one in contracts]
    params = {"underlying_ticker": underlying, "as_of": str(day), "expired": "false", "limit": "1000"}
    lake.load("option_contracts", LISTING, rows, at=at, params=params)


def quoted(lake: Lake, at: datetime, session: date, **closes: float) -> None:
    """Bars of a session; O: goes before each name."""
    load_bars(lake, {f"O:{name}": close for name, close in closes.items()}, at=at, session=session)


def load_splits_of_contracts(lake: Lake, at: datetime, sessions: Sequence[date]) -> None:
    """SHW split 3:1, ODD 3:2, REV 1:10 on one day; a spin-off that nobody tells us of."""
    stocks = {"SHW": (900.0, 1, 3), "ODD": (90.0, 2, 3), "REV": (0.5, 10, 1)}
    for name, (close, old, new) in stocks.items():
        bars = flat([day for day in sessions if day < SPLIT], close)
        load(lake, name, bars | flat([day for day in sessions if day >= SPLIT], close * old / new), at=at)
    load_splits(lake, {name: Stock({}, [(SPLIT, old, new)]) for name, (_, old, new) in stocks.items()}, at=at)

    # 905 / 3 is rounded to the cent. 300 names a contract that becomes 100, and from the split on another one.
    shw = [f"O:SHW{APRIL}C{strike:08d}" for strike in (900000, 905000, 300000)]
    listed(lake, at, BEFORE, "SHW", *shw)
    listed(lake, at, SPLIT, "SHW", *(f"O:SHW{APRIL}C{strike:08d}" for strike in (300000, 301670, 100000)))
    quoted(lake, at, BEFORE, SHW200417C00900000=30, SHW200417C00300000=602, SHW200417C00600000=300)
    quoted(lake, at, SPLIT, SHW200417C00300000=11, SHW200417C00100000=201)
    # Strike 93 became 62, under which of two roots can't be told.
    listed(lake, at, BEFORE, "ODD", f"O:ODD{APRIL}C00090000", f"O:ODD{APRIL}C00093000")
    more = [("ODD1", 60000), ("ODD1", 62000), ("ODD2", 62000)]
    made = [f"O:{root}{APRIL}C{strike:08d}" for root, strike in more]
    listed(lake, at, SPLIT, "ODD", *({"ticker": one, "shares_per_contract": 150} for one in made))
    # Of one contract after the reverse split the reference doesn't say what it delivers.
    listed(lake, at, BEFORE, "REV", f"O:REV{APRIL}P00001000", f"O:REV{APRIL}P00002000")
    listed(lake, at, SPLIT, "REV", {"ticker": f"O:REV1{APRIL}P00001000", "shares_per_contract": 10})
    quoted(lake, at, BEFORE, REV200417P00001000=0.6, REV200417P00002000=1.6)
    quoted(lake, at, SPLIT, REV1200417P00001000=0.55, REV1200417P00002000=1.55)
    more_than_shares = {"additional_underlyings": [{"amount": 12.5, "type": "currency", "underlying": "USD"}]}
    listed(lake, at, SPLIT, "TT", {"ticker": f"O:TT1{APRIL}C00130000"} | more_than_shares)


def _row(underlying: str, row: dict[str, Any]) -> dict[str, Any]:
    ticker = row["ticker"]
    return {
        "underlying_ticker": underlying,
        "contract_type": "call" if ticker[-9] == "C" else "put",
        "exercise_style": "european",
        "expiration_date": f"20{ticker[-15:-13]}-{ticker[-13:-11]}-{ticker[-11:-9]}",
        "strike_price": int(ticker[-8:]) / 1000,
        "shares_per_contract": 100,
    } | row
