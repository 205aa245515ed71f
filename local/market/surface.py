"""The option model, in closed form: what every option price, implied volatility and greek of the server comes from.

European Black–Scholes–Merton with a continuous dividend yield: rate RATE and yield DIVIDEND_YIELDS[underlying], both
continuously compounded; T = calendar days to expiration / 365; spot = the underlying's *unadjusted* price.
Volatility of a strike K with spot S, x = ln(K / S) kept within ±0.7:

    sigma(u, K/S, T) = LEVELS[u] * (1 + 0.12 * exp(-3 T)) - 0.12 * x / (1 + 2 T) + 0.30 * x² / (1 + 2 T)

kept within 0.05 and 2. Theta is per calendar day, vega per 1 % (percentage point) of volatility.
Formulas: Hull, Options, Futures, and Other Derivatives, chapters 17 and 19.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# The models invert with the variable risk_free_rate_pct of dbt_project.yml, and a test holds both to the same.
RATE = 0.04
DIVIDEND_YIELDS = {"AAPL": 0.02, "GOOG": 0.0, "IBM": 0.016, "MSFT": 0.03}
LEVELS = {"AAPL": 0.30, "GOOG": 0.26, "IBM": 0.20, "MSFT": 0.24}
DAYS_A_YEAR = 365.0

_erf = np.frompyfunc(math.erf, 1, 1)


@dataclass(frozen=True)
class Greeks:
    """Arrays of one shape: delta and gamma per 1 USD of spot, theta per calendar day, vega per 1 % of volatility."""

    delta: NDArray[np.float64]
    gamma: NDArray[np.float64]
    theta: NDArray[np.float64]
    vega: NDArray[np.float64]


def years(days: ArrayLike) -> NDArray[np.float64]:
    """Time to expiration in years, from calendar days."""
    return np.asarray(days, dtype=np.float64) / DAYS_A_YEAR


def sigma(underlying: str, moneyness: ArrayLike, time: ArrayLike) -> NDArray[np.float64]:
    """Implied volatility a year; moneyness = K / S, time in years; broadcast."""
    x = np.clip(np.log(np.asarray(moneyness, dtype=np.float64)), -0.7, 0.7)
    t = np.asarray(time, dtype=np.float64)
    flatter = 1.0 + 2.0 * t
    level = LEVELS[underlying] * (1.0 + 0.12 * np.exp(-3.0 * t))
    return np.clip(level - 0.12 * x / flatter + 0.30 * x**2 / flatter, 0.05, 2.0)


def price(
    underlying: str, spot: ArrayLike, strike: ArrayLike, time: ArrayLike, is_call: ArrayLike
) -> NDArray[np.float64]:
    """Price in USD a share on the surface; at time 0 what exercising pays. Broadcast."""
    s, k, t, call = _arrays(spot, strike, time, is_call)
    sign = np.where(call, 1.0, -1.0)
    carry = DIVIDEND_YIELDS[underlying]
    d1, d2 = _d1_d2(underlying, s, k, t)
    model = sign * (s * np.exp(-carry * t) * _cdf(sign * d1) - k * np.exp(-RATE * t) * _cdf(sign * d2))
    return np.where(t > 0.0, np.maximum(model, 0.0), np.maximum(sign * (s - k), 0.0))


def greeks(underlying: str, spot: ArrayLike, strike: ArrayLike, time: ArrayLike, is_call: ArrayLike) -> Greeks:
    """Sensitivities at constant volatility; time must be above 0. Broadcast."""
    s, k, t, call = _arrays(spot, strike, time, is_call)
    sign = np.where(call, 1.0, -1.0)
    carry = DIVIDEND_YIELDS[underlying]
    volatility = sigma(underlying, k / s, t)
    d1, d2 = _d1_d2(underlying, s, k, t)
    density = np.exp(-0.5 * d1**2) / math.sqrt(2.0 * math.pi)
    root, fade, discount = np.sqrt(t), np.exp(-carry * t), np.exp(-RATE * t)
    theta_a_year = (
        -s * fade * density * volatility / (2.0 * root)
        - sign * RATE * k * discount * _cdf(sign * d2)
        + sign * carry * s * fade * _cdf(sign * d1)
    )
    return Greeks(
        delta=sign * fade * _cdf(sign * d1),
        gamma=fade * density / (s * volatility * root),
        theta=theta_a_year / DAYS_A_YEAR,
        vega=s * fade * density * root / 100.0,
    )


def _d1_d2(underlying: str, s: Any, k: Any, t: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    t = np.maximum(t, 1e-9)
    volatility = sigma(underlying, k / s, t)
    spread = volatility * np.sqrt(t)
    carry = DIVIDEND_YIELDS[underlying]
    d1 = (np.log(s / k) + (RATE - carry + 0.5 * volatility**2) * t) / spread
    return d1, d1 - spread


def _cdf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * (1.0 + np.asarray(_erf(np.asarray(x) / math.sqrt(2.0)), dtype=np.float64))


def _arrays(*values: ArrayLike) -> list[NDArray[Any]]:
    *numbers, flag = np.broadcast_arrays(*values)
    return [np.asarray(n, dtype=np.float64) for n in numbers] + [np.asarray(flag, dtype=bool)]
