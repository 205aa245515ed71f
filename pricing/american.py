# {% raw %}
"""American options on a share that pays a continuous yield, or nothing: price, derivatives and implied volatility.

The price is the European one plus the premium that early exercise earns (I. Kim 1990; P. Carr, R. Jarrow and R. Myneni
1992), an integral over the boundary of `pricing.boundary`. Volatility and boundary are found together: one system of
Newton's for both, which gives vega and rho at its end. Arrays (B,), prices in units of the strike.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

# isort: split
# {% endraw %}{% if false %}
from pricing.boundary import DENSITY, Interval, collocate, european_slack, first_guess, solve, start_of
from pricing.european import Value, european
from pricing.rules import Array, Rule, rule

# {% endif %}{% raw %}

COARSE = (5, 10, 20)
FINE = (12, 24, 48)
# Contracts that are worked on at once: what is (n, B, l) stays in the processor's cache.
CHUNK = 256
# How long a step of Newton's may be: of ln(distance to the boundary's start), of ln(volatility).
LONGEST_STEP = 0.7


class Premium(NamedTuple):
    """What early exercise adds to the price, its derivatives, and those by ln(distance) at the nodes, (B, n)."""

    price: Array
    delta: Array
    gamma: Array
    by_sigma: Array
    by_rate: Array
    by_distance: Array


def may_exercise(sign: Array, rate: Array, dividend_yield: Array) -> Array:
    """Whether exercising early can pay: a put with r > 0 or q < r = 0, a call with q > 0 or r < q = 0.

    Where both rate and yield are below 0 and this holds for neither or for a region between two boundaries, see
    `has_two_boundaries`.
    """
    own = np.where(sign < 0, rate, dividend_yield)
    other = np.where(sign < 0, dividend_yield, rate)
    return np.asarray((own > 0) | ((own == 0) & (other < 0)))


def has_two_boundaries(sign: Array, rate: Array, dividend_yield: Array) -> Array:
    """A put with q < r < 0 or a call with r < q < 0: exercised between two prices of the share, not below one."""
    own = np.where(sign < 0, rate, dividend_yield)
    other = np.where(sign < 0, dividend_yield, rate)
    return np.asarray((own < 0) & (other < own))


def no_dust(rate: Array) -> Array:
    """A rate or yield without what is no rate: divided by, it would overflow."""
    return np.where(np.abs(rate) < 1e-10, 0.0, rate)


def interval(sign: Array, sigma: Array, rate: Array, dividend_yield: Array, years: Array) -> Interval:
    """From now to expiration, nothing in between."""
    start = start_of(sign, rate, dividend_yield)
    return Interval(sign, sigma, rate, dividend_yield, years, np.zeros_like(years), start)


def premium(grid: Rule, at: Interval, distance: Array, spot: Array) -> Premium:
    """Of early exercise, by the boundary exp(ln_start + sign·distance), at the interval's beginning."""
    sign, sigma, rate, paid = (part[:, None] for part in (at.sign, at.sigma, at.rate, at.dividend_yield))
    span = (at.length - at.wait)[:, None]
    since = span * grid.value_sines**2
    volatility = sigma * np.sqrt(span) * grid.value_sines
    squares = distance * distance
    past_squares = squares.T @ grid.value_past
    least = 1e-6 * squares.max(axis=0)[:, None] * grid.value_cosines**2
    is_low = past_squares < least
    past = np.sqrt(np.where(is_low, least, past_squares))
    ln_past = at.ln_start[:, None] + sign * past
    past_b = np.exp(ln_past)
    d2 = (np.log(spot)[:, None] - ln_past + (rate - paid - sigma**2 / 2) * since) / volatility
    d1 = d2 + volatility
    weights = 2 * span * (grid.value_cosines * grid.value_sines * grid.value_weights)
    bought = paid * np.exp(-paid * since) * ndtr(sign * d1)
    density = DENSITY * np.exp(-rate * since - d2 * d2 / 2)
    gain = paid * past_b - rate
    chance = np.exp(-rate * since) * ndtr(sign * d2)
    price = sign * (spot[:, None] * bought - rate * chance)
    expected = sign * chance * (1 - rate * since)
    shifted = weights * density * gain / volatility
    by_distance = np.where(is_low, 0.0, -shifted * sign / past) @ grid.value_past.T * squares.T
    at_spot = spot[:, None]
    curved = density * (paid * past_b - gain * (1 + d2 / volatility)) / volatility
    return Premium(
        (weights * price).sum(axis=1),
        (sign * weights * bought).sum(axis=1) + (shifted / at_spot).sum(axis=1),
        (weights * curved).sum(axis=1) / spot**2,
        (weights * density * (rate * d1 - paid * past_b * d2)).sum(axis=1) / at.sigma,
        (shifted * (since - at.start_by_rate[:, None])).sum(axis=1) - (weights * expected).sum(axis=1),
        by_distance,
    )


