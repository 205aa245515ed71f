# {% raw %}
"""The early-exercise boundary over one interval without dividends, by spectral collocation and Newton's method.

L. Andersen, M. Lake and D. Offengenden, "High performance American option pricing", Journal of Computational Finance 20
(2016): the boundary's logarithm, squared, is smooth in the square root of time, so that a polynomial of a dozen nodes
has it to 1e-9. They iterate to a fixed point; here all nodes of a contract move together by Newton's method on the
logarithm of the smooth-pasting equation (their equation A), which also gives every derivative of the price.

Prices are in units of the strike. sign is 1 for a call and -1 for a put. With s the time to the interval's end, b(s)
the boundary, x the time between a node and a moment nearer to the end, and S = b(s), smooth pasting reads
    slack(s, b) + exp(-q·(s - wait)) - exp(-q·s) + q·∫ exp(-q·x)·N(-sign·d1) dx
        = ∫ exp(-r·x)·n(d2)·sign·(q·b(s - x) - r) / (b(s)·σ·sqrt(x)) dx,   x from 0 to s - wait,
where slack = exp(-q·s) - sign·(delta of what the interval ends with), positive, and `wait` is the time before the end
in which nobody exercises (a put before a dividend). Every term is positive, so the equation has a logarithm.

Shapes: B contracts, n nodes, l angles; what varies by contract is (B,), what varies by node too (n, B).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

# isort: split
# {% endraw %}{% if false %}
from pricing.rules import Array, Rule

# {% endif %}{% raw %}

DENSITY = 1 / np.sqrt(2 * np.pi)
TINY = 1e-300
# A node is found when a step of Newton's is this small a part of the distance: the next one would be its square.
MARCHES, ENOUGH = 16, 1e-3
LEAP = 1.3
# slack(ln b) -> slack and its derivatives by ln b, σ and r, (n, B) each.
Slack = Callable[[Array], tuple[Array, Array, Array, Array]]


class Interval(NamedTuple):
    """What an interval's boundary depends on, (B,) each; ln_start is the boundary's logarithm where it begins."""

    sign: Array
    sigma: Array
    rate: Array
    dividend_yield: Array
    length: Array
    wait: Array
    ln_start: Array

    @property
    def start_by_rate(self) -> Array:
        """Derivative of ln_start by the rate: it is 0 or ln(r/q)."""
        return np.where(self.ln_start == 0, 0.0, 1 / np.where(self.rate == 0, 1.0, self.rate))


class Collocated(NamedTuple):
    """The equation at a guess: residual (n, B), Jacobian by ln(distance) (B, n, n), and derivatives (n, B).

    by_shift: if ln b moves by the same amount at all moments.
    """

    residual: Array
    jacobian: Array
    by_sigma: Array
    by_rate: Array
    by_shift: Array


def start_of(sign: Array, rate: Array, dividend_yield: Array) -> Array:
    """Logarithm of the boundary at expiration: of min(1, r/q) for a put, of max(1, r/q) for a call."""
    other = np.where(sign < 0, dividend_yield, rate)
    own = np.where(sign < 0, rate, dividend_yield)
    with np.errstate(divide="ignore", invalid="ignore"):
        put = np.where(other > own, np.log(own / other), 0.0)
    return -sign * np.where(np.isfinite(put), put, 0.0)


def collocate(rule: Rule, at: Interval, distance: Array, slack: Slack) -> Collocated:
    """Smooth pasting at the nodes for a boundary exp(ln_start + sign·distance), distance (n, B) above 0."""
    sign, sigma, rate, paid = (part[:, None] for part in (at.sign, at.sigma, at.rate, at.dividend_yield))
    span = (at.length - at.wait) * rule.nodes[:, None] ** 2
    root = np.sqrt(span)
    volatility = (at.sigma * root)[..., None] * rule.sines
    since = span[..., None] * rule.sines**2
    squares = distance * distance
    past_squares = np.matmul(squares.T, rule.past)
    least = 1e-6 * squares.max(axis=0)[:, None] * ((rule.nodes[:, None] * rule.cosines) ** 2)[:, None, :]
    is_low = past_squares < least
    past = np.sqrt(np.where(is_low, least, past_squares))
    own = at.ln_start + at.sign * distance
    b = np.exp(own)[..., None]
    ln_past = at.ln_start[:, None] + sign * past
    past_b = np.exp(ln_past)
    d2 = own[..., None] - ln_past
    d2 += (rate - paid - sigma**2 / 2) * since
    d2 /= volatility
    d1 = d2 + volatility
    density = DENSITY * np.exp(-rate * since - d2 * d2 / 2)
    scale = (2 * root / at.sigma)[..., None] * (rule.cosines * rule.weights) / b * density
    gain = scale * (sign * (paid * past_b - rate))
    right = np.maximum(gain.sum(axis=-1), TINY)
    # By ln b at the node, and by ln b at the moments before.
    right_own = -(gain * (d2 / volatility + 1)).sum(axis=-1)
    right_past = gain * (d2 / volatility) + scale * (sign * paid * past_b)
    right_sigma = (gain * (d1 * d2 - 1)).sum(axis=-1) / at.sigma
    lasting = since / volatility
    right_rate = -(gain * (since + d2 * lasting) + sign * scale).sum(axis=-1)
    left, left_own, left_sigma, left_rate = slack(own)
    paid_past = None
    if np.any(paid):
        s = span + at.wait
        waited = np.exp(-at.dividend_yield * span) - np.exp(-at.dividend_yield * s)
        chances = 2 * span[..., None] * (rule.cosines * rule.sines * rule.weights) * paid
        left = left + waited + (chances * np.exp(-paid * since) * ndtr(-sign * d1)).sum(axis=-1)
        touched = chances * density * past_b / b
        paid_past = sign * touched / volatility
        left_own = left_own - paid_past.sum(axis=-1)
        left_sigma = left_sigma + (sign * touched * d2).sum(axis=-1) / at.sigma
        left_rate = left_rate - (sign * touched * lasting).sum(axis=-1)
    left = np.maximum(left, TINY)
    weights = -right_past / right[..., None]
    if paid_past is not None:
        weights = weights + paid_past / left[..., None]
    moved = left_own / left - right_own / right
    by_shift = moved + weights.sum(axis=-1)
    by_rate = left_rate / left - right_rate / right + at.start_by_rate * by_shift
    weights = np.where(is_low, 0.0, weights / past)
    jacobian = np.matmul(weights, rule.past.transpose(0, 2, 1)).transpose(1, 0, 2) * (squares.T)[:, None, :]
    diagonal = np.arange(len(rule.nodes))
    jacobian[:, diagonal, diagonal] += (moved * distance).T
    jacobian *= sign[:, :, None]
    residual = np.clip(np.log(left) - np.log(right), -3.0, 3.0)
    return Collocated(residual, jacobian, left_sigma / left - right_sigma / right, by_rate, by_shift)


def march(
    rule: Rule, at: Interval, distance: Array, slack: Callable[[int, Array], tuple[Array, Array]], farthest: Array
) -> Array:
    """Distances (1 + n, B) node by node, each from those before it (`rules.marching_rule`); the first one is given.

    slack(node, ln b) gives slack and its derivative by ln b, (B,). The logarithm of the equation rises with ln b as far
    as `farthest`, and the drift, from the start, so that Newton's method in a bracket finds the one solution there; a
    node without one has that distance.
    """
    sign, rate = at.sign[:, None], at.rate[:, None]
    squares = distance * distance
    y_before = y_before_that = 0.0
    for node, y in enumerate(rule.nodes):
        span = (at.length - at.wait) * y * y
        root = np.sqrt(span)
        volatility = (at.sigma * root)[:, None] * rule.sines
        since = span[:, None] * rule.sines**2
        drift = (rate - at.sigma[:, None] ** 2 / 2) * since
        row = node + 1
        # Before the first node the boundary is as low as there.
        known = squares[1:row].T @ rule.past[node, 1:row] if node else np.zeros((1, 1))
        share = rule.past[node, row]
        if node:
            known = known + squares[1][:, None] * rule.past[node, 0]
        else:
            share = share + rule.past[node, 0]
        scale = (2 * root / at.sigma)[:, None] * (rule.cosines * rule.weights) * DENSITY * rate * np.exp(-rate * since)
        if node == 1:
            distance[row] = distance[row - 1]
        elif node:
            slope = (distance[row - 1] - distance[row - 2]) / (y_before - y_before_that)
            distance[row] = np.maximum(distance[row - 1] + slope * (y - y_before), distance[row - 1] / 1.5)
        y_before, y_before_that = y, y_before
        low, high = np.zeros_like(root), np.full_like(root, np.inf)
        is_found = np.zeros(root.shape, dtype=bool)
        most_far = farthest + (at.rate + at.sigma**2 / 2) * (at.wait + span)
        for _ in range(MARCHES):
            own = distance[row].copy()
            past = np.sqrt(np.maximum(known + share * (own * own)[:, None], 1e-12 * (own * own)[:, None]))
            ln_b = at.ln_start + at.sign * own
            ln_past = at.ln_start[:, None] + sign * past
            d2 = (ln_b[:, None] - ln_past + drift) / volatility
            gain = scale * np.exp(-d2 * d2 / 2) / np.exp(ln_b)[:, None]
            right = np.maximum(gain.sum(axis=1), TINY)
            follows = share * own[:, None] / past
            right_by = -(gain * (d2 / volatility * (1 - follows) + 1)).sum(axis=1)
            left, left_by = slack(node, ln_b)
            left = np.maximum(left, TINY)
            excess = np.log(left) - np.log(right)
            # Above the solution for a put, b is too high: farther away.
            is_near = at.sign * excess < 0
            low, high = np.where(is_near, own, low), np.where(is_near, high, own)
            by_distance = at.sign * (left_by / left - right_by / right)
            moved = own - excess / np.where(by_distance == 0, TINY, by_distance)
            # In small steps until a distance is known that is too far, and not to where every term of the integral has
            # vanished: there are other solutions behind.
            most = np.where(np.isinf(high), own * LEAP + 0.02 * volatility[:, -1], high)
            if node:
                most = np.minimum(most, distance[row - 1] + at.sigma * root)
            is_inside = np.isfinite(moved) & (moved > low) & (moved < high)
            moved = np.where(is_inside, np.minimum(moved, most), np.where(np.isinf(high), most, (low + high) / 2))
            # What is found stays, whatever stands beside it.
            distance[row] = np.where(is_found, own, np.minimum(moved, most_far))
            is_found |= np.abs(distance[row] / own - 1) < ENOUGH
            if is_found.all():
                break
        squares[row] = distance[row] ** 2
    distance[0] = distance[1]
    return distance


def solve(jacobian: Array, right: Array) -> Array:
    """Solutions of the systems, right and result (B, n, m); a system that is singular gives no step."""
    size = jacobian.shape[-1]
    scale = np.abs(jacobian).max(axis=-1, keepdims=True)
    good = np.isfinite(scale).all(axis=1, keepdims=True) & (scale > 1e-12).all(axis=1, keepdims=True)
    scaled = np.where(good, jacobian / np.where(good, scale, 1.0), np.eye(size))
    sides = np.where(good, right / np.where(good, scale, 1.0), 0.0)
    try:
        return np.asarray(np.linalg.solve(scaled, sides))
    except np.linalg.LinAlgError:
        is_singular = np.abs(np.linalg.det(scaled)) < 1e-280
        scaled[is_singular] = np.eye(size)
        sides[is_singular] = 0.0
        return np.asarray(np.linalg.solve(scaled, sides))


def european_slack(rule: Rule, at: Interval) -> Slack:
    """Of the interval that ends with expiration: exp(-q·s)·N(-sign·d1), d1 against the strike."""
    s = at.length * rule.nodes[:, None] ** 2
    volatility = at.sigma * np.sqrt(s)
    drift = (at.rate - at.dividend_yield + at.sigma**2 / 2) * s
    paid = np.exp(-at.dividend_yield * s)

    def slack(ln_b: Array) -> tuple[Array, Array, Array, Array]:
        d1 = (ln_b + drift) / volatility
        density = at.sign * paid * DENSITY * np.exp(-d1 * d1 / 2)
        by_sigma = density * (d1 - volatility) / at.sigma
        return paid * ndtr(-at.sign * d1), -density / volatility, by_sigma, -density * s / volatility

    return slack


def first_guess(rule: Rule, at: Interval) -> Array:
    """Distances (n, B) to start from, of an interval that ends with expiration.

    G. Barone-Adesi and R. Whaley 1987, its equation for the critical price in logarithms; where the yield is above the
    rate (a put), 0.6388·σ·sqrt(s) from r/q, as close to expiration (J. Evans, R. Kuske and J. Keller 2002), towards the
    perpetual boundary. A call's boundary is the mirror image of a put's with rate and yield exchanged.
    """
    rate = np.where(at.sign < 0, at.rate, at.dividend_yield)
    paid = np.where(at.sign < 0, at.dividend_yield, at.rate)
    s = (at.length - at.wait) * rule.nodes[:, None] ** 2
    start = -at.sign * at.ln_start
    volatility = at.sigma * np.sqrt(s + at.wait)
    ratio = 2 * (rate - paid) / at.sigma**2
    gained = -np.expm1(-rate * s)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(gained == 0, 1 / s, rate / gained)
    power = (ratio - 1 + np.sqrt((ratio - 1) ** 2 + 8 * slope / at.sigma**2)) / 2
    lost = -np.expm1(-paid * s) * (1 + 1 / power)
    most = np.where(lost > 0, np.minimum(1, gained / np.where(lost > 0, lost, 1)), 1)
    excess = np.maximum(gained - 0.9 * most * lost, TINY)
    ln_b = np.where(most < 1, np.log(np.maximum(most, TINY)) - 0.3 * volatility, 0)
    ln_b = ln_b - np.where(most < 1, 0, volatility * np.sqrt(2 * np.log1p(volatility / excess)))
    grown, discounted = np.exp(-paid * s), np.exp(-rate * s)
    for _ in range(5):
        b = np.exp(ln_b)
        d1 = (ln_b + (rate - paid) * s) / volatility + volatility / 2
        chance = ndtr(d1)
        held = b * grown * chance * (1 + 1 / power) - discounted * ndtr(d1 - volatility)
        held_slope = b * grown * (chance * (1 + 1 / power) + DENSITY * np.exp(-d1 * d1 / 2) / volatility / power)
        exercised = np.maximum(gained - b * lost, TINY)
        held = np.maximum(held, TINY)
        step = (np.log(held) - np.log(exercised)) / (held_slope / held + b * lost / exercised)
        ln_b = np.minimum(ln_b - np.clip(step, -2 * volatility, 2 * volatility), np.log(np.maximum(most, TINY)) - 1e-12)
    power = (ratio - 1 + np.sqrt((ratio - 1) ** 2 + 8 * np.maximum(rate, 0) / at.sigma**2)) / 2
    perpetual = np.maximum(np.log1p(1 / np.maximum(power, TINY)) + start, 1e-12)
    near = 1 / (1 / (0.6388 * volatility) + 1 / perpetual)
    return np.where(paid > rate, near, np.maximum(start - ln_b, 1e-9))


# {% endraw %}
