"""What must hold after any fault and one undisturbed run, found without the pipeline's own code.

raw = replay       a raw table holds each line of each object that a manifest names, once, and nothing else
ledger = manifests every manifest of the bucket is in the ledger once, with its sums
nothing lost       every session of the range holds, in its newest answer, what the API gives now
marts = refresh    every table that dbt builds is what a full refresh makes of raw
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import boto3
import requests
from botocore.config import Config

from tests.faults.site import API_KEY, BUCKET, MARKET_TOKEN, SECRET_KEY, UNDERLYING, WAREHOUSE_TOKEN
from tests.schemachange.deploying import Database

DATASETS = {
    "stocks": (
        "stock_bars",
        "splits",
        "dividends",
        "tickers",
        "ticker_listings",
        "ticker_events",
        "treasury_yields",
    ),
    "options": ("option_contracts", "option_bars", "option_chain"),
}


def s3() -> Any:
    """A client of the bucket, with its own session: the default one keeps the credentials of whoever used it first."""
    return boto3.Session().client("s3", config=Config(retries={"mode": "standard", "max_attempts": 3}))


def objects() -> dict[str, bytes]:
    """Every object of the bucket."""
    client, found = s3(), {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for entry in page.get("Contents", []):
            found[entry["Key"]] = client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
    return found


def check(database: Database, sessions: Iterable[date] = (), option_spans: Iterable[tuple[date, date]] = ()) -> None:
    """Raise AssertionError with the difference where one of the first three does not hold."""
    stored = objects()
    manifests = [json.loads(body) for key, body in sorted(stored.items()) if key.startswith("manifests/")]
    _check_ledger(database, manifests)
    for family, datasets in DATASETS.items():
        for dataset in datasets:
            expected = Counter(_lines(stored, [m for m in manifests if m["family"] == family], dataset))
            _same(f"raw.{dataset} is the replay of the manifests", Counter(_raw(database, dataset)), expected)
    for session in sessions:
        _check_session(database, session)
    for first, last in option_spans:
        check_options(database, first, last)


def _check_ledger(database: Database, manifests: list[dict[str, Any]]) -> None:
    rows = database.rows("select manifest_id, family, rows_loaded, result_rows from raw.load_ledger")
    expected = [
        (
            manifest["manifest_id"],
            manifest["family"],
            sum(entry["lines"] for entry in manifest["objects"]),
            sum(entry["result_rows"] for entry in manifest["objects"]),
        )
        for manifest in manifests
    ]
    _same("the ledger is the manifests", Counter(rows), Counter(expected))


def _lines(stored: dict[str, bytes], manifests: list[dict[str, Any]], dataset: str) -> Iterator[tuple[Any, ...]]:
    for manifest in manifests:
        for entry in manifest["objects"]:
            if entry["dataset"] != dataset:
                continue
            body = stored[entry["key"]]
            assert hashlib.sha256(body).hexdigest() == entry["sha256"], entry["key"]
            for number, line in enumerate(gzip.decompress(body).splitlines(), 1):
                read = json.loads(line)
                yield manifest["manifest_id"], entry["key"], number, read["fetched_at"], _digest(read["response"])


def _raw(database: Database, dataset: str) -> Iterator[tuple[Any, ...]]:
    rows = database.rows(
        f"select manifest_id, object_key, line_number, fetched_at, to_json(response) from raw.{dataset}"
    )
    return ((*row[:3], f"{row[3]:%Y-%m-%dT%H:%M:%S.%fZ}", _digest(json.loads(row[4]))) for row in rows)


def _check_session(database: Database, session: date) -> None:
    """The newest answer for a session is what the API gives now."""
    now = _ask(f"/v2/aggs/grouped/locale/us/market/stocks/{session}?adjusted=false")
    rows = database.rows(
        "select to_json(response) from raw.stock_bars"
        f" where request:path::varchar like '%/{session}' qualify row_number() over (order by fetched_at desc) = 1"
    )
    assert rows, f"nothing lost: no answer for session {session} is loaded"
    held = {bar["T"]: bar["c"] for bar in json.loads(rows[0][0])["results"]}
    assert held == {bar["T"]: bar["c"] for bar in now["results"]}, f"nothing lost: session {session}"


def check_options(database: Database, first: date, last: date) -> None:
    """Every bar that the API gives now for any contract that lived in these sessions is the newest one loaded."""
    rows = database.rows("select to_json(response) from raw.option_bars order by fetched_at")
    answers = [json.loads(row[0]) for row in rows]
    held = {(answer["ticker"], bar["t"]): bar["c"] for answer in answers for bar in answer.get("results") or ()}
    lacking = {
        (contract, bar["t"]): bar["c"]
        for contract in _contracts(first, last)
        for bar in _ask(f"/v2/aggs/ticker/{contract}/range/1/day/{first}/{last}?adjusted=false").get("results") or ()
        if held.get((contract, bar["t"])) != bar["c"]
    }
    assert not lacking, f"nothing lost: option bars from {first} to {last}, such as {list(lacking.items())[:2]}"


def _contracts(first: date, last: date) -> Iterator[str]:
    """Contracts of the underlying that expire on or after `first`, listed as of `last`, or expired by then."""
    for expired in ("false", "true"):
        path = (
            f"/v3/reference/options/contracts?underlying_ticker={UNDERLYING}&as_of={last}&expired={expired}"
            f"&expiration_date.gte={first}&limit=1000"
        )
        while path:
            page = _ask(path)
            yield from (contract["ticker"] for contract in page["results"])
            path = str(page.get("next_url", "")).removeprefix(os.environ["POLYGON_BASE_URL"])


def _ask(path: str) -> Any:
    answer = requests.get(
        os.environ["POLYGON_BASE_URL"] + path, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=30
    )
    answer.raise_for_status()
    return answer.json()


SECRETS = (API_KEY, SECRET_KEY, WAREHOUSE_TOKEN, MARKET_TOKEN)


def leaks(texts: dict[str, bytes], secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """Names of what holds a secret, as it is or in an encoding that is easily undone."""
    return [
        f"{name} holds {secret[:12]}…"
        for name, body in texts.items()
        for secret in secrets
        if any(form in body for form in forms(secret))
    ]


def forms(secret: str) -> set[bytes]:
    """A secret in plain, either half of it, reversed, in hex and in each alignment of base64."""
    plain = secret.encode()
    shifted = [base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)]
    half = len(plain) // 2
    return {plain, plain[:half], plain[half:], plain[::-1], plain.hex().encode(), *shifted}


def _digest(value: Any) -> str:
    # Numbers by value: a warehouse may write 1e9 as 1000000000.
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    numbers = json.loads(text, parse_int=float)
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:16]


def _same(what: str, found: Counter[tuple[Any, ...]], expected: Counter[tuple[Any, ...]]) -> None:
    lacking, excess = list((expected - found).elements()), list((found - expected).elements())
    if lacking or excess:
        raise AssertionError(
            f"{what}: {len(lacking)} lacking, such as {lacking[:2]}; {len(excess)} too many, such as {excess[:2]}"
        )
