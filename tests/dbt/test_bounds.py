"""On both sides of the bounds of dbt/macros/received/bounds.sql: what can't be true is rejected, the strange counts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tests.dbt.conftest import Dbt, Lake

SESSION, FETCHED = "2026-07-17", datetime(2026, 7, 17, 23)
MIDNIGHT = 1784260800000  # of SESSION in New York, in milliseconds
GROUPED = f"/v2/aggs/grouped/locale/us/market/stocks/{SESSION}"
CONTRACT = "O:AAA260821C00110000"


class Case(NamedTuple):
    """A row that differs from a sound one in a few fields, and why it is rejected; None where it counts."""

    dataset: str
    fields: dict[str, Any]
    reason: str | None


SOUND: dict[str, dict[str, Any]] = {
    "stock_bars": {"o": 10, "h": 11, "l": 9, "c": 10, "v": 1000, "vw": 10, "n": 7, "t": MIDNIGHT + 57_600_000},
    "splits": {"execution_date": "2026-07-10", "split_from": 1, "split_to": 2},
    "dividends": {"ex_dividend_date": "2026-07-10", "cash_amount": 0.5, "currency": "USD", "frequency": 4},
    "tickers": {"name": "A name", "active": True},
    "treasury_yields": {"yield_3_month": 3.8, "yield_10_year": 4.1},
    "option_contracts": {"underlying_ticker": "AAA", "expiration_date": "2026-08-21", "strike_price": 110}
    | {"shares_per_contract": 100, "contract_type": "call"},
    "option_bars": {"t": MIDNIGHT, "o": 2, "h": 3, "l": 1, "c": 2, "v": 10},
    "option_chain": {"implied_volatility": 0.3, "greeks": {"delta": 0.5}, "open_interest": 10},
}
NO_NUMBER = "a number that cannot be read"
# By root, the underlying that a listing asked for by I:SPX says.
LISTED = {"SPX": "I:SPX", "SPXW": "SPX", "SPY": "SPY"}
OUTSIDE = "an open or close outside high and low"
CASES = [
    Case("stock_bars", {}, None),
    # Symbols.
    Case("stock_bars", {"T": None}, "no ticker"),
    Case("stock_bars", {"T": "  "}, "no ticker"),
    Case("stock_bars", {"T": "BRK.A"}, None),
    Case("stock_bars", {"T": "BRKpA"}, None),
    Case("stock_bars", {"T": "A" * 16}, None),
    Case("stock_bars", {"T": "B" * 17}, "not a ticker symbol"),
    Case("stock_bars", {"T": "\u0001\u0002", "c": 9e11, "h": 9e11}, "not a ticker symbol"),
    Case("stock_bars", {"T": "TAB\t"}, "not a ticker symbol"),
    Case("stock_bars", {"T": "NUL\u0000"}, "not a ticker symbol"),
    Case("stock_bars", {"T": "TWO WORDS"}, "not a ticker symbol"),
    Case("stock_bars", {"T": "ÄÖ"}, "not a ticker symbol"),
    Case("stock_bars", {"T": "aapl"}, "not a ticker symbol"),
    Case("stock_bars", {"T": "1AAPL"}, "not a ticker symbol"),
    Case("stock_bars", {"T": 5}, "not a ticker symbol"),
    Case("stock_bars", {"T": True}, "not a ticker symbol"),
    # Time.
    Case("stock_bars", {"t": MIDNIGHT}, None),
    Case("stock_bars", {"t": MIDNIGHT - 1}, "a session that was not asked for"),
    Case("stock_bars", {"t": MIDNIGHT + 86_400_000}, "a session that was not asked for"),
    Case("stock_bars", {"t": (MIDNIGHT + 1) * 1_000_000}, None),
    Case("stock_bars", {"t": "yesterday"}, "no session"),
    # Prices.
    Case("stock_bars", {"c": None}, "no price"),
    Case("stock_bars", {"o": None, "h": None, "l": None}, None),
    Case("stock_bars", {"l": 0}, "a price that is not positive"),
    Case("stock_bars", {"o": -1}, "a price that is not positive"),
    Case("stock_bars", {"o": 0.0001, "h": 0.0001, "l": 0.0001, "c": 0.0001, "vw": 0.0001}, None),
    Case("stock_bars", {"h": 1e8}, None),
    Case("stock_bars", {"h": 1.01e8}, "a price above every share"),
    Case("stock_bars", {"o": "10.5"}, None),
    Case("stock_bars", {"o": "NaN"}, NO_NUMBER),
    Case("stock_bars", {"h": "Infinity"}, NO_NUMBER),
    Case("stock_bars", {"c": "ten"}, NO_NUMBER),
    Case("stock_bars", {"o": None, "h": 8, "l": 9, "c": 8.5}, "a high below the low"),
    Case("stock_bars", {"c": 11.005}, None),
    Case("stock_bars", {"c": 11.006}, OUTSIDE),
    Case("stock_bars", {"o": 8.995}, None),
    Case("stock_bars", {"o": 8.994}, OUTSIDE),
    Case("stock_bars", {"o": 0.02, "h": 0.02, "l": 0.02, "c": 0.0201, "vw": 0.02}, None),
    Case("stock_bars", {"o": 0.02, "h": 0.02, "l": 0.02, "c": 0.0202, "vw": 0.02}, OUTSIDE),
    # The rest of a bar. What is only strange counts.
    Case("stock_bars", {"v": 0}, None),
    Case("stock_bars", {"v": -1}, "a negative volume"),
    Case("stock_bars", {"v": 1e13}, None),
    Case("stock_bars", {"v": 1.01e13}, "a volume above every session"),
    Case("stock_bars", {"v": None}, None),
    Case("stock_bars", {"v": "many"}, NO_NUMBER),
    Case("stock_bars", {"v": "1e19"}, "a volume above every session"),
    Case("stock_bars", {"v": 10**60}, "a volume above every session"),
    Case("stock_bars", {"v": [1000]}, NO_NUMBER),
    Case("stock_bars", {"vw": 50}, None),
    Case("stock_bars", {"vw": 0}, None),
    Case("stock_bars", {"vw": -0.01}, "an average price that no session has"),
    Case("stock_bars", {"vw": 1.01e8}, "an average price that no session has"),
    Case("stock_bars", {"n": 0}, None),
    Case("stock_bars", {"n": -1}, "a number of trades that no session has"),
    Case("stock_bars", {"n": 10**9}, None),
    Case("stock_bars", {"n": 10**9 + 1}, "a number of trades that no session has"),
    # Splits.
    Case("splits", {}, None),
    Case("splits", {"ticker": None}, "no ticker"),
    Case("splits", {"ticker": "\u0007"}, "not a ticker symbol"),
    Case("splits", {"execution_date": "2026-13-45"}, "no execution date"),
    Case("splits", {"split_to": 0}, "no ratio"),
    Case("splits", {"split_from": -1}, "no ratio"),
    Case("splits", {"split_to": "two"}, NO_NUMBER),
    Case("splits", {"split_to": 1e5}, None),
    Case("splits", {"split_to": 1.01e5}, "a ratio that no split has"),
    Case("splits", {"split_from": 2.01e5}, "a ratio that no split has"),
    Case("splits", {"execution_date": "1900-01-01"}, None),
    Case("splits", {"execution_date": "1899-12-31"}, "an execution date that nobody can know"),
    Case("splits", {"execution_date": "2029-07-21"}, None),
    Case("splits", {"execution_date": "2029-07-22"}, "an execution date that nobody can know"),
    # Dividends.
    Case("dividends", {}, None),
    Case("dividends", {"ticker": None}, "no ticker"),
    Case("dividends", {"ex_dividend_date": None}, "no ex-dividend date"),
    Case("dividends", {"cash_amount": None}, "no amount"),
    Case("dividends", {"cash_amount": "NaN"}, NO_NUMBER),
    Case("dividends", {"cash_amount": 0}, None),
    Case("dividends", {"cash_amount": -0.01}, "a negative amount"),
    Case("dividends", {"cash_amount": 1e7}, None),
    Case("dividends", {"cash_amount": 1.01e7}, "an amount that no dividend has"),
    Case("dividends", {"frequency": 366}, None),
    Case("dividends", {"frequency": 367}, "a number of payments that no year has"),
    Case("dividends", {"frequency": -1}, "a number of payments that no year has"),
    Case("dividends", {"ex_dividend_date": "2029-07-22"}, "an ex-dividend date that nobody can know"),
    # Tickers.
    Case("tickers", {}, None),
    Case("tickers", {"ticker": None}, "no ticker"),
    Case("tickers", {"ticker": "A\nB"}, "not a ticker symbol"),
    Case("tickers", {"active": "perhaps"}, None),
    Case("tickers", {"last_updated_utc": "2026-07-18T23:00:00Z"}, None),
    Case("tickers", {"last_updated_utc": "2026-07-18T23:00:01Z"}, "an update in the future"),
    # Yields.
    Case("treasury_yields", {}, None),
    Case("treasury_yields", {"date": "soon"}, "no date"),
    Case("treasury_yields", {"date": SESSION}, None),
    Case("treasury_yields", {"date": "2026-07-18"}, "a day in the future"),
    Case("treasury_yields", {"date": "2026-07-12"}, "a day of the weekend"),
    Case("treasury_yields", {"yield_3_month": None, "yield_10_year": None}, None),
    Case("treasury_yields", {"yield_3_month": "NaN"}, NO_NUMBER),
    Case("treasury_yields", {"yield_3_month": 0}, None),
    Case("treasury_yields", {"yield_3_month": -0.05}, None),
    Case("treasury_yields", {"yield_3_month": -5}, None),
    Case("treasury_yields", {"yield_3_month": -5.01}, "a yield that no market has shown"),
    Case("treasury_yields", {"yield_30_year": 50}, None),
    Case("treasury_yields", {"yield_30_year": 50.1}, "a yield that no market has shown"),
    # Contracts.
    Case("option_contracts", {}, None),
    Case("option_contracts", {"ticker": None}, "no ticker"),
    Case("option_contracts", {"ticker": "O:NONSENSE"}, "not an option symbol"),
    Case("option_contracts", {"underlying_ticker": "I:SPX"}, None),
    Case("option_contracts", {"underlying_ticker": "\u0001"}, "an underlying that is not a ticker symbol"),
    Case("option_contracts", {"expiration_date": "soon"}, "no expiration date"),
    Case("option_contracts", {"expiration_date": "2047-01-28"}, None),
    Case("option_contracts", {"expiration_date": "2047-01-29"}, "an expiration date that no option has"),
    Case("option_contracts", {"strike_price": None}, "no strike"),
    Case("option_contracts", {"strike_price": 0.001}, None),
    Case("option_contracts", {"strike_price": 0}, "a strike that is not positive"),
    Case("option_contracts", {"strike_price": -110}, "a strike that is not positive"),
    Case("option_contracts", {"strike_price": 1e6}, None),
    Case("option_contracts", {"strike_price": 1.01e6}, "a strike that no option has"),
    Case("option_contracts", {"shares_per_contract": 0}, "a number of shares that no contract has"),
    Case("option_contracts", {"shares_per_contract": 1.01e6}, "a number of shares that no contract has"),
    # Option bars, one request a contract.
    Case("option_bars", {}, None),
    Case("option_bars", {"t": MIDNIGHT + 86_400_000}, "a session that was not asked for"),
    Case("option_bars", {"t": None}, "no session"),
    Case("option_bars", {"h": 1e6}, None),
    Case("option_bars", {"h": 1.01e6}, "a price above every option"),
    Case("option_bars", {"l": 2.5}, OUTSIDE),
    Case("option_bars", {"v": -1}, "a negative volume"),
    Case("option_bars", {"v": 1e9}, None),
    Case("option_bars", {"v": 1.01e9}, "a volume above every session"),
    # The chain.
    Case("option_chain", {}, None),
    Case("option_chain", {"underlying_asset": {"ticker": "AAA"}}, None),
    Case("option_chain", {"underlying_asset": {"ticker": "ZZZ"}}, "an underlying that was not asked for"),
    Case("option_chain", {"details": {}}, "no ticker"),
    Case("option_chain", {"details": {"ticker": "AAA"}}, "not an option symbol"),
    Case("option_chain", {"implied_volatility": 1000}, None),
    Case("option_chain", {"implied_volatility": 1001}, "a volatility that no option has"),
    Case("option_chain", {"implied_volatility": -0.1}, "a volatility that no option has"),
    Case("option_chain", {"implied_volatility": "NaN"}, NO_NUMBER),
    Case("option_chain", {"greeks": {"delta": -1.0005}}, None),
    Case("option_chain", {"greeks": {"delta": 1.01}}, "a delta that no option has"),
    Case("option_chain", {"greeks": {"gamma": -0.001, "vega": -0.001}}, None),
    Case("option_chain", {"greeks": {"gamma": -0.0011}}, "a gamma that no option has"),
    Case("option_chain", {"greeks": {"gamma": 1.01e6}}, "a gamma that no option has"),
    Case("option_chain", {"greeks": {"vega": -0.0011}}, "a vega that no option has"),
    Case("option_chain", {"greeks": {"theta": -1.01e6}}, "a theta that no option has"),
    Case("option_chain", {"break_even_price": -1.01e8}, "a break-even price that no option has"),
    Case("option_chain", {"open_interest": 0}, None),
    Case("option_chain", {"open_interest": -1}, "an open interest that no option has"),
    Case("option_chain", {"open_interest": 1.01e9}, "an open interest that no option has"),
    Case("option_chain", {"last_quote": {"bid": -0.01, "ask": 1}}, "a negative price"),
    Case("option_chain", {"last_quote": {"bid": 0, "ask": 1.01e6}}, "a price above every option"),
    Case(
        "option_chain", {"day": {"close": 1, "volume": -5, "last_updated": MIDNIGHT * 1_000_000}}, "a negative volume"
    ),
    Case("option_chain", {"day": {"close": 1, "volume": -5, "last_updated": 1_600_000_000_000_000_000}}, None),
]


def row_of(case: Case, number: int) -> dict[str, Any]:
    """A row with a key of its own."""
    contract = f"{CONTRACT[:-8]}{number:08d}"
    own: dict[str, dict[str, Any]] = {
        "stock_bars": {"T": f"T{number}"},
        "splits": {"id": f"s{number}", "ticker": "AAA"},
        "dividends": {"id": f"d{number}", "ticker": "AAA"},
        "tickers": {"ticker": f"T{number}"},
        "treasury_yields": {"date": str(date(2020, 1, 6) + timedelta(days=7 * number))},
        "option_contracts": {"ticker": contract},
        "option_chain": {"details": {"ticker": contract}},
    }
    row = SOUND[case.dataset] | own.get(case.dataset, {}) | case.fields
    return {name: value for name, value in row.items() if value is not None}


def path_of(dataset: str, number: int) -> str:
    """Bars of options are asked for contract by contract, everything else at once."""
    if dataset == "option_bars":
        return f"/v2/aggs/ticker/{CONTRACT[:-8]}{number:08d}/range/1/day/{SESSION}/{SESSION}"
    return GROUPED if dataset == "stock_bars" else f"/{dataset}/AAA"


@pytest.fixture(scope="module")
def reasons(lake: Lake, dbt: Dbt) -> dict[tuple[str, int, int], str]:
    """By dataset, line and place in the line's results, why a row was rejected."""
    manifests: dict[str, str] = {}
    for dataset in dict.fromkeys(case.dataset for case in CASES):
        cases = [(number, case) for number, case in enumerate(CASES) if case.dataset == dataset]
        answers = [[one] for one in cases] if dataset == "option_bars" else [cases]
        for answer in answers:
            rows = [row_of(case, number) for number, case in answer]
            manifest = manifests.get(dataset)
            manifests[dataset] = lake.load(
                dataset, path_of(dataset, answer[0][0]), rows, at=FETCHED, session=SESSION, manifest=manifest
            )
    spx = [{"ticker": f"O:{root}260821C00110000", "underlying_ticker": name} for root, name in LISTED.items()]
    rows, params = [SOUND["option_contracts"] | row for row in spx], {"underlying_ticker": "I:SPX"}
    lake.load("option_contracts", "/v3/reference/options/contracts", rows, at=FETCHED, params=params)
    lake.grouped("2026-07-18", [SOUND["stock_bars"] | {"T": "EARLY", "t": MIDNIGHT + 86_400_000}], at=FETCHED)
    days = [MIDNIGHT - number * 86_400_000 for number in (7, 6, 5, 4)]  # Friday to Monday
    week = "/v2/aggs/ticker/SUNDAY/range/1/day/2026-07-10/2026-07-13"
    lake.load("stock_bars", week, [SOUND["stock_bars"] | {"t": moment} for moment in days], at=FETCHED)
    dbt("run", "--select", "+stg_polygon__rows_rejected")
    return {
        (dataset, line, place): reason
        for dataset, line, place, reason in lake.execute(
            """
            select dataset, line_number, result_index, rejection_reason
            from staging.stg_polygon__rows_rejected
            where coalesce(symbol, '') not in ('EARLY', 'SUNDAY', 'SPY')
            """
        )
    }


