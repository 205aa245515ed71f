"""A volatility surface without arbitrage, fitted to a chain: `python -m bench.surface`.

Processor time of one core for chains of 14 expirations (4 days to 2 years) with 25 strikes each, volatilities of the
local market with noise; with noise the expirations cross and are fitted together. Raw SVI by scipy's `least_squares`
beside it: five parameters an expiration, each alone, without a condition.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from bench import record
from local.market.surface import sigma
from pricing.rules import Array
from pricing.surface import Quotes, fit_chain

DAYS = (4, 11, 18, 25, 32, 46, 60, 95, 150, 186, 277, 368, 550, 732)
STRIKES, CHAINS = 25, 5
NOISES = {"no noise": 0.0, "noise of 0.3 points": 0.003, "noise of 1 point": 0.01}


def main() -> None:
    """Measure and keep the figures."""
    rows = []
    for what, noise in NOISES.items():
        chains = [_chain(noise, seed) for seed in range(CHAINS)]
        began = time.process_time()
        fits = [fit for chain in chains for fit in fit_chain(chain)]
        ours = time.process_time() - began
        began = time.process_time()
        theirs = [_raw_svi(quotes) for chain in chains for quotes in chain]
        rows.append(
            {
                "what": what,
                "expirations": len(fits),
                "CPU, ms an expiration": round(1000 * ours / len(fits), 1),
                "residual, points": _rms([fit.rms_residual for fit in fits]),
                "raw SVI by scipy, CPU ms": round(1000 * (time.process_time() - began) / len(fits), 1),
                "its residual, points": _rms(theirs),
            }
        )
        print(rows[-1], flush=True)
    costs = [row["CPU, ms an expiration"] for row in rows]
    verdict = (
        f"An expiration of {STRIKES} strikes takes {min(costs)} ms of one core where slices don't cross and up to "
        f"{max(costs)} ms where they are fitted together. Five parameters without conditions leave "
        f"{rows[-1]['its residual, points']} instead of {rows[-1]['residual, points']} points on the noisiest quotes."
    )
    record.save(
        "surface", "A volatility surface without arbitrage, fitted to a chain", rows, verdict, ["numpy", "scipy"]
    )


def _chain(noise: float, seed: int) -> list[Quotes]:
    pick = np.random.default_rng(seed)
    chain = []
    for years in np.array(DAYS) / 365:
        k = np.linspace(-0.12 - 0.3 * np.sqrt(years), 0.12 + 0.2 * np.sqrt(years), STRIKES)
        volatility = sigma("AAPL", np.exp(k), years) + noise * pick.normal(size=STRIKES)
        chain.append(Quotes(float(years), k, volatility, np.full(STRIKES, 0.0025)))
    return chain


def _raw_svi(quotes: Quotes) -> float:
    """Root-mean-square residual, a year."""
    level = float(np.median(quotes.volatility)) ** 2 * quotes.years

    def off(at: Array) -> Array:
        a, b, rho, m, width = at
        w = a + b * (rho * (quotes.k - m) + np.sqrt((quotes.k - m) ** 2 + width**2))
        return np.sqrt(np.maximum(w, 1e-9) / quotes.years) - quotes.volatility

    start = [level / 2, np.sqrt(level), -0.3, 0.0, np.sqrt(level)]
    bounds = ([-np.inf, 0, -0.999, -1, 1e-4], [np.inf, 4, 0.999, 1, 5])
    found: Any = least_squares(off, start, bounds=bounds, x_scale=np.abs(start) + 0.1)
    return float(np.sqrt(np.mean(found.fun**2)))


def _rms(residuals: list[float]) -> float:
    return round(100 * float(np.sqrt(np.mean(np.square(residuals)))), 3)


if __name__ == "__main__":
    main()
