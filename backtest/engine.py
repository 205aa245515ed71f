"""The simulation: targets decided at a close are filled at the next open; cash is never negative.

P portfolios of N tickers run at once, so a sweep, 500 tickers alone and a basket are one loop over the sessions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtest.prices import Matrix, Prices
from backtest.rules import Exits, Watch
from backtest.strategies import ParameterError

CAPITAL_USD = 10_000.0
COST_BPS = (0.0, 200.0)
SLIPPAGE_BPS = (0.0, 500.0)
BORROW_PCT = (0.0, 100.0)
YEAR = 252
# Each round leaves at most a fourteenth of the error (2 % commission on 5 % slippage): 14 rounds leave 1e-16.
_ROUNDS = 14
# So that rounding never leaves a portfolio a fraction of a cent short.
_SHY = 1 - 1e-12


@dataclass(frozen=True)
class Costs:
    """Commission and slippage in basis points of a fill's value; a buy fills above the open, a sale under it.

    `borrow_pct`: what borrowing shares costs, per cent a year of the value sold short at the close before. A 252nd part
    of it is paid in each session that begins with a short position.
    """

    commission_bps: float = 5.0
    slippage_bps: float = 5.0
    borrow_pct: float = 0.0

    def __post_init__(self) -> None:
        for name, (least, most) in (
            ("commission_bps", COST_BPS), ("slippage_bps", SLIPPAGE_BPS), ("borrow_pct", BORROW_PCT),
        ):  # fmt: skip
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and math.isfinite(value) and least <= value <= most):
                raise ParameterError(name, f"must be from {least:g} to {most:g}, not {value!r}")

    @property
    def buy(self) -> float:
        """What buying a dollar's worth at the open costs beside that dollar."""
        return (1 + self.slippage_bps / 1e4) * (1 + self.commission_bps / 1e4) - 1

    @property
    def sell(self) -> float:
        """What of a dollar's worth at the open a sale does not bring."""
        return 1 - (1 - self.slippage_bps / 1e4) * (1 - self.commission_bps / 1e4)


@dataclass(frozen=True)
class Run:
    """What happened. T sessions, P portfolios, N tickers; dollars at closes.

    `equity_usd`, `cash_usd`, `gross_usd` (|positions| summed), `costs_usd`, `traded_usd` (value at the open of what was
    bought and sold in the session): T x P. `shares` after and `bought` (negative: sold) in the session, `borrow_usd`
    paid in it, and `exits` (a session in which a stop or a profit closed the position: `Watch.STOP`, `Watch.PROFIT`):
    T x P x N; the last two are None where there are none.
    """

    prices: Prices
    costs: Costs
    equity_usd: Matrix
    cash_usd: Matrix
    gross_usd: Matrix
    costs_usd: Matrix
    traded_usd: Matrix
    shares: Matrix
    bought: Matrix
    borrow_usd: Matrix | None = None
    exits: Matrix | None = None

    def equity(self, portfolio: int = 0) -> pd.Series:
        """One portfolio's equity by session, USD."""
        return pd.Series(self.equity_usd[:, portfolio], index=self.prices.sessions)

    def weights_pct(self, portfolio: int = 0) -> pd.DataFrame:
        """What part of a basket's equity each ticker is at each close, per cent, below zero where it is short."""
        value = self.shares[:, portfolio] * np.nan_to_num(self.prices.marks_usd)
        equity = self.equity_usd[:, [portfolio]]
        parts = np.divide(100 * value, equity, out=np.zeros_like(value), where=equity > 0)
        return pd.DataFrame(parts, self.prices.sessions, list(self.prices.tickers))