def test_contract_of_another_underlying_is_rejected_and_one_spelled_otherwise_is_not(lake: Lake, reasons: Any) -> None:
    rejected = lake.execute(
        "select result:ticker::text, rejection_reason from staging.stg_polygon__rows_rejected where symbol like 'SP%'"
    )
    assert [tuple(row) for row in rejected] == [("O:SPY260821C00110000", "an underlying that was not asked for")]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c.dataset} {c.fields}"[:70] for c in CASES])
def test_row_beyond_a_bound_is_rejected_and_one_within_counts(
    reasons: dict[tuple[str, int, int], str], number: int
) -> None:
    case = CASES[number]
    before = [other.dataset for other in CASES[:number]].count(case.dataset)
    place = (case.dataset, before + 1, 0) if case.dataset == "option_bars" else (case.dataset, 1, before)

    assert reasons.get(place) == case.reason


def test_session_that_is_still_to_come_is_rejected(lake: Lake, reasons: dict[tuple[str, int, int], str]) -> None:
    rows = lake.execute("select rejection_reason from staging.stg_polygon__rows_rejected where symbol = 'EARLY'")

    assert rows == [("a session in the future",)]


def test_bar_of_a_weekend_is_rejected(lake: Lake, reasons: dict[tuple[str, int, int], str]) -> None:
    rows = lake.execute(
        "select row_date::varchar, rejection_reason from staging.stg_polygon__rows_rejected where symbol = 'SUNDAY'"
    )

    assert sorted(rows) == [("2026-07-11", "a day of the weekend"), ("2026-07-12", "a day of the weekend")]
