"""Marts for the dashboard's tests, written over the connector: real bars with moved dates, two SIM tickers, test runs.

`python -m tests.dashboard.seed --port P` fills a running local warehouse, to look at the pages without the chain.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import exchange_calendars
import numpy as np
import pandas as pd
import snowflake.connector
from bokeh_sampledata import stocks

LAST_SESSION = date(2026, 11, 20)
FETCHED_AT = datetime(2026, 11, 20, 22, 40, 11)
NAMES = {
    "AAPL": "Apple Inc.",
    "GOOG": "Alphabet Inc. Class C",
    "IBM": "International Business Machines Corporation",
    "MSFT": "Microsoft Corporation",
}
# Bars of each ticker and, counted back from the newest bar, the place and ratio of its split.
LENGTHS = {"AAPL": 400, "GOOG": 130, "IBM": 130, "MSFT": 270, "SIM0001": 130, "SIM0002": 3}
SPLITS = {"AAPL": (60, 4.0), "SIM0001": (40, 0.1)}

DDL = {
    "marts.fct_polygon__stock_bars_performance": """
        ticker varchar, session_date date, open_usd float, high_usd float, low_usd float, close_usd float,
        volume_shares float, adjusted_open_usd float, adjusted_high_usd float, adjusted_low_usd float,
        adjusted_close_usd float, adjusted_volume_shares float, vwap_usd float, transactions number,
        sma_20_usd float, sma_50_usd float, sma_120_usd float, simple_return_pct float, log_return float,
        volatility_21d_pct float, split_factor float, fetched_at timestamp_ntz(6)""",
    "marts.dim_polygon__tickers": """
        ticker varchar, ticker_name varchar, market varchar, primary_exchange varchar, security_type varchar,
        is_active boolean, data_origin varchar, first_session_date date, last_session_date date,
        session_count number, last_close_usd float""",
    "marts.fct_polygon__option_bars": """
        contract_ticker varchar, session_date date, fetched_at timestamp_ntz(6)""",
    "ops.dbt_test_results": """
        run_id varchar, invocation_id varchar, executed_at timestamp_ntz(6), test_id varchar, test_name varchar,
        model_name varchar, column_name varchar, status varchar, severity varchar, failing_rows number,
        execution_seconds float, message varchar, compiled_sql varchar""",
    "ops.loads": """
        manifest_id varchar, family varchar, dag_id varchar, run_id varchar, is_complete boolean,
        rows_loaded number, result_rows number, loaded_at timestamp_ntz(6)""",
    "ops.load_rejects": """
        manifest_id varchar, manifest_key varchar, family varchar, reason varchar, rejected_at timestamp_ntz(6)""",
}


def real_bars(ticker: str, count: int) -> pd.DataFrame:
    """The newest `count` bars that bokeh_sampledata has: open, high, low, close (unadjusted USD), volume."""
    table = pd.DataFrame(getattr(stocks, ticker))[["open", "high", "low", "close", "volume"]]
    return table.rename(columns=str.title).tail(count).reset_index(drop=True)


def synthetic_bars(seed: int, count: int) -> pd.DataFrame:
    """A seeded random walk in the same columns."""
    random = np.random.default_rng(seed)
    close = 40 * np.exp(np.cumsum(random.normal(0.0004, 0.018, count)))
    opened = close * np.exp(random.normal(0, 0.006, count))
    high, low = np.maximum(opened, close) * 1.008, np.minimum(opened, close) * 0.992
    volume = random.integers(2e5, 9e5, count).astype(float)
    return pd.DataFrame({"Open": opened, "High": high, "Low": low, "Close": close, "Volume": volume})


def bars(ticker: str) -> pd.DataFrame:
    """The mart's rows of one ticker, oldest first."""
    count = LENGTHS[ticker]
    raw = synthetic_bars(int(ticker[3:]), count) if ticker.startswith("SIM") else real_bars(ticker, count)
    factor = pd.Series(1.0, index=raw.index)
    if ticker in SPLITS:
        back, ratio = SPLITS[ticker]
        factor.iloc[: count - back] = 1 / ratio
    calendar = exchange_calendars.get_calendar("XNYS", start="2019-01-01")
    days = calendar.sessions_window(pd.Timestamp(LAST_SESSION), -count)
    adjusted = raw[["Open", "High", "Low", "Close"]]
    close = adjusted["Close"]
    log_return = np.log(close / close.shift(1))
    frame = pd.DataFrame({"ticker": ticker, "session_date": [day.date() for day in days]})
    for name in ("open", "high", "low", "close"):
        frame[f"{name}_usd"] = adjusted[name.title()] / factor
    frame["volume_shares"] = (raw["Volume"] * factor).round()
    for name in ("open", "high", "low", "close"):
        frame[f"adjusted_{name}_usd"] = adjusted[name.title()]
    frame["adjusted_volume_shares"] = raw["Volume"]
    frame["vwap_usd"] = frame[["high_usd", "low_usd", "close_usd"]].mean(axis=1)
    frame["transactions"] = 1000
    for length in (20, 50, 120):
        frame[f"sma_{length}_usd"] = close.rolling(length).mean()
    frame["simple_return_pct"] = close.pct_change() * 100
    frame["log_return"] = log_return
    frame["volatility_21d_pct"] = log_return.rolling(21).std() * 252**0.5 * 100
    frame["split_factor"] = factor
    frame["fetched_at"] = FETCHED_AT
    return frame


