"""Marts for the dashboard's tests, written over the connector: real bars with moved dates, two SIM tickers, test runs.

`python -m tests.dashboard.seed --port P --directory D` fills the local warehouse that runs there, to look at the pages
without the chain.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import exchange_calendars
import numpy as np
import pandas as pd
import snowflake.connector
import talib
from bokeh_sampledata import stocks

from local.warehouse.token import read_token
from tests.dashboard import seed_options, seed_quality

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

# Cash a share by ticker and place counted back from the newest bar.
DIVIDENDS = {"AAPL": {20: 0.26, 83: 0.26}, "IBM": {15: 1.67}}

DDL = {
    "marts.fct_polygon__stock_bars_performance": """
        ticker varchar, security_id varchar, session_date date, open_usd float, high_usd float, low_usd float,
        close_usd float, volume_shares float, adjusted_open_usd float, adjusted_high_usd float, adjusted_low_usd float,
        adjusted_close_usd float, adjusted_volume_shares float, vwap_usd float, transactions number,
        split_factor float, total_return_close_usd float, sma_20_usd float, sma_50_usd float, sma_120_usd float,
        sma_200_usd float, ema_12_usd float, ema_26_usd float, macd_usd float, macd_signal_usd float,
        macd_histogram_usd float, rsi_14 float, atr_14_usd float, bollinger_upper_usd float,
        bollinger_lower_usd float, simple_return_pct float, log_return float, volatility_21d_pct float,
        volatility_63d_pct float, drawdown_pct float, high_52w_usd float, low_52w_usd float,
        average_dollar_volume_20d_usd float, dividend_usd float, split_from float, split_to float,
        override_reason varchar, fetched_at timestamp_ntz(6)""",
    "marts.dim_polygon__securities": """
        security_id varchar, ticker varchar, valid_from date, valid_until date, security_name varchar,
        security_type varchar, first_session_date date, last_session_date date, is_uncertain boolean,
        uncertain_reason varchar, known_from timestamp_ntz(6), known_until timestamp_ntz(6)""",
    "marts.dim_polygon__tickers": """
        ticker varchar, security_id varchar, renamed_to varchar, renamed_date date, ticker_name varchar,
        market varchar, primary_exchange varchar, security_type varchar, is_active boolean, data_origin varchar,
        first_session_date date, last_session_date date, session_count number, last_close_usd float""",
    "marts.fct_polygon__bar_versions": """
        ticker varchar, session_date date, version_number number, version_count number,
        known_from timestamp_ntz(6), known_until timestamp_ntz(6), open_usd float, high_usd float, low_usd float,
        close_usd float, volume_shares float, vwap_usd float, transactions number, is_current boolean,
        is_dropped boolean, override_reason varchar""",
    **seed_options.DDL,
    **seed_quality.DDL,
    "ops.builds": """
        build_id varchar, started_at timestamp_ntz(6), finished_at timestamp_ntz(6), models_built number,
        models_failed number, models_skipped number""",
    "ops.loads": """
        manifest_id varchar, family varchar, dag_id varchar, run_id varchar, is_complete boolean,
        rows_loaded number, result_rows number, loaded_at timestamp_ntz(6)""",
    "ops.freshness": """
        dataset varchar, newest_session_date date, due_session_date date, sessions_behind number,
        newest_fetched_at timestamp_ntz(6)""",
    "ops.load_rejects": """
        manifest_id varchar, manifest_key varchar, family varchar, reason varchar, rejected_at timestamp_ntz(6)""",
    "ops.overrides": """
        override_id varchar, dataset varchar, row_key varchar, field varchar, value varchar, is_retracted boolean,
        reason varchar, author varchar, known_from timestamp_ntz(6)""",
    "ops.exchange_closures": "closure_date date",
    "ops.suspect_sessions": """
        manifest_id varchar, family varchar, dataset varchar, session_date date, result_rows number,
        expected_rows number, fetches number, loaded_at timestamp_ntz(6), reason varchar, state varchar,
        closed_at timestamp_ntz(6), closed_by_manifest_id varchar""",
    "ops.rejected_rows": """
        dataset varchar, fetched_date date, rejection_reason varchar, symbol varchar, row_date date, raw_row varchar,
        manifest_id varchar, object_key varchar, line_number number, result_index number,
        fetched_at timestamp_ntz(6)""",
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
    close, high, low = adjusted["Close"], adjusted["High"], adjusted["Low"]
    log_return = np.log(close / close.shift(1))
    frame = pd.DataFrame({"ticker": ticker, "session_date": [day.date() for day in days]})
    frame["security_id"] = f"ticker:{ticker}"
    for name in ("open", "high", "low", "close"):
        frame[f"{name}_usd"] = adjusted[name.title()] / factor
    frame["volume_shares"] = (raw["Volume"] * factor).round()
    for name in ("open", "high", "low", "close"):
        frame[f"adjusted_{name}_usd"] = adjusted[name.title()]
    frame["adjusted_volume_shares"] = raw["Volume"]
    frame["vwap_usd"] = frame[["high_usd", "low_usd", "close_usd"]].mean(axis=1)
    frame["transactions"] = 1000
    frame["split_factor"] = factor
    dividend = pd.Series(np.nan, index=raw.index)
    for back, cash in DIVIDENDS.get(ticker, {}).items():
        dividend.iloc[count - back] = cash
    kept = (1 - dividend.fillna(0) / frame["close_usd"].shift(1)).fillna(1)
    after = kept[::-1].cumprod()[::-1].shift(-1, fill_value=1.0)
    frame["total_return_close_usd"] = close * after
    for length in (20, 50, 120, 200):
        frame[f"sma_{length}_usd"] = close.rolling(length).mean()
    values = close.to_numpy(dtype=float)
    for length in (12, 26):
        frame[f"ema_{length}_usd"] = talib.EMA(values, length)
    frame["macd_usd"], frame["macd_signal_usd"], frame["macd_histogram_usd"] = talib.MACD(values)
    frame["rsi_14"] = talib.RSI(values, 14)
    frame["atr_14_usd"] = talib.ATR(high.to_numpy(dtype=float), low.to_numpy(dtype=float), values, 14)
    frame["bollinger_upper_usd"], _middle, frame["bollinger_lower_usd"] = talib.BBANDS(values, 20, 2, 2)
    frame["simple_return_pct"] = close.pct_change() * 100
    frame["log_return"] = log_return
    for length in (21, 63):
        frame[f"volatility_{length}d_pct"] = log_return.rolling(length).std() * 252**0.5 * 100
    frame["drawdown_pct"] = (close / close.cummax() - 1) * 100
    frame["high_52w_usd"] = high.rolling(252, min_periods=1).max()
    frame["low_52w_usd"] = low.rolling(252, min_periods=1).min()
    frame["average_dollar_volume_20d_usd"] = (close * raw["Volume"]).rolling(20).mean()
    frame["dividend_usd"] = dividend
    frame["override_reason"] = None
    frame["split_from"], frame["split_to"] = np.nan, np.nan
    if ticker in SPLITS:
        back, ratio = SPLITS[ticker]
        whole = (1.0, ratio) if ratio >= 1 else (1 / ratio, 1.0)
        frame.loc[count - back, ["split_from", "split_to"]] = whole
    # As an ingest would have learned them: history in a backfill, then each session in its evening.
    backfill = FETCHED_AT - timedelta(days=60)
    evenings = [datetime(day.year, day.month, day.day, 22, 40, 11) for day in days]
    frame["fetched_at"] = [max(evening, backfill) for evening in evenings]
    return frame[column_names("marts.fct_polygon__stock_bars_performance")]


def column_names(table: str) -> list[str]:
    """The table's columns in order."""
    return [part.split()[0] for part in re.split(r",(?![^(]*\))", DDL[table])]


