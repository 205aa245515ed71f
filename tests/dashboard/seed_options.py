"""Option marts for the dashboard's tests: chains priced by Black-Scholes on a known smile."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from statistics import NormalDist
from typing import Any

import pandas as pd

from pricing.chain import chain_surface

RATE = 0.04
EXPIRATIONS = (date(2026, 11, 27), date(2026, 12, 18), date(2027, 1, 15), date(2027, 3, 19))
SESSIONS = 3
# Of this underlying's first expiration too little is quoted for a fit.
UNFITTED = "MSFT"
# Until the day before, SPLIT's contracts had twice the strike.
SPLIT, SPLIT_DAY = "MSFT", date(2026, 11, 19)
# Place of open_interest_contracts.
OPEN_INTEREST = 33
DDL = {
    "marts.fct_polygon__option_chain": """
        contract_ticker varchar, underlying_ticker varchar, session_date date, expiration_date date,
        days_to_expiration number, sessions_to_expiration number, contract_type varchar, exercise_style varchar,
        strike_usd float, shares_per_contract number, is_adjusted_contract boolean, open_usd float, high_usd float,
        low_usd float, close_usd float, volume_contracts number, transactions number, underlying_close_usd float,
        moneyness float, is_at_the_money boolean, risk_free_rate_pct float, dividend_yield_pct float,
        dividends_ahead number, dividends_projected number, dividends_ahead_usd float,
        implied_volatility_pct float, delta float, gamma float, theta_usd_per_day float, vega_usd_per_point float,
        rho_usd_per_point float, early_exercise_premium_usd float, implied_volatility_reason varchar,
        open_interest_contracts number,
        vendor_implied_volatility_pct float, vendor_delta float, vendor_gamma float,
        vendor_theta_usd_per_day float, vendor_vega_usd_per_point float, implied_volatility_difference_pct float,
        implied_volatility_difference_cause varchar,
        data_origin varchar, fetched_at timestamp_ntz(6), years_to_expiration float, underlying_security_id varchar""",
    "marts.fct_polygon__volatility_term_structure": """
        underlying_ticker varchar, underlying_security_id varchar, session_date date, expiration_date date,
        days_to_expiration number, at_the_money_volatility_pct float""",
    "marts.fct_polygon__put_call_ratio": """
        underlying_ticker varchar, underlying_security_id varchar, session_date date,
        put_volume_contracts number, call_volume_contracts number,
        put_call_volume_ratio float, put_open_interest_contracts number, call_open_interest_contracts number,
        put_call_open_interest_ratio float""",
    "marts.fct_polygon__volatility_surface": """
        underlying_ticker varchar, session_date date, expiration_date date, days_to_expiration number,
        years_to_expiration float, underlying_close_usd float, forward_usd float, implied_forward_usd float,
        forward_difference_bp float, forward_pairs number, fitted_forward_volatility_pct float, theta float, rho float,
        psi float, least_strike_usd float, most_strike_usd float, rms_residual_pct float, points number,
        outliers number, fit_reason varchar""",
    "marts.fct_polygon__chain_coverage": """
        underlying_ticker varchar, session_date date, volume_incomplete_reason varchar,
        open_interest_incomplete_reason varchar""",
    "marts.dim_polygon__option_contracts": """
        contract_ticker varchar, contract_id varchar""",
    "marts.fct_polygon__contract_history": """
        contract_id varchar, session_date date, contract_ticker varchar, contract_type varchar, expiration_date date,
        strike_usd float, shares_per_contract number, close_usd float, price_factor float, contracts_factor number,
        adjusted_strike_usd float, adjusted_close_usd float, adjusted_volume_contracts number,
        adjusted_open_interest_contracts number, underlying_close_usd float, implied_volatility_pct float,
        implied_volatility_reason varchar, uncertain_reason varchar, fetched_at timestamp_ntz(6)""",
}
_NORMAL = NormalDist()


def smile(strike: float, spot: float, days: int) -> float:
    """Implied volatility (0.25 = 25 %) of the surface that prices the seeds."""
    distance = math.log(strike / spot) / math.sqrt(max(days, 1) / 365)
    return 0.26 - 0.05 * distance + 0.06 * distance * distance + 0.02 * math.sqrt(days / 365)


def black_scholes(kind: str, spot: float, strike: float, years: float, sigma: float) -> dict[str, float]:
    """Price a share and greeks of a European option without dividends (Black and Scholes 1973)."""
    root = sigma * math.sqrt(years)
    d1 = (math.log(spot / strike) + (RATE + sigma * sigma / 2) * years) / root
    d2 = d1 - root
    sign = 1 if kind == "call" else -1
    discount = math.exp(-RATE * years)
    density = _NORMAL.pdf(d1)
    decay = -spot * density * sigma / (2 * math.sqrt(years)) - sign * RATE * strike * discount * _NORMAL.cdf(sign * d2)
    return {
        "price": sign * (spot * _NORMAL.cdf(sign * d1) - strike * discount * _NORMAL.cdf(sign * d2)),
        "delta": sign * _NORMAL.cdf(sign * d1),
        "gamma": density / (spot * root),
        "theta": decay / 365,
        "vega": spot * density * math.sqrt(years) / 100,
        "rho": sign * strike * years * discount * _NORMAL.cdf(sign * d2) / 100,
    }


def rows(closes: dict[str, pd.DataFrame]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each option mart, for the newest sessions of the underlyings (session_date, close_usd)."""
    chain: list[tuple[Any, ...]] = []
    term: list[tuple[Any, ...]] = []
    ratio: list[tuple[Any, ...]] = []
    surface: list[tuple[Any, ...]] = []
    coverage: list[tuple[Any, ...]] = []
    for underlying, frame in closes.items():
        security = f"ticker:{underlying}"
        for session, close in frame.tail(SESSIONS).itertuples(index=False):
            spot, step = float(close), _step(float(close))
            middle = round(spot / step) * step
            counts = {"put": [0, 0], "call": [0, 0]}
            coverage.append(
                (underlying, session, None, None if session == frame["session_date"].max() else "no snapshot")
            )
            for expiration in EXPIRATIONS:
                days = (expiration - session).days
                term.append((underlying, security, session, expiration, days, 100 * smile(middle, spot, days)))
                for place in range(-8, 9):
                    for kind in ("call", "put"):
                        row = _contract(underlying, session, expiration, kind, middle + place * step, spot, place)
                        chain.append(row)
                        counts[kind][0] += row[15]
                        counts[kind][1] += row[OPEN_INTEREST]
            (put_volume, put_open), (call_volume, call_open) = counts["put"], counts["call"]
            ratios = (put_volume / call_volume, put_open / call_open)
            counted = (put_volume, call_volume, ratios[0], put_open, call_open, ratios[1])
            ratio.append((underlying, security, session, *counted))
        surface += _slices(underlying, session, spot, chain)
    history = [_sessions(row) for row in chain]
    contracts = sorted({(row[2], row[0]) for row in history})
    return dict(zip(DDL, (chain, term, ratio, surface, coverage, contracts, history), strict=True))