def simulate(
    prices: Prices,
    targets: Matrix,
    costs: Costs | None = None,
    capital_usd: float = CAPITAL_USD,
    *,
    alone: bool = False,
    sizes: Matrix | None = None,
    exits: Exits | None = None,
    rebalance_sessions: int = 0,
) -> Run:
    """Hold what `targets` (T x N, or T x P x N) say, from the open after each close.

    A basket gives each ticker a slot of the equity, 1/N or what `sizes` say: long, short or cash. All slots are filled
    anew whenever a signal of the basket changes, every `rebalance_sessions`, and only then; a ticker without a bar on
    that session keeps its shares and follows at its next bar. Shares are fractional. A short sale's proceeds stay as
    cash, which earns nothing. A portfolio whose equity falls to zero is closed and stays at zero. A position in a
    security that has ended (`prices.ended`) ends with its last close, at the costs of any fill, booked a session later.

    Args:
        alone: each ticker is a portfolio of its own with the whole capital (then P = N).
        sizes: parts of the equity (T x N) as of each close; where NaN, nothing is held. Above 1 together, they are
            scaled down to 1.
        exits: what closes a position besides its signal.
        rebalance_sessions: how often slots are filled anew without a signal, 0 for never.

    Raises:
        ValueError: when shapes differ, or the capital isn't above zero.
    """
    costs = costs or Costs()
    wanted = targets[:, None, :] if targets.ndim == 2 and not alone else targets[:, :, None] if alone else targets
    rows, tickers = prices.close_usd.shape
    if wanted.shape[0] != rows or (targets.shape[-1] != tickers):
        raise ValueError(f"targets of shape {targets.shape} don't fit {rows} sessions x {tickers} tickers")
    if not (math.isfinite(capital_usd) and capital_usd > 0):
        raise ValueError(f"the capital is {capital_usd!r}; expected more than zero")
    opened, marks = (np.expand_dims(each, 2 if alone else 1) for each in (prices.open_usd, prices.marks_usd))
    has_bar, filled_marks = ~np.isnan(opened), np.nan_to_num(marks)
    opened = np.nan_to_num(opened)

    portfolios, slots = wanted.shape[1], wanted.shape[2]
    cash = np.full(portfolios, float(capital_usd))
    shares = np.zeros((portfolios, slots))
    held = np.zeros((portfolios, slots), dtype=wanted.dtype)  # the targets that were filled last
    is_alive = np.ones(portfolios, dtype=bool)
    ends = np.expand_dims(prices.ends, 1 if alone else 0)
    equity, cashes, gross, paid, traded = (np.zeros((rows, portfolios)) for _ in range(5))
    all_shares, all_bought = np.zeros((2, rows, portfolios, slots))
    watch = Watch(exits, (portfolios, slots)) if exits is not None and exits.is_used else None
    borrow = np.zeros(all_shares.shape) if costs.borrow_pct else None
    reasons = np.zeros(all_shares.shape, dtype=np.int8) if watch else None
    if sizes is not None:
        sizes = np.expand_dims(sizes, 2 if alone else 1)
        wanted = np.where(np.isnan(sizes), 0, wanted).astype(wanted.dtype)
        sizes = np.nan_to_num(sizes)
    order = np.zeros_like(held)
    for row in range(rows):
        if row:
            if borrow is not None:
                borrow[row] = np.maximum(-shares * filled_marks[row - 1], 0) * costs.borrow_pct / 100 / YEAR
                paid[row] += borrow[row].sum(axis=1)
                cash = cash - borrow[row].sum(axis=1)
            if (ends == row).any():
                gone = np.where(ends == row, shares, 0.0)
                value = gone * filled_marks[row - 1]
                fee = cost_usd(-value, costs).sum(axis=1)
                paid[row], traded[row] = paid[row] + fee, np.abs(value).sum(axis=1)
                cash, shares = cash + value.sum(axis=1) - fee, shares - gone
                held, all_bought[row] = np.where(ends == row, 0, held), -gone
            can_fill = np.broadcast_to(has_bar[row], order.shape)
            acts = is_alive & ((order != held) & can_fill).any(axis=1)
            if rebalance_sessions and row > 1 and (row - 1) % rebalance_sessions == 0:
                acts |= is_alive & ((order != 0) & can_fill).any(axis=1)
            if acts.any():
                who, before = np.flatnonzero(acts), shares.copy() if watch else shares
                price = np.where(has_bar[row], opened[row], filled_marks[row - 1])
                price = price[who] if alone else price
                old, fills = shares[who], can_fill[who]
                value = old * price
                slot = order[who] / slots if sizes is None else _capped(order[who] * sizes[row - 1][_these(sizes, who)])
                goal, worth = _goals(value, cash[who], slot, fills, costs)
                change = np.where(fills, goal - value, 0.0)
                cost = cost_usd(change, costs).sum(axis=1)
                is_ruined = worth <= 0
                bought = np.divide(change, price, out=np.zeros_like(change), where=price > 0)
                # A position that is closed is closed to the last fraction.
                bought = np.where((fills & (goal == 0)) | is_ruined[:, None], -old, bought)
                shares[who] = old + bought
                cash[who] = np.where(is_ruined, 0.0, cash[who] - change.sum(axis=1) - cost)
                is_alive[who[is_ruined]] = False
                held[who] = np.where(fills, order[who], held[who])
                paid[row, who] += cost
                traded[row, who] += np.abs(change).sum(axis=1)
                all_bought[row, who] += bought
                if watch and reasons is not None:
                    closes = np.zeros_like(shares, dtype=bool)
                    closes[who] = (old != 0) & (shares[who] == 0)
                    reasons[row] = np.where(closes, watch.why, 0)
                    watch.opened(before, shares, np.where(has_bar[row], opened[row], filled_marks[row - 1]))
        value = shares * filled_marks[row]
        total = cash + value.sum(axis=1)
        is_ruined = is_alive & (total <= 0)
        if is_ruined.any():
            is_alive &= ~is_ruined
            all_bought[row, is_ruined] -= shares[is_ruined]
            cash[is_ruined], shares[is_ruined], total[is_ruined], value[is_ruined] = 0.0, 0.0, 0.0, 0.0
        equity[row], cashes[row], gross[row], all_shares[row] = total, cash, np.abs(value).sum(axis=1), shares
        order = wanted[row] if watch is None else watch.order(wanted[row], shares, filled_marks[row])
    return Run(prices, costs, equity, cashes, gross, paid, traded, all_shares, all_bought, borrow, reasons)