def bar_versions(frames: dict[str, pd.DataFrame]) -> list[tuple[Any, ...]]:
    """Two restated bars: AAPL's close of ten sessions ago once, MSFT's volume of five sessions ago twice."""
    rows = []
    for ticker, back, changes in (("AAPL", 10, [(0.99, 1.0)]), ("MSFT", 5, [(1.0, 0.8), (1.0, 0.95)])):
        if ticker not in frames:
            continue
        bar = frames[ticker].iloc[-back]
        first = datetime.combine(bar["session_date"], datetime.min.time()) + timedelta(hours=22, minutes=40)
        for number, (price, volume) in enumerate([*changes, (1.0, 1.0)]):
            is_current = number == len(changes)
            rows.append(
                (
                    ticker, bar["session_date"], number + 1, len(changes) + 1, first + timedelta(days=number),
                    None if is_current else first + timedelta(days=number + 1),
                    bar["open_usd"], bar["high_usd"], bar["low_usd"], round(bar["close_usd"] * price, 4),
                    round(bar["volume_shares"] * volume), bar["vwap_usd"], bar["transactions"], is_current,
                    False, None,
                )
            )  # fmt: skip
    return rows


def overrides() -> list[tuple[Any, ...]]:
    """A close that was overruled and given back, and a dropped bar of a ticker that no mart has any more."""
    close = ("stock_bars", "IBM|2026-11-18", "close_usd")
    entered = [FETCHED_AT + timedelta(minutes=minute) for minute in (1, 2, 3)]
    return [
        ("1", *close, "201.5", False, "a busted trade", "Ana Ruiz", entered[0]),
        ("2", "stock_bars", "GONE|2026-11-18", "drop", None, False, "never traded <here>", "Ben Okri", entered[1]),
        ("3", *close, None, True, "the vendor has corrected it", "Ana Ruiz", entered[2]),
    ]


