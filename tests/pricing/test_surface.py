"""Fitted surfaces: planted ones are found again, no arbitrage is ever left, and stale quotes move nothing.

QuantLib's SVI and Black formulas are the oracle of the curve and of prices.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.market.surface import sigma
from pricing.chain import chain_surface
from pricing.rules import Array
from pricing.ssvi import (
    Slice,
    durrleman,
    is_above,
    is_butterfly_free,
    least_theta,
    least_theta_ratio,
    raw,
    total_variance,
)
from pricing.surface import Fit, Quotes, fit_chain, surface

DOUBT = 0.0025
WIDE = np.sinh(np.linspace(-6, 6, 401)) / 10


def planted(volatility: float, years: float, rho: float, curvature: float) -> Slice:
    """A slice that uses a part of the curvature that butterflies allow."""
    theta = volatility**2 * years
    psi = curvature * min(2 * math.sqrt(theta / (1 + abs(rho))), 3.99 / (1 + abs(rho)))
    return Slice(np.float64(theta), np.float64(psi * (1 + rho)), np.float64(psi * (1 - rho)))


def quotes(one: Slice, years: float, points: int = 12, noise: Array | float = 0.0) -> Quotes:
    """From two and a half standard deviations below the forward to two above it."""
    k = np.linspace(-2.5, 2, points) * math.sqrt(one.theta)
    return Quotes(years, k, np.sqrt(total_variance(one, k) / years) + noise, np.full(points, DOUBT))


def found(fit: Fit) -> Slice:
    return Slice(np.float64(fit.theta), np.float64(fit.up), np.float64(fit.down))


def off(fit: Fit, one: Slice) -> float:
    """Largest relative difference of a parameter."""
    return float(max(abs(a / b - 1) for a, b in zip(found(fit), one, strict=True)))


GRID = [
    (volatility, days / 365, rho, curvature)
    for volatility in (0.1, 1.0)
    for days in (1, 30, 730)
    for rho in (-0.9, -0.4, 0.5)
    for curvature in (0.05, 0.4, 0.95)
]
TERMS = np.array([4, 11, 25, 60, 150, 277, 550]) / 365


def chain_of_growing_slices() -> list[Slice]:
    """As shares have them: the skew flattens with the term, and no two slices cross."""
    return [planted(0.3 - 0.02 * years, years, -0.6 + 0.1 * years, 0.45) for years in TERMS]


def test_planted_slice_is_found_again_to_1e_8() -> None:
    for terms in GRID:
        one = planted(*terms)
        (fit,) = fit_chain([quotes(one, terms[1])])
        assert off(fit, one) < 1e-8, terms
        assert fit.rms_residual < 1e-9


def test_planted_surface_is_found_again_to_1e_8() -> None:
    slices = chain_of_growing_slices()
    assert all(is_above(*pair) for pair in pairwise(slices))

    fits = fit_chain([quotes(one, years) for one, years in zip(slices, TERMS, strict=True)])

    assert max(off(fit, one) for fit, one in zip(fits, slices, strict=True)) < 1e-8


def test_raw_form_is_quantlibs_svi_and_the_same_curve() -> None:
    for terms in GRID[::7]:
        one = planted(*terms)
        a, b, rho, m, sigma = (float(part) for part in raw(one))
        section = ql.SviSmileSection(terms[1], 1.0, [a, b, sigma, rho, m])
        for k in (-0.5, -0.01, 0.0, 0.2):
            theirs = section.volatility(math.exp(k))
            assert math.sqrt(total_variance(one, np.float64(k)) / terms[1]) == pytest.approx(theirs, rel=1e-9)


wings = st.floats(1e-3, 3.9)
growth = st.floats(1e-3, 2.0)


@settings(max_examples=60, deadline=None)
@given(wings, wings, st.floats(1.0, 3.0))
def test_least_theta_leaves_no_butterfly_and_density_by_durrleman_is_not_negative(
    up: float, down: float, more: float
) -> None:
    one = Slice(least_theta(np.float64(up), np.float64(down)) * more, np.float64(up), np.float64(down))

    assert is_butterfly_free(one)
    assert durrleman(one, WIDE).min() > -1e-9


@settings(max_examples=60, deadline=None)
@given(wings, wings, growth, growth, st.floats(0.01, 2.0))
@example(1.0, 1.0, 2.0, 1.75, 0.015625)
def test_least_ratio_is_where_slices_begin_to_cross(
    up: float, down: float, more_up: float, more_down: float, theta: float
) -> None:
    first = Slice(*(np.float64(one) for one in (theta, up, down)))
    grown = np.float64(up + more_up), np.float64(down + more_down)
    least = theta * float(least_theta_ratio(first.up, first.down, *grown))
    far = np.geomspace(1e-7, 1e7, 3000)
    k = np.concatenate([-far, [0.0], far])

    def gap(at: float) -> float:
        return float((total_variance(Slice(np.float64(at), *grown), k) - total_variance(first, k)).min())

    assert gap(least * (1 + 1e-6)) >= -1e-9
    assert gap(least * 0.999) < 0
    assert is_above(first, Slice(np.float64(least * (1 + 1e-6)), *grown))
    assert not is_above(first, Slice(np.float64(least * 0.999), *grown))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.one_of(st.just(0.0), st.floats(1e-6, 5.0))] * 3), min_size=2, max_size=6))
def test_any_unknowns_give_a_surface_without_arbitrage(rows: list[tuple[float, ...]]) -> None:
    first = (rows[0][0], rows[0][1], rows[0][2] + 1e-4)
    slices = surface(np.array([first, *rows[1:]]))
    each = [Slice(*(part[row] for part in slices)) for row in range(len(rows))]

    for one in each:
        assert is_butterfly_free(one)
        assert durrleman(one, WIDE).min() > -1e-9
    for earlier, later in pairwise(each):
        assert is_above(earlier, later)
        assert (total_variance(later, WIDE) - total_variance(earlier, WIDE)).min() > -1e-12


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_quoted_the_fit_has_numbers_and_no_arbitrage(seed: int) -> None:
    """Noise of up to 20 points, holes, flat and frowning smiles, terms that contradict each other."""
    pick = np.random.default_rng(seed)
    years = np.sort(pick.uniform(1 / 365, 3, pick.integers(1, 6)))
    chain = []
    for one in years:
        k = np.sort(pick.normal(0, 0.4 * math.sqrt(one), pick.integers(5, 30)))
        smile = pick.uniform(0.05, 1.5) + pick.normal(0, 0.3) * k + pick.normal(0, 1) * k**2
        noisy = smile + pick.normal(0, pick.choice([0, 0.01, 0.2]), len(k))
        chain.append(Quotes(float(one), k, np.clip(noisy, 0.01, 5), np.full(len(k), DOUBT)))

    fits = [fit for fit in fit_chain(chain) if fit.reason is None]

    for fit in fits:
        assert np.isfinite([fit.theta, fit.up, fit.down, fit.rms_residual]).all()
        assert is_butterfly_free(found(fit))
        assert durrleman(found(fit), WIDE).min() > -1e-9
    for earlier, later in pairwise(fits):
        assert is_above(found(earlier), found(later))


def test_same_quotes_give_the_same_bits_and_others_in_the_batch_change_nothing() -> None:
    chain = [quotes(planted(0.3, 0.5, -0.5, 0.4), 0.5, 20, 0.01 * np.sin(np.arange(20) * 7.0))]

    once = fit_chain(chain)
    fit_chain([quotes(planted(0.5, 0.1, 0.2, 0.4), 0.1)])

    assert repr(fit_chain(chain)) == repr(once)


def test_volatility_twice_as_high_and_a_year_four_times_as_long_is_the_same_smile() -> None:
    """Only total variance counts: halved volatility over four times the time, with halved doubt."""
    first = quotes(planted(0.4, 0.5, -0.5, 0.4), 0.5, 20, 0.01 * np.sin(np.arange(20) * 7.0))
    second = Quotes(first.years * 4, first.k, first.volatility / 2, first.doubt / 2)

    (one,), (other,) = fit_chain([first]), fit_chain([second])

    assert found(other) == pytest.approx(found(one), rel=1e-7)
    assert other.rms_residual == pytest.approx(one.rms_residual / 2, rel=1e-6)


@pytest.mark.parametrize("error", [0.05, 0.3, -0.1])
@pytest.mark.parametrize("stale", [[3], [0, 7, 11], [4, 5, 6, 7, 15]])
def test_stale_quotes_are_outliers_and_move_the_fit_by_less_than_a_third_of_a_point(
    stale: list[int], error: float
) -> None:
    """Up to a quarter of the points, even side by side, on top of noise of a fifth of a point."""
    one, years = planted(0.3, 0.25, -0.5, 0.4), 0.25
    noise = 0.002 * np.random.default_rng(5).normal(size=20)
    noise[stale] += error

    (fit,) = fit_chain([quotes(one, years, 20, noise)])

    k = quotes(one, years, 20).k
    moved = np.sqrt(total_variance(found(fit), k) / years) - np.sqrt(total_variance(one, k) / years)
    assert set(stale) <= set(np.flatnonzero(fit.is_outlier))
    assert np.abs(moved).max() < 0.0033
    assert fit.rms_residual < 0.003


def test_stale_expiration_gives_way_to_its_neighbours() -> None:
    """All volatilities of one are fifteen points too low, so that it lies below the one before."""
    slices = chain_of_growing_slices()
    chain = [quotes(one, years) for one, years in zip(slices, TERMS, strict=True)]
    chain[4] = chain[4]._replace(volatility=chain[4].volatility - 0.15)

    fits = fit_chain(chain)

    assert all(is_above(found(a), found(b)) for a, b in pairwise(fits))
    for row in (0, 1, 2, 3, 5, 6):
        moved = np.sqrt(total_variance(found(fits[row]), chain[row].k) / TERMS[row]) - chain[row].volatility
        assert np.abs(moved).max() < 0.01
    assert fits[4].rms_residual > 0.03


def test_smile_that_is_not_ssvi_is_met_to_a_twentieth_of_a_point() -> None:
    """The local market's volatilities, a parabola over the strike, are of another family."""
    chain = []
    for years in TERMS:
        k = np.linspace(-0.12 - 0.3 * math.sqrt(years), 0.12 + 0.2 * math.sqrt(years), 25)
        chain.append(Quotes(float(years), k, sigma("AAPL", np.exp(k), years), np.full(25, DOUBT)))

    assert max(fit.rms_residual for fit in fit_chain(chain)) < 0.0005


