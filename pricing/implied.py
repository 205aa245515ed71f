# {% raw %}
"""Volatility and boundary of an American option together, from its price."""

from typing import NamedTuple

import numpy as np

# isort: split
# {% endraw %}{% if false %}
from pricing.american import CHUNK, COARSE, FINE, LONGEST_STEP, State, interval, look, valued
from pricing.boundary import first_guess
from pricing.european import Value, total_volatility
from pricing.rules import Array, refined, rule

# {% endif %}{% raw %}

LEAST_SIGMA, MOST_SIGMA = 1e-4, 30.0


class Implied(NamedTuple):
    """A volatility, NaN where none was found, and price and derivatives there."""

    sigma: Array
    value: Value


def european_sigma(sign: Array, spot: Array, rate: Array, paid: Array, years: Array, price: Array) -> Array:
    """Volatility of a European option, NaN where no volatility gives the price."""
    bought, exercised = spot * np.exp(-paid * years), np.exp(-rate * years)
    scale = np.sqrt(bought * exercised)
    outer = (price - np.maximum(sign * (bought - exercised), 0)) / scale
    return total_volatility(np.abs(np.log(bought / exercised)), outer) / np.sqrt(years)


def american_sigma(sign: Array, spot: Array, rate: Array, paid: Array, years: Array, price: Array) -> Implied:
    """Of options that early exercise can pay for (`may_exercise`), priced between their bounds; arrays (B,)."""
    sigma = np.full(spot.shape, np.nan)
    value = Value(*(np.full(spot.shape, np.nan) for _ in Value._fields))
    for first in range(0, len(spot), CHUNK):
        rows = slice(first, first + CHUNK)
        found = _solve(sign[rows], spot[rows], rate[rows], paid[rows], years[rows], price[rows])
        sigma[rows] = found.sigma
        for whole, part in zip(value, found.value, strict=True):
            whole[rows] = part
    return Implied(sigma, value)


def _solve(sign: Array, spot: Array, rate: Array, paid: Array, years: Array, price: Array) -> Implied:
    """Newton's method on a coarse boundary first, from above; then on a fine one.

    The European volatility of an American price is above the American one, and the price is convex in the volatility
    towards the exercise region, so that Newton comes down without leaving it.
    """
    sigma = european_sigma(sign, spot, rate, paid, years, price)
    sigma = np.clip(np.where(np.isfinite(sigma), sigma, 0.5), LEAST_SIGMA, MOST_SIGMA)
    low, high = np.full_like(sigma, LEAST_SIGMA), np.full_like(sigma, MOST_SIGMA)
    distance = first_guess(rule(*COARSE), interval(sign, sigma, rate, paid, years))
    active = np.arange(len(sigma))
    for size, steps, enough in ((COARSE, 14, 1e-3), (FINE, 10, 1e-6)):
        if size is FINE:
            at = interval(sign, sigma, rate, paid, years)
            guessed = first_guess(rule(*COARSE), at)
            ratio = refined(COARSE, FINE) @ (distance / guessed)
            distance = first_guess(rule(*FINE), at) * np.clip(ratio, 0.5, 2)
            low[:], high[:] = LEAST_SIGMA, MOST_SIGMA
            active = np.arange(len(sigma))
        for step in range(steps):
            rows = active
            at = interval(sign[rows], sigma[rows], rate[rows], paid[rows], years[rows])
            state = look(rule(*size), at, distance[:, rows], spot[rows])
            moved, left = _step(state, sigma[rows], price[rows], low, high, rows, step)
            follows = state.step + state.step_by_sigma * (moved - sigma[rows])
            distance[:, rows] *= np.exp(np.clip(follows, -LONGEST_STEP, LONGEST_STEP))
            sigma[rows] = moved
            active = rows[left > enough]
            if not len(active):
                break
    at = interval(sign, sigma, rate, paid, years)
    found = valued(at, distance, spot)
    with np.errstate(all="ignore"):
        rest = (price - found.price) / found.vega
    is_found = np.abs(rest) <= 1e-5 * sigma
    return Implied(np.where(is_found, sigma + rest, np.nan), found)


def _step(
    state: State, sigma: Array, price: Array, low: Array, high: Array, rows: np.ndarray, step: int
) -> tuple[Array, Array]:
    """The next volatility, inside of the bracket, and how large a move is left of volatility or boundary."""
    excess = state.price - price
    # Where more of the price is in doubt than it is off, its sign may be wrong.
    is_sure = state.doubt < np.abs(excess) / 4
    low[rows] = np.where(is_sure & (excess < 0), np.maximum(sigma, low[rows]), low[rows])
    high[rows] = np.where(is_sure & (excess > 0), np.minimum(sigma, high[rows]), high[rows])
    with np.errstate(all="ignore"):
        moved = sigma - excess / state.vega
    moved = np.clip(moved, sigma / 2, sigma * 2)
    is_inside = (moved > low[rows] * (1 - 1e-9)) & (moved < high[rows] * (1 + 1e-9))
    moved = np.where(is_inside, moved, (low[rows] + np.minimum(high[rows], sigma * 4)) / 2)
    moved = np.where(np.isfinite(excess) & (state.vega > 0), moved, np.minimum(sigma * 1.3, high[rows]))
    return moved, np.maximum(np.abs(moved / sigma - 1), state.doubt / (state.vega * sigma))


# {% endraw %}
