# {% raw %}
"""Smiles that leave no arbitrage: slices of the extended SSVI surface, and when two of them don't cross.

A slice is the total variance w = σ²·T over k = ln(K / F), in three numbers:

    w(k) = (θ + ρψ·k + sqrt(θ² + 2ρψθ·k + ψ²·k²)) / 2

θ is w at the forward. J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14
(2014), have it with φ = ψ / θ (their formula 4.1); S. Hendriks and C. Martini, "The extended SSVI volatility surface",
Journal of Computational Finance 22 (2019), let ρ change with the expiration. Here the wings take the place of ρ and ψ:
up = ψ(1 + ρ) and down = ψ(1 - ρ), twice the slopes of w on both sides, in which the conditions for no arbitrage are
short. Arrays of one shape, or what numpy makes one.
"""

from typing import NamedTuple

import numpy as np

# isort: split
# {% endraw %}{% if false %}
from pricing.rules import Array

# {% endif %}{% raw %}

MOST_WING = 4.0
# Wings below this are none: divided by, they would overflow.
FLAT = 1e-12


class Slice(NamedTuple):
    """Total variance at the forward, and twice its slopes far above and far below it."""

    theta: Array
    up: Array
    down: Array

    @property
    def psi(self) -> Array:
        return (self.up + self.down) / 2

    @property
    def rho(self) -> Array:
        psi = self.psi
        return np.where(psi > 0, (self.up - self.down) / 2 / np.where(psi > 0, psi, 1), 0.0)


class RawSvi(NamedTuple):
    """a + b·(ρ·(k - m) + sqrt((k - m)² + σ²)), Gatheral's raw form; a flat slice has b = 0."""

    a: Array
    b: Array
    rho: Array
    m: Array
    sigma: Array


def total_variance(slices: Slice, k: Array) -> Array:
    """w(k)."""
    theta, up, down = slices
    # psi² - (rho·psi)² = up·down. Where the level is negative, the difference of two large numbers as a quotient.
    level = theta + (up - down) / 2 * k
    under = up * down * k * k
    root = np.sqrt(level * level + under)
    far = np.where(level < 0, under / np.where(level < 0, root - level, 1), level + root)
    return far / 2


def raw(slices: Slice) -> RawSvi:
    """The same curve in the form that other libraries read."""
    theta, psi, rho = slices.theta, slices.psi, slices.rho
    is_flat = psi < FLAT
    with np.errstate(all="ignore"):
        phi = np.where(is_flat, 1.0, psi / theta)
    return RawSvi(
        np.where(is_flat, theta, theta * (1 - rho * rho) / 2),
        psi / 2,
        rho,
        np.where(is_flat, 0.0, -rho / phi),
        np.sqrt(1 - rho * rho) / phi,
    )


def durrleman(slices: Slice, k: Array) -> Array:
    """g(k), which the density of the price at expiration has as a factor: negative where a butterfly costs less than 0.

    Formula 2.1 of Gatheral and Jacquier.
    """
    theta, up, down = slices
    slope, product = (up - down) / 2, up * down
    level = theta + slope * k
    root = np.sqrt(level * level + product * k * k)
    w = total_variance(slices, k)
    first = (slope + (slope * level + product * k) / root) / 2
    second = theta * theta * product / root**3 / 2
    return (1 - k * first / (2 * w)) ** 2 - first * first / 4 * (1 / w + 0.25) + second / 2


def least_theta(up: Array, down: Array) -> Array:
    """From which θ on a slice with these wings has no butterfly arbitrage: ψ²·(1 + |ρ|) <= 4θ.

    With wings below MOST_WING that is theorem 4.2 of Gatheral and Jacquier.
    """
    return (up + down) / 2 * np.maximum(up, down) / 4


def least_theta_ratio(first_up: Array, first_down: Array, up: Array, down: Array, softness: float = 0.0) -> Array:
    """How many times the θ of an earlier slice a later one needs at least, not to lie below it anywhere.

    Both wings must not be smaller than the earlier one's: far out, the steeper line wins. Given that, Hendriks and
    Martini's condition, (ΘΦ·ρ₂ - ρ₁)² <= (Θ - 1)(ΘΦ² - 1) or Φ <= 1 with Θ = θ₂/θ₁ and Φ = φ₂/φ₁, is Θ >= this,
    the smaller root of Θ² - (R² + 1 - (R·ρ₂ - ρ₁)²)·Θ + R² with R = ψ₂/ψ₁. `softness` raises it a little, so
    that the root has a derivative where a wing does not grow.
    """
    psi = (up + down) / 2
    middle = first_up * first_down + up * down + (first_up - first_down) * (up - down) / 2
    square = (up - first_up) * (down - first_down) * (up + first_down) * (down + first_up)
    root = np.sqrt(np.maximum(square, 0))
    if softness:
        root = square / (root + softness * np.where(middle > 0, middle, 1))
    with np.errstate(all="ignore"):
        ratio = 2 * psi * psi / (middle + root)
    return np.where(psi > 0, np.where(middle + root > 0, np.maximum(ratio, 1), np.inf), 1.0)


def is_butterfly_free(slices: Slice) -> np.ndarray:
    """Whether its parameters keep theorem 4.2."""
    theta, up, down = slices
    return (theta > 0) & (theta >= least_theta(up, down) * (1 - 1e-12)) & (np.maximum(up, down) < MOST_WING)


def is_above(earlier: Slice, later: Slice) -> np.ndarray:
    """Whether the later slice lies nowhere below the earlier one."""
    wider = (later.up >= earlier.up * (1 - 1e-12)) & (later.down >= earlier.down * (1 - 1e-12))
    up, down = np.maximum(later.up, earlier.up), np.maximum(later.down, earlier.down)
    least = least_theta_ratio(earlier.up, earlier.down, up, down)
    return wider & (later.theta >= earlier.theta * least * (1 - 1e-12))


# {% endraw %}
