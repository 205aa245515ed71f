"""A stand-in for the two views of SNOWFLAKE.ACCOUNT_USAGE that the project reads, with a few queries of known cost.

Columns as Snowflake documents them; no account was there to compare with.
"""

from __future__ import annotations

from typing import Any

RUN = "scheduled__2026-11-20T23:15:00+00:00"
# Query, text, tag, milliseconds, credits; the last two are too short to be attributed, and not ours.
LOAD = f"snowtape/polygon_stocks_load/{RUN}"
BUILT = """insert into bars select 1 /* {"app": "dbt", "tag": "snowtape/dbt_build/dbt_build-manual__1-try1"} */"""
QUERIES = [
    ("q1", "begin", LOAD, 4_000, 0.002),
    ("q2", "commit", LOAD, 2_000, 0.001),
    ("q3", BUILT, "snowtape/dbt", 60_000, 0.03),
    ("q4", BUILT, "snowtape/dbt", 50, None),
    ("q5", BUILT, "somebody", 90_000, 9.0),
]


def create(connection: Any, database: str) -> None:
    """Create and fill them, for queries of one database in the last hour."""
    with connection.cursor() as cursor:
        cursor.execute("create database if not exists snowflake")
        cursor.execute("create schema if not exists snowflake.account_usage")
        cursor.execute(
            "create or replace table snowflake.account_usage.query_history (query_id varchar, query_text varchar, "
            "query_tag varchar, database_name varchar, warehouse_name varchar, start_time timestamp_tz, "
            "total_elapsed_time number)"
        )
        cursor.execute(
            "create or replace table snowflake.account_usage.query_attribution_history "
            "(query_id varchar, credits_attributed_compute float)"
        )
        for query_id, text, tag, milliseconds, credits in QUERIES:
            cursor.execute(
                "insert into snowflake.account_usage.query_history "
                f"select '{query_id}', '{text}', '{tag}', '{database}', '{database}_LOADER', "
                f"dateadd(hour, -1, current_timestamp()), {milliseconds}"
            )
            if credits is not None:
                cursor.execute(
                    f"insert into snowflake.account_usage.query_attribution_history select '{query_id}', {credits}"
                )