def premium_price(grid: Rule, at: Interval, distance: Array, spot: Array) -> Array:
    """`premium(…).price` at several prices of the share for each contract, spot and result (points, B)."""
    sign, sigma, rate, paid = (part[:, None] for part in (at.sign, at.sigma, at.rate, at.dividend_yield))
    span = (at.length - at.wait)[:, None]
    since = span * grid.value_sines**2
    volatility = sigma * np.sqrt(span) * grid.value_sines
    past = np.sqrt(np.maximum((distance * distance).T @ grid.value_past, 1e-300))
    shift = (rate - paid - sigma**2 / 2) * since - at.ln_start[:, None] - sign * past
    weights = sign * 2 * span * (grid.value_cosines * grid.value_sines * grid.value_weights)
    lost, bought = weights * rate * np.exp(-rate * since), weights * paid * np.exp(-paid * since)
    has_yield = bool(np.any(paid))
    found = np.empty_like(spot)
    for point, prices in enumerate(spot):
        d2 = sign * (np.log(prices)[:, None] + shift) / volatility
        found[point] = -np.einsum("bp,bp->b", lost, ndtr(d2))
        if has_yield:
            found[point] += prices * np.einsum("bp,bp->b", bought, ndtr(d2 + sign * volatility))
    return found


def edge(at: Interval, distance: Array) -> Array:
    """Logarithm of the boundary at the interval's beginning."""
    return np.asarray(at.ln_start + at.sign * distance[-1])


class State(NamedTuple):
    """A guess of volatility and boundary, and where Newton's method would move it."""

    price: Array  # the price, corrected to first order for what the boundary lacks
    vega: Array
    rho: Array
    step: Array  # (n, B) of ln(distance)
    step_by_sigma: Array  # (n, B): how the boundary moves with σ
    doubt: Array  # how much of the price is that correction, node by node without regard to sign


def look(grid: Rule, at: Interval, distance: Array, spot: Array) -> State:
    """Price and derivatives at a guess of the boundary."""
    found = collocate(grid, at, distance, european_slack(grid, at))
    early = premium(grid, at, distance, spot)
    plain = european(at.sign, spot, at.sigma, at.rate, at.dividend_yield, at.length)
    sides = np.stack([found.residual, found.by_sigma, found.by_rate], axis=-1).transpose(1, 0, 2)
    moves = -solve(found.jacobian, sides)
    effect = np.matmul(early.by_distance[:, None, :], moves)[:, 0, :]
    return State(
        plain.price + early.price + effect[:, 0],
        plain.vega + early.by_sigma + effect[:, 1],
        plain.rho + early.by_rate + effect[:, 2],
        moves[..., 0].T,
        moves[..., 1].T,
        np.abs(early.by_distance * moves[..., 0]).sum(axis=1),
    )


def boundary(at: Interval, size: tuple[int, int, int], steps: int = 12) -> tuple[Array, Array]:
    """Distances at the nodes, (n, B), and the largest step that was left."""
    grid = rule(*size)
    distance = first_guess(grid, at)
    left = np.full(at.sigma.shape, np.inf)
    for _ in range(steps):
        found = collocate(grid, at, distance, european_slack(grid, at))
        move = -solve(found.jacobian, found.residual.T[..., None])[..., 0].T
        distance = distance * np.exp(np.clip(move, -LONGEST_STEP, LONGEST_STEP))
        left = np.abs(move).max(axis=0)
        if left.max() < 1e-7:
            break
    return distance, left


def american(sign: Array, spot: Array, sigma: Array, rate: Array, paid: Array, years: Array) -> Value:
    """Price and derivatives at a known volatility. What nobody exercises early is European.

    In the exercise region the price is what exercising pays, delta is `sign`, the rest 0.
    """
    rate, paid = no_dust(rate), no_dust(paid)
    plain = european(sign, spot, sigma, rate, paid, years)
    is_early = may_exercise(sign, rate, paid)
    result = Value(*(np.array(part) for part in plain))
    chosen = np.flatnonzero(is_early)
    for first in range(0, len(chosen), CHUNK):
        rows = chosen[first : first + CHUNK]
        at = interval(sign[rows], sigma[rows], rate[rows], paid[rows], years[rows])
        distance, _ = boundary(at, FINE)
        value = valued(at, distance, spot[rows])
        for whole, part in zip(result, value, strict=True):
            whole[rows] = part
    return result


def valued(at: Interval, distance: Array, spot: Array) -> Value:
    """Price and derivatives by a boundary that was found with the rule FINE."""
    grid = rule(*FINE)
    state = look(grid, at, distance, spot)
    early = premium(grid, at, distance, spot)
    plain = european(at.sign, spot, at.sigma, at.rate, at.dividend_yield, at.length)
    delta, gamma = plain.delta + early.delta, plain.gamma + early.gamma
    is_exercised = at.sign * (np.log(spot) - edge(at, distance)) >= 0
    theta = at.rate * state.price - (at.rate - at.dividend_yield) * spot * delta - at.sigma**2 * spot**2 * gamma / 2
    exercised = at.sign * (spot - 1)
    none = np.zeros_like(spot)
    held = Value(state.price, delta, gamma, state.vega, state.rho, theta)
    gone = Value(exercised, at.sign, none, none, none, none)
    return Value(*(np.where(is_exercised, done, kept) for done, kept in zip(gone, held, strict=True)))


# {% endraw %}
