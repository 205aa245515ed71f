"""Treasury yields from raw to the rate of a session and a term, held against QuantLib."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import QuantLib as ql

from tests.dbt.conftest import Dbt, Lake, differences

NOON = datetime(2026, 7, 20, 12)
MONTHS = {"1_month": 1, "3_month": 3, "6_month": 6, "1_year": 12, "2_year": 24, "3_year": 36, "5_year": 60} | {
    "7_year": 84, "10_year": 120, "20_year": 240, "30_year": 360,
}  # fmt: skip
# As published on some day, and with the gaps of another: negative, and no long terms.
WHOLE = dict(zip(MONTHS, (3.72, 3.81, 3.79, 3.65, 3.58, 3.6, 3.71, 3.9, 4.13, 4.71, 4.74), strict=True))
GAPS = {"3_month": -0.05, "1_year": 0.1, "10_year": 1.4}
DAYS = (-1, 0, 0.5, 7, 30, 30.5, 45, 91, 92, 182.5, 250, 365, 366, 729.5, 1000, 2555, 4000, 9000, 10950, 20000)
PATH, PARAMS = "/fed/v1/treasury-yields", {"sort": "date.asc", "limit": "50000"}
TABLES = ("snapshots.snapshot_polygon__treasury_yields", "intermediate.int_polygon__risk_free_rates")


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def day(on: str, curve: dict[str, Any]) -> dict[str, Any]:
    return {"date": on} | {f"yield_{term}": value for term, value in curve.items()}


def load(lake: Lake, at: datetime, *days: dict[str, Any], **more: Any) -> None:
    lake.load("treasury_yields", PATH, days, at=at, params=PARAMS, **more)


def continuous(yield_pct: float) -> float:
    """QuantLib's conversion of a yield with two payments a year, percent."""
    quoted = ql.InterestRate(yield_pct / 100, ql.Actual365Fixed(), ql.Compounded, ql.Semiannual)
    return 100 * float(quoted.equivalentRate(ql.Continuous, ql.NoFrequency, 1).rate())


def oracle(curve: dict[str, float], days: float) -> float:
    """The rate after so many days: QuantLib's line between the published terms, flat beyond them."""
    at = [MONTHS[term] * 365 / 12 for term in curve]
    line = ql.LinearInterpolation(at, [continuous(value) for value in curve.values()])
    return float(line(min(max(days, at[0]), at[-1])))


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> tuple[Lake, dict[str, Any], list[Any], dict[str, Any]]:
    """The lake after three builds, its tables, sessions with new rates in the last one, and the tables from nothing."""
    ends = [day("2026-07-14", WHOLE), day("2026-07-15", GAPS)]
    fixed = [day("2026-06-18", WHOLE), day("2026-07-01", GAPS), day("2026-07-03", {}), day("2026-07-07", WHOLE), *ends]
    false = [
        day("2026-07-08", WHOLE | {"3_month": -50}),
        day("2026-07-09", WHOLE | {"3_month": 900}),
        day("2026-07-10", WHOLE | {"30_year": "NaN"}),
        day("2027-07-12", WHOLE),
    ]
    wrong = day("2026-07-06", WHOLE | {"1_month": 3.0})
    dropped = day("2026-06-30", GAPS)
    load(lake, minute(0), day("2026-06-16", GAPS), dropped, *fixed, *false, wrong)
    dbt.run_behind(*TABLES)
    # Restated; and a second time, with the day of 1 July withdrawn and that of the 7th damaged. What lies before the
    # first day of an answer may lie before the plan's history: an answer without it ends nothing.
    load(lake, minute(10), dropped, *fixed, *false, wrong | {"yield_1_month": 3.5})
    dbt.run_behind(*TABLES, again=True)
    before = lake.execute("select max(recorded_at) from intermediate.int_polygon__risk_free_rates")[0][0]
    damaged = day("2026-07-07", WHOLE | {"1_year": 77})
    load(lake, minute(20), dropped, fixed[0], fixed[2], damaged, *ends, *false, wrong | {"yield_1_month": 3.6})
    load(lake, minute(25))
    lake.override("treasury_yields", "2026-07-06", "yield_30_year_pct", "5.5", at=minute(26))
    lake.override("treasury_yields", "2026-06-30", "drop", None, at=minute(26))
    dbt.run_behind(*TABLES, again=True)
    new = lake.execute(
        "select session_date::varchar from intermediate.int_polygon__risk_free_rates where recorded_at > %s order by 1",
        (before,),
    )
    later = {table: lake.rows(table) for table in TABLES}
    dbt.run_behind(*TABLES, again=True, full_refresh=True)
    return lake, later, [session for (session,) in new], {table: lake.rows(table) for table in TABLES}


@pytest.mark.parametrize("table", TABLES)
def test_incremental_equals_full_refresh_row_for_row(built: Any, table: str) -> None:
    _, later, _, refreshed = built
    assert differences(refreshed[table], later[table]) == []


