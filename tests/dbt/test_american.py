"""American contracts by their exercise style, with the dividends that a session knew of, against QuantLib.

QuantLib's engine for cash dividends is a grid that is extrapolated (tests/pricing/quantlib.py); it is right to a few
millionths of the strike. Without dividends its engine is right to 1e-7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import QuantLib as ql

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.options import NOON, RATE, load_bars, load_terms
from tests.pricing import quantlib
from tests.pricing.quantlib import Case, process, with_cash, with_yield

SESSION = date(2026, 6, 17)
LATER = NOON + timedelta(hours=1)
CLOSES = {"AMA": 100.0, "AMD": 50.0, "AME": 200.0}
# Of AMD. Declared before the session or after it; after the declared one of August comes one in November.
DIVIDENDS: list[dict[str, Any]] = [
    {"id": "d1", "ex_dividend_date": "2026-05-11", "declaration_date": "2026-04-20", "cash_amount": 0.5},
    {"id": "d2", "ex_dividend_date": "2026-08-11", "declaration_date": "2026-06-16", "cash_amount": 0.6},
    {"id": "d3", "ex_dividend_date": "2026-06-30", "declaration_date": "2026-06-18", "cash_amount": 5.0},
]
ENRICHED, CHAIN, PARITY = (
    "intermediate.int_polygon__options_bars_enriched",
    "marts.fct_polygon__option_chain",
    "marts.fct_polygon__put_call_parity",
)
SLICES, SURFACE, FITTED = (
    "intermediate.int_polygon__volatility_slices",
    "marts.fct_polygon__volatility_surface",
    "marts.fct_polygon__fitted_volatilities",
)
TABLES = (ENRICHED, CHAIN, PARITY, "marts.fct_polygon__volatility_smile", SLICES, SURFACE, FITTED)
AGAIN = (
    "stg_polygon__manifests_pending",
    *(f"snapshot_polygon__{name}" for name in ("stock_bars", "dividends", "option_contracts", "options_bars")),
    "int_polygon__options_bars_enriched",
    "int_polygon__volatility_slices",
    "marts.options,config.materialized:incremental",
)


@dataclass(frozen=True)
class Option:
    """A contract at SESSION's close; `days` until its last trading day, dividends as days until the ex-date and USD."""

    underlying: str
    kind: str
    strike: float
    expiration: date
    days: int
    sigma: float
    dividends: tuple[tuple[int, float], ...] = ()

    @property
    def ticker(self) -> str:
        return f"O:{self.underlying}{self.expiration:%y%m%d}{self.kind[0].upper()}{round(self.strike * 1000):08d}"

    @property
    def case(self) -> Case:
        """In units of the strike."""
        return Case(
            1.0 if self.kind == "call" else -1.0,
            CLOSES[self.underlying] / self.strike,
            self.sigma,
            RATE,
            0.0,
            self.days,
            tuple(days for days, _ in self.dividends),
            tuple(cash / self.strike for _, cash in self.dividends),
        )

    @property
    def price(self) -> float:
        """USD a share."""
        return self.strike * (with_cash(self.case) if self.dividends else with_yield(self.case))


JULY, AUGUST, NOVEMBER, DECEMBER = date(2026, 7, 17), date(2026, 8, 21), date(2026, 11, 20), date(2026, 12, 18)
IN_AUGUST, IN_NOVEMBER = (55, 0.6), (147, 0.6)
PLAIN = [
    Option("AMA", kind, strike, expiration, days, 0.18 + strike / 1000)
    for kind in ("call", "put")
    for strike in (80.0, 95.0, 100.0, 105.0, 112.0)
    for expiration, days in ((JULY, 30), (DECEMBER, 184))
]
# The Friday is a holiday: the last moment to trade is the Thursday's close.
HOLIDAY = Option("AMA", "put", 101.0, date(2026, 6, 19), 1, 0.3)
PAYING = [
    Option("AMD", kind, strike, expiration, days, 0.25, dividends)
    for kind in ("call", "put")
    for strike in (45.0, 50.0, 53.0)
    for expiration, days, dividends in (
        (JULY, 30, ()),
        (AUGUST, 65, (IN_AUGUST,)),
        (DECEMBER, 184, (IN_AUGUST, IN_NOVEMBER)),
    )
]
# So deep in the money that it would be exercised at once.
EXERCISED = "O:AMA261218P00150000"
EUROPEAN = "O:AME261218P00220000"