def test_gap_in_a_chain_is_read_from_its_neighbours() -> None:
    one, years = planted(0.3, 0.25, -0.5, 0.4), 0.25
    whole = quotes(one, years, 21)
    kept = np.r_[0:7, 14:21]
    holed = Quotes(years, whole.k[kept], whole.volatility[kept], whole.doubt[kept])

    (fit,) = fit_chain([holed])

    read = np.sqrt(total_variance(found(fit), whole.k) / years)
    assert read == pytest.approx(whole.volatility, abs=1e-9)


@pytest.mark.parametrize(
    ("k", "reason"),
    [
        pytest.param([], "too_few_points", id="none"),
        pytest.param([-0.1, -0.05, 0.0, 0.05], "too_few_points", id="four"),
        pytest.param([-0.1, -0.1, 0.0, 0.05, 0.05], "too_few_points", id="three strikes, two of them twice"),
        pytest.param([0.01, 0.02, 0.03, 0.04, 0.05], "one_sided", id="above the forward only"),
    ],
)
def test_expiration_that_says_too_little_has_a_reason_and_its_neighbours_a_fit(k: list[float], reason: str) -> None:
    poor = Quotes(0.1, np.array(k), np.full(len(k), 0.3), np.full(len(k), DOUBT))
    one = planted(0.3, 0.25, -0.5, 0.4)

    fits = fit_chain([poor, quotes(one, 0.25)])

    assert (fits[0].reason, math.isnan(fits[0].theta)) == (reason, True)
    assert off(fits[1], one) < 1e-8


