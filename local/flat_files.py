"""A stand-in for the vendor's flat files: a bucket on the local object store, made from the market server's own data.

A file holds the bars that the API answers with for the session, without `vw` and `otc`, which the vendor's files don't
have; `window_start` is 00:00 New York in nanoseconds. Keys of its own (see `readers`) may list and read, nothing else:

    a key of a plan        lists everything, reads the folders of the plan; the rest answers 403
    a session left out     is not listed and answers 404, as one that is late, or never came
    `put` of other bytes   replaces a file: a new ETag under the same key

Unlike the vendor, which answers 403 for a file that it does not serve yet, a missing one is a 404.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import boto3

from local.market.contracts import Contract
from local.market.market import Market
from local.market.universe import rows_of
from local.objects.process import Reader, RunningObjectStore

BUCKET = "flatfiles"
STOCKS, OPTIONS = "us_stocks_sip", "us_options_opra"
HEADER = "ticker,volume,open,close,high,low,window_start,transactions"
FIELDS = ("T", "v", "o", "c", "h", "l", "t", "n")


def reader(access_key: str, secret_key: str, folders: Iterable[str] = (STOCKS, OPTIONS)) -> Reader:
    """The identity of a plan: it lists the whole bucket and reads some folders of it."""
    return Reader(access_key, secret_key, (f"List:{BUCKET}", *(f"Read:{BUCKET}/{folder}/*" for folder in folders)))


def key_of(folder: str, session: str) -> str:
    """Where the file of a session (YYYY-MM-DD) lies."""
    return f"{folder}/day_aggs_v1/{session[:4]}/{session[5:7]}/{session}.csv.gz"


def csv_of(bars: Iterable[dict[str, Any]]) -> bytes:
    """A file of these bars: rows of the API with `T` and, as `t`, nanoseconds. The same bars give the same bytes."""
    lines = [",".join(str(bar.get(field, "")) for field in FIELDS) for bar in bars]
    return gzip.compress("".join(f"{line}\n" for line in [HEADER, *lines]).encode(), mtime=0)


def bars_of(market: Market, folder: str, position: int) -> list[dict[str, Any]]:
    """All bars of a session as the market server answers with them, `t` in nanoseconds."""
    midnight = int(market.sessions.midnight_ms[position])
    if folder == STOCKS:
        rows = market.universe.session_rows(position, adjusted=False, today=market.clock.today_position())
    else:
        rows = [
            row
            for underlying in market.contracts.underlyings()
            for contract in market.contracts.alive(underlying, position)
            for row in _rows(market, contract, position, midnight)
        ]
    return [row | {"t": midnight * 1_000_000} for row in rows]


def _rows(market: Market, contract: Contract, position: int, midnight: int) -> list[dict[str, Any]]:
    bars = market.chain.bars(contract, position, position)
    return rows_of(bars, {"T": contract.ticker}, [midnight] * len(bars))


class FlatFiles:
    """The bucket, from its owner's side."""

    def __init__(self, store: RunningObjectStore) -> None:
        self._s3 = boto3.client(
            "s3",
            endpoint_url=store.endpoint,
            aws_access_key_id=store.access_key,
            aws_secret_access_key=store.secret_key,
            region_name=store.region,
        )
        with suppress(self._s3.exceptions.BucketAlreadyOwnedByYou, self._s3.exceptions.BucketAlreadyExists):
            self._s3.create_bucket(Bucket=BUCKET)

    def publish(self, market: Market, folder: str, positions: Iterable[int]) -> list[str]:
        """Put the files of sessions; returns the sessions' dates."""
        days = []
        for position in positions:
            day = market.sessions.day(position).isoformat()
            self.put(folder, day, csv_of(bars_of(market, folder, position)))
            days.append(day)
        return days

    def put(self, folder: str, session: str, body: bytes) -> None:
        """Put or replace the file of a session."""
        self._s3.put_object(Bucket=BUCKET, Key=key_of(folder, session), Body=body)

    def read(self, folder: str, session: str) -> bytes:
        """The bytes of a file."""
        return bytes(self._s3.get_object(Bucket=BUCKET, Key=key_of(folder, session))["Body"].read())

    def remove(self, folder: str, session: str) -> None:
        """Take a file away: it is late, or missing."""
        self._s3.delete_object(Bucket=BUCKET, Key=key_of(folder, session))
