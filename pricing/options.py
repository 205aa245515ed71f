# {% raw %}
"""Implied volatility, greeks and the worth of early exercise of option prices: the one door of this package.

    numbers = option_numbers(["american"], ["put"], [100.0], [105.0], [0.5], [0.04], [0.0], [[0.2]], [[0.5]], [8.1])
    numbers["implied_volatility"], numbers["reason"]

American exercise by `pricing.american` (a yield or nothing) and `pricing.dividends` (cash), European by formula.
docs/adr/0012 has the reasons.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

# isort: split
# {% endraw %}{% if false %}
from pricing.american import has_two_boundaries, may_exercise, no_dust
from pricing.european import Value, european
from pricing.implied import american_sigma, european_sigma
from pricing.rules import Array
from pricing.schedule import Posed, schedule_european, schedule_sigma

# {% endif %}{% raw %}

# Below this share of the strike, time value is lost in the rounding of the price: any volatility would be a guess.
LEAST_TIME_VALUE = 1e-9
NUMBERS = (
    "implied_volatility",
    "delta",
    "gamma",
    "theta_usd_per_day",
    "vega_usd_per_point",
    "rho_usd_per_point",
    "early_exercise_premium_usd",
)
DAYS, POINT = 365, 100


def option_numbers(
    style: Sequence[str | None],
    kind: Sequence[str | None],
    spot: Any,
    strike: Any,
    years: Any,
    rate: Any,
    dividend_yield: Any,
    times: Sequence[Sequence[float] | None],
    amounts: Sequence[Sequence[float] | None],
    price: Any,
) -> dict[str, np.ndarray]:
    """Numbers of contracts, one element each; NaN with a reason where there are none, and reason None where there are.

    Args:
        style: american or european; kind: call or put.
        spot, strike, price: USD a share; price is what the option costs.
        years: to expiration, by the caller's day count.
        rate, dividend_yield: a year, continuous.
        times, amounts: cash dividends, years from now until the share goes ex and USD a share. Those that are not
            between now and expiration are left out.

    Returns:
        implied_volatility a year (0.25 is 25 %); delta; gamma a USD; theta_usd_per_day a calendar day (a 365th of a
        year); vega_usd_per_point and rho_usd_per_point for 0.01 more of volatility and rate;
        early_exercise_premium_usd, the price less a European option's at the same volatility; reason:
        no_price, no_spot, no_strike, no_rate, no_terms (style or kind), expired, expires_today, below_intrinsic,
        no_time_value, early_exercise (exercised at once, whatever the volatility), above_maximum, not_covered (a yield
        or a negative rate together with cash dividends, two boundaries), not_converged.
    """
    size = len(style)
    spot, strike, years, rate, paid, price = (
        np.asarray(part, dtype=float) for part in (spot, strike, years, rate, dividend_yield, price)
    )
    sign = np.array([{"call": 1.0, "put": -1.0}.get(one or "", np.nan) for one in kind])
    is_european = np.array([one == "european" for one in style], dtype=bool)
    is_known = is_european | np.array([one == "american" for one in style], dtype=bool)
    rate, paid = no_dust(rate), no_dust(np.where(np.isnan(paid), 0.0, paid))
    ahead = _ahead(times, amounts, years)
    counts = np.array([len(dates) for dates, _ in ahead], dtype=int)
    reason = np.full(size, None, dtype=object)
    for name, is_so in (
        ("no_price", ~(price >= 0)),
        ("no_terms", ~is_known | np.isnan(sign)),
        ("no_strike", ~(strike > 0)),
        ("no_spot", ~(spot > 0)),
        ("no_rate", np.isnan(rate)),
        ("expired", ~(years >= 0)),
        ("expires_today", years == 0),
    ):
        reason[(reason == None) & is_so] = name  # noqa: E711
    rows = np.flatnonzero(reason == None)  # noqa: E711
    # Prices in units of the strike from here on.
    sign, years, rate, paid = (part[rows] for part in (sign, years, rate, paid))
    is_american = ~is_european[rows]
    unit, counts = strike[rows], counts[rows]
    dates = _padded([ahead[row][0] for row in rows], years)
    cash = _padded([ahead[row][1] for row in rows], np.zeros(len(rows))) / unit[:, None]
    s, p = spot[rows] / unit, price[rows] / unit
    can_exercise = is_american & (may_exercise(sign, rate, paid) | ((counts > 0) & (rate >= 0)))
    can_exercise &= ~((sign < 0) & (counts > 0) & (rate <= 0))
    is_odd = (counts > 0) & ((paid != 0) | ((rate < 0) & (sign > 0)))
    not_covered = is_american & (has_two_boundaries(sign, rate, paid) | is_odd)
    inner = _reasons(sign, s, years, rate, paid, dates, cash, counts, can_exercise, p)
    inner[not_covered] = "not_covered"
    is_posed = inner == None  # noqa: E711
    sigma = np.full(len(rows), np.nan)
    value = Value(*(np.full(len(rows), np.nan) for _ in Value._fields))
    plain = np.full(len(rows), np.nan)

    chosen = np.flatnonzero(is_posed & (counts == 0) & ~can_exercise)
    terms = (sign[chosen], s[chosen], rate[chosen], paid[chosen], years[chosen])
    sigma[chosen] = european_sigma(*terms, p[chosen])
    with np.errstate(all="ignore"):
        _put(value, chosen, european(*terms[:2], sigma[chosen], *terms[2:]))
    plain[chosen] = p[chosen]

    chosen = np.flatnonzero(is_posed & (counts == 0) & can_exercise)
    terms = (sign[chosen], s[chosen], rate[chosen], paid[chosen], years[chosen])
    found = american_sigma(*terms, p[chosen])
    sigma[chosen] = found.sigma
    _put(value, chosen, found.value)
    with np.errstate(all="ignore"):
        plain[chosen] = european(*terms[:2], sigma[chosen], *terms[2:]).price

    for count, one, early in sorted(
        {*zip(counts[counts > 0], sign[counts > 0], can_exercise[counts > 0], strict=True)}
    ):
        chosen = np.flatnonzero(is_posed & (counts == count) & (sign == one) & (can_exercise == early))
        if not len(chosen):
            continue
        posed = Posed(sign[chosen], s[chosen], rate[chosen], paid[chosen], years[chosen], dates[chosen, :count].T,
                      cash[chosen, :count].T, bool(early))  # fmt: skip
        implied = schedule_sigma(posed, p[chosen])
        sigma[chosen] = implied.sigma
        _put(value, chosen, implied.value)
        plain[chosen] = p[chosen]
        if early:
            known = np.where(np.isnan(implied.sigma), 0.3, implied.sigma)
            plain[chosen] = schedule_european(posed, known)

    inner[is_posed & np.isnan(sigma)] = "not_converged"
    reason[rows] = inner
    is_found = inner == None  # noqa: E711
    units = (
        sigma,
        value.delta,
        value.gamma / unit,
        value.theta * unit / DAYS,
        value.vega * unit / POINT,
        value.rho * unit / POINT,
        np.maximum(p - plain, 0) * unit,
    )
    numbers = {name: np.full(size, np.nan) for name in NUMBERS}
    for name, found_values in zip(NUMBERS, units, strict=True):
        numbers[name][rows] = np.where(is_found, found_values, np.nan)
    return numbers | {"reason": reason}


def _ahead(
    times: Sequence[Sequence[float] | None], amounts: Sequence[Sequence[float] | None], years: Array
) -> list[tuple[list[float], list[float]]]:
    """The dividends between now and expiration in order; of one day their sum."""
    found = []
    for dates, cash, end in zip(times, amounts, years, strict=True):
        sums: dict[float, float] = {}
        for date, one in zip(dates if dates is not None else (), cash if cash is not None else (), strict=True):
            if 0 < date < end and one > 0:
                sums[float(date)] = sums.get(float(date), 0.0) + float(one)
        found.append((sorted(sums), [sums[date] for date in sorted(sums)]))
    return found


def _padded(lists: list[list[float]], fill: Array) -> Array:
    """(B, most), rows filled up."""
    most = max([len(one) for one in lists], default=0)
    found = np.repeat(fill[:, None], most, axis=1) if most else np.zeros((len(lists), 0))
    for row, one in enumerate(lists):
        found[row, : len(one)] = one
    return found


def _reasons(
    sign: Array, spot: Array, years: Array, rate: Array, paid: Array, dates: Array, cash: Array, counts: Array,
    can_exercise: np.ndarray, price: Array,
) -> np.ndarray:  # fmt: skip
    """Why a price has no volatility, by what the option is worth without any and with all of it."""
    before = np.cumsum(cash * np.exp(-rate[:, None] * dates), axis=1)
    total = before[:, -1] if dates.shape[1] else np.zeros(len(spot))

    def exercised(at: Array, gone: Array) -> Array:
        left = np.maximum(spot * np.exp(-paid * at) - gone, 0)
        return np.maximum(sign * (left - np.exp(-rate * at)), 0)

    at_end = exercised(years, total)
    intrinsic = np.maximum(sign * (spot - 1), 0)
    least = np.where(can_exercise, np.maximum(at_end, intrinsic), at_end)
    with np.errstate(all="ignore"):
        best = np.log(rate / (paid * spot)) / (rate - paid)
    best = np.clip(np.where(np.isfinite(best), best, 0), 0, years)
    least = np.where(can_exercise & (counts == 0), np.maximum(least, exercised(best, np.zeros_like(spot))), least)
    for number in range(dates.shape[1]):
        # A call before the share goes ex, a put after it.
        earlier = before[:, number - 1] if number else np.zeros(len(spot))
        worth = exercised(dates[:, number], np.where(sign > 0, earlier, before[:, number]))
        least = np.where(can_exercise & (number < counts), np.maximum(least, worth), least)
    most_put = np.where(can_exercise, np.maximum(1, np.exp(-rate * years)), np.exp(-rate * years))
    most_call = np.where(can_exercise, np.maximum(spot, spot * np.exp(-paid * years)), spot * np.exp(-paid * years))
    most = np.where(sign > 0, most_call, most_put)
    scale = np.sqrt(spot * np.exp(-paid * years) * np.exp(-rate * years))
    reason = np.full(len(spot), None, dtype=object)
    lost = price - least < LEAST_TIME_VALUE * np.where(can_exercise, 1.0, scale)
    reason[lost] = "no_time_value"
    reason[lost & can_exercise & (intrinsic > 0) & (intrinsic >= least)] = "early_exercise"
    reason[lost & (price < intrinsic - LEAST_TIME_VALUE)] = "below_intrinsic"
    reason[price - least > (1 - 1e-6) * (most - least)] = "above_maximum"
    return reason


def _put(value: Value, rows: np.ndarray, part: Value) -> None:
    for whole, piece in zip(value, part, strict=True):
        whole[rows] = piece


# {% endraw %}
