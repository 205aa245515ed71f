"""The checks notice what they are there for: each kind of damage, planted by hand, is told."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.storage import LandingStore
from tests.faults import oracle, worker
from tests.faults.drill import Drill
from tests.faults.points import Kill
from tests.faults.site import API_KEY, BUCKET, Site
from tests.faults.traps import Point, pass_by

DAMAGES = {
    "a row is lost": ("delete from raw.stock_bars where line_number = 1", "replay"),
    "a row is there twice": ("insert into raw.stock_bars select * from raw.stock_bars where line_number = 2", "replay"),
    "a row is another one": ("update raw.splits set response = parse_json('{}')", "replay"),
    "rows without a ledger row": ("delete from raw.load_ledger where rows_loaded > 0", "ledger"),
    "a load is noted twice": ("insert into raw.load_ledger select * from raw.load_ledger", "ledger"),
    "a wrong sum": ("update raw.load_ledger set result_rows = result_rows + 1", "ledger"),
}


@pytest.fixture(scope="module")
def drill(site: Site) -> Drill:
    made = Drill(site)
    made.recover(made.next_sessions())
    made.check()
    return made


@pytest.mark.parametrize(("statement", "told"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_noticed(drill: Drill, statement: str, told: str) -> None:
    with drill.site.database.connect(autocommit=False) as connection:
        tables = ("stock_bars", "splits", "load_ledger")
        kept = {table: connection.cursor().execute(f"select * from raw.{table}").fetchall() for table in tables}
        assert all(kept.values())
    before = [f"create table raw.{table}_kept as select * from raw.{table}" for table in tables]
    for text in (*before, statement):
        drill.site.database.rows(text)

    with pytest.raises(AssertionError, match=told):
        drill.check()

    for table in tables:
        drill.site.database.rows(f"delete from raw.{table}")
        drill.site.database.rows(f"insert into raw.{table} select * from raw.{table}_kept")
        drill.site.database.rows(f"drop table raw.{table}_kept")
    drill.check()


def test_a_session_that_no_manifest_holds_is_noticed(drill: Drill) -> None:
    drill.next_sessions()
    with pytest.raises(AssertionError, match="no answer for session"):
        drill.check()
    del drill.fetched[-3:]


def test_an_ingest_that_writes_its_manifest_before_its_objects_is_noticed(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = LandingStore._put
    objects: list[tuple[Any, ...]] = []

    def manifest_first(self: LandingStore, key: str, body: Any, *rest: Any) -> None:
        if key.startswith("raw/"):
            objects.append((key, body.read(), *rest))
            return
        put(self, key, body, *rest)
        pass_by("planted: the manifest is there, its objects are not")
        for held in objects:
            put(self, *held)

    monkeypatch.setattr(LandingStore, "_put", manifest_first)
    planted = Kill("planted", "ingest", Point("^planted"))
    drill.site.trap.set(planted.point)
    at_work = drill.site.work(*drill.ingesting(drill.next_sessions()))
    drill.caught(at_work, planted)
    at_work.kill()
    drill.site.trap.clear()

    assert drill.site.work(worker.load).join() == 1
    with pytest.raises(AssertionError, match="ledger is the manifests"):
        drill.check()


def test_a_secret_is_found_in_every_form() -> None:
    for form in oracle.forms(API_KEY):
        assert oracle.leaks({BUCKET: b"x" + form + b"y"}), form
    assert oracle.leaks({BUCKET: b"nothing here"}) == []
