"""`call raw.load_manifests(...)`: as its manifests one by one, in a bounded number of statements.

The warehouse notes every statement that it gets, the client's and the procedure's alike.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.errors import Error

from ingest import loader, runs
from ingest.datasets import Family
from ingest.errors import LoadRefused
from ingest.settings import StorageSettings
from ingest.storage import LandingStore
from local.objects.process import RunningObjectStore
from local.warehouse import process as warehouses
from tests.faults.traps import FOLDER_VARIABLE, Point, Trap
from tests.gates.sources import schemachange_scripts
from tests.schemachange.deploying import Database
from tests.snowflake.test_load_on_warehouse import BODIES as SPOILED
from tests.snowflake.test_load_on_warehouse import (
    LOADED,
    PREFIX,
    REFUSED,
    Landed,
    client,
    in_parts,
    land,
    miscount_lines,
    remove_object,
    stored,
)

MOST_STATEMENTS = 60
WAREHOUSE = "tests.faults.warehouse"


@dataclass
class Watched:
    """A deployed database whose warehouse holds at a trap and notes its statements."""

    database: Database
    trap: Trap
    store: RunningObjectStore
    folder: Path

    def load(self, *batches: Landed) -> dict[str, Any]:
        """Call the procedure; what it says of each manifest, by key, and what it has left."""
        with self.database.connect(autocommit=True, network_timeout=20) as connection:
            keys = json.dumps([batch.key for batch in batches])
            answer = json.loads(connection.cursor().execute("call raw.load_manifests(%s)", (keys,)).fetchall()[0][0])
        return {one["manifest_key"]: one["status"] for one in answer["manifests"]} | {"left": answer["left"]}

    def restart(self) -> None:
        """Kill the warehouse and start it again."""
        running = self.database.warehouse
        running.kill()
        again = warehouses.start(self.folder, running.port, self.store.endpoint, module=WAREHOUSE)
        self.database = Database(again, self.database.name, self.database.bucket, self.database.prefix)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, object_store: RunningObjectStore) -> Iterator[Watched]:
    before = os.environ.get(FOLDER_VARIABLE)
    trap, folder = Trap(tmp_path_factory.mktemp("trap")), tmp_path_factory.mktemp("warehouse")
    running = warehouses.start(folder, 0, object_store.endpoint, module=WAREHOUSE)
    database = Database(running, "LISTS", object_store.bucket, PREFIX)
    database.create()
    database.deploy()
    made = Watched(database, trap, object_store, folder)
    yield made
    made.database.warehouse.kill()
    os.environ.pop(FOLDER_VARIABLE) if before is None else os.environ.update({FOLDER_VARIABLE: before})


@pytest.fixture
def one_a_group(watched: Watched) -> Iterator[None]:
    """The procedure as it is where each manifest is as large as a group may be."""
    (script,) = [one for one in schemachange_scripts(SNOWFLAKE_DATABASE="LISTS") if "R__load_manifests" in one.name]
    (procedure,) = script.statements
    assert "MAX_GROUP_BYTES = 256 << 20\n" in procedure
    watched.database.rows(procedure.replace("MAX_GROUP_BYTES = 256 << 20\n", "MAX_GROUP_BYTES = 1\n"))
    yield
    watched.database.rows(procedure)


def test_whole_market_day_of_300_manifests_takes_at_most_60_statements_from_sweep_to_event(watched: Watched) -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: land(watched.store), range(300)))
    remove_object(batches[100])
    miscount_lines(batches[150])
    body = batches[200].get(batches[200].object("splits")["key"])
    in_parts(batches[200], batches[200].object("splits")["key"], body)
    store = LandingStore(StorageSettings(watched.store.bucket, PREFIX), client(watched.store))
    statements = watched.trap.folder / "statements"

    with watched.database.connect(autocommit=True) as connection:
        statements.touch()
        # Other files' tests leave manifests in the bucket.
        own = {batch.key for batch in batches}
        swept = [key for key in loader.pending(connection, store, Family.STOCKS, full=True) if key in own]
        with pytest.raises(LoadRefused, match=r"^2 of 300 manifests are not loaded"):
            loader.load(connection, swept)
        event = runs.loaded(connection, Family.STOCKS, [swept])
    sent = statements.read_text().splitlines()
    statements.unlink()

    assert len(sent) <= MOST_STATEMENTS, sent
    assert len(event["manifests"]) == 298
    counts = "select count(*), count(distinct manifest_id) from raw."
    assert watched.database.rows(f"{counts}stock_bars") == [(298 * 3, 298)]
    assert watched.database.rows(f"{counts}splits") == [(298, 298)]
    assert watched.database.rows(f"{counts}load_ledger") == [(298, 298)]
    assert stored(watched.database, batches[100]) == stored(watched.database, batches[150]) == REFUSED
    # Nothing is loaded twice by a second call.
    assert watched.load(batches[0], batches[299])["left"] == []
    assert stored(watched.database, batches[0]) == stored(watched.database, batches[299]) == LOADED


def test_object_that_copy_cannot_read_keeps_no_other_manifest_back(watched: Watched) -> None:
    first, bad, last = (land(watched.store) for _ in range(3))
    item, body = bad.object("splits"), SPOILED["invalid JSON"]
    bad.put(item["key"], body)
    item |= {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    bad.put_manifest()

    answer = watched.load(first, bad, last)

    assert answer == {first.key: "loaded", bad.key: "refused", last.key: "loaded", "left": []}
    assert [stored(watched.database, one) for one in (first, bad, last)] == [LOADED, REFUSED, LOADED]


@pytest.mark.parametrize(
    ("point", "done"),
    [("after insert into raw.load_ledger", 1), ("before insert into raw.load_ledger", 1)],
    ids=["before the commit", "before the ledger row"],
)
@pytest.mark.usefixtures("one_a_group")
def test_kill_in_mid_list_keeps_whole_manifests_and_the_next_call_loads_the_others(
    watched: Watched, point: str, done: int
) -> None:
    batches = [land(watched.store) for _ in range(3)]
    watched.trap.set(Point(point, skip=done))
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(watched.load, *batches)
        deadline = time.monotonic() + 300
        while watched.trap.held is None and not call.done() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert watched.trap.held
        watched.database.warehouse.kill()
        watched.trap.clear()
        watched.restart()
        with suppress(Error):
            call.result(timeout=300)

    assert [stored(watched.database, one) for one in batches[done:]] == [dict.fromkeys(LOADED, 0)] * 2
    assert watched.load(*batches)["left"] == []
    assert [stored(watched.database, one) for one in batches] == [LOADED] * 3