def row(lake: Lake, session: str, schema: str = "intermediate") -> tuple[Any, ...]:
    (found,) = lake.execute(
        "select rate_source, yield_date::varchar, rate_1_month_pct, rate_30_year_pct"
        f" from {schema}.int_polygon__risk_free_rates where session_date = %s",
        (session,),
    )
    return found


def test_newest_yields_of_the_session_or_before_it_are_in_force_and_what_cannot_be_true_is_not(built: Any) -> None:
    whole = (pytest.approx(continuous(3.72), abs=1e-11), pytest.approx(continuous(4.74), abs=1e-11))
    assert row(built[0], "2026-06-15") == ("fallback", None, 4.0, 4.0)
    assert row(built[0], "2026-06-17")[:2] == ("treasury", "2026-06-16")
    assert row(built[0], "2026-06-18") == ("treasury", "2026-06-18", *whole)
    # 1 July was withdrawn; 3 July has no yields, and no trading either.
    assert row(built[0], "2026-07-03") == ("treasury", "2026-06-18", *whole)
    assert row(built[0], "2026-07-06")[:3] == ("treasury", "2026-07-06", pytest.approx(continuous(3.6), abs=1e-11))
    assert row(built[0], "2026-06-30") == ("treasury", "2026-06-18", *whole)
    # The version of the 7th before it was damaged; those of the 8th to the 10th never could be true.
    assert row(built[0], "2026-07-10") == ("treasury", "2026-07-07", *whole)


def test_overruled_yield_makes_the_rate_and_a_dropped_day_is_passed_over(built: Any) -> None:
    assert row(built[0], "2026-07-06")[3] == pytest.approx(continuous(5.5), abs=1e-11)
    assert row(built[0], "2026-06-30")[1] == "2026-06-18"
    reasons = built[0].execute(
        "select yield_date::varchar, override_reason from staging.stg_polygon__treasury_yields "
        "where override_reason is not null"
    )
    assert reasons == [("2026-07-06", "yield_30_year_pct: a slip (Ana)")]


def test_days_with_a_yield_that_cannot_be_true_are_rejected_with_the_reason(built: Any) -> None:
    rows = built[0].execute(
        "select distinct row_key, rejection_reason from staging.stg_polygon__rows_rejected order by 1"
    )
    assert rows == [
        ("2026-07-07", "a yield that no market has shown"),
        ("2026-07-08", "a yield that no market has shown"),
        ("2026-07-09", "a yield that no market has shown"),
        ("2026-07-10", "a number that cannot be read"),
        ("2027-07-12", "a day in the future"),
    ]


def test_only_sessions_whose_rates_changed_are_listed(built: Any) -> None:
    sessions = built[2]
    assert sessions == ["2026-06-30", "2026-07-01", "2026-07-02", "2026-07-03", "2026-07-06"]


def test_a_build_as_of_a_moment_has_the_rates_that_were_known_then(built: Any, dbt: Dbt) -> None:
    days = ("int_polygon__exchange_closures", "int_polygon__exchange_days")
    choice = ("--select", "1+stg_polygon__treasury_yields", *days, "int_polygon__risk_free_rates")
    dbt("run", *choice, "--vars", f"{{as_of: '{minute(5)}', risk_free_rate_pct: 2.5}}")
    then = "intermediate_as_of"
    assert row(built[0], "2026-06-15", then) == ("fallback", None, 2.5, 2.5)
    assert row(built[0], "2026-06-30", then)[:2] == ("treasury", "2026-06-30")
    assert row(built[0], "2026-07-02", then)[:2] == ("treasury", "2026-07-01")
    assert row(built[0], "2026-07-06", then)[2] == pytest.approx(continuous(3.0), abs=1e-11)


@pytest.fixture(scope="module")
def rates(built: Any, dbt: Dbt) -> dict[tuple[str, float], float]:
    """What the macro makes of a row, by session and days."""
    inline = (
        "select rates.session_date::varchar, days.value::float, {{ risk_free_rate_pct('rates', 'days.value') }} "
        "from {{ ref('int_polygon__risk_free_rates') }} as rates, "
        f"lateral flatten(input => parse_json('{list(DAYS)}')) as days "
        "where rates.session_date in ('2026-07-14', '2026-07-15')"
    )
    compiled = dbt("compile", "--inline", inline).results[0].node.compiled_code
    return {(session, days): rate for session, days, rate in built[0].execute(compiled)}


@pytest.mark.parametrize("days", DAYS)
def test_rates_between_the_terms_are_those_of_quantlib(rates: dict[tuple[str, float], float], days: float) -> None:
    assert rates["2026-07-14", days] == pytest.approx(oracle(WHOLE, days), abs=1e-11)
    assert rates["2026-07-15", days] == pytest.approx(oracle(GAPS, days), abs=1e-11)
