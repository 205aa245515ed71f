# {% raw %}
"""Black and Scholes's price with a continuous yield, its derivatives, and the volatility that gives a price.

Prices in units of the strike; sign is 1 for a call and -1 for a put; rate, yield and volatility a year. Arrays of one
shape, or what numpy makes one.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, ndtr

# isort: split
# {% endraw %}{% if false %}
from pricing.rules import Array

# {% endif %}{% raw %}


class Value(NamedTuple):
    """A price and its derivatives: by the spot once and twice, by volatility, rate, and as a year passes."""

    price: Array
    delta: Array
    gamma: Array
    vega: Array
    rho: Array
    theta: Array


def european(sign: Array, spot: Array, sigma: Array, rate: Array, paid: Array, years: Array) -> Value:
    """F. Black and M. Scholes 1973 with R. Merton's yield 1973."""
    root = np.sqrt(years)
    volatility = sigma * root
    grown, discount = np.exp(-paid * years), np.exp(-rate * years)
    d1 = (np.log(spot) + (rate - paid) * years) / volatility + volatility / 2
    d2 = d1 - volatility
    density = np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi)
    bought, exercised = spot * grown * ndtr(sign * d1), discount * ndtr(sign * d2)
    return Value(
        sign * (bought - exercised),
        sign * bought / spot,
        grown * density / (spot * volatility),
        spot * grown * density * root,
        sign * years * exercised,
        -spot * grown * density * sigma / (2 * root) + sign * (paid * bought - rate * exercised),
    )


def total_volatility(distance: Array, price: Array) -> Array:
    """σ·sqrt(T) of the out-of-the-money option of a pair whose normalised price is given; NaN where none gives it.

    distance = |ln(F / K)| and price / (discount · sqrt(F·K)), as in P. Jäckel, "Let's be rational", Wilmott 2015:
    Newton's method from the inflection of the price, above it on the price, below it on its logarithm as a function
    of 1/s.
    """
    with np.errstate(all="ignore"):
        log_price = np.log(price)
        s = np.maximum(np.sqrt(2 * distance), 1e-6)
        log_vega, ratio = _normalised(distance, s)
        is_below = np.log(ratio) + log_vega > log_price
        low, high = np.where(is_below, 0.0, s), np.where(is_below, s, 60.0)
        for _ in range(12):
            excess = np.log(ratio) + log_vega - log_price
            low, high = np.where(excess < 0, s, low), np.where(excess < 0, high, s)
            below = s / (1 + excess * ratio / s)
            above = s - ratio + np.exp(np.minimum(log_price - log_vega, 600))
            moved = np.where(is_below, below, above)
            is_inside = (moved >= low * (1 - 1e-9)) & (moved <= high * (1 + 1e-9))
            s = np.where(is_inside, moved, (low + high) / 2)
            log_vega, ratio = _normalised(distance, s)
        is_solved = (price > 0) & (price < np.exp(-distance / 2))
    return np.where(is_solved, s, np.nan)


def _normalised(distance: Array, s: Array) -> tuple[Array, Array]:
    """Logarithm of the normalised price's vega, and the price divided by it."""
    near = (distance / s - s / 2) / np.sqrt(2)
    far = (distance / s + s / 2) / np.sqrt(2)
    ratio = np.sqrt(np.pi / 2) * (erfcx(near) - erfcx(far))
    log_vega = -(near * near + far * far + np.log(2 * np.pi)) / 2
    return log_vega, np.maximum(ratio, 1e-300)


# {% endraw %}
