# {% raw %}
"""Nodes and weights that every contract shares: where a boundary is collocated, and how integrals over it are taken."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
GRADE = 3.0


class Rule(NamedTuple):
    """A grid for an early-exercise boundary over one interval, in the variable y = sqrt(time / length), 0 < y <= 1.

    An integral over the past of a node is taken in the angle a with time since = length·y²·sin²(a): everything under it
    is analytic in a, since the boundary is a function of y·cos(a) there.
    """

    nodes: Array  # (n,) of y, the last one is 1
    sines: Array  # (l,) of the angles
    cosines: Array  # (l,)
    weights: Array  # (l,) of the integral over a from 0 to pi / 2
    past: Array  # (n, n, l): from values at the nodes to values at y·cos(a), by node y
    value_sines: Array  # (p,): the same for the price, which looks back from y = 1
    value_cosines: Array  # (p,)
    value_weights: Array  # (p,)
    value_past: Array  # (n, p)


@cache
def rule(nodes: int, angles: int, value_angles: int) -> Rule:
    """A rule of Chebyshev's extrema without 0, for a boundary whose distance to its start vanishes there."""
    all_nodes = (1 - np.cos(np.pi * np.arange(nodes + 1) / nodes)) / 2
    own = all_nodes[1:]
    angle, weights = half_circle(angles)
    value_angle, value_weights = half_circle(value_angles)
    past = interpolation(all_nodes, own[:, None] * np.cos(angle))[..., 1:]
    value_past = interpolation(all_nodes, np.cos(value_angle))[..., 1:]
    return Rule(
        own,
        np.sin(angle),
        np.cos(angle),
        weights,
        np.ascontiguousarray(past.transpose(0, 2, 1)),
        np.sin(value_angle),
        np.cos(value_angle),
        value_weights,
        np.ascontiguousarray(value_past.T),
    )


@cache
def marching_rule(nodes: int, angles: int, value_angles: int) -> Rule:
    """A rule whose nodes see only those before them: for a boundary that comes up from 0, found node by node."""
    steps = np.arange(nodes + 1) / nodes
    own = steps[1:] ** GRADE
    angle, weights = half_circle(angles)
    value_angle, value_weights = half_circle(value_angles)
    past = np.zeros((nodes, nodes + 1, angles))
    for node in range(nodes):
        past[node, : node + 2] = _piecewise(steps[: node + 2], steps[node + 1] * np.cos(angle) ** (1 / GRADE))
    return Rule(
        own,
        np.sin(angle),
        np.cos(angle),
        weights,
        past,
        np.sin(value_angle),
        np.cos(value_angle),
        value_weights,
        _piecewise(steps, np.cos(value_angle) ** (1 / GRADE)),
    )


def _piecewise(nodes: Array, points: Array) -> Array:
    """Cubic interpolation in the four nodes around each point, (n, points)."""
    found = np.zeros((len(nodes), len(points)))
    for place, point in enumerate(points):
        width = min(4 if point > nodes[1] else 2, len(nodes))
        first = int(np.clip(np.searchsorted(nodes, point) - width // 2, 0, len(nodes) - width))
        found[first : first + width, place] = interpolation(nodes[first : first + width], np.array([point]))[0]
    return found


@cache
def refined(coarse: tuple[int, int, int], fine: tuple[int, int, int]) -> Array:
    """From values at the nodes of a closed rule to those of a finer one, (n fine, n coarse); nothing is known at 0."""
    return interpolation(rule(*coarse).nodes, rule(*fine).nodes)


@cache
def legendre(count: int) -> tuple[Array, Array]:
    """Gauss and Legendre's nodes and weights on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


@cache
def chebyshev(count: int) -> tuple[Array, Array]:
    """Points on [-1, 1] and the matrix from values there to the coefficients of Chebyshev's polynomials."""
    angles = (np.arange(count) + 0.5) * np.pi / count
    matrix = 2 / count * np.cos(np.arange(count)[:, None] * angles)
    matrix[0] /= 2
    return np.cos(angles), matrix


def half_circle(count: int) -> tuple[Array, Array]:
    """Gauss and Legendre's angles and weights on [0, pi / 2]."""
    nodes, weights = legendre(count)
    return (nodes + 1) * np.pi / 4, weights * np.pi / 4


def interpolation(nodes: Array, points: Array) -> Array:
    """Lagrange's polynomials of the nodes at the points, (..., n), by the barycentric formula."""
    distances = nodes[:, None] - nodes
    np.fill_diagonal(distances, 1)
    barycentric = 1 / distances.prod(axis=1)
    gaps = points[..., None] - nodes
    is_node = np.abs(gaps) < 1e-14
    terms = barycentric / np.where(is_node, 1, gaps)
    found: Array = terms / terms.sum(axis=-1, keepdims=True)
    found[is_node.any(axis=-1)] = is_node[is_node.any(axis=-1)]
    return found


# {% endraw %}