def tickers(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The dimension's rows: those with bars, and NEWCO that has none."""
    rows = []
    for ticker, frame in frames.items():
        synthetic = ticker.startswith("SIM")
        name = f"Simulated {int(ticker[3:])} [synthetic]" if synthetic else f"{NAMES[ticker]} [replayed]"
        origin = "synthetic" if synthetic else "replayed"
        ends = (frame["session_date"].iloc[0], frame["session_date"].iloc[-1])
        rows.append(
            (
                ticker, f"ticker:{ticker}", None, None, name, "stocks", "XNAS", "CS", True, origin, *ends, len(frame),
                float(frame["close_usd"].iloc[-1]),
            )
        )  # fmt: skip
    rows.append(
        (
            "NEWCO",
            "ticker:NEWCO",
            None,
            None,
            "Newly Listed Company",
            "stocks",
            "XNYS",
            "CS",
            True,
            "market",
            None,
            None,
            0,
            None,
        )
    )
    frame = pd.DataFrame(rows, columns=column_names("marts.dim_polygon__tickers"), dtype=object)
    return frame.sort_values("ticker", ignore_index=True)


def securities(rows: pd.DataFrame) -> pd.DataFrame:
    """Each ticker of `rows` (what `tickers` gives) a security of its own, as it always was."""
    columns = column_names("marts.dim_polygon__securities")
    kept = rows.assign(security_name=rows["ticker_name"], is_uncertain=False)
    return kept.reindex(columns=columns).astype(object).where(lambda frame: frame.notna(), None)


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
        insert(cursor, "marts.dim_polygon__securities", securities(tickers(frames)).itertuples(index=False))
        insert(cursor, "marts.fct_polygon__bar_versions", bar_versions(frames))
        closes = {ticker: frames[ticker][["session_date", "close_usd"]] for ticker in ("AAPL", "MSFT")}
        for table, rows in seed_options.rows(closes).items():
            insert(cursor, table, rows)
        began = FETCHED_AT + timedelta(minutes=19)
        insert(cursor, "ops.builds", [("build-1", began, began + timedelta(minutes=1), 60, 1, 2)])
        few, manifest = "fewer tickers than its neighbours", "20261112T224503Z-0000000f"
        suspects = [
            (manifest, "stocks", "stock_bars", date(2026, 11, 12), 3, 6, 2, FETCHED_AT, few, "open", None, None),
            (manifest, "stocks", "stock_bars", date(2026, 11, 11), 9, 8, 2, FETCHED_AT,
             "bars that contradict each other", "closed", FETCHED_AT, "20261113T224503Z-00000010"),
        ]  # fmt: skip
        insert(cursor, "ops.build_models", seed_quality.build_models())
        insert(cursor, "ops.test_states", seed_quality.test_states())
        insert(cursor, "ops.suspect_sessions", suspects)
        rejected = [
            ("stock_bars", date(2026, 11, 12), "a negative volume", ticker, date(2026, 11, 12),
             f'{{"T": "{ticker}", "c": 3, "v": -5}}', manifest, f"raw/stock_bars/2026-11-12/{manifest}/0000.ndjson.gz",
             1, place, FETCHED_AT)
            for place, ticker in enumerate(("AAPL", "IBM"))
        ]  # fmt: skip
        insert(cursor, "ops.rejected_rows", rejected)
        insert(cursor, "ops.overrides", overrides())
        insert(cursor, "ops.dbt_test_results", seed_quality.dbt_results())
        insert(cursor, "ops.dbt_failing_rows", seed_quality.failing_rows(seed_quality.dbt_results()))
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
    parser.add_argument("--directory", type=Path, required=True, help="the warehouse's; its token is there")
    chosen = parser.parse_args()
    with snowflake.connector.connect(
        account="local",
        user="seed",
        password=read_token(chosen.directory),
        host="127.0.0.1",
        port=chosen.port,
        protocol="http",
        paramstyle="qmark",
    ) as connection:
        started = datetime.now(UTC)
        seed(connection)
        print(f"seeded in {(datetime.now(UTC) - started).total_seconds():.1f} s")


if __name__ == "__main__":
    main()
