"""SIGKILL at each named point of ingest and load, then one undisturbed run: nothing is lost, nothing is there twice.

And the checks notice what they are there for: each kind of damage, planted by hand, is told. One site for both:
starting it takes longer than most tests.
"""

from __future__ import annotations

from typing import Any

import pytest

from ingest import manifests
from ingest.datasets import Family
from ingest.settings import read_storage
from ingest.storage import LandingStore
from tests.faults import oracle, points, worker
from tests.faults.drill import Drill
from tests.faults.points import Kill
from tests.faults.site import API_KEY, BUCKET, DATABASE, Site
from tests.faults.traps import Point, pass_by
from tests.gates.sources import schemachange_scripts

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


@pytest.mark.parametrize("kill", points.chosen([*points.INGEST, *points.LOAD]), ids=lambda kill: kill.name)
def test_a_kill_at_this_point_loses_nothing_and_doubles_nothing(drill: Drill, kill: Kill) -> None:
    drill.run(kill)
    drill.check()


def test_options_outlive_a_kill_too_and_a_bar_that_is_not_loaded_is_noticed(drill: Drill) -> None:
    drill.run(next(kill for kill in points.OPTIONS if kill.name == "options, after the manifest"))
    drill.check()

    (span,) = drill.fetched_options
    # Asking for each contract takes its time: the tests after this one do without.
    drill.fetched_options.clear()
    drill.site.database.rows("create table raw.option_bars_kept as select * from raw.option_bars")
    drill.site.database.rows("delete from raw.option_bars")
    with pytest.raises(AssertionError, match="option bars from"):
        oracle.check_options(drill.site.database, *span)
    drill.site.database.rows("insert into raw.option_bars select * from raw.option_bars_kept")
    drill.site.database.rows("drop table raw.option_bars_kept")


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


PLANTED = {
    "a loader that commits the rows before the ledger row": (
        "    run(session, insert_into_ledger(",
        '    run(session, "commit")\n    run(session, "begin")\n    run(session, insert_into_ledger(',
    ),
    "a loader that does not ask the ledger": ("        if key.manifest_id in rows\n", "        if False\n"),
}


@pytest.mark.parametrize("changed", PLANTED.values(), ids=PLANTED)
def test_a_defective_loader_is_noticed(drill: Drill, changed: tuple[str, str]) -> None:
    right, wrong = changed
    (script,) = [
        one for one in schemachange_scripts(SNOWFLAKE_DATABASE=DATABASE) if one.name == "R__load_manifests.sql"
    ]
    (procedure,) = [one for one in script.statements if right in one]
    drill.site.database.rows(procedure.replace(right, wrong))
    try:
        drill.complete(drill.ingesting(drill.next_sessions()))
        # The run that is killed before its commit, one that goes on, and an event that comes twice.
        drill.site.trap.set(Point("before .*insert into raw.load_ledger"))
        at_work = drill.site.work(worker.load)
        drill.caught(at_work, Kill("planted", "load", Point("ledger")))
        at_work.kill()
        drill.site.restart("warehouse")
        drill.site.trap.clear()
        keys = list(manifests.list_keys(LandingStore(read_storage()), Family.STOCKS))[-1:]
        for _ in range(2):
            drill.site.work(worker.load_keys, keys).join()
        with pytest.raises(AssertionError, match=r"replay|ledger"):
            drill.check()
    finally:
        drill.site.database.rows(procedure)


def test_a_secret_is_found_in_every_form() -> None:
    for form in oracle.forms(API_KEY):
        assert oracle.leaks({BUCKET: b"x" + form + b"y"}), form
    assert oracle.leaks({BUCKET: b"nothing here"}) == []
