# {% raw %}
"""Options on a share that pays cash dividends at known moments, American or European.

Model: between ex-dates the share is Black and Scholes's, and at an ex-date it falls by the dividend, to 0 at the least
(the "spot" or piecewise lognormal model; E. Haug, J. Haug and A. Lewis, "Back to basics", Wilmott 2003). So the
volatility is the share's own, the same one for every strike and expiration on both sides of an ex-date. The escrowed
model, lognormal in the share less its dividends, has another share for each expiration.

Backwards from expiration, one function of the share's price a dividend: sign·(slope·S - level), what is exercised or as
good as exercised, plus an excess that vanishes there. The excess is held as three Chebyshev polynomials in ln S that
meet where it bends most. A step back is a Gauss and Legendre integral over each, plus what early exercise in between
earns by the boundary of `pricing.boundary`. Prices in units of the strike; B
contracts of one sign with one number of dividends.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

# isort: split
# {% endraw %}{% if false %}
from pricing.american import boundary, edge, interval, premium, premium_price
from pricing.boundary import DENSITY, TINY, Interval, first_guess, march
from pricing.european import european
from pricing.rules import Array, Rule, chebyshev, legendre, marching_rule, rule

# {% endif %}{% raw %}

# How many standard deviations away a price can be left out: N(-6.5) is 4e-11.
REACH = 6.5


class Accuracy(NamedTuple):
    """Sizes of the grids: boundary at expiration, boundary before a dividend, polynomials, integrals."""

    last: tuple[int, int, int]
    between: tuple[int, int, int]
    polynomial: int
    integral: int


PANELS = 3
CROSSINGS = 14
NEAREST = 1.5
ROUGH = Accuracy((5, 10, 16), (8, 10, 16), 8, 8)
MIDDLE = Accuracy((8, 16, 24), (12, 12, 24), 12, 12)
EXACT = Accuracy((12, 24, 40), (40, 24, 40), 18, 16)


class Held(NamedTuple):
    """Value just after a dividend, or now: sign·(slope·S - level) + excess(S), the excess 0 beyond one edge."""

    slope: Array
    level: Array
    edges: Array  # (4, B): logarithms of the ends of the polynomials, rising
    coefficients: Array  # (3, c, B)


class Before(NamedTuple):
    """Value just before a dividend: that of Held at S - dividend, or what exercising pays beyond `exercised`."""

    slope: Array
    level: Array
    edges: Array  # (4, B): logarithms of S
    dividend: Array
    after: Held
    tilt: Array  # the excess is after's + tilt·S + lift
    lift: Array


class Point(NamedTuple):
    """A price and its first two derivatives by the share's price."""

    price: Array
    delta: Array
    gamma: Array


class Market(NamedTuple):
    """Of contracts with one sign: what does not change between dividends, (B,) each."""

    sign: Array
    sigma: Array
    rate: Array
    dividend_yield: Array
    is_american: bool


def excess_of(held: Held, panel: int, x: Array) -> Array:
    """Of ln S, (points, B), within one of the polynomials; Clenshaw's sum."""
    low, high = held.edges[panel], held.edges[panel + 1]
    t = np.clip((2 * x - (low + high)) / (high - low), -1, 1)
    coefficients = held.coefficients[panel]
    double = 2 * t
    one, two = np.zeros_like(t), np.zeros_like(t)
    for row in coefficients[:0:-1]:
        one, two = double * one - two + row, one
    return np.asarray(t * one - two + coefficients[0])