def tickers(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The dimension's rows: those with bars, and NEWCO that has none."""
    rows = []
    for ticker, frame in frames.items():
        synthetic = ticker.startswith("SIM")
        name = f"Simulated {int(ticker[3:])} [synthetic]" if synthetic else f"{NAMES[ticker]} [replayed]"
        origin = "synthetic" if synthetic else "replayed"
        ends = (frame["session_date"].iloc[0], frame["session_date"].iloc[-1])
        rows.append(
            (ticker, name, "stocks", "XNAS", "CS", True, origin, *ends, len(frame), float(frame["close_usd"].iloc[-1]))
        )
    rows.append(("NEWCO", "Newly Listed Company", "stocks", "XNYS", "CS", True, "market", None, None, 0, None))
    columns = [column.split()[0] for column in DDL["marts.dim_polygon__tickers"].split(",")]
    return pd.DataFrame(rows, columns=columns, dtype=object)


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
                    "select 1",
                )
            )
    return rows


def loads(count: int = 20) -> list[tuple[Any, ...]]:
    """`count` loaded manifests, one of them incomplete."""
    rows = []
    for back in range(count):
        when = datetime(2026, 11, 20, 22, 45, 3, 654321) - timedelta(hours=12 * back)
        family = "options" if back % 3 == 2 else "stocks"
        rows.append(
            (
                f"{when:%Y%m%dT%H%M%S%f}Z-{back:08x}",
                family,
                f"polygon_{family}_ingest_daily",
                f"scheduled__{when:%Y-%m-%d}",
                back != 4,
                1 + back % 4,
                10_412 - 13 * back,
                when,
            )
        )
    return rows


def seed(connection: Any, database: str = "SNOWTAPE") -> None:
    """Create and fill the tables of the database; what was there is replaced."""
    with connection.cursor() as cursor:
        cursor.execute(f"create database if not exists {database}")
        cursor.execute(f"use database {database}")
        for schema in ("marts", "ops"):
            cursor.execute(f"create schema if not exists {schema}")
        for table, columns in DDL.items():
            cursor.execute(f"create or replace table {table} ({columns})")
        frames = {ticker: bars(ticker) for ticker in LENGTHS}
        for frame in frames.values():
            insert(cursor, "marts.fct_polygon__stock_bars_performance", frame.itertuples(index=False))
        insert(cursor, "marts.dim_polygon__tickers", tickers(frames).itertuples(index=False))
        option = ("O:AAPL261218C00430000", LAST_SESSION - timedelta(days=1), FETCHED_AT - timedelta(days=1))
        insert(cursor, "marts.fct_polygon__option_bars", [option])
        insert(cursor, "ops.dbt_test_results", dbt_results())
        insert(cursor, "ops.loads", loads())


def insert(cursor: Any, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Insert all rows by one statement: a bound JSON text is read far faster than thousands of literals."""
    text = json.dumps([[_json(value) for value in row] for row in rows])
    casts = ", ".join(
        f"value[{place}]::{' '.join(column.split()[1:])}"
        for place, column in enumerate(re.split(r",(?![^(]*\))", DDL[table]))
    )
    cursor.execute(f"insert into {table} select {casts} from table(flatten(input => parse_json(?)))", (text,))


def _json(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.item() if isinstance(value, np.generic) else value


def main() -> None:
    """Seed a warehouse on this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    with snowflake.connector.connect(
        account="local", user="seed", password="seed", host="127.0.0.1", port=port, protocol="http", paramstyle="qmark"
    ) as connection:
        started = datetime.now(UTC)
        seed(connection)
        print(f"seeded in {(datetime.now(UTC) - started).total_seconds():.1f} s")


if __name__ == "__main__":
    main()