def _these(sizes: Matrix, who: Matrix) -> Matrix | slice:
    """Which rows of a session's sizes (P x N, or 1 x N for all) are of these portfolios."""
    return who if sizes.shape[1] > 1 else slice(None)


def _capped(slot: Matrix) -> Matrix:
    """Parts of the equity, scaled down where all together are more than it."""
    return slot / np.maximum(np.abs(slot).sum(axis=1, keepdims=True), 1.0)


def _goals(value: Matrix, cash: Matrix, slot: Matrix, fills: Matrix, costs: Costs) -> tuple[Matrix, Matrix]:
    """The dollars that each position shall be worth at the open, and the equity that is left after costs.

    `slot`: parts of the equity, below zero for a short position. The costs depend on the goals and the goals on what
    the costs leave: the map contracts by the cost rate, so it is repeated until it stands.
    """
    before = cash + value.sum(axis=1)
    kept_long = np.where(fills, 0.0, np.maximum(value, 0)).sum(axis=1)
    kept_short = np.where(fills, 0.0, np.minimum(value, 0)).sum(axis=1)
    longs = np.where(fills, np.maximum(slot, 0), 0.0).sum(axis=1)
    shorts = np.where(fills, np.minimum(slot, 0), 0.0).sum(axis=1)
    worth = before
    for _ in range(_ROUNDS):
        # What can't be traded may have outgrown its slot: the others share what is left of the money.
        room = np.maximum(worth - kept_long - kept_short - worth * shorts, 0)
        need = worth * longs
        share = np.divide(room, need, out=np.ones_like(need), where=need > room)
        goal = np.where(fills, slot * np.where(slot > 0, share[:, None], 1.0) * (worth * _SHY)[:, None], value)
        left = np.maximum(before - cost_usd(goal - value, costs).sum(axis=1), 0)
        stands = bool((np.abs(left - worth) <= 1e-15 * before).all())
        worth = left
        if stands:
            break
    return goal, worth


def cost_usd(change: Matrix, costs: Costs) -> Matrix:
    """What trading `change` dollars' worth at the open costs (sales are negative)."""
    return np.where(change > 0, change * costs.buy, -change * costs.sell)
