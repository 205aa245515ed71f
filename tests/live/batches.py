"""Manifests to load, small and true to what the ingest writes: nothing in them contradicts anything, and no two tests
share a ticker, so a database may be filled again and again.
"""

from __future__ import annotations

import gzip
import json
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ingest.datasets import NEW_YORK
from tests.live.target import Target
from tests.snowflake.stub import document, entry

# Weekdays that were sessions.
SESSIONS = (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20))
EXPIRATION = date(2027, 1, 15)
BEGAN_AT = datetime(2026, 11, 20, 23, 15, 0, 123456, tzinfo=UTC)

Answers = Mapping[tuple[str, str], Sequence[dict[str, Any]]]


@dataclass(frozen=True)
class Batch:
    """A landed manifest."""

    family: str
    manifest_id: str

    @property
    def key(self) -> str:
        """Of the manifest, relative to the stage."""
        return f"manifests/{self.family}/{self.manifest_id}.json"


def new_ticker() -> str:
    """A ticker that no other test has; short enough for the root of an option symbol."""
    return "L" + "".join(secrets.choice(string.ascii_uppercase) for _ in range(5))


def answer(path: str, results: Sequence[dict[str, Any]], **params: str) -> dict[str, Any]:
    """A response as a line of a raw object, fetched right after its manifest was begun."""
    return {
        "request": {"path": path, "params": params},
        "fetched_at": f"{BEGAN_AT + timedelta(seconds=7):%Y-%m-%dT%H:%M:%S.%fZ}",
        "status_code": 200,
        "response": {"status": "OK", "resultsCount": len(results), "results": list(results)},
    }


def bars(ticker: str, closes_usd: Mapping[date, float]) -> dict[str, Any]:
    """Bars of a ticker or contract over a range."""
    rows = []
    for session, close_usd in closes_usd.items():
        at = int(datetime.combine(session, time(), NEW_YORK).timestamp() * 1000)
        rows.append({"t": at, **dict.fromkeys(("o", "h", "l", "c", "vw"), close_usd), "v": 100, "n": 1})
    path = f"/v2/aggs/ticker/{ticker}/range/1/day/{min(closes_usd)}/{max(closes_usd)}"
    return answer(path, rows, adjusted="false", sort="asc", limit="50000")


def call_of(underlying: str) -> str:
    """The symbol of a call with a strike of 10 USD."""
    return f"O:{underlying}{EXPIRATION:%y%m%d}C00010000"


def stocks(ticker: str, closes_usd: Mapping[date, float]) -> Answers:
    """Objects of a manifest of stocks."""
    return {("stock_bars", str(max(closes_usd))): [bars(ticker, closes_usd)]}


def options(underlying: str, closes_usd: Mapping[date, float], open_interest: int) -> Answers:
    """Objects of a manifest of options: the contract, its bars, and the chain of the last session."""
    contract, session = call_of(underlying), str(max(closes_usd))
    terms = {"contract_type": "call", "exercise_style": "american", "expiration_date": str(EXPIRATION)}
    terms |= {"ticker": contract, "strike_price": 10, "shares_per_contract": 100}
    listed = answer(
        "/v3/reference/options/contracts",
        [terms | {"underlying_ticker": underlying, "primary_exchange": "BATO", "cfi": "OCASPS"}],
        underlying_ticker=underlying, as_of=session, expired="false", limit="1000",
    )  # fmt: skip
    row = {"details": terms, "open_interest": open_interest, "implied_volatility": 0.5, "break_even_price": 12}
    chain = answer(f"/v3/snapshot/options/{underlying}", [row | {"underlying_asset": {"ticker": underlying}}])
    return {
        ("option_contracts", session): [listed],
        ("option_bars", session): [bars(contract, closes_usd)],
        ("option_chain", session): [chain],
    }


def land(
    target: Target,
    family: str,
    objects: Answers | Sequence[Answers],
    spoil: Callable[[list[dict[str, Any]]], None] = lambda entries: None,
) -> Batch:
    """Store objects and their manifest.

    Args:
        objects: by dataset and span; a sequence has several objects of one dataset and span.
        spoil: changes what the manifest says of its objects.
    """
    batch = Batch(family, f"{BEGAN_AT:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}")
    entries, bodies, numbers = [], dict[str, bytes](), dict[tuple[str, str], int]()
    for answers in [objects] if isinstance(objects, Mapping) else objects:
        for (dataset, span), lines in answers.items():
            number = numbers[dataset, span] = numbers.get((dataset, span), -1) + 1
            key = f"raw/{dataset}/{span}/{batch.manifest_id}/{number:04d}.ndjson.gz"
            body = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode(), 1)
            entries.append(entry(key, body, len(lines), sum(len(line["response"]["results"]) for line in lines)))
            bodies[key] = body
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(target.put, bodies, bodies.values()))
    spoil(entries)
    manifest = document(manifest_id=batch.manifest_id, family=family, objects=entries, scope=["*"], session_rows={})
    target.put(batch.key, json.dumps(manifest).encode())
    return batch


def land_stocks(target: Target, **changes: Any) -> Batch:
    """A manifest with one bar of a new ticker."""
    return land(target, "stocks", stocks(new_ticker(), {SESSIONS[-1]: 10.0}), **changes)


def land_options(target: Target, **changes: Any) -> Batch:
    """A manifest with a contract of a new underlying, its bar and its chain."""
    return land(target, "options", options(new_ticker(), {SESSIONS[-1]: 2.0}, 7), **changes)


def objects_of(target: Target, batch: Batch) -> list[str]:
    """Keys of the objects that the ledger has of a loaded manifest."""
    sql = f"select objects from raw.load_ledger where manifest_id = '{batch.manifest_id}' and family = '{batch.family}'"
    ((text,),) = target.rows("deployer", sql)
    return [item["key"] for item in json.loads(text)]
