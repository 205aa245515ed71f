"""Deployments into the local warehouse."""

from __future__ import annotations

import pytest

from local.warehouse.process import RunningWarehouse
from tests.schemachange.deploying import Database

HISTORY = "select script, checksum, status, installed_on from schemachange.change_history order by installed_on, script"
OBJECTS = """
select table_schema, table_name, created, last_altered from information_schema.tables
where table_schema in ('RAW', 'OPS') order by table_schema, table_name
"""


@pytest.fixture(scope="module")
def deployed(warehouse: RunningWarehouse) -> Database:
    """A database that was deployed into once."""
    database = Database(warehouse, "DEPLOYED", "snowtape", "")
    database.create()
    database.deploy()
    return database


def test_every_script_succeeds_once(deployed: Database) -> None:
    scripts = [row[0] for row in deployed.rows(HISTORY)]

    assert scripts[-11:] == [
        "R__end_test_mute.sql",
        "R__fitted_surface.sql",
        "R__landing.sql",
        "R__load_manifest.sql",
        "R__load_manifests.sql",
        "R__mute_test.sql",
        "R__option_numbers.sql",
        "R__override.sql",
        "R__reload_manifest.sql",
        "R__retract_override.sql",
        "R__rights.sql",
    ]
    assert len(set(scripts)) == len(scripts)
    assert {row[2] for row in deployed.rows(HISTORY)} == {"Success"}


def test_second_deployment_changes_nothing(deployed: Database) -> None:
    history, objects = deployed.rows(HISTORY), deployed.rows(OBJECTS)

    output = deployed.deploy()

    assert "scripts_applied=0" in plain(output)
    assert deployed.rows(HISTORY) == history
    assert deployed.rows(OBJECTS) == objects


def test_both_families_have_one_lock_row(deployed: Database) -> None:
    assert deployed.rows("select family, locked_by from raw.load_locks order by family") == [
        ("options", None),
        ("stocks", None),
    ]


def test_another_prefix_redeploys_the_stage_alone(deployed: Database) -> None:
    known = len(deployed.rows(HISTORY))

    deployed.deploy(SNOWTAPE_PREFIX="elsewhere/")

    assert [row[0] for row in deployed.rows(HISTORY)][known:] == ["R__landing.sql"]


def plain(output: str) -> str:
    """Without the colours of a terminal."""
    return "".join(part.partition("m")[2] if index else part for index, part in enumerate(output.split("\x1b[")))
