"""What a combination of legs is worth: at expiration, today at another price of the underlying, and its greeks.

A leg costs its close. Its volatility is the one that gives the close with the model of this module: exercise as the
contract has it, the dividends ahead as a yield that takes the same away until expiration. Where the close gives none,
the volatility at the money stands in. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.pages.options.find import Chain
from dashboard.pages.options.legs import Leg, LegsError
from dashboard.pages.options.measures import at_the_money_pct, plain
from pricing.american import american, has_two_boundaries
from pricing.european import Value, european
from pricing.options import option_numbers

GREEKS = ("delta", "gamma", "theta", "vega")
POINTS, DEVIATIONS, LEAST_REACH = 101, 3.0, 0.12


@dataclass(frozen=True)
class Held:
    """A leg with its numbers: `shares` it moves with (sold: negative), and USD a share what it costs.

    `sigma`, `rate`, `paid` a year and continuous; `years` to expiration. `is_own`: the close gave the volatility.
    """

    leg: Leg
    shares: float
    price: float
    sigma: float = 0.0
    rate: float = 0.0
    paid: float = 0.0
    years: float = 0.0
    is_american: bool = True
    is_own: bool = True

    def value(self, spots: np.ndarray) -> Value:
        """USD a share at prices of the underlying, and its derivatives: by a USD, by 1.00 of volatility, by a year."""
        if self.leg.kind == "share":
            none = np.zeros_like(spots)
            return Value(spots, np.ones_like(spots), none, none, none, none)
        strike = self.leg.strike
        sign, sigma, rate, paid, years = (
            np.full(spots.shape, one)
            for one in (1.0 if self.leg.kind == "call" else -1.0, self.sigma, self.rate, self.paid, self.years)
        )
        price = american if self.is_american else european
        found = price(sign, spots / strike, sigma, rate, paid, years)
        return Value(
            found.price * strike,
            found.delta,
            found.gamma / strike,
            found.vega * strike,
            found.rho * strike,
            found.theta * strike,
        )

    def at_expiration(self, spots: np.ndarray) -> np.ndarray:
        """USD a share when it expires."""
        if self.leg.kind == "share":
            return spots
        sign = 1.0 if self.leg.kind == "call" else -1.0
        return np.maximum(sign * (spots - self.leg.strike), 0.0)


@dataclass(frozen=True)
class Extremes:
    """What a position can come to at expiration, USD; None where it has no bound."""

    profit: float | None
    loss: float | None
    break_evens: tuple[float, ...]


def hold(chain: Chain, legs: Sequence[Leg]) -> list[Held]:
    """The legs with the numbers of the chain's expiration. Raises LegsError for what it does not have."""
    if chain.spot is None:
        raise LegsError(f"{chain.underlying} has no close in this session; expected one. Nothing is drawn.")
    return [
        Held(leg, leg.quantity, chain.spot) if leg.kind == "share" else _option(chain, leg, chain.spot) for leg in legs
    ]


def cost_usd(held: Sequence[Held]) -> float:
    """What the position costs at the closes; negative where it pays."""
    return float(sum(one.shares * one.price for one in held))


def profit_at_expiration(held: Sequence[Held], spots: np.ndarray) -> np.ndarray:
    """USD, when all options of the position expire."""
    return np.sum([one.shares * (one.at_expiration(spots) - one.price) for one in held], axis=0)


def profit_today(held: Sequence[Held], spots: np.ndarray) -> np.ndarray:
    """USD, at once, if only the underlying moves."""
    return np.sum([one.shares * (one.value(spots).price - one.price) for one in held], axis=0)


def greeks(held: Held | Sequence[Held], spot: float) -> dict[str, float]:
    """Of the position: delta in shares, gamma in shares a USD, theta in USD a day, vega in USD a point."""
    found = dict.fromkeys(GREEKS, 0.0)
    for one in [held] if isinstance(held, Held) else held:
        value = one.value(np.array([spot]))
        for name, part in zip(GREEKS, (value.delta, value.gamma, value.theta / 365, value.vega / 100), strict=True):
            found[name] += one.shares * float(part[0])
    return found


