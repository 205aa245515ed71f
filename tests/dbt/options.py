"""Option chains for tests: prices and greeks by QuantLib, loaded as the vendor's answers."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import exchange_calendars
import QuantLib as ql

from tests.dbt.conftest import Lake

SESSION = date(2026, 7, 1)
NOON = datetime(2026, 7, 2, 12)
RATE = 0.04  # risk_free_rate_pct of dbt_project.yml
GREEKS = ("delta", "gamma", "theta_usd_per_day", "vega_usd_per_point", "rho_usd_per_point")


@dataclass(frozen=True)
class Option:
    """A contract that is priced in SESSION; volatility and yield as fractions a year."""

    underlying: str
    close: float
    kind: str
    strike: float
    days: int
    volatility: float
    dividend_yield: float = 0.0

    @property
    def ticker(self) -> str:
        """Its OCC symbol."""
        expiration = SESSION + timedelta(days=self.days)
        return f"O:{self.underlying}{expiration:%y%m%d}{self.kind[0].upper()}{round(self.strike * 1000):08d}"

    @property
    def years(self) -> float:
        """To the last trading moment, Actual/365."""
        return years_to(SESSION + timedelta(days=self.days))

    @property
    def scale(self) -> float:
        """Root of today's values of what is got and of what is paid."""
        return math.sqrt(self.close * self.strike) * math.exp(-(RATE + self.dividend_yield) * self.years / 2)

    def calculator(self) -> ql.BlackCalculator:
        """QuantLib's closed form."""
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if self.kind == "call" else ql.Option.Put, self.strike)
        forward = self.close * math.exp((RATE - self.dividend_yield) * self.years)
        return ql.BlackCalculator(
            payoff, forward, self.volatility * math.sqrt(self.years), math.exp(-RATE * self.years)
        )

    def greeks(self) -> tuple[float, ...]:
        """GREEKS in the units of their names."""
        black = self.calculator()
        years, close = self.years, self.close
        return (
            black.delta(close),
            black.gamma(close),
            black.theta(close, years) / 365,
            black.vega(years) / 100,
            black.rho(years) / 100,
        )

    def bounds(self) -> tuple[float, float]:
        """What the price is at least and at most, whatever the volatility."""
        got = self.close * math.exp(-self.dividend_yield * self.years)
        paid = self.strike * math.exp(-RATE * self.years)
        return (max(got - paid, 0.0), got) if self.kind == "call" else (max(paid - got, 0.0), paid)

    def implied(self, price: float) -> float:
        """Volatility that QuantLib's own solver finds for a price."""
        today = ql.Date(SESSION.day, SESSION.month, SESSION.year)
        ql.Settings.instance().evaluationDate = today
        count = ql.Actual365Fixed()

        def flat(rate: float) -> ql.YieldTermStructureHandle:
            return ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count, ql.Continuous))

        process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(self.close)),
            flat(self.dividend_yield),
            flat(RATE),
            ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, count)),
        )
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if self.kind == "call" else ql.Option.Put, self.strike)
        option = ql.EuropeanOption(payoff, ql.EuropeanExercise(today + round(self.years * 365)))
        return float(option.impliedVolatility(price, process, 1e-12, 1000, 1e-5, 30.0))


@cache
def years_to(expiration: date) -> float:
    """From SESSION's close to that of the last session on or before the expiration, by New York's clock; Actual/365."""
    calendar = exchange_calendars.get_calendar("XNYS", start="2026-01-01", end="2032-12-31")
    closes = [
        calendar.closes[calendar.date_to_session(str(day), direction="previous")].tz_convert("America/New_York")
        for day in (SESSION, expiration)
    ]
    first, last = (close.tz_localize(None) for close in closes)
    return float((last - first).total_seconds() / (365 * 86400))


