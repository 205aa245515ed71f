"""Bars that data tests must find, each beside one like it that they must leave alone."""

from __future__ import annotations

from typing import Any

from tests.dbt.conftest import Lake
from tests.dbt.scenario import CLOSED, LAST, SESSIONS, bar, day, minute, ranged

MONTH = SESSIONS[-32:]

# Test → the first columns of the rows that it gives, after the last build of tests/dbt/test_builds.py.
FOUND: dict[str, list[tuple[Any, ...]]] = {
    "stock_bars_jump_without_a_split": [
        # The closes of AAA don't show the splits that are announced for it.
        ("AAA", day(SESSIONS[60])),
        ("AAA", day(SESSIONS[100])),
        ("JUMP", day(MONTH[12])),
        # Of those whose closes are 1, 2 or 3 by chance.
        ("X0", day(LAST)),
        ("X1", day(LAST)),
        ("X3", day(LAST)),
    ],
    "stock_bars_lack_sessions": [
        ("LIQUID", day(MONTH[23]), day(MONTH[25])),
        ("THINNER", day(MONTH[19]), day(MONTH[26])),
    ],
    "bars_stand_in_no_session": [("stock_bars", "CLOSED", day(CLOSED[-1]))],
    "listed_tickers_are_silent": [("SILENT", day(MONTH[25]), 6)],
    "sessions_have_few_bars": [
        ("option_bars", day(SESSIONS[11]), 0),
        ("stock_bars", day(MONTH[26]), 10),
    ],
    "stg_polygon__stock_bars_casted_high_is_highest": [("CROSSED", day(LAST))],
    "stg_polygon__stock_bars_casted_low_is_lowest": [("DEEP", day(LAST))],
    "stg_polygon__stock_bars_casted_vwap_is_between_low_and_high": [("ASIDE", day(LAST))],
    "stg_polygon__stock_bars_casted_has_volume": [("IDLE", day(LAST))],
    "contracts_contradict_their_symbols": [("O:WALK260821C00037000",), ("O:WALK260821P00037000",)],
    # Call and put cost nearly the same, and the strike is far from the close.
    "fct_polygon__put_call_parity_is_within_bounds": [("AAA", day(SESSIONS[10])), ("AAA", day(LAST))],
}
# Seen at the first build too, for what tests/dbt/scenario.py brings and for its age.
WARNED_BESIDES = {
    "not_null_stg_polygon__stock_bars_casted_open_usd",
    "relationships_fct_polygon__option_chain_contract_ticker__contract_ticker__ref_stg_polygon__option_terms_",
    "freshness_of_every_dataset_is_the_session_that_is_due",
    "stg_polygon__rows_rejected_is_empty",
    "accepted_values_suspect_sessions_state__closed",
}
DOUBLED = ["snapshots.snapshot_polygon__stock_bars", "marts.fct_polygon__stock_bars_performance"]


def load(lake: Lake) -> None:
    """Everything in one go, before the first build."""
    steady = dict.fromkeys(MONTH, 20.0)
    series = {
        "JUMP": dict(zip(MONTH, [20.0] * 12 + [36.1] * 20, strict=True)),
        "WALK": dict(zip(MONTH, [20.0] * 12 + [35.9] * 20, strict=True)),
        "SPLIT": dict(zip(MONTH, [20.0] * 12 + [10.0] * 20, strict=True)),
        "THIN": without(steady, MONTH[20:25]),
        "THINNER": without(steady, MONTH[20:26]),
        **{f"SHORT{number}": without(steady, MONTH[26:27]) for number in range(4)},
        "SILENT": without(steady, MONTH[-6:]),
        "QUIET": without(steady, MONTH[-5:]),
        "GONE": without(steady, MONTH[-20:]),
        "CLOSED": steady | {CLOSED[-1]: 20.0},
    }
    for ticker, bars in series.items():
        ranged(lake, "stock_bars", ticker, bars, at=minute(0))
    # A million dollars a day: no session may be missing.
    ranged(lake, "stock_bars", "LIQUID", without(steady, MONTH[24:25]), at=minute(0), v=50_000)
    for contract in ("O:WALK260821C00036000", "O:WALK260821P00036000"):
        ranged(lake, "option_bars", contract, {MONTH[20]: 1.0}, at=minute(0))
    terms = {"underlying_ticker": "WALK", "expiration_date": "2026-08-21", "strike_price": 37, "contract_type": "call"}
    wrong = [{"strike_price": 38}, {"ticker": "O:WALK260821P00037000"}, {"ticker": "O:WALK260822C00037000"}]
    rows = [{"ticker": "O:WALK260821C00037000"} | terms | one for one in wrong]
    lake.load("option_contracts", "/v3/reference/options/contracts", rows, at=minute(0))
    split = {"id": "s1", "ticker": "SPLIT", "execution_date": MONTH[12], "split_from": 1, "split_to": 2}
    lake.load("splits", "/stocks/v1/splits", [split], at=minute(1))
    gone = {"ticker": "GONE", "name": "Gone", "market": "stocks", "active": False}
    lake.load("tickers", "/v3/reference/tickers", [gone], at=minute(1))
    # Within rounding: more than that is rejected.
    crossed, deep = bar("CROSSED", 20, h=19.996, vw=19.99), bar("DEEP", 20, l=20.004, vw=20.01)
    lake.grouped(LAST, [crossed, deep, bar("ASIDE", 20, vw=22), bar("IDLE", 20, v=0)], at=minute(1))


def without(bars: dict[str, float], sessions: list[str]) -> dict[str, float]:
    return {session: close for session, close in bars.items() if session not in sessions}
