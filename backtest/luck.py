"""How much of a figure may be luck: intervals by bootstrap, and what is left of a Sharpe ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

YEAR = 252
RESAMPLES = 1000
# A month: longer than most of what daily returns have to do with each other.
BLOCK_SESSIONS = 21
FEWEST_RETURNS = 42
CONFIDENCE_PCT = 95.0
_EULER = 0.5772156649015329
_NORMAL = NormalDist()


def probabilistic_sharpe(daily: pd.Series, benchmark: float = 0.0) -> float:
    """How likely the true Sharpe ratio is above `benchmark` (of a session, not a year), 0 to 1; NaN without variation.

    Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR^2)), kurtosis 3 for a normal distribution:
    Bailey and López de Prado, "The Sharpe ratio efficient frontier" (Journal of Risk 15, 2012), equation 11.
    """
    values = daily.to_numpy(dtype=float)
    if len(values) < 3 or not values.std() > 1e-12:
        return float("nan")
    centred = values - values.mean()
    spread = float((centred**2).mean()) ** 0.5
    skew, kurtosis = float((centred**3).mean()) / spread**3, float((centred**4).mean()) / spread**4
    ratio = float(values.mean() / values.std(ddof=1))
    variance = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    return _NORMAL.cdf((ratio - benchmark) * (len(values) - 1) ** 0.5 / max(variance, 1e-12) ** 0.5)


def expected_best_sharpe(sharpes: np.ndarray) -> float:
    """The highest Sharpe ratio to expect of as many trials without skill whose ratios vary as much; NaN below two.

    sqrt(V) ((1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e))), g Euler's constant: Bailey and López de Prado, "The
    deflated Sharpe ratio" (Journal of Portfolio Management 40, 2014). The formula is for independent trials; those of a
    sweep are alike, which makes it strict.
    """
    tried = sharpes[np.isfinite(sharpes)]
    count = len(tried)
    if count < 2:
        return float("nan")
    quantiles = (1 - _EULER) * _NORMAL.inv_cdf(1 - 1 / count) + _EULER * _NORMAL.inv_cdf(1 - 1 / (count * math.e))
    return float(tried.std(ddof=1)) * quantiles


@dataclass(frozen=True)
class Deflated:
    """The best of `trials`: its Sharpe ratio and the one to expect of luck alone, both a year, and how likely the true
    one is above that, per cent."""

    trials: int
    sharpe: float
    expected_sharpe: float
    likely_pct: float

    @property
    def is_luck(self) -> bool:
        """Whether the best is no better than chance, at 95 %."""
        return not self.likely_pct >= CONFIDENCE_PCT


def deflated_sharpe(best: pd.Series, sharpes: np.ndarray) -> Deflated:
    """The deflated Sharpe ratio of the best of several trials: `best` are its daily returns, `sharpes` the ratios of
    all, of a session (Bailey and López de Prado, 2014): the probabilistic one against the best to expect of luck."""
    expected = expected_best_sharpe(sharpes)
    ratio = float(best.mean() / best.std()) if best.std() > 1e-12 else float("nan")
    return Deflated(
        int(np.isfinite(sharpes).sum()), ratio * YEAR**0.5, expected * YEAR**0.5,
        100 * probabilistic_sharpe(best, expected),
    )  # fmt: skip


@dataclass(frozen=True)
class Relative:
    """Beside a benchmark: `alpha_pct` a year, and `beta`; NaN where the benchmark doesn't vary."""

    alpha_pct: float
    beta: float


def alpha_beta(daily: pd.Series, benchmark: pd.Series) -> Relative:
    """Least squares of daily returns on the benchmark's: the slope is beta, 252 times the intercept alpha.

    Jensen, "The performance of mutual funds in the period 1945-1964" (Journal of Finance 23, 1968); the
    risk-free rate is zero.
    """
    own, other = daily.to_numpy(dtype=float), benchmark.to_numpy(dtype=float)
    variance = float(((other - other.mean()) ** 2).sum()) if len(other) else 0.0
    if not variance > 1e-18:
        return Relative(float("nan"), float("nan"))
    beta = float(((own - own.mean()) * (other - other.mean())).sum()) / variance
    return Relative(100 * YEAR * (float(own.mean()) - beta * float(other.mean())), beta)


Interval = tuple[float, float]


def intervals(daily: pd.Series, trade_profits: pd.Series, seed: int = 1) -> dict[str, Interval]:
    """Where 95 % of the resampled figures are, by the name of `Metrics`' field; empty for fewer than 42 returns.

    Ratios of returns: the stationary bootstrap with blocks of 21 sessions on average (Politis and Romano, Journal of
    the American Statistical Association 89, 1994). Ratios of closed trades: trades drawn one by one (Efron, Annals of
    Statistics 7, 1979). The seed is fixed: the same returns have the same interval.
    """
    values, random = daily.to_numpy(dtype=float), np.random.default_rng(seed)
    found: dict[str, Interval] = {}
    if len(values) < FEWEST_RETURNS or not values.std() > 1e-12:
        return found
    drawn = values[_blocks(len(values), random)]
    mean, deviation = drawn.mean(axis=1), drawn.std(axis=1, ddof=1)
    growth = np.cumprod(1 + drawn, axis=1)
    highest = np.maximum(np.maximum.accumulate(growth, axis=1), 1.0)
    fall = -(growth / highest - 1).min(axis=1)
    cagr = np.maximum(growth[:, -1], 0) ** (YEAR / len(values)) - 1
    below = (np.minimum(drawn, 0) ** 2).mean(axis=1) ** 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        found |= {
            "total_return_pct": _middle(100 * (growth[:, -1] - 1)),
            "cagr_pct": _middle(100 * cagr),
            "sharpe": _middle(mean / deviation * YEAR**0.5),
            "sortino": _middle(mean / below * YEAR**0.5),
            "calmar": _middle(cagr / fall),
        }
    profits = trade_profits.to_numpy(dtype=float)
    if len(profits) > 1:
        picked = profits[random.integers(0, len(profits), (RESAMPLES, len(profits)))]
        found["hit_rate_pct"] = _middle(100 * (picked > 0).mean(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            found["profit_factor"] = _middle(np.maximum(picked, 0).sum(axis=1) / -np.minimum(picked, 0).sum(axis=1))
    return found


def _blocks(count: int, random: np.random.Generator) -> np.ndarray:
    """RESAMPLES x `count` places: blocks of random beginnings and lengths, going round at the end."""
    starts = random.integers(0, count, (RESAMPLES, count))
    begins = random.random((RESAMPLES, count)) < 1 / BLOCK_SESSIONS
    begins[:, 0] = True
    places = np.arange(count)
    last_begin = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    first = np.take_along_axis(starts, last_begin, axis=1)
    return np.asarray((first + places - last_begin) % count)


def _middle(figures: np.ndarray) -> Interval:
    tail = (100 - CONFIDENCE_PCT) / 2
    # A resample without a loss has no finite ratio: it is the highest of all.
    ordered = np.where(np.isnan(figures), np.inf, figures)
    low, high = np.percentile(ordered, [tail, 100 - tail], method="lower")
    return float(low), float(high)
