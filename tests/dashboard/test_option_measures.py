"""Figures of option chains against numbers worked out by hand."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pandas as pd
import pytest

from dashboard.data.option_history import percentile_pct, rank_pct, thirty_days
from dashboard.pages.options import measures

COLUMNS = ("contract_type", "strike_usd", "open_interest_contracts", "volume_contracts", "close_usd")


def chain(*contracts: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame(contracts, columns=COLUMNS)
    plain = {"is_adjusted_contract": False, "is_at_the_money": False, "implied_volatility_pct": nan}
    return rows.assign(**{**plain, **columns})


@pytest.mark.parametrize(
    ("values", "rank", "percentile"),
    [
        ([10, 30, 20, 25], 75, 50),  # 15 of 20 points up; two of four below
        ([10, 20, 30], 100, 100 * 2 / 3),
        ([30, 20, 10], 0, 0),
        ([10, nan, 20], 100, 50),
        ([20, 20], None, 0),
        ([20], None, None),
        ([10, 20, nan], None, None),
        ([], None, None),
    ],
)
def test_rank_is_between_the_extremes_and_percentile_counts_sessions(
    values: list[float], rank: float | None, percentile: float | None
) -> None:
    series = pd.Series(values, dtype=float)
    assert rank_pct(series) == (None if rank is None else pytest.approx(rank))
    assert percentile_pct(series) == (None if percentile is None else pytest.approx(percentile))


@pytest.mark.parametrize(
    ("before", "low", "after", "high", "expected"),
    [
        (20, 20.0, 40, 30.0, (0.5 * (20 * 400 + 40 * 900) / 30) ** 0.5),  # half way: 27.08, not 25
        (30, 21.0, 60, 40.0, 21.0),
        (26, 20.0, nan, nan, 20.0),
        (nan, nan, 36, 25.0, 25.0),
        (7, 20.0, nan, nan, nan),
        (nan, nan, 60, 25.0, nan),
    ],
    ids=["between", "on it", "before alone", "after alone", "too near", "too far"],
)
def test_thirty_days_are_interpolated_in_total_variance(
    before: float, low: float, after: float, high: float, expected: float
) -> None:
    columns = ("days_before", "volatility_before_pct", "days_after", "volatility_after_pct")
    found = thirty_days(pd.DataFrame([(before, low, after, high)], columns=columns))
    assert found.iloc[0] == pytest.approx(expected, nan_ok=True)


def test_max_pain_is_the_strike_that_pays_holders_least() -> None:
    # At 100: 1 put of 110 pays 10. At 105: 10 calls of 100 pay 50. At 110: the same calls pay 100.
    rows = chain(("call", 100, 10, 0, 1.0), ("call", 105, 0, 0, 1.0), ("put", 110, 1, 0, 1.0))
    assert measures.max_pain_usd(rows) == 100
    # At 100: 3·10 + 2·20 = 70. At 110: 3·10 + 2·10 = 50. At 120: 3·20 = 60.
    rows = chain(("call", 100, 3, 0, 1.0), ("put", 110, 3, 0, 1.0), ("put", 120, 2, 0, 1.0))
    assert measures.max_pain_usd(rows) == 110
    assert measures.max_pain_usd(rows.assign(open_interest_contracts=nan)) is None
    assert measures.max_pain_usd(rows.assign(open_interest_contracts=0)) is None
    assert measures.max_pain_usd(rows.assign(is_adjusted_contract=True)) is None


def test_the_expected_move_is_a_standard_deviation() -> None:
    assert measures.expected_move_usd(200, 20, 365) == pytest.approx(40)
    assert measures.expected_move_usd(100, 40, 73) == pytest.approx(40 * 0.2**0.5)


def test_a_straddle_needs_both_closes() -> None:
    rows = chain(("call", 100, 1, 1, 3.25), ("put", 100, 1, 1, 2.5), is_at_the_money=True)
    assert measures.straddle_usd(rows) == 5.75
    assert measures.straddle_usd(rows.assign(close_usd=[3.25, nan])) is None


def test_unusual_volume_is_above_the_open_interest() -> None:
    rows = chain(
        ("call", 100, 50, 200, 1.0),  # 4 times
        ("call", 105, 500, 200, 1.0),  # less than was open
        ("put", 95, 20, 40, 1.0),  # twice, of few
        ("put", 90, 0, 150, 1.0),  # all new
        ("put", 85, nan, 900, 1.0),  # not known
    )
    found = measures.unusual(rows)
    assert list(zip(found["strike_usd"], found["ratio"], strict=True)) == [(90, inf), (100, 4.0)]


def test_each_expiration_has_its_move_open_interest_and_max_pain() -> None:
    near = chain(("call", 100, 3, 5, 1.0), ("put", 110, 3, nan, 1.0), ("put", 120, 2, 4, 1.0))
    near = near.assign(expiration_date="2026-12-18", days_to_expiration=73, implied_volatility_pct=40.0)
    near["is_at_the_money"] = [True, False, False]
    far = near.assign(
        expiration_date="2027-12-18", days_to_expiration=438, open_interest_contracts=nan, volume_contracts=nan
    )
    far["implied_volatility_pct"] = nan
    first, second = measures.expirations(pd.concat([far, near]), 100.0).to_dict("records")
    assert first["move_usd"] == first["move_pct"] == pytest.approx(17.8885, abs=1e-4)
    counts = ("call_open_interest", "put_open_interest", "volume", "max_pain_usd", "days")
    assert [first[name] for name in counts] == [3, 5, 9, 110, 73]
    assert all(pd.isna(second[name]) for name in ("volatility_pct", "move_usd", *counts[:-1]))
