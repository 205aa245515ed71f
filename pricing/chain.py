# {% raw %}
"""From what a chain's options are worth to its volatility surface: the door for the warehouse.

    fits = chain_surface([{"years": 0.25, "quotes": [["O:…", 1, strike, forward, worth], …]}, …])

Worths are those of European options, in money of the expiration: a volatility is then that of F. Black's formula (1976)
on the forward, and no arbitrage in total variance is none in prices.
"""

from typing import Any, TypeGuard

import numpy as np

# isort: split
# {% endraw %}{% if false %}
from pricing.european import total_volatility
from pricing.rules import Array
from pricing.ssvi import Slice, durrleman, is_above, is_butterfly_free, raw, total_variance
from pricing.surface import Quotes, fit_chain

# {% endif %}{% raw %}

# What a close may be off by: a tick, and the minutes between it and the underlying's, in volatility.
TICK_USD, ASYNCHRONY = 0.01, 0.0025
# A quote of which a tick is worth more volatility than this says nothing.
MOST_DOUBT = 0.05
MOST_YEARS, MOST_USD, HUGE = 100, 1e9, 1e300
MALFORMED = "malformed"
# Where the fitted curves are looked at again, in standard deviations at the forward.
GRID = np.sinh(np.linspace(-5, 5, 201)) / np.sinh(5.0) * 30


def chain_surface(chain: list[Any]) -> list[dict[str, Any]]:
    """Fits of a chain, one for each of its expirations, which come by ascending years.

    Args:
        chain: years to expiration, and quotes as [contract, 1 for a call or -1 for a put, strike, forward, worth]. A
            quote that is anything else, or has a number that can't be, is left out; an expiration that is anything
            else has the reason malformed.

    Returns:
        theta, rho, psi (pricing.ssvi) and svi_a, svi_b, svi_m, svi_sigma of the raw form, whose rho is the same;
        rms_residual a year, points and outliers; is_butterfly_free and is_calendar_free, as seen on a grid; least_k and
        most_k, between which there are points; reason, where there is no fit: those of `pricing.surface`, malformed,
        not_converged (a bug in the solver); quotes as [contract, volatility, whether it is an outlier]. JSON can hold
        all of it.
    """
    seen = [_quotes(expiration) for expiration in chain]
    fits = iter(fit_chain([known[1] for known in seen if known is not None]))
    found = []
    before: Slice | None = None
    for known in seen:
        if known is None:
            found.append({"reason": MALFORMED, "points": 0, "outliers": 0, "quotes": []})
            continue
        (contracts, quotes), fit = known, next(fits)
        is_fit = fit.reason is None and bool(np.isfinite([fit.theta, fit.up, fit.down, fit.rms_residual]).all())
        rows: dict[str, Any] = {
            "reason": None if is_fit else fit.reason or "not_converged",
            "points": len(contracts) - int(fit.is_outlier.sum()),
            "outliers": int(fit.is_outlier.sum()),
            "quotes": [
                [contract, float(volatility), bool(is_outlier)]
                for contract, volatility, is_outlier in zip(contracts, quotes.volatility, fit.is_outlier, strict=True)
            ],
        }
        if is_fit:
            one = Slice(*(np.asarray(part, dtype=float) for part in (fit.theta, fit.up, fit.down)))
            rows |= _described(one, before) | {
                "rms_residual": fit.rms_residual,
                "least_k": float(quotes.k[~fit.is_outlier].min()),
                "most_k": float(quotes.k[~fit.is_outlier].max()),
            }
            before = one
        found.append(rows)
    return found


def _quotes(expiration: Any) -> tuple[list[str], Quotes] | None:
    """Those that say something of the volatility, with their contracts; None for what is no expiration."""
    if not isinstance(expiration, dict) or not isinstance(expiration.get("quotes"), list):
        return None
    years = expiration.get("years")
    if not _is_number(years) or not 0 < years < MOST_YEARS:
        return None
    quoted = [row for row in expiration["quotes"] if _is_quote(row)]
    sign, strike, forward, worth = np.array([row[1:] for row in quoted], dtype=float).reshape(-1, 4).T
    k = np.log(strike / forward)
    mean = np.sqrt(strike * forward)
    spread = total_volatility(np.abs(k), (worth - np.maximum(sign * (forward - strike), 0)) / mean)
    with np.errstate(all="ignore"):
        doubt = np.hypot(ASYNCHRONY, TICK_USD / (mean * _vega(k, spread) * np.sqrt(years)))
    is_kept = np.isfinite(spread) & (doubt < MOST_DOUBT)
    return (
        [row[0] for row, kept in zip(quoted, is_kept, strict=True) if kept],
        Quotes(float(years), k[is_kept], spread[is_kept] / np.sqrt(years), doubt[is_kept]),
    )


def _is_quote(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 5
        and isinstance(row[0], str)
        and all(_is_number(one) for one in row[1:])
        and row[1] in (1, -1)
        and all(0 < one < MOST_USD for one in row[2:])
    )


def _is_number(one: Any) -> TypeGuard[int | float]:
    return isinstance(one, int | float) and not isinstance(one, bool) and bool(abs(one) < HUGE)


def _vega(k: Array, spread: Array) -> Array:
    """Of an undiscounted price by σ·sqrt(T), in units of sqrt(strike · forward)."""
    return np.exp(-((k / spread) ** 2 + spread**2 / 4) / 2) / np.sqrt(2 * np.pi)


def _described(one: Slice, before: Slice | None) -> dict[str, Any]:
    """A slice in its parameters, and whether it leaves no arbitrage: by the theorems and by looking."""
    curve = raw(one)
    k = GRID * np.sqrt(one.theta)
    seen = total_variance(one, k)
    is_over = before is None or bool(is_above(before, one) and np.all(seen >= total_variance(before, k) * (1 - 1e-9)))
    return {
        "theta": float(one.theta),
        "rho": float(one.rho),
        "psi": float(one.psi),
        "svi_a": float(curve.a),
        "svi_b": float(curve.b),
        "svi_m": float(curve.m),
        "svi_sigma": float(curve.sigma),
        "is_butterfly_free": bool(is_butterfly_free(one) and np.all(durrleman(one, k) > -1e-9)),
        "is_calendar_free": is_over,
    }


# {% endraw %}
