"""What bench/ingest.py starts, each in a process of its own: `python -m bench.contenders <name> <first> <last>`.

ours-ingest   plan and land, as the tasks of polygon_stocks_ingest_backfill do; the batches of bars, which are what the
              others fetch: ticker lists and events, splits, dividends and yields are left out
ours-load     sweep and load what it landed, as polygon_stocks_load does
floor         only the transfer: GET, gzip, PUT, as many at once as ours, nothing checked, nothing remembered
naive         one request, one object and one INSERT a ticker, one after the other
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import boto3
import requests
import snowflake.connector

from ingest import calendar, packs, runs
from ingest.datasets import Dataset, Family
from ingest.fetching import THREADS

NAIVE_TICKERS = 500


def ours_ingest(first: str, last: str) -> None:
    """Until the manifests are in the bucket."""
    began = datetime.now(UTC)
    for batch in runs.plan_backfill(Family.STOCKS, {"start": first, "end": last, "refetch": False}):
        if any(request.dataset == Dataset.STOCK_BARS for one in packs.unpacked(batch) for request in one.requests):
            runs.land(batch, "bench", "bench")
    assert runs.landed(Family.STOCKS, "bench", "bench", began)


def ours_load(first: str, last: str) -> None:
    """Until the rows are in raw.stock_bars."""
    with closing(_connect()) as connection:
        for keys in runs.sweep(connection, Family.STOCKS, full=True):
            runs.load(connection, keys)


def floor(first: str, last: str) -> None:
    """The least that moves the same bytes to the same bucket."""
    session, client = requests.Session(), boto3.client("s3")
    session.headers["Authorization"] = f"Bearer {os.environ['POLYGON_API_KEY']}"

    def move(day: object) -> None:
        path = f"/v2/aggs/grouped/locale/us/market/stocks/{day}?adjusted=false"
        body = session.get(os.environ["POLYGON_BASE_URL"] + path, timeout=60).content
        client.put_object(Bucket=os.environ["SNOWTAPE_BUCKET"], Key=f"floor/{day}.json.gz", Body=gzip.compress(body, 6))

    with ThreadPoolExecutor(THREADS) as pool:
        list(
            pool.map(move, calendar.sessions(datetime.fromisoformat(first).date(), datetime.fromisoformat(last).date()))
        )


def naive(first: str, last: str) -> None:
    """For NAIVE_TICKERS tickers; the figure has to be scaled."""
    session, client = requests.Session(), boto3.client("s3")
    session.headers["Authorization"] = f"Bearer {os.environ['POLYGON_API_KEY']}"
    with closing(_connect()) as connection:
        connection.cursor().execute("create or replace table raw.naive_bars (ticker varchar, response variant)")
        for number in range(1, NAIVE_TICKERS + 1):
            ticker = f"SIM{number:04}"
            path = f"/v2/aggs/ticker/{ticker}/range/1/day/{first}/{last}?adjusted=false"
            answer: dict[str, Any] = session.get(os.environ["POLYGON_BASE_URL"] + path, timeout=60).json()
            body = json.dumps(answer)
            client.put_object(
                Bucket=os.environ["SNOWTAPE_BUCKET"], Key=f"naive/{ticker}.json.gz", Body=gzip.compress(body.encode())
            )
            connection.cursor().execute("insert into raw.naive_bars select %s, parse_json(%s)", (ticker, body))


def _connect() -> snowflake.connector.SnowflakeConnection:
    names = ("account", "user", "password", "role", "warehouse", "database", "host", "protocol")
    options: dict[str, Any] = {name: os.environ[f"SNOWFLAKE_{name.upper()}"] for name in names}
    return snowflake.connector.connect(**options, port=int(os.environ["SNOWFLAKE_PORT"]), autocommit=True)


CONTENDERS: dict[str, Callable[[str, str], None]] = {
    "ours-ingest": ours_ingest, "ours-load": ours_load, "floor": floor, "naive": naive,
}  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Run one."""
    name, first, last = arguments
    CONTENDERS[name](first, last)


if __name__ == "__main__":
    main(sys.argv[1:])