def extremes(held: Sequence[Held]) -> Extremes:
    """Greatest profit, greatest loss and break-evens at expiration: straight lines between strikes, so exact."""
    kinks = np.unique([0.0, *(one.leg.strike for one in held)])
    values = profit_at_expiration(held, kinks)
    slope = sum(one.shares for one in held if one.leg.kind != "put")
    points = np.append(kinks, 2 * kinks[-1] + 1e6)
    ends = profit_at_expiration(held, points)
    crossed = [
        points[place] - ends[place] * (points[place + 1] - points[place]) / (ends[place + 1] - ends[place])
        for place in range(len(kinks))
        if (ends[place] < 0) != (ends[place + 1] < 0)
    ]
    return Extremes(
        None if slope > 0 else float(values.max()),
        None if slope < 0 else float(values.min()),
        tuple(float(point) for point in crossed if point > 0),
    )


def prices_of_underlying(held: Sequence[Held], spot: float) -> np.ndarray:
    """The prices that a diagram shows: three standard deviations about the spot, and every strike, in order."""
    width = max([LEAST_REACH, *(DEVIATIONS * one.sigma * np.sqrt(one.years) for one in held)])
    strikes = [one.leg.strike for one in held if one.leg.kind != "share"]
    low = min([spot * np.exp(-width), *(0.95 * strike for strike in strikes)])
    high = max([spot * np.exp(width), *(1.05 * strike for strike in strikes)])
    return np.unique([*np.linspace(low, high, POINTS), spot, *strikes])


def _option(chain: Chain, leg: Leg, spot: float) -> Held:
    rows = plain(chain.expiring)
    found = rows[(rows["contract_type"] == leg.kind) & (rows["strike_usd"].astype(float) == leg.strike)]
    day = f"{chain.expiration.day} {chain.expiration:%b %Y}"
    if found.empty:
        raise LegsError(f"A leg is a {leg.kind} of {leg.strike:g}; none expires on {day}. Nothing is drawn.")
    contract = found.iloc[0]
    years = float(contract["years_to_expiration"])
    if not years > 0:
        raise LegsError(f"The expiration is {day}, which is over; expected a later one. Nothing is drawn.")
    rate = 0.0 if pd.isna(contract["risk_free_rate_pct"]) else float(contract["risk_free_rate_pct"]) / 100
    gone = 0.0 if pd.isna(contract["dividends_ahead_usd"]) else float(contract["dividends_ahead_usd"])
    paid = -np.log(1 - min(gone / spot, 0.9)) / years
    style = "european" if contract["exercise_style"] == "european" else "american"
    close = float(contract["close_usd"]) if not pd.isna(contract["close_usd"]) else np.nan
    numbers = option_numbers(
        [style], [leg.kind], [spot], [leg.strike], [years], [rate], [paid], [None], [None], [close]
    )
    sigma = float(numbers["implied_volatility"][0])
    near = at_the_money_pct(chain.expiring)
    is_own = bool(np.isfinite(sigma))
    if not is_own and near is None:
        raise LegsError(f"No {leg.kind} of {leg.strike:g} and nothing at the money has a volatility. Nothing is drawn.")
    sign = np.array([1.0 if leg.kind == "call" else -1.0])
    is_odd = bool(has_two_boundaries(sign, np.array([rate]), np.array([paid]))[0])
    shares = leg.quantity * (100.0 if pd.isna(contract["shares_per_contract"]) else contract["shares_per_contract"])
    sigma = sigma if is_own or near is None else near / 100
    held = Held(leg, float(shares), close, sigma, rate, paid, years, style == "american" and not is_odd, is_own)
    if np.isnan(close):  # it was not traded: the model says what it costs
        price = float(held.value(np.array([spot])).price[0])
        return Held(leg, float(shares), price, sigma, rate, paid, years, held.is_american, is_own)
    return held
