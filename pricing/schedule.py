# {% raw %}
"""Volatility and derivatives of options with cash dividends ahead, from their prices: `pricing.dividends` inverted."""

from collections.abc import Callable

import numpy as np

# isort: split
# {% endraw %}{% if false %}
from pricing.dividends import EXACT, MIDDLE, ROUGH, Accuracy, Market, with_dividends
from pricing.european import Value, european
from pricing.implied import LEAST_SIGMA, MOST_SIGMA, Implied, european_sigma
from pricing.rules import Array

# {% endif %}{% raw %}

SCHEDULE_CHUNK = 256


class Posed:
    """Contracts of one sign with one number of dividends: spot, rate … (B,), times and amounts (m, B)."""

    def __init__(
        self, sign: Array, spot: Array, rate: Array, paid: Array, years: Array, times: Array, amounts: Array,
        is_american: bool,
    ) -> None:  # fmt: skip
        self.sign, self.spot, self.rate, self.paid, self.years = sign, spot, rate, paid, years
        self.times, self.amounts, self.is_american = times, amounts, is_american

    def take(self, rows: slice | np.ndarray) -> "Posed":
        """Some of them."""
        return Posed(
            self.sign[rows],
            self.spot[rows],
            self.rate[rows],
            self.paid[rows],
            self.years[rows],
            self.times[:, rows],
            self.amounts[:, rows],
            self.is_american,
        )

    def price(self, sigma: Array, accuracy: Accuracy, rate: Array | None = None) -> Array:
        """At a volatility, and at another rate."""
        return self.point(sigma, accuracy, rate)[0]

    def point(self, sigma: Array, accuracy: Accuracy, rate: Array | None = None) -> tuple[Array, Array, Array]:
        """Price, delta and gamma."""
        market = Market(self.sign, sigma, self.rate if rate is None else rate, self.paid, self.is_american)
        found, _ = with_dividends(market, self.spot, self.years, self.times, self.amounts, accuracy)
        return found.price, found.delta, found.gamma


def schedule_value(posed: Posed, sigma: Array) -> Value:
    """Price and derivatives at known volatilities. Vega and rho are central differences."""
    price, delta, gamma = posed.point(sigma, EXACT)
    step = 2e-3 * sigma
    vega = (posed.price(sigma + step, MIDDLE) - posed.price(sigma - step, MIDDLE)) / (2 * step)
    # A put's boundary ends where the rate does: the difference stays on one side.
    step = np.where(posed.rate > 0, np.minimum(1e-3, posed.rate / 2), 1e-3)
    above, below = (posed.price(sigma, MIDDLE, posed.rate + sign * step) for sign in (1, -1))
    drift = posed.rate - posed.paid
    theta = posed.rate * price - drift * posed.spot * delta - sigma**2 * posed.spot**2 * gamma / 2
    return Value(price, delta, gamma, vega, (above - below) / (2 * step), theta)


def schedule_european(posed: Posed, sigma: Array) -> Array:
    """What options that nobody may exercise early cost at these volatilities."""
    found = np.empty_like(sigma)
    for first in range(0, len(sigma), SCHEDULE_CHUNK):
        part = posed.take(slice(first, first + SCHEDULE_CHUNK))
        part.is_american = False
        found[first : first + SCHEDULE_CHUNK] = part.price(sigma[first : first + SCHEDULE_CHUNK], EXACT)
    return found


def schedule_sigma(posed: Posed, price: Array) -> Implied:
    """The volatility that gives the price, and the derivatives there; NaN where none does."""
    sigma = np.full(price.shape, np.nan)
    value = Value(*(np.full(price.shape, np.nan) for _ in Value._fields))
    # Alike ones together: an integral takes as many nodes as the widest of its chunk.
    order = np.argsort(posed.times[0] / posed.years, kind="stable")
    for first in range(0, len(order), SCHEDULE_CHUNK):
        rows = order[first : first + SCHEDULE_CHUNK]
        part = posed.take(rows)
        found, is_found = _solve_schedule(part, price[rows])
        sigma[rows] = np.where(is_found, found, np.nan)
        for whole, piece in zip(value, schedule_value(part, found), strict=True):
            whole[rows] = np.where(is_found, piece, np.nan)
    return Implied(sigma, value)


def _solve_schedule(posed: Posed, price: Array) -> tuple[Array, np.ndarray]:
    certain = (posed.amounts * np.exp(-posed.rate * posed.times)).sum(axis=0)
    less = np.maximum(posed.spot - certain, posed.spot / 100)
    guess = european_sigma(posed.sign, less, posed.rate, posed.paid, posed.years, price) * less / posed.spot
    guess = np.clip(np.where(np.isfinite(guess), guess, 0.3), 2 * LEAST_SIGMA, MOST_SIGMA / 2)
    slope = european(posed.sign, posed.spot, guess, posed.rate, posed.paid, posed.years).vega
    slope = np.maximum(slope, 1e-3 * posed.spot * np.sqrt(posed.years))
    near, slope, _ = secant(lambda at, rows: posed.take(rows).price(at, ROUGH) - price[rows], guess, slope, 40, 1e-4)
    # What such a step leaves is smaller by the error of the slope.
    found, _, left = secant(lambda at, rows: posed.take(rows).price(at, EXACT) - price[rows], near, slope, 20, 1e-6)
    return found, left < 1e-5


def secant(
    excess: Callable[[Array, np.ndarray], Array], guess: Array, slope: Array, steps: int, enough: float
) -> tuple[Array, Array, Array]:
    """Zeros of functions that rise: the secant method in a bracket. Returns them, slopes and what the last step was.

    excess(x, rows) evaluates some of them; `slope` begins.
    """
    x = guess.copy()
    slope = slope.copy()
    low, high = np.full_like(x, LEAST_SIGMA), np.full_like(x, MOST_SIGMA)
    before, excess_before = np.full_like(x, np.nan), np.full_like(x, np.nan)
    left = np.full_like(x, np.inf)
    rows = np.arange(len(x))
    for _ in range(steps):
        at = x[rows]
        found = excess(at, rows)
        with np.errstate(all="ignore"):
            measured = (found - excess_before[rows]) / (at - before[rows])
        is_useful = np.isfinite(measured) & (measured > slope[rows] / 20) & (np.abs(at - before[rows]) > 1e-9 * at)
        slope[rows] = np.where(is_useful, measured, slope[rows])
        low[rows] = np.where(found < 0, np.maximum(low[rows], at), low[rows])
        high[rows] = np.where(found > 0, np.minimum(high[rows], at), high[rows])
        moved = np.clip(at - found / slope[rows], at / 2, at * 2)
        is_inside = (moved > low[rows]) & (moved < high[rows])
        moved = np.where(is_inside | (found == 0), moved, np.sqrt(low[rows] * np.minimum(high[rows], 4 * at)))
        before[rows], excess_before[rows] = at, found
        x[rows] = moved
        left[rows] = np.abs(moved / at - 1)
        rows = rows[left[rows] > enough]
        if not len(rows):
            break
    return x, slope, left


# {% endraw %}
