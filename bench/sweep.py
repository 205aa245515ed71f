"""What a sweep costs against the number of manifests that are settled already: 10, 1,000 and 10,000 of them.

Each time one manifest is new. The sweep that an ingest rings for begins at the settled watermark; the timed one lists
every manifest. Goal: the first at 10,000 takes at most twice the time of 10.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

from snowflake.connector import SnowflakeConnection

from bench import record
from bench.stack import Stack, running
from ingest import loader
from ingest.datasets import Family
from ingest.manifests import manifest_id_of, manifest_key, new_manifest_id

SETTLED = (10, 1_000, 10_000)
REPEATS = 15
FIRST = datetime(2020, 1, 2, tzinfo=UTC)
GOAL = 2.0


def main() -> None:
    """Run the benchmark and keep its figures."""
    rows = []
    with running() as stack, stack.connect() as connection:
        settled = 0
        for wanted in SETTLED:
            _settle(stack, connection, settled, wanted)
            settled = wanted
            new = _new_manifest(stack)
            times = {}
            for name, is_full in (("triggered", False), ("timed", True)):
                sweep = partial(loader.pending, connection, stack.store, Family.STOCKS, full=is_full)
                assert sweep() == [new]
                times[name] = _median_seconds(sweep)
            rows.append({"settled manifests": wanted} | {f"{name}, s": seconds for name, seconds in times.items()})
            _to_ledger(connection, [new])
            settled += 1
    ratios = {name: rows[-1][f"{name}, s"] / rows[0][f"{name}, s"] for name in ("triggered", "timed")}
    verdict = (
        f"10,000 settled manifests against 10: {ratios['triggered']:.2f} times the time for a sweep that an ingest "
        f"triggered (goal: at most {GOAL:.0f}), {ratios['timed']:.2f} times for a timed one, which lists all of them."
    )
    record.save("sweep", __doc__.split("\n")[0], rows, verdict, ["boto3", "snowflake-connector-python"])


def _settle(stack: Stack, connection: SnowflakeConnection, have: int, wanted: int) -> None:
    keys = [manifest_key(Family.STOCKS, new_manifest_id(FIRST + timedelta(minutes=n))) for n in range(have, wanted)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: stack.store.put_once(key, b"{}"), keys))
    _to_ledger(connection, keys)
    loader.pending(connection, stack.store, Family.STOCKS)


def _new_manifest(stack: Stack) -> str:
    key = manifest_key(Family.STOCKS, new_manifest_id(datetime.now(UTC)))
    stack.store.put_once(key, b"{}")
    return key


def _to_ledger(connection: SnowflakeConnection, keys: list[str]) -> None:
    """As a load leaves it; the loads themselves are not what is measured."""
    for begin in range(0, len(keys), 1_000):
        rows = [(manifest_id_of(key), key) for key in keys[begin : begin + 1_000]]
        values = ", ".join(["(%s, %s)"] * len(rows))
        connection.cursor().execute(
            "insert into raw.load_ledger (manifest_id, manifest_key, family, dag_id, run_id, is_complete, objects,"
            " rows_loaded, result_rows, loaded_at) select column1, column2, 'stocks', 'a_dag', 'a_run', true,"
            f" parse_json('[]'), 1, 1, sysdate() from values {values}",
            [text for row in rows for text in row],
        )


def _median_seconds(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
