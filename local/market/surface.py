"""The option model: what every option price, implied volatility and greek of the server comes from.

Contracts are American. Between ex-dates the share is Black and Scholes's, at an ex-date it falls by the dividend
(`pricing`, docs/adr/0012). The rate is that of the session's Treasury yields until the expiration, continuous; T from
the session's close to the expiration's in years of 365 days; spot = the underlying's *unadjusted* price.
Volatility of a strike K with spot S, x = ln(K / S) kept within ±0.7:

    sigma(u, K/S, T) = LEVELS[u] * (1 + 0.12 * exp(-3 T)) - 0.12 * x / (1 + 2 T) + 0.30 * x² / (1 + 2 T)

kept within 0.05 and 2. Theta is per calendar day, vega per 1 % (percentage point) of volatility.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pricing.american import american
from pricing.dividends import EXACT, MIDDLE
from pricing.schedule import Posed

LEVELS = {"AAPL": 0.30, "FB": 0.35, "GOOG": 0.26, "IBM": 0.20, "MSFT": 0.24}
MINUTES_A_YEAR = 365.0 * 24 * 60
_CHUNK = 256
_VEGA_STEP = 2e-3

Floats = NDArray[np.float64]
# Years until the share goes ex and USD a share, ascending.
Schedule = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Greeks:
    """Arrays of one shape: delta and gamma per 1 USD of spot, theta per calendar day, vega per 1 % of volatility."""

    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats


class Priced(NamedTuple):
    """USD a share, and by a change of 1 USD in the spot once and twice."""

    price: Floats
    delta: Floats
    gamma: Floats


class Contracts(NamedTuple):
    """What is priced: arrays (B,) of USD, years and rates a year, and a schedule of dividends for each."""

    spot: Floats
    strike: Floats
    years: Floats
    rate: Floats
    is_call: NDArray[np.bool_]
    dividends: Sequence[Schedule]


def sigma(underlying: str, moneyness: ArrayLike, time: ArrayLike) -> Floats:
    """Implied volatility a year; moneyness = K / S, time in years; broadcast."""
    x = np.clip(np.log(np.asarray(moneyness, dtype=np.float64)), -0.7, 0.7)
    t = np.asarray(time, dtype=np.float64)
    flatter = 1.0 + 2.0 * t
    level = LEVELS[underlying] * (1.0 + 0.12 * np.exp(-3.0 * t))
    return np.clip(level - 0.12 * x / flatter + 0.30 * x**2 / flatter, 0.05, 2.0)


def price(underlying: str, contracts: Contracts) -> Priced:
    """On the surface; at time 0 what exercising pays."""
    sign = np.where(contracts.is_call, 1.0, -1.0)
    exercised = sign * (contracts.spot - contracts.strike)
    found = Priced(np.maximum(exercised, 0.0), np.where(exercised > 0, sign, 0.0), np.zeros(len(sign)))
    for rows, posed in _groups(contracts):
        volatility = sigma(underlying, contracts.strike[rows] / contracts.spot[rows], contracts.years[rows])
        if len(posed.times):
            value, delta, gamma = posed.point(volatility, EXACT)
        else:
            value, delta, gamma, *_ = american(*_terms(posed, volatility))
        strike = contracts.strike[rows]
        found.price[rows], found.delta[rows], found.gamma[rows] = value * strike, delta, gamma / strike
    return found


def greeks(underlying: str, contracts: Contracts, priced: Priced) -> Greeks:
    """Sensitivities at constant volatility, of contracts that were priced; time must be above 0."""
    vega = np.zeros(len(contracts.spot))
    volatility = sigma(underlying, contracts.strike / contracts.spot, contracts.years)
    for rows, posed in _groups(contracts):
        at, step = volatility[rows], _VEGA_STEP * volatility[rows]
        if len(posed.times):
            vega[rows] = (posed.price(at + step, MIDDLE) - posed.price(at - step, MIDDLE)) / (2.0 * step)
        else:
            vega[rows] = american(*_terms(posed, at)).vega
    spot, (price, delta, gamma) = contracts.spot, priced
    # The equation that every price solves between two dividends.
    theta = contracts.rate * (price - spot * delta) - volatility**2 * spot**2 * gamma / 2.0
    is_held = vega > 0
    return Greeks(delta, gamma, np.where(is_held, theta, 0.0) / 365.0, vega * contracts.strike / 100.0)


def _terms(posed: Posed, volatility: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    return posed.sign, posed.spot, volatility, posed.rate, posed.paid, posed.years


def _groups(contracts: Contracts) -> Iterator[tuple[NDArray[np.int64], Posed]]:
    """Those with time left, by kind and number of dividends, in units of the strike."""
    counts = np.array([len(schedule) for schedule in contracts.dividends], dtype=np.int64)
    for is_call in (True, False):
        for count in np.unique(counts):
            chosen = np.flatnonzero((contracts.years > 0) & (contracts.is_call == is_call) & (counts == count))
            for rows in np.split(chosen, range(_CHUNK, len(chosen), _CHUNK)):
                if not len(rows):
                    continue
                strike, one = contracts.strike[rows], np.ones(len(rows))
                payments = np.array([contracts.dividends[row] for row in rows]).reshape(len(rows), int(count), 2)
                yield rows, Posed(
                    one if is_call else -one, contracts.spot[rows] / strike, contracts.rate[rows], 0.0 * one,
                    contracts.years[rows], payments[..., 0].T, payments[..., 1].T / strike, True,
                )  # fmt: skip