def expectation(market: Market, before: Before, ln_spot: Array, years: Array, accuracy: Accuracy) -> Point:
    """Today's value of what an interval ends with, `years` before; ln_spot and years (points, B)."""
    sign, sigma, rate, paid = market.sign, market.sigma, market.rate, market.dividend_yield
    volatility = sigma * np.sqrt(years)
    drift = (rate - paid - sigma**2 / 2) * years
    discount, grown = np.exp(-rate * years), np.exp(-paid * years)
    spot = np.exp(ln_spot)
    price = sign * (before.slope * spot * grown - before.level * discount)
    delta = sign * before.slope * grown + np.zeros_like(spot)
    gamma = np.zeros_like(spot)
    z_edges = np.clip((before.edges[:, None, :] - ln_spot - drift) / volatility, -REACH, REACH)
    # The wider a piece of the normal density is, the more nodes it takes.
    widest = float((z_edges[1:] - z_edges[:-1]).max())
    nodes, weights = legendre(int(accuracy.integral * (0.6 + widest / 8)))
    for panel in range(PANELS):
        half = (z_edges[panel + 1] - z_edges[panel]) / 2
        z = (z_edges[panel + 1] + z_edges[panel]) / 2 + half * nodes[:, None, None]
        end = np.exp(ln_spot + drift + volatility * z)
        x = np.log(np.maximum(end - before.dividend, 1e-12))
        excess = excess_of(before.after, panel, x)
        if np.any(before.tilt) or np.any(before.lift):
            excess = excess + before.tilt * end + before.lift
        mass = excess * np.exp(-z * z / 2) * weights[:, None, None]
        share = discount * half * DENSITY
        price = price + share * mass.sum(axis=0)
        delta = delta + share * (mass * z).sum(axis=0) / (spot * volatility)
        gamma = gamma + share * (mass * (z * z - 1 - z * volatility)).sum(axis=0) / (spot * volatility) ** 2
    # Out of the money the option is worth nothing: the linear part is taken back there.
    worthless = np.where(sign > 0, before.edges[0], before.edges[PANELS])
    gone = _beyond(before.slope, before.level, worthless, -sign, ln_spot, volatility, drift, discount, grown)
    price, delta, gamma = price - sign * gone.price, delta - sign * gone.delta, gamma - sign * gone.gamma
    # A share below the dividend falls to 0, and not to less.
    with np.errstate(divide="ignore"):
        ln_dividend = np.log(before.dividend)
    broke = _beyond(np.ones_like(sigma), before.dividend, ln_dividend, -np.ones_like(sigma), ln_spot, volatility, drift,
                    discount, grown)  # fmt: skip
    factor = np.where(sign < 0, before.after.slope, 0.0)
    return Point(price + factor * broke.price, delta + factor * broke.delta, gamma + factor * broke.gamma)


def _beyond(
    slope: Array, level: Array, edge: Array, side: Array, ln_spot: Array, volatility: Array, drift: Array,
    discount: Array, grown: Array,
) -> Point:  # fmt: skip
    """Of slope·S - level where S is above (side 1) or below (side -1) exp(edge)."""
    spot = np.exp(ln_spot)
    d2 = np.clip((ln_spot + drift - edge) / volatility, -40, 40)
    d1 = d2 + volatility
    density = discount * DENSITY * np.exp(-d2 * d2 / 2)
    jump = slope * np.exp(edge) - level
    bought = slope * grown * ndtr(side * d1)
    return Point(
        spot * bought - level * discount * ndtr(side * d2),
        bought + side * jump * density / (spot * volatility),
        side * density / (spot**2 * volatility) * (slope * np.exp(edge) - jump * (1 + d2 / volatility)),
    )


def just_before(market: Market, held: Held, dividend: Array) -> Before:
    """The value before the share goes ex. A call is exercised there from the price on at which that pays more."""
    level = held.level + held.slope * dividend
    edges = np.log(dividend + np.exp(held.edges))
    none = np.zeros_like(level)
    before = Before(held.slope + none, level, edges, dividend, held, none, none)
    if not market.is_american or market.sign[0] < 0:
        return before
    tilt, lift = held.slope - 1, 1 - level
    # What holding is worth more than exercising: at the polynomials' ends, then within the one where the sign changes.
    at_edges = [excess_of(held, max(end - 1, 0), held.edges[end]) for end in range(PANELS + 1)]
    more = np.stack(at_edges) + tilt * (np.exp(held.edges) + dividend) + lift
    panel = np.clip((more[1:] > 0).sum(axis=0), 0, PANELS - 1)
    column = np.arange(len(level))
    low, high = held.edges[panel, column], held.edges[panel + 1, column]
    own = Held(held.slope, held.level, np.stack([low, high]), held.coefficients[panel, :, column].T[None])
    more_low, more_high = more[panel, column], more[panel + 1, column]
    is_exercised = more[PANELS] < -1e-14
    for _ in range(CROSSINGS):
        with np.errstate(all="ignore"):
            middle = (low * more_high - high * more_low) / (more_high - more_low)
        middle = np.where((middle > low) & (middle < high), middle, (low + high) / 2)
        found = excess_of(own, 0, middle) + tilt * (np.exp(middle) + dividend) + lift
        is_above = found > 0
        # Illinois: the end that stays counts half.
        more_high = np.where(is_above, more_high / 2, found)
        more_low = np.where(is_above, found, more_low / 2)
        low, high = np.where(is_above, middle, low), np.where(is_above, high, middle)
    critical = np.log(np.exp(middle) + dividend)
    edges = np.where(is_exercised, np.minimum(edges, critical), edges)
    return Before(
        np.where(is_exercised, 1.0, before.slope),
        np.where(is_exercised, 1.0, before.level),
        edges,
        dividend,
        held,
        np.where(is_exercised, tilt, 0.0),
        np.where(is_exercised, lift, 0.0),
    )


