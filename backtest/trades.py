"""The trades of a run: each from the fill that opens a position to the one that closes or turns it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtest.engine import Run, cost_usd
from backtest.rules import Watch

COLUMNS = (
    "ticker", "side", "entry_session", "entry_usd", "exit_session", "exit_usd", "sessions", "invested_usd",
    "profit_usd", "return_pct", "is_open", "mae_pct", "mfe_pct", "closed_by",
)  # fmt: skip

_CLOSED_BY = {0: "signal", Watch.STOP: "stop", Watch.PROFIT: "profit"}


def trades(run: Run, portfolio: int = 0) -> pd.DataFrame:
    """One row a trade, oldest entry first: `COLUMNS`.

    Entry and exit prices are the opens that were filled at, or the last close of a security that has ended, before
    slippage and commission; `profit_usd` is after both.
    `invested_usd` is all that was put in, later rebalancing included, and `return_pct` the profit on it. A trade that
    is still open has no exit and is valued at its last close.
    `mae_pct`, `mfe_pct`: the worst and the best that the price moved against and for the trade, per cent of its entry,
    from the fill to the exit, at most and at least 0; by highs and lows where these are known (Sweeney, "Maximum
    Adverse Excursion", 1996). `closed_by`: signal, stop, profit, end (of the security) or ruin; "" while open.
    """
    prices = run.prices
    is_alone = run.shares.shape[2] == 1 and len(prices.tickers) == run.shares.shape[1] > 1
    rows = []
    for slot in range(run.shares.shape[2]):
        column = portfolio if is_alone else slot
        if run.bought[:, portfolio, slot].any():
            rows += _of_one(run, portfolio, slot, column)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["entry_session", "ticker"], kind="stable", ignore_index=True)


def _of_one(run: Run, portfolio: int, slot: int, column: int) -> list[tuple[object, ...]]:
    ticker, fills = run.prices.tickers[column], run.prices.open_usd[:, column]
    shares, bought = run.shares[:, portfolio, slot], run.bought[:, portfolio, slot]
    sessions, marks = run.prices.sessions, run.prices.marks_usd[:, column]
    price = np.where(np.isnan(fills), marks, fills)
    before = np.concatenate([[0.0], shares[:-1]])
    turns = np.sign(before) != np.sign(shares)
    closed = np.where(turns, -before, np.where(np.abs(shares) < np.abs(before), bought, 0.0))
    opened = np.where(turns, shares, np.where(np.abs(shares) > np.abs(before), bought, 0.0))
    leaving, entering = closed * price, opened * price  # signed: bought above zero
    leaving_flow = -leaving - cost_usd(leaving, run.costs)
    entering_flow = -entering - cost_usd(entering, run.costs)
    fees = np.zeros(len(shares)) if run.borrow_usd is None else run.borrow_usd[:, portfolio, slot]
    why = np.zeros(len(shares), dtype=np.int8) if run.exits is None else run.exits[:, portfolio, slot]
    highs, lows = run.prices.highs_usd[:, column], run.prices.lows_usd[:, column]
    entries = np.flatnonzero(turns & (shares != 0))
    exits = np.flatnonzero(turns & (before != 0))
    rows: list[tuple[object, ...]] = []
    for place, entry in enumerate(entries):
        is_open = place >= len(exits)
        last = len(shares) - 1 if is_open else int(exits[place])
        left = last - 1 if last == run.prices.ends[column] else last
        end = last + 1 if is_open else last  # what enters in the exit's session belongs to the next trade
        profit = entering_flow[entry:end].sum() + leaving_flow[entry + 1 : last + 1].sum()
        profit += shares[last] * marks[last] if is_open else 0.0
        profit -= fees[entry + 1 : last + 1].sum()
        ruined = run.equity_usd[last, portfolio] <= 0
        is_ended = last == run.prices.ends[column]
        # In the session of an exit at the open only that open was met.
        end_of_stay = last + 1 if is_open else last
        met = [price[entry], price[last], *highs[entry:end_of_stay], *lows[entry:end_of_stay]]
        moves = 100 * np.sign(shares[entry]) * (np.array(met) / price[entry] - 1)
        closed_by = "" if is_open else "end" if is_ended else "ruin" if ruined else _CLOSED_BY[int(why[last])]
        invested = np.abs(entering[entry:end]).sum()
        rows.append(
            (
                ticker, "long" if shares[entry] > 0 else "short", sessions[entry], price[entry],
                pd.NaT if is_open else sessions[left], np.nan if is_open else price[last], left - int(entry), invested,
                profit, 100 * profit / invested, is_open, float(np.nanmin(moves)), float(np.nanmax(moves)), closed_by,
            )
        )  # fmt: skip
    return rows
