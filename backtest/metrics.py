"""What an equity curve was worth. A year has 252 sessions; the risk-free rate is zero unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtest.engine import Run
from backtest.luck import probabilistic_sharpe
from backtest.trades import trades as trades_of

YEAR = 252


@dataclass(frozen=True)
class Drawdown:
    """The deepest fall: per cent (at most 0), when it began and ended, and when the old height was reached again.

    `recovery_sessions` counts from the bottom; None while it hasn't recovered.
    """

    depth_pct: float
    peak: pd.Timestamp | None = None
    bottom: pd.Timestamp | None = None
    recovered: pd.Timestamp | None = None
    recovery_sessions: int | None = None


@dataclass(frozen=True)
class Metrics:
    """One portfolio's figures; NaN where a figure has no meaning (no trade, no loss, no variation).

    Profit factor and hit rate are of the closed trades alone. `likely_pct`: how likely the true Sharpe ratio is above
    zero (`luck.probabilistic_sharpe`).
    """

    final_usd: float
    total_return_pct: float
    cagr_pct: float
    volatility_pct: float
    sharpe: float
    sortino: float
    calmar: float
    drawdown: Drawdown
    closed_count: int
    open_count: int
    profit_factor: float
    hit_rate_pct: float
    turnover_pct: float
    exposure_pct: float
    costs_usd: float
    likely_pct: float = float("nan")


def measure(run: Run, portfolio: int = 0, trade_list: pd.DataFrame | None = None) -> Metrics:
    """The figures of one portfolio of a run.

    Profit factor: profits of closed trades over their losses. Hit rate: closed trades with a profit. Turnover: value
    bought and sold in a year, over the average equity. Exposure: average of positions (long plus short) over equity.
    """
    equity = run.equity(portfolio)
    trade_list = trades_of(run, portfolio) if trade_list is None else trade_list
    closed = trade_list[~trade_list["is_open"].astype(bool)]["profit_usd"].astype(float)
    losses = -float(closed[closed < 0].sum())
    years = max(len(equity) - 1, 1) / YEAR
    fall = max_drawdown(equity)
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.nan_to_num(run.gross_usd[:, portfolio] / run.equity_usd[:, portfolio])
    daily = returns(equity)
    return Metrics(
        final_usd=float(equity.iloc[-1]),
        total_return_pct=100 * (float(equity.iloc[-1] / equity.iloc[0]) - 1),
        cagr_pct=cagr_pct(equity),
        volatility_pct=volatility_pct(daily),
        sharpe=sharpe(daily),
        sortino=sortino(daily),
        calmar=_ratio(cagr_pct(equity), -fall.depth_pct),
        drawdown=fall,
        closed_count=len(closed),
        open_count=len(trade_list) - len(closed),
        profit_factor=_ratio(float(closed[closed > 0].sum()), losses),
        hit_rate_pct=100 * float((closed > 0).mean()) if len(closed) else np.nan,
        turnover_pct=100 * float(run.traded_usd[:, portfolio].sum()) / float(equity.mean()) / years,
        exposure_pct=100 * float(exposure.mean()),
        costs_usd=float(run.costs_usd[:, portfolio].sum()),
        likely_pct=100 * probabilistic_sharpe(daily),
    )


def returns(equity: pd.Series) -> pd.Series:
    """Simple returns from close to close, without the first session; 0 after ruin."""
    return equity.pct_change().iloc[1:].fillna(0.0)


def cagr_pct(equity: pd.Series) -> float:
    """Compound annual growth: (last / first) ^ (252 / sessions) - 1, per cent."""
    if len(equity) < 2:
        return float("nan")
    return 100 * (float(equity.iloc[-1] / equity.iloc[0]) ** (YEAR / (len(equity) - 1)) - 1)


def volatility_pct(daily: pd.Series) -> float:
    """Sample deviation of daily returns times the root of 252, per cent."""
    return 100 * float(daily.std()) * YEAR**0.5


def sharpe(daily: pd.Series, risk_free_pct: float = 0.0) -> float:
    """Mean over sample deviation of daily excess returns, times the root of 252.

    Sharpe, "The Sharpe ratio" (Journal of Portfolio Management 21, 1994).
    """
    return _ratio(float((daily - risk_free_pct / 100 / YEAR).mean()), float(daily.std())) * YEAR**0.5


def sortino(daily: pd.Series, target_pct: float = 0.0) -> float:
    """Mean excess over downside deviation, times the root of 252; the deviation counts every session.

    Sortino and Price, "Performance measurement in a downside risk framework" (Journal of Investing 3, 1994).
    """
    excess = daily - target_pct / 100 / YEAR
    return _ratio(float(excess.mean()), float((excess.clip(upper=0) ** 2).mean()) ** 0.5) * YEAR**0.5


def underwater_pct(equity: pd.Series) -> pd.Series:
    """How far below its height so far the equity stands, per cent, 0 at a new height."""
    return 100 * (equity / equity.cummax() - 1)


def max_drawdown(equity: pd.Series) -> Drawdown:
    """The deepest point under water with its peak before and its recovery after (Magdon-Ismail and Atiya, 2004)."""
    under = underwater_pct(equity)
    if under.empty or not (under.min() < 0):
        return Drawdown(0.0)
    place = int(under.to_numpy().argmin())
    peak = int(equity.to_numpy()[: place + 1].argmax())
    after = np.flatnonzero(equity.to_numpy()[place:] >= equity.iloc[peak])
    reached = place + int(after[0]) if len(after) else None
    return Drawdown(
        float(under.iloc[place]),
        equity.index[peak],
        equity.index[place],
        None if reached is None else equity.index[reached],
        None if reached is None else reached - place,
    )


def monthly_returns_pct(equity: pd.Series) -> pd.DataFrame:
    """Returns by year (rows) and month 1 to 12 (columns), per cent; the first month counts from the first close."""
    last = equity.groupby([equity.index.year, equity.index.month]).last()
    before = last.shift(1)
    before.iloc[0] = equity.iloc[0]
    table = (100 * (last / before - 1)).unstack()
    return table.reindex(columns=range(1, 13))


def rolling_sharpe(equity: pd.Series, sessions: int = 126) -> pd.Series:
    """Sharpe ratio of the last `sessions` returns; NaN until there are as many, or while they don't vary."""
    daily = returns(equity)
    windows = daily.rolling(sessions)
    deviation = windows.std()
    return windows.mean() / deviation.where(deviation > 1e-12) * YEAR**0.5


def _ratio(above: float, below: float) -> float:
    return above / below if below > 1e-12 else float("nan")