def _sessions(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A session of the contract's history: as the chain has it, but for SPLIT's two symbols."""
    ticker, session, expiration, kind, strike, close = row[0], row[2], row[3], row[6], row[8], row[14]
    contract, factor, times = ticker, 1.0, 1
    if row[1] == SPLIT and session < SPLIT_DAY:
        # The first session is before the split 2:1 of the second.
        ticker, factor, times = f"{ticker[:-8]}{round(strike * 2000):08d}", 0.5, 2
    return (
        contract, session, ticker, kind, expiration, strike / factor, 100, close / factor, factor, times, strike, close,
        row[15], row[OPEN_INTEREST], row[17] / factor, row[25], row[32], None, row[42],
    )  # fmt: skip


def columns(table: str) -> list[str]:
    """The table's columns in order."""
    return [part.split()[0] for part in re.split(r",(?![^(]*\))", DDL[table])]


def _slices(underlying: str, session: date, spot: float, chain: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The surface of one session, fitted to its contracts with a volatility out of the money."""
    forwards = [spot * math.exp(RATE * (day - session).days / 365) for day in EXPIRATIONS]
    sent = []
    for day, forward in zip(EXPIRATIONS, forwards, strict=True):
        quotes = [
            [row[0], 1 if row[6] == "call" else -1, row[8], forward, row[14] * forward / spot]
            for row in chain
            if row[1:4] == (underlying, session, day)
            and row[6] == ("call" if row[8] >= forward else "put")
            and row[14] >= 0.05
        ]
        is_left_out = underlying == UNFITTED and day == EXPIRATIONS[0]
        sent.append({"years": (day - session).days / 365, "quotes": [] if is_left_out else quotes})
    rows: list[tuple[Any, ...]] = []
    for day, forward, one, fit in zip(EXPIRATIONS, forwards, sent, chain_surface(sent), strict=True):
        numbers = [fit.get(name) for name in ("theta", "rho", "psi")]
        ends = [round(forward * math.exp(fit[name]), 4) if name in fit else None for name in ("least_k", "most_k")]
        years, theta, rms = one["years"], fit.get("theta"), fit.get("rms_residual")
        at_forward = None if theta is None else 100 * math.sqrt(theta / years)
        rows.append(
            (underlying, session, day, (day - session).days, years, spot, forward, forward * 1.0002, 2.0, 5, at_forward,
             *numbers, *ends, None if rms is None else 100 * rms, fit["points"], fit["outliers"], fit["reason"])
        )  # fmt: skip
    return rows


def _step(spot: float) -> float:
    return next(step for step in (0.5, 1.0, 2.5, 5.0, 10.0, 20.0) if step >= spot * 0.02)


def _contract(
    underlying: str, session: date, expiration: date, kind: str, strike: float, spot: float, place: int
) -> tuple[Any, ...]:
    days = (expiration - session).days
    sigma = smile(strike, spot, days)
    value = black_scholes(kind, spot, strike, days / 365, sigma)
    price = round(value["price"], 2)
    is_priced = price >= 0.05
    volume = round(900 / (1 + abs(place))) + (7 if kind == "put" else 0)
    ticker = f"O:{underlying}{expiration:%y%m%d}{kind[0].upper()}{round(strike * 1000):08d}"
    ours = 100 * sigma if is_priced else None
    vendor = 100 * sigma + 0.3 if is_priced else None

    def shown(name: str) -> float | None:
        return value[name] if is_priced else None

    return (
        ticker, underlying, session, expiration, days, round(days * 5 / 7), kind, "american", strike, 100, False,
        price, price, price, price, volume, max(1, volume // 3), spot, spot / strike, place == 0, 100 * RATE, 0.0,
        0, 0, 0.0, ours, shown("delta"), shown("gamma"), shown("theta"), shown("vega"), shown("rho"),
        0.0 if is_priced else None,
        None if is_priced else "price_below_minimum", volume * 11, vendor, shown("delta"), shown("gamma"),
        shown("theta"), shown("vega"), None if ours is None else ours - vendor, None, "replayed",
        datetime.combine(session, datetime.min.time()) + timedelta(hours=22, minutes=52), days / 365,
        f"ticker:{underlying}",
    )  # fmt: skip
