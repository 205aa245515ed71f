"""What the dashboard's tests find in ops: results of data tests, what they mean for Health, and builds."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

FETCHED_AT = datetime(2026, 11, 20, 22, 40, 11)
DDL = {
    "ops.build_models": """
        build_id varchar, run_id varchar, model_name varchar, layer varchar, materialization varchar, status varchar,
        started_at timestamp_ntz(6), execution_seconds float, stored_rows number, message varchar,
        finished_at timestamp_ntz(6)""",
    "ops.dbt_test_results": """
        run_id varchar, invocation_id varchar, executed_at timestamp_ntz(6), test_id varchar, test_name varchar,
        model_name varchar, column_name varchar, status varchar, severity varchar, failing_rows number,
        execution_seconds float, message varchar, compiled_sql varchar""",
    "ops.test_mutes": """
        mute_id varchar, test_id varchar, accepted_rows number, muted_until date, is_retracted boolean, reason varchar,
        author varchar, entered_at timestamp_ntz(6)""",
    "ops.test_states": """
        test_id varchar, test_name varchar, model_name varchar, column_name varchar, status varchar, severity varchar,
        failing_rows number, failing_rows_before number, new_failing_rows number, health varchar, is_muted boolean,
        accepted_rows number, muted_until date, mute_reason varchar, mute_author varchar, execution_seconds float,
        message varchar, run_id varchar, executed_at timestamp_ntz(6)""",
    "ops.dbt_failing_rows": """
        invocation_id varchar, test_id varchar, row_number number, failing_row varchar""",
}


def failing_rows(results: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The first two rows of every result that has any."""
    return [
        (result[1], result[3], number, json.dumps({"TICKER": "AAPL", "CLOSE_USD": -number, "VWAP_USD": None}))
        for result in results
        if result[9]
        for number in (1, 2)
    ]


def dbt_results(runs: int = 24) -> list[tuple[Any, ...]]:
    """`runs` runs of the same tests, one a day; the newest with one failure and one warning."""
    tests = [
        (model, test, column)
        for model in ("stg_polygon__stock_bars_casted", "int_polygon__stock_bars_enriched", "dim_polygon__tickers")
        for test, column in (
            ("not_null", "ticker"),
            ("unique", "ticker"),
            ("accepted_range", "close_usd"),
            ("high_is_not_below_open_or_close", None),
        )
    ]
    rows = []
    for run in range(runs):
        when = datetime(2026, 11, 20, 23, 5, 42, 123456) - timedelta(days=runs - 1 - run)
        for place, (model, test, column) in enumerate(tests):
            status, failing = "pass", 0
            if place == 2 and run in (runs - 1, 9):
                status, failing = "fail", 17
            elif place == 7 and run % 6 == 5:
                status, failing = "warn", 3
            name = f"{test}_{model}" + (f"_{column}" if column else "")
            message = f"Got {failing} results, configured to {status} if != 0" if failing else None
            rows.append(
                (
                    f"scheduled__{when:%Y-%m-%dT%H:%M}",
                    f"invocation-{run:03d}",
                    when,
                    f"test.snowtape.{name}",
                    name,
                    model,
                    column,
                    status,
                    "error",
                    failing,
                    0.04 + 0.013 * place,
                    message,
                    f"select {column or '*'}\nfrom marts.{model}\nwhere {column or 'high_usd'} is null",
                )
            )
    return rows


def test_states() -> list[tuple[Any, ...]]:
    """What ops.test_states makes of these results where the warning is muted."""
    results = dbt_results()
    rows = []
    for run, _, when, test_id, name, model, column, status, severity, failing, took, message, _ in results[-12:]:
        before = next(result[9] for result in results[-24:-12] if result[3] == test_id)
        is_muted = status == "warn"
        mute = (5, date(2026, 12, 31), "The vendor counts trades after hours", "Ana Ruiz") if is_muted else (None,) * 4
        health = "pass" if is_muted else status
        rows.append((test_id, name, model, column, status, severity, failing, before, max(failing - before, 0), health,
                     is_muted, *mute, took, message, run, when))  # fmt: skip
    return rows


def build_models() -> list[tuple[Any, ...]]:
    """Two builds: one came through, in the newer one a model failed and another was left out for it."""
    rows: list[tuple[Any, ...]] = []
    for number in (0, 1):
        began = FETCHED_AT + timedelta(minutes=19, days=number - 1)
        run, ended = f"dbt_build/dbt_build-scheduled__{began:%Y-%m-%dT%H:%M}-try1", began + timedelta(minutes=1)
        states = ("success", "success", "error" if number else "success", "skipped" if number else "success")
        models = [
            ("snapshot_polygon__stock_bars", "SNAPSHOTS", "incremental", 0.0, 21.5, 1_337),
            ("stg_polygon__stock_bars_casted", "STAGING", "view", 21.6, 0.4, None),
            ("int_polygon__stock_bars_enriched", "INTERMEDIATE", "incremental", 22.1, 30.25, 1_063),
            ("fct_polygon__stock_bars_performance", "MARTS", "incremental", 52.4, 6.0, 1_063),
        ]
        for status, (name, layer, kind, after, seconds, stored) in zip(states, models, strict=True):
            ran = status != "skipped"
            said = "Numeric value 'x' is not recognized" if status == "error" else None
            when = began + timedelta(seconds=after) if ran else None
            rows.append((f"build-{number}", run, name, layer, kind, status, when, seconds if ran else 0.0, stored,
                         said, ended))  # fmt: skip
    return rows