def at_expiration(market: Market, years: Array, accuracy: Accuracy) -> Held:
    """The value just after the last dividend, `years` before expiration."""
    sign, sigma, rate, paid = market.sign, market.sigma, market.rate, market.dividend_yield
    reach = REACH * sigma * np.sqrt(years)
    if market.is_american and sign[0] < 0 and rate[0] > 0:
        at = interval(sign, sigma, rate, paid, years)
        distance, _ = boundary(at, accuracy.last)
        inner = edge(at, distance)
        # On the other side of the strike: where the option is worth nothing.
        outer = np.maximum(reach - (rate - sigma**2 / 2) * years, reach / 2)
        edges = np.stack([inner, np.zeros_like(inner), outer / 2, outer])
        slope = level = np.ones_like(sigma)
        grid = rule(*accuracy.last)
    else:
        slope, level = np.exp(-paid * years), np.exp(-rate * years)
        middle = np.log(level / slope)
        edges = middle + reach * np.array([-1, -0.35, 0.35, 1])[:, None]
        grid = None

    def value(ln_spot: Array) -> Array:
        spot = np.exp(ln_spot)
        plain = european(sign, spot, sigma, rate, paid, years).price
        if grid is None:
            return np.asarray(plain)
        return plain + premium_price(grid, at, distance, spot)

    return hold(market, value, slope, level, edges, accuracy)


def hold(
    market: Market, value: Callable[[Array], Array], slope: Array, level: Array, edges: Array, accuracy: Accuracy
) -> Held:
    """Polynomials of the excess between the edges."""
    nodes, matrix = chebyshev(accuracy.polynomial)
    low, high = edges[:-1, None, :], edges[1:, None, :]
    x = (low + high) / 2 + (high - low) / 2 * nodes[:, None]
    flat = x.reshape(-1, x.shape[-1])
    excess = value(flat) - market.sign * (slope * np.exp(flat) - level)
    return Held(slope, level, edges, np.matmul(matrix, excess.reshape(x.shape)))


class Between(NamedTuple):
    """The boundary before a dividend, of the contracts (rows) that have one."""

    rows: np.ndarray
    at: Interval
    distance: Array
    grid: Rule


def between(market: Market, before: Before, length: Array, accuracy: Accuracy) -> Between | None:
    """Where early exercise pays in an interval that a dividend ends; `length` (B,)."""
    sign, rate = market.sign, market.rate
    if not market.is_american or sign[0] > 0 or rate[0] <= 0:
        return None
    # What is got for certain grows with the rate; it takes this long to grow by the dividend.
    wait = np.maximum(np.log(before.level) / rate, 0.0)
    start = np.where(before.after.level == 1, before.edges[0], 0.0)
    rows = np.flatnonzero(length > wait * (1 + 1e-9) + 1e-9)
    if not len(rows):
        return None
    grid = marching_rule(*accuracy.between)
    part = Market(sign[rows], market.sigma[rows], rate[rows], market.dividend_yield[rows], True)
    after = Held(
        before.after.slope[rows], before.after.level[rows], before.after.edges[:, rows],
        before.after.coefficients[:, :, rows],
    )  # fmt: skip
    ends = Before(
        before.slope[rows], before.level[rows], before.edges[:, rows], before.dividend[rows], after, before.tilt[rows],
        before.lift[rows],
    )  # fmt: skip
    at = Interval(*part[:4], length[rows], wait[rows], start[rows])
    slack = _slack_before_dividend(part, ends, at, grid, accuracy)
    guess = first_guess(grid, at)
    # At the first node the boundary is three to four standard deviations of the wait away; march leaps from nearer.
    guess[0] = np.maximum(guess[0], NEAREST * at.sigma * np.sqrt(at.wait))
    # Half-way to the dividend, ruin makes holding as good as a rise does; farther down, nobody exercises.
    half_way = (at.ln_start - np.log(np.maximum(ends.dividend, TINY))) / 2
    distance = march(grid, at, np.concatenate([guess[:1], guess]), slack, half_way)
    return Between(rows, at, distance, grid)