@dataclass
class Built:
    """The chain by contract after the first build, and the tables before and after a full refresh of a second one."""

    first: dict[str, dict[str, Any]]
    second: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]
    again: dict[str, dict[str, Any]]
    fitted: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def prices() -> dict[Option, float]:
    """By QuantLib."""
    return {option: option.price for option in [*PLAIN, HOLIDAY, *PAYING]}


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt, prices: dict[Option, float]) -> Built:
    def load_stocks(at: datetime, **closes: float) -> None:
        bars = [{"T": name, "o": one, "h": one, "l": one, "c": one, "v": 5} for name, one in closes.items()]
        lake.grouped(str(SESSION), bars, at=at)

    def load_dividends(at: datetime, rows: list[dict[str, Any]]) -> None:
        shared = {"ticker": "AMD", "currency": "USD", "frequency": 4, "distribution_type": "recurring"}
        lake.load("dividends", "/stocks/v1/dividends", [row | shared for row in rows], at=at)

    def named(table: str) -> list[dict[str, Any]]:
        with lake.connection.cursor() as cursor:
            cursor.execute(f"select * from {table}")
            names = [column.name.lower() for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def chain() -> dict[str, dict[str, Any]]:
        return {row["contract_ticker"]: row for row in named(CHAIN)}

    quoted = {option.ticker: price for option, price in prices.items()}
    load_stocks(NOON, **CLOSES)
    load_dividends(NOON, DIVIDENDS)
    load_terms(lake, {ticker: ticker[2:5] for ticker in (*quoted, EXERCISED)}, "american")
    load_terms(lake, {EUROPEAN: "AME"}, "european")
    load_bars(lake, quoted | {EXERCISED: 50.0, EUROPEAN: 21.0}, at=NOON, session=SESSION)
    dbt("run", "--select", "+fct_polygon__option_chain", "+marts.options")
    first = chain()
    fitted = {table: named(table) for table in (SURFACE, FITTED, PARITY)}
    # The dividend of August is restated, and so is a close.
    load_dividends(LATER, [DIVIDENDS[1] | {"cash_amount": 0.8}])
    load_stocks(LATER, AME=201.0)
    dbt("run", "--select", *AGAIN)
    second = {table: lake.rows(table) for table in TABLES}
    again = chain()
    dbt("run", "--full-refresh", "--select", *AGAIN[-3:])
    return Built(first, second, {table: lake.rows(table) for table in TABLES}, again, fitted)


@pytest.mark.parametrize("option", [*PLAIN, HOLIDAY], ids=lambda option: option.ticker)
def test_volatility_without_dividends_is_quantlibs_to_1e_6(built: Built, option: Option) -> None:
    row = built.first[option.ticker]

    assert row["implied_volatility_pct"] == pytest.approx(100 * option.sigma, abs=1e-4), row
    assert (row["dividends_ahead"], row["last_trading_date"]) == (0, SESSION + timedelta(days=option.days))


@pytest.mark.parametrize("option", PAYING, ids=lambda option: option.ticker)
def test_volatility_over_known_dividends_is_within_what_the_engines_grid_leaves_open(
    built: Built, option: Option
) -> None:
    row = built.first[option.ticker]

    assert row["dividends_ahead"] == len(option.dividends)
    assert row["dividends_projected"] == (IN_NOVEMBER in option.dividends)
    assert row["dividends_ahead_usd"] == pytest.approx(sum(cash for _, cash in option.dividends))
    assert row["implied_volatility_pct"] == pytest.approx(100 * option.sigma, abs=5e-3)


def test_premium_is_what_a_european_option_costs_less(built: Built, prices: dict[Option, float]) -> None:
    for option in PLAIN:
        single = quantlib.option(option.case._replace(is_american=False))
        single.setPricingEngine(ql.AnalyticEuropeanEngine(process(option.case)))
        premium = prices[option] - option.strike * single.NPV()
        assert built.first[option.ticker]["early_exercise_premium_usd"] == pytest.approx(premium, abs=2e-5)


def test_price_that_exercising_pays_has_no_volatility(built: Built) -> None:
    row = built.first[EXERCISED]

    assert (row["implied_volatility_reason"], row["implied_volatility_pct"], row["delta"]) == (
        "early_exercise",
        None,
        None,
    )


def test_european_contract_has_its_formula_and_no_premium(built: Built) -> None:
    row = built.first[EUROPEAN]

    assert row["implied_volatility_pct"] > 0
    assert row["early_exercise_premium_usd"] == 0


@pytest.mark.parametrize("table", TABLES)
def test_restated_dividend_and_close_give_what_a_full_refresh_gives(built: Built, table: str) -> None:
    assert len(built.second[table]) > 5 or table == PARITY
    assert differences(built.second[table], built.refreshed[table]) == []


def test_restated_dividend_changes_contracts_that_outlive_it_and_no_others(built: Built) -> None:
    for option in PAYING:
        before, after = (chain[option.ticker]["implied_volatility_pct"] for chain in (built.first, built.again))
        assert (before == after) is (not option.dividends)
    assert built.first[EUROPEAN]["implied_volatility_pct"] != built.again[EUROPEAN]["implied_volatility_pct"]
    for option in PLAIN:
        assert built.first[option.ticker]["delta"] == built.again[option.ticker]["delta"]


def test_surface_is_fitted_to_five_strikes_and_says_why_it_is_not_to_fewer(built: Built) -> None:
    rows = {(row["underlying_ticker"], row["expiration_date"]): row for row in built.fitted[SURFACE]}

    row = rows["AMA", DECEMBER]
    assert (row["fit_reason"], row["points"], row["outliers"]) == (None, 5, 0)
    assert (row["is_butterfly_free"], row["is_calendar_free"]) == (True, True)
    # Volatilities on a straight line over strikes, which a slice can nearly be.
    assert row["rms_residual_pct"] < 0.3
    assert row["fitted_forward_volatility_pct"] == pytest.approx(28.1, abs=0.3)
    # A put of July 20 % below the forward is worth less than a cent.
    assert (rows["AMA", JULY]["fit_reason"], rows["AMA", JULY]["points"]) == ("too_few_points", 4)
    assert rows["AMD", AUGUST]["fit_reason"] == "too_few_points"
    assert rows["AMD", AUGUST]["theta"] is None


def test_contract_has_its_fitted_volatility_and_the_difference_beside_it(built: Built) -> None:
    rows = {row["contract_ticker"]: row for row in built.fitted[FITTED]}

    for option in PLAIN:
        row = rows[option.ticker]
        if option.expiration == JULY:
            assert (row["fit_role"], row["fitted_volatility_pct"]) == ("no_fit", None)
            continue
        is_out = option.strike > 101.9 if option.kind == "call" else option.strike < 100.1
        assert row["fit_role"] == ("point" if is_out else "left_out"), row
        assert row["fitted_volatility_pct"] == pytest.approx(100 * option.sigma, abs=0.6)
        if is_out:
            assert row["black_volatility_pct"] == pytest.approx(100 * option.sigma, abs=1e-3)
            assert row["residual_pct"] == pytest.approx(row["black_volatility_pct"] - row["fitted_volatility_pct"])
            assert not row["is_extrapolated"]
    gap = rows[EXERCISED]
    assert (gap["fit_role"], gap["residual_pct"], gap["is_extrapolated"]) == ("gap", None, True)
    assert gap["fitted_volatility_pct"] > 0
    assert rows[PAYING[0].ticker]["fit_role"] == "no_fit"


def test_forward_that_pairs_imply_is_ours_also_over_dividends(built: Built) -> None:
    """Prices are QuantLib's: without early exercise they keep parity to what its grid leaves open."""
    pairs = [row for row in built.fitted[PARITY] if row["underlying_ticker"] != "AME"]
    assert len(pairs) == 19
    for row in [*pairs, *built.fitted[SURFACE]]:
        if row["forward_difference_bp"] is not None:
            assert abs(row["forward_difference_bp"]) < 0.5, row
    assert {row["forward_pairs"] for row in built.fitted[SURFACE] if row["underlying_ticker"] == "AMD"} == {2}
