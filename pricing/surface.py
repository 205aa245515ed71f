# {% raw %}
"""A volatility surface without arbitrage through the volatilities of a chain: one slice of SSVI for each expiration.

    quotes = [Quotes(years, k, volatility, doubt), …]
    fits = fit_chain(quotes)
    fits[0].theta, fits[0].reason

Arbitrage is excluded by the choice of unknowns and not by penalties: they are the wings' growth from expiration to
expiration and the excess of θ over the least that `pricing.ssvi` allows, none of them negative. Nothing needs repair.
docs/adr/0014 has the reasons.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

# isort: split
# {% endraw %}{% if false %}
from pricing.rules import Array
from pricing.ssvi import MOST_WING, Slice, is_above, least_theta, least_theta_ratio, total_variance

# {% endif %}{% raw %}

LEAST_POINTS = 5
# Tukey's biweight is 95 % efficient for normal errors, Huber's weight with this constant too.
TUKEY, HUBER = 4.685, 1.345
MAD_TO_SIGMA = 1.4826
ROUNDS, STEPS = 8, 60
SOFTNESS = 0.01
# What each wing has of the other: |ρ| stays below 0.998, and w above 0.
SHARED = 1e-3
# Values that the search starts from: how much of the curvature that butterflies allow, and the slope at the forward.
CURVATURES = np.array([0.02, 0.1, 0.25, 0.5, 0.8, 0.97])
SLOPES = np.array([-0.9, -0.7, -0.5, -0.3, -0.1, 0.1, 0.3, 0.6])


class Quotes(NamedTuple):
    """What an expiration shows: volatilities at k = ln(strike / forward), and what each of them may be off by."""

    years: float
    k: Array
    volatility: Array
    doubt: Array


class Fit(NamedTuple):
    """A slice of the surface, or a reason why there is none: too_few_points (less than five) or one_sided."""

    theta: float
    up: float
    down: float
    is_outlier: np.ndarray  # of the quotes; none where there is a reason
    rms_residual: float  # of the volatilities that are not outliers, a year
    reason: str | None


class Points(NamedTuple):
    """Quotes of several expirations in one row of arrays; `place` is the number of their slice."""

    place: np.ndarray
    years: Array
    k: Array
    volatility: Array
    doubt: Array


def fit_chain(chain: Sequence[Quotes]) -> list[Fit]:
    """One fit for each expiration, which come by ascending years. The same quotes give the same numbers, to the bit."""
    reasons = [_reason(quotes) for quotes in chain]
    rows = [row for row, reason in enumerate(reasons) if reason is None]
    fits = [Fit(np.nan, np.nan, np.nan, np.zeros(len(one.k), dtype=bool), np.nan, why)
            for one, why in zip(chain, reasons, strict=True)]  # fmt: skip
    if not rows:
        return fits
    alone = [_alone(chain[row]) for row in rows]
    unknowns = np.concatenate([found for found, _ in alone])
    trust = np.concatenate([weights for _, weights in alone])
    points = _points([chain[row] for row in rows])
    slices = Slice(*(np.concatenate(part) for part in zip(*(surface(one) for one, _ in alone), strict=True)))
    if not all(is_above(_of(slices, row), _of(slices, row + 1)) for row in range(len(rows) - 1)):
        slices = surface(_together(points, unknowns, slices, trust))
    off = np.sqrt(_variance(slices, points) / points.years) - points.volatility
    for number, row in enumerate(rows):
        own = points.place == number
        is_outlier = trust[own] == 0
        fits[row] = Fit(
            float(slices.theta[number]),
            float(slices.up[number]),
            float(slices.down[number]),
            is_outlier,
            float(np.sqrt(np.mean(off[own][~is_outlier] ** 2))),
            None,
        )
    return fits


def surface(unknowns: Array) -> Slice:
    """Slices that neither allow butterflies nor cross, from any numbers of 0 or more: (…, slices, 3) to (…, slices).

    By slice: the growth of the wings above and below, and the excess of θ. A wing W becomes 4W / (4 + W), which stays
    below 4.
    """
    grown = np.cumsum(unknowns[..., :2], axis=-2)
    grown = grown + SHARED * grown[..., ::-1]
    up, down = np.moveaxis(MOST_WING * grown / (MOST_WING + grown), -1, 0)
    least = least_theta(up, down)
    theta = np.empty_like(up)
    for row in range(up.shape[-1]):
        at_least = least[..., row]
        if row:
            before = row - 1
            ratio = least_theta_ratio(up[..., before], down[..., before], up[..., row], down[..., row], SOFTNESS)
            at_least = np.maximum(at_least, theta[..., before] * ratio)
        theta[..., row] = at_least + unknowns[..., row, 2]
    return Slice(theta, up, down)


def unknowns_near(slices: Slice) -> Array:
    """The unknowns of the surface that is nearest in the sense that what is too low is lifted, slice by slice."""
    wings = np.stack([np.maximum.accumulate(slices.up), np.maximum.accumulate(slices.down)], axis=-1)
    wings = np.minimum(wings, 0.99 * MOST_WING)
    grown = MOST_WING * wings / (MOST_WING - wings)
    grown = (grown - SHARED * grown[:, ::-1]) / (1 - SHARED**2)
    grown = np.maximum(np.diff(grown, axis=0, prepend=0.0), 0)
    unknowns = np.concatenate([grown, np.zeros((len(grown), 1))], axis=-1)
    for row in range(len(unknowns)):
        unknowns[row, 2] = max(slices.theta[row] - surface(unknowns[: row + 1]).theta[row], 0)
    return unknowns


def _reason(quotes: Quotes) -> str | None:
    if len(np.unique(quotes.k)) < LEAST_POINTS:
        return "too_few_points"
    if np.all(quotes.k > 0) or np.all(quotes.k < 0):
        return "one_sided"
    return None


def _points(chain: Sequence[Quotes]) -> Points:
    counts = [len(one.k) for one in chain]
    return Points(
        np.repeat(np.arange(len(chain)), counts),
        np.repeat([one.years for one in chain], counts),
        np.concatenate([one.k for one in chain]),
        np.concatenate([one.volatility for one in chain]),
        np.concatenate([one.doubt for one in chain]),
    )


def _of(slices: Slice, row: int) -> Slice:
    return Slice(*(part[..., row] for part in slices))


def _variance(slices: Slice, points: Points) -> Array:
    """w of each point in its slice, (…, points)."""
    return total_variance(Slice(*(part[..., points.place] for part in slices)), points.k)


def _residuals(unknowns: Array, points: Points) -> Array:
    """Differences of volatility in units of their doubt."""
    volatility = np.sqrt(_variance(surface(unknowns), points) / points.years)
    return (volatility - points.volatility) / points.doubt


def _alone(quotes: Quotes) -> tuple[Array, Array]:
    """The unknowns of one expiration, (1, 3), and how far each of its quotes is trusted, from 0 to 1.

    Tukey's biweight with the median absolute deviation as scale, by reweighting (P. Huber and E. Ronchetti, "Robust
    Statistics", 2009, ch. 7): stale quotes weigh nothing. A scale below the doubt is none.
    """
    points = _points([quotes])
    unknowns = _start(points)
    trust = np.ones(len(quotes.k))
    for _ in range(ROUNDS):
        off = np.abs(_residuals(unknowns, points))
        scale = max(1.0, MAD_TO_SIGMA * float(np.median(off)))
        weights = np.maximum(1 - (off / (TUKEY * scale)) ** 2, 0) ** 2
        is_settled = np.allclose(weights, trust, rtol=0, atol=1e-3)
        trust = weights
        unknowns = _least_squares(unknowns, points, trust)
        if is_settled:
            break
    return unknowns, trust


def _start(points: Points) -> Array:
    """The best of a fixed grid of shapes, by the sum of absolute residuals; θ by the median of what points say.

    A shape makes w proportional to θ, so that one wrong quote does not move the start.
    """
    variance = points.volatility**2 * points.years
    nearest = np.argsort(np.abs(points.k), kind="stable")[:3]
    theta = np.median(variance[nearest])
    slope, curvature = (part.ravel()[:, None] for part in np.meshgrid(SLOPES, CURVATURES))
    psi = curvature * np.minimum(2 * np.sqrt(theta / (1 + np.abs(slope))), 0.9 * MOST_WING / (1 + np.abs(slope)))
    shape = Slice(np.asarray(theta), psi * (1 + slope), psi * (1 - slope))
    ratio = np.median(variance / total_variance(shape, points.k), axis=1, keepdims=True)
    scaled = Slice(theta * ratio, shape.up * ratio, shape.down * ratio)
    off = np.abs(np.sqrt(total_variance(scaled, points.k) / points.years) - points.volatility) / points.doubt
    best = int(np.argmin(off.sum(axis=1)))
    return unknowns_near(Slice(*(part[best] for part in scaled)))


def _together(points: Points, unknowns: Array, slices: Slice, trust: Array) -> Array:
    """All expirations at once, where each on its own would cross another.

    Huber's weights: of expirations that contradict each other, the fewer give way instead of all meeting half-way.
    """
    unknowns = unknowns_near(slices)
    for _ in range(3):
        off = np.abs(_residuals(unknowns, points))
        unknowns = _least_squares(unknowns, points, trust * np.minimum(1, HUBER / np.maximum(off, 1e-9)))
    return unknowns


def _least_squares(unknowns: Array, points: Points, weights: Array) -> Array:
    """Levenberg and Marquardt's method with unknowns of 0 or more: each step is a least-squares problem of such."""
    root = np.sqrt(weights)
    shape, size = unknowns.shape, unknowns.size
    residuals = root * _residuals(unknowns, points)
    cost, damping = float(residuals @ residuals), 1e-3
    for _ in range(STEPS):
        step = 1e-7 * np.maximum(np.abs(unknowns), 1e-3).ravel()
        moved = unknowns + (np.eye(size) * step).reshape(size, *shape)
        slopes = ((root * _residuals(moved, points) - residuals) / step[:, None]).T
        lengths = np.maximum(np.sqrt((slopes * slopes).sum(axis=0)), 1e-12)
        slopes = slopes / lengths
        at = unknowns.ravel() * lengths
        before = cost
        while damping < 1e8:
            brake = np.sqrt(damping) * np.eye(size)
            try:
                found, _ = nnls(np.vstack([slopes, brake]), np.concatenate([slopes @ at - residuals, brake @ at]))
            except RuntimeError:  # it goes in circles: a shorter step is an easier problem
                damping *= 10
                continue
            tried = (found / lengths).reshape(shape)
            off = root * _residuals(tried, points)
            if float(off @ off) < cost:
                unknowns, residuals, cost = tried, off, float(off @ off)
                damping = max(damping / 10, 1e-12)
                break
            damping *= 10
        if before - cost <= 1e-12 * before:
            break
    return unknowns


# {% endraw %}