def random_options(seed: int, underlyings: int, each: int) -> list[Option]:
    """Deep in and out of the money, a day to three years, volatilities from 2 % to 400 %, with and without a yield."""
    pick = random.Random(seed)
    made: dict[str, Option] = {}
    for number in range(underlyings):
        name = "Q" + chr(ord("A") + number // 26) + chr(ord("A") + number % 26)
        close = round(math.exp(pick.uniform(math.log(2), math.log(4000))), 2)
        paid = pick.choice([0.0, pick.uniform(0.001, 0.1)])
        for _ in range(each):
            wing = pick.choice([0.05, 0.3, 1.5])
            strike = min(max(round(close * math.exp(pick.uniform(-wing, wing)), 3), 0.001), 99999.999)
            days = pick.choice([1, 2, 7, 30, 91, 365, 1095, pick.randint(1, 1200)])
            volatility = math.exp(pick.uniform(math.log(0.02), math.log(4)))
            option = Option(name, close, pick.choice(["call", "put"]), strike, days, volatility, paid)
            made[option.ticker] = option
    return list(made.values())


def load_market(lake: Lake, prices: dict[Option, float], *, at: datetime = NOON, session: date = SESSION) -> None:
    """A close for each underlying, a dividend that makes its yield, and a European contract's bar for each price."""
    stocks = {option.underlying: option for option in prices}
    lake.grouped(str(session), [_bar(name, option.close) for name, option in stocks.items()], at=at)
    paid = [
        {"id": f"{name}-1", "ticker": name, "ex_dividend_date": str(session), "currency": "USD"}
        | {"cash_amount": option.close * option.dividend_yield, "distribution_type": "recurring"}
        for name, option in stocks.items()
        if option.dividend_yield
    ]
    lake.load("dividends", "/stocks/v1/dividends", paid, at=at)
    load_terms(lake, {option.ticker: option.underlying for option in prices}, "european", at=at)
    load_bars(lake, {option.ticker: price for option, price in prices.items()}, at=at, session=session)


def load_terms(lake: Lake, underlyings: dict[str, str], style: str, *, at: datetime = NOON) -> None:
    """Contracts (ticker to underlying) with this exercise style, all in one answer."""
    rows = [
        {"ticker": ticker, "underlying_ticker": underlying, "exercise_style": style, "shares_per_contract": 100}
        | {"contract_type": "call" if ticker[-9] == "C" else "put", "strike_price": int(ticker[-8:]) / 1000}
        | {"expiration_date": f"20{ticker[-15:-13]}-{ticker[-13:-11]}-{ticker[-11:-9]}"}
        for ticker, underlying in underlyings.items()
    ]
    lake.load("option_contracts", "/v3/reference/options/contracts", rows, at=at)


def load_bars(lake: Lake, prices: dict[str, float], *, at: datetime = NOON, session: date = SESSION) -> None:
    """One bar a contract, all in one answer."""
    path = f"/v2/aggs/grouped/locale/us/market/options/{session}"
    bars = [_bar(ticker, price) for ticker, price in prices.items() if price > 0]
    lake.load("option_bars", path, bars, at=at, session=str(session))


def load_snapshot(lake: Lake, rows: Sequence[dict[str, Any]], *, at: datetime = NOON, session: date = SESSION) -> None:
    """A chain snapshot; a row: ticker, underlying and what the vendor says at the top level."""
    results = [
        {"details": {"ticker": row["ticker"]}, "underlying_asset": {"ticker": row["underlying"]}}
        | {name: value for name, value in row.items() if name not in ("ticker", "underlying")}
        for row in rows
    ]
    for underlying in {row["underlying"]: None for row in rows}:
        told = [result for result in results if result["underlying_asset"]["ticker"] == underlying]
        lake.load("option_chain", f"/v3/snapshot/options/{underlying}", told, at=at, session=str(session))


def _bar(ticker: str, price: float) -> dict[str, Any]:
    return {"T": ticker, "o": price, "h": price, "l": price, "c": price, "v": 10, "n": 2}
