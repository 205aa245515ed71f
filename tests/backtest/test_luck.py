"""Probabilistic and deflated Sharpe ratios, alpha and beta, and intervals, against scipy and known distributions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from backtest import luck
from backtest.strategies import STRATEGIES
from backtest.study import sweep
from tests.backtest.test_properties import market


def skewed(seed: int, count: int = 500) -> pd.Series:
    """Returns with fat tails on one side."""
    return pd.Series(np.random.default_rng(seed).gumbel(0.0002, 0.01, count))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("benchmark", [0.0, 0.05, -0.1])
def test_probabilistic_sharpe_is_the_papers_formula(seed: int, benchmark: float) -> None:
    daily = skewed(seed)
    ratio = daily.mean() / daily.std()
    error = math.sqrt(1 - stats.skew(daily) * ratio + (stats.kurtosis(daily, fisher=False) - 1) / 4 * ratio**2)
    expected = stats.norm.cdf((ratio - benchmark) * math.sqrt(len(daily) - 1) / error)
    assert luck.probabilistic_sharpe(daily, benchmark) == pytest.approx(expected)


def test_probabilistic_sharpe_of_no_variation_is_unknown() -> None:
    assert math.isnan(luck.probabilistic_sharpe(pd.Series([0.0] * 50)))


def test_best_to_expect_of_luck_is_the_papers_numerical_example() -> None:
    """Bailey and López de Prado, 2014: 100 trials, a variance of 1/2 a year, 250 sessions a year: 0.1132 a session."""
    ratios = np.array([-1.0, 1.0] * 50)
    ratios *= math.sqrt(0.5 / 250) / ratios.std(ddof=1)
    assert luck.expected_best_sharpe(ratios) == pytest.approx(0.1132, abs=5e-5)


def test_deflated_sharpe_is_the_papers_numerical_example() -> None:
    """The same paper: a Sharpe ratio of 2.5 a year over 1250 sessions, skewness -3 and kurtosis 10, comes to 0.9004."""
    values = np.random.default_rng(1).normal(0, 1, 1250)
    ratio, expected = 2.5 / math.sqrt(250), 0.1132
    by_hand = stats.norm.cdf((ratio - expected) * math.sqrt(1249) / math.sqrt(1 + 3 * ratio + 9 / 4 * ratio**2))
    assert by_hand == pytest.approx(0.9004, abs=2e-4)
    # Our function on a series of normal returns with that ratio, skewness and kurtosis taken from the series.
    daily = pd.Series((values - values.mean()) / values.std(ddof=1) + ratio)
    trials = np.array([-1.0, 1.0] * 50)
    found = luck.deflated_sharpe(daily, trials * math.sqrt(0.5 / 250) / trials.std(ddof=1))
    error = math.sqrt(1 - stats.skew(daily) * ratio + (stats.kurtosis(daily, fisher=False) - 1) / 4 * ratio**2)
    assert found.likely_pct == pytest.approx(
        100 * stats.norm.cdf((ratio - found.expected_sharpe / 252**0.5) * math.sqrt(1249) / error)
    )
    assert found.trials == 100


def test_expected_best_is_what_many_luckless_trials_come_to() -> None:
    random = np.random.default_rng(5)
    best = random.normal(0, 1, (20_000, 25)).max(axis=1).mean()
    sample = random.normal(0, 1, 25)
    assert luck.expected_best_sharpe(sample / sample.std(ddof=1)) == pytest.approx(best, rel=0.03)


def test_best_of_a_sweep_on_a_random_walk_is_called_luck_and_one_with_skill_is_not() -> None:
    walk = market(2, sessions=500, tickers=1, wildness=0.02)
    found = sweep(walk, STRATEGIES["sma"](), ("fast", (3, 5, 8)), ("slow", (13, 21, 34)))
    assert found.best is not None
    assert luck.deflated_sharpe(found.best, found.sharpes).is_luck
    skilled = pd.Series(np.random.default_rng(3).normal(0.003, 0.01, 500))
    assert not luck.deflated_sharpe(skilled, np.array([0.28, 0.3, 0.29, 0.31])).is_luck


def test_trials_that_are_too_few_to_compare_are_never_called_skill() -> None:
    assert luck.deflated_sharpe(skewed(1), np.array([0.2, np.nan])).is_luck


@pytest.mark.parametrize("seed", [1, 2])
def test_alpha_and_beta_are_scipys_regression(seed: int) -> None:
    market_returns = skewed(seed)
    own = 0.0004 + 0.7 * market_returns + skewed(seed + 10) / 5
    line = stats.linregress(market_returns, own)
    found = luck.alpha_beta(own, market_returns)
    assert (found.beta, found.alpha_pct) == pytest.approx((line.slope, 100 * 252 * line.intercept))
    assert math.isnan(luck.alpha_beta(own, market_returns * 0).beta)


def test_interval_of_independent_returns_is_as_wide_as_los_standard_error() -> None:
    """Lo, "The statistics of Sharpe ratios" (Financial Analysts Journal 58, 2002): sqrt((1 + SR^2 / 2) / n)."""
    widths = []
    for seed in range(5):
        daily = pd.Series(np.random.default_rng(seed).normal(0.0005, 0.01, 1000))
        low, high = luck.intervals(daily, pd.Series([1.0]))["sharpe"]
        ratio = daily.mean() / daily.std()
        assert low < ratio * 252**0.5 < high
        widths.append((high - low) / (2 * 1.96 * math.sqrt((1 + ratio**2 / 2) / 1000 * 252)))
    assert np.mean(widths) == pytest.approx(1, abs=0.1)


def test_interval_of_a_hit_rate_is_the_binomial_one() -> None:
    profits = pd.Series([1.0] * 60 + [-1.0] * 40)
    low, high = luck.intervals(skewed(1), profits)["hit_rate_pct"]
    assert (low, high) == pytest.approx(100 * np.array(stats.binom(100, 0.6).interval(0.95)) / 100, abs=2)


def test_the_same_returns_have_the_same_interval_and_few_have_none() -> None:
    daily = skewed(4)
    assert luck.intervals(daily, pd.Series(dtype=float)) == luck.intervals(daily, pd.Series(dtype=float))
    assert luck.intervals(daily.head(41), pd.Series(dtype=float)) == {}


def test_profit_factor_without_a_loss_has_no_upper_end() -> None:
    low, high = luck.intervals(skewed(1), pd.Series([1.0, 2.0, 3.0]))["profit_factor"]
    assert math.isinf(low)
    assert math.isinf(high)
