"""The sweep on a warehouse and an object store: its statements, and what it leaves in the watermark."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from ingest import loader
from ingest.datasets import Family
from ingest.errors import LoadRefused
from ingest.settings import StorageSettings
from ingest.storage import LandingStore
from local.objects.process import RunningObjectStore
from local.warehouse.process import RunningWarehouse
from tests.schemachange.deploying import Database
from tests.snowflake.test_load_on_warehouse import client, land, miscount_lines

PREFIX = "prod/"


@pytest.fixture
def database(warehouse: RunningWarehouse, object_store: RunningObjectStore) -> Database:
    """A database in which nothing was loaded."""
    deployed = Database(warehouse, "SWEEPS", object_store.bucket, PREFIX)
    deployed.create()
    deployed.deploy()
    return deployed


def test_sweeps_and_loads_settle_everything_but_what_is_refused(
    database: Database, object_store: RunningObjectStore
) -> None:
    store = LandingStore(StorageSettings(object_store.bucket, PREFIX), client(object_store))
    good, bad = sorted([land(object_store), land(object_store)], key=lambda batch: batch.manifest_id)
    lines = bad.object("splits")["lines"]
    miscount_lines(bad)

    with database.connect(autocommit=True) as connection:

        def watermark() -> str | None:
            found = connection.cursor().execute(
                "select settled_through from raw.load_watermarks where family = 'stocks'"
            )
            return found.fetchone()[0]

        # Other tests land in the same folder: load whatever there is.
        swept = loader.pending(connection, store, Family.STOCKS)
        assert {good.key, bad.key} <= set(swept)
        assert watermark() is None
        with pytest.raises(LoadRefused, match=bad.manifest_id):
            loader.load(connection, swept)

        # What is refused stays on the list, before and after the watermark has passed it.
        for _ in range(2):
            lacking = loader.pending(connection, store, Family.STOCKS)
            assert bad.key in lacking
            assert good.key not in lacking
            assert watermark() >= bad.manifest_id

        bad.object("splits")["lines"] = lines
        bad.put_manifest()
        loader.load(connection, [bad.key])
        assert bad.key not in loader.pending(connection, store, Family.STOCKS)
        assert bad.key not in loader.pending(connection, store, Family.STOCKS, full=True)


def test_another_document_under_a_loaded_key_is_found_until_it_is_loaded(
    database: Database, object_store: RunningObjectStore
) -> None:
    store = LandingStore(StorageSettings(object_store.bucket, PREFIX), client(object_store))
    kept, other = land(object_store), land(object_store)
    with database.connect(autocommit=True) as connection:
        loader.load(connection, [kept.key, other.key])
        assert loader.replaced(connection, store, Family.STOCKS) == []

        other.manifest["run_id"] = "another"
        other.put_manifest()

        assert loader.replaced(connection, store, Family.STOCKS) == [other.key]
        connection.cursor().execute("call raw.reload_manifest(%s)", (other.key,))
        assert loader.replaced(connection, store, Family.STOCKS) == []


def test_sweep_without_its_table_says_which_is_missing(
    warehouse: RunningWarehouse, object_store: RunningObjectStore
) -> None:
    store = LandingStore(StorageSettings(object_store.bucket, PREFIX), client(object_store))
    with warehouse.connect() as connection:
        connection.cursor().execute("create database if not exists not_deployed")
    with (
        warehouse.connect(database="not_deployed") as connection,
        pytest.raises(ProgrammingError, match=r"(?i)load_watermarks.* does not exist|raw.* does not exist"),
    ):
        loader.pending(connection, store, Family.STOCKS)