def _slack_before_dividend(
    market: Market, before: Before, at: Interval, grid: Rule, accuracy: Accuracy
) -> Callable[[int, Array], tuple[Array, Array]]:
    s = at.wait + (at.length - at.wait) * grid.nodes[:, None] ** 2

    def slack(node: int, ln_b: Array) -> tuple[Array, Array]:
        point = expectation(market, before, ln_b[None], s[node : node + 1], accuracy)
        left = np.exp(-at.dividend_yield * s[node]) - at.sign * point.delta[0]
        return left, -at.sign * np.exp(ln_b) * point.gamma[0]

    return slack


def step_back(market: Market, before: Before, length: Array, left: Array, accuracy: Accuracy) -> Held:
    """The value just after the dividend before, `length` earlier; `left` years are left to expiration there."""
    sign, sigma, rate, paid = market.sign, market.sigma, market.rate, market.dividend_yield
    early_part = between(market, before, length, accuracy)
    slope, level = before.slope * np.exp(-paid * length), before.level * np.exp(-rate * length)
    drift = (rate - paid - sigma**2 / 2) * length
    reach = REACH * sigma * np.sqrt(length)
    low, high = before.edges[0] - reach - drift, before.edges[PANELS] + reach - drift
    if early_part is not None:
        rows = early_part.rows
        slope, level = slope.copy(), level.copy()
        slope[rows] = level[rows] = 1.0
        low[rows] = edge(early_part.at, early_part.distance)
    kink = before.edges[0] if sign[0] < 0 else before.edges[PANELS]
    width = high - low
    kink = np.clip(kink, low + 0.03 * width, high - 0.03 * width)
    if sign[0] < 0:
        edges = np.stack([low, kink, kink + 0.45 * (high - kink), high])
    else:
        edges = np.stack([low, low + 0.55 * (kink - low), kink, high])

    def value(ln_spot: Array) -> Array:
        found = expectation(market, before, ln_spot, np.broadcast_to(length, ln_spot.shape), accuracy).price
        if early_part is not None:
            spot = np.exp(ln_spot[:, early_part.rows])
            grid = early_part.grid
            found[:, early_part.rows] += premium_price(grid, early_part.at, early_part.distance, spot)
        return np.asarray(found)

    return hold(market, value, slope, level, edges, accuracy)


def with_dividends(
    market: Market, spot: Array, years: Array, times: Array, amounts: Array, accuracy: Accuracy = EXACT
) -> tuple[Point, np.ndarray]:
    """Price, delta and gamma now, and whether it is exercised at once; times (rising) and amounts (m, B)."""
    last = len(times) - 1
    held = at_expiration(market, years - times[last], accuracy)
    for number in range(last, 0, -1):
        before = just_before(market, held, amounts[number])
        held = step_back(market, before, times[number] - times[number - 1], years - times[number - 1], accuracy)
    before = just_before(market, held, amounts[0])
    ln_spot = np.log(spot)
    point = expectation(market, before, ln_spot[None], times[:1], accuracy)
    price, delta, gamma = (part[0] for part in point)
    is_exercised = np.zeros(spot.shape, dtype=bool)
    early_part = between(market, before, times[0], accuracy)
    if early_part is not None:
        rows, at = early_part.rows, early_part.at
        extra = premium(early_part.grid, at, early_part.distance, spot[rows])
        price[rows] += extra.price
        delta[rows] += extra.delta
        gamma[rows] += extra.gamma
        is_exercised[rows] = at.sign * (ln_spot[rows] - edge(at, early_part.distance)) >= 0
    price = np.where(is_exercised, market.sign * (spot - 1), price)
    delta, gamma = np.where(is_exercised, market.sign, delta), np.where(is_exercised, 0.0, gamma)
    return Point(price, delta, gamma), is_exercised


# {% endraw %}