def test_flat_smile_is_a_slice_and_no_division_by_zero() -> None:
    flat = Quotes(0.5, np.linspace(-0.2, 0.2, 9), np.full(9, 0.2), np.full(9, DOUBT))

    (fit,) = fit_chain([flat])

    assert np.sqrt(total_variance(found(fit), flat.k) / 0.5) == pytest.approx(np.full(9, 0.2), abs=1e-7)
    assert np.isfinite(raw(Slice(np.float64(0.02), np.float64(0.0), np.float64(0.0)))).all()


def worths(one: Slice, years: float, forward: float, strikes: Array) -> list[list[object]]:
    """Out-of-the-money options of QuantLib's Black formula, as the warehouse sends them."""
    rows: list[list[object]] = []
    for strike in strikes:
        is_call = strike >= forward
        spread = math.sqrt(total_variance(one, np.log(strike / forward)))
        kind = ql.Option.Call if is_call else ql.Option.Put
        worth = ql.blackFormula(kind, float(strike), forward, spread)
        rows.append([f"O:AAA{strike:08.0f}", 1 if is_call else -1, float(strike), forward, worth])
    return rows


def test_chain_of_prices_gives_the_surface_they_were_made_of() -> None:
    one = planted(0.3, 0.25, -0.5, 0.4)
    strikes = np.linspace(80.0, 125.0, 16)

    (fit,) = chain_surface([{"years": 0.25, "quotes": worths(one, 0.25, 101.0, strikes)}])

    assert (fit["theta"], fit["rho"], fit["psi"]) == pytest.approx(
        (float(one.theta), float(one.rho), float(one.psi)), rel=1e-7
    )
    assert (fit["is_butterfly_free"], fit["is_calendar_free"], fit["reason"]) == (True, True, None)
    assert (fit["points"], fit["outliers"]) == (16, 0)
    for (_, volatility, is_outlier), strike in zip(fit["quotes"], strikes, strict=True):
        assert volatility == pytest.approx(math.sqrt(total_variance(one, np.log(strike / 101.0)) / 0.25), rel=1e-9)
        assert not is_outlier
    assert json.loads(json.dumps(fit, allow_nan=False)) == fit


