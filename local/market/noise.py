"""Random numbers with an address: the same (stream, series, step) always gives the same number.

So any bar can be computed on its own, in any order, for any number of tickers, and never changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STREAM, _SERIES, _STEP = (np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7))
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)


def bits(stream: int, series: ArrayLike, step: ArrayLike) -> NDArray[np.uint64]:
    """64 random bits per (series, step), broadcast; SplitMix64 (Steele, Lea, Flood 2014) over their sum."""
    with np.errstate(over="ignore"):
        x = _u64(series) * _SERIES + _u64(step) * _STEP + np.uint64(stream) * _STREAM
        x = (x ^ (x >> _S30)) * _MIX_1
        x = (x ^ (x >> _S27)) * _MIX_2
        return x ^ (x >> _S31)


def uniform(stream: int, series: ArrayLike, step: ArrayLike) -> NDArray[np.float64]:
    """Uniform on [0, 1)."""
    return (bits(stream, series, step) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def bell(stream: int, series: ArrayLike, step: ArrayLike) -> NDArray[np.float64]:
    """Mean 0, deviation 1, never beyond ±3.47: the sum of the number's four 16-bit parts (Irwin–Hall)."""
    x = bits(stream, series, step)
    mask = np.uint64(0xFFFF)
    total = (x & mask) + ((x >> np.uint64(16)) & mask) + ((x >> np.uint64(32)) & mask) + (x >> np.uint64(48))
    return (total.astype(np.float64) / 65535.0 - 2.0) * 3.0**0.5


def _u64(values: ArrayLike) -> Any:
    return np.asarray(values).astype(np.int64).astype(np.uint64)