def test_quote_whose_tick_is_worth_five_points_is_left_out_and_one_below_its_bound_too() -> None:
    rows = worths(planted(0.3, 0.25, -0.5, 0.4), 0.25, 101.0, np.linspace(80.0, 125.0, 16))
    rows.append(["O:FAR", 1, 400.0, 101.0, 0.01])
    rows.append(["O:BELOW", -1, 105.0, 101.0, 3.0])

    (fit,) = chain_surface([{"years": 0.25, "quotes": rows}])

    assert {quote[0] for quote in fit["quotes"]} == {row[0] for row in rows[:16]}


def test_expiration_without_quotes_has_a_reason_and_nothing_else() -> None:
    assert chain_surface([{"years": 0.25, "quotes": []}]) == [
        {"reason": "too_few_points", "points": 0, "outliers": 0, "quotes": []}
    ]


def test_quote_that_can_not_be_is_left_out() -> None:
    rows = worths(planted(0.3, 0.25, -0.5, 0.4), 0.25, 101.0, np.linspace(80.0, 125.0, 16))
    wrong: list[object] = [
        None, "O:A", [], ["O:A", 1, 100.0, 101.0], [None, 1, 100.0, 101.0, 3.0], ["O:A", 0, 100.0, 101.0, 3.0],
        ["O:A", True, 100.0, 101.0, 3.0], ["O:A", 1, 0, 101.0, 3.0], ["O:A", 1, 100.0, -1.0, 3.0],
        ["O:A", 1, 100.0, None, 3.0], ["O:A", 1, 100.0, 101.0, "3"], ["O:A", 1, math.nan, 101.0, 3.0],
        ["O:A", 1, 100.0, 101.0, math.inf], ["O:A", 1, 10**400, 101.0, 3.0],
    ]  # fmt: skip

    assert chain_surface([{"years": 0.25, "quotes": rows + wrong}]) == chain_surface([{"years": 0.25, "quotes": rows}])


def test_expiration_that_is_none_is_malformed_and_its_neighbours_have_a_fit() -> None:
    rows = worths(planted(0.3, 0.25, -0.5, 0.4), 0.25, 101.0, np.linspace(80.0, 125.0, 16))
    wrong = [
        None, [], "2026-12-18", {}, {"years": 0.2}, {"quotes": rows}, {"years": 0, "quotes": rows},
        {"years": -0.2, "quotes": rows}, {"years": "soon", "quotes": rows}, {"years": math.nan, "quotes": rows},
        {"years": 0.2, "quotes": None},
    ]  # fmt: skip

    *fits, last = chain_surface([*wrong, {"years": 0.25, "quotes": rows}])

    assert {fit["reason"] for fit in fits} == {"malformed"}
    assert [last] == chain_surface([{"years": 0.25, "quotes": rows}])
