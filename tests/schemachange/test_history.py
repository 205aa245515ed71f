"""A deployment refuses a history that was rewritten, and a dry run changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local.warehouse.process import RunningWarehouse
from tests.schemachange.deploying import REPOSITORY, Database
from tests.schemachange.test_deploy import HISTORY, plain

MIGRATIONS = REPOSITORY / "schemachange" / "migrations"


@pytest.fixture(scope="module")
def deployed(warehouse: RunningWarehouse) -> Database:
    """A database that was deployed into once."""
    database = Database(warehouse, "HISTORY", "snowtape", "")
    database.create()
    database.deploy()
    return database


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A copy of the scripts, to be spoilt."""
    return shutil.copytree(MIGRATIONS, tmp_path / "migrations")


def refusal(deployed: Database, migrations: Path) -> str:
    """What a deployment of these scripts says when it fails; the history stays as it was."""
    history = deployed.rows(HISTORY)
    with pytest.raises(AssertionError) as refused:
        deployed.deploy("--root-folder", str(migrations))
    assert deployed.rows(HISTORY) == history
    return plain(str(refused.value))


def test_changed_versioned_script_is_refused(deployed: Database, migrations: Path) -> None:
    script = migrations / "versioned" / "V1.0.1__file_format.sql"
    script.write_text(script.read_text().replace("compression = auto", "compression = gzip"))

    assert "V1.0.1__file_format.sql has changed since it was deployed" in refusal(deployed, migrations)


def test_removed_versioned_script_is_refused(deployed: Database, migrations: Path) -> None:
    (migrations / "versioned" / "V1.0.1__file_format.sql").unlink()

    assert "V1.0.1__file_format.sql was deployed but no longer exists" in refusal(deployed, migrations)


def test_script_with_a_number_that_is_too_low_is_refused(deployed: Database, migrations: Path) -> None:
    (migrations / "versioned" / "V1.0.0.1__late.sql").write_text("create schema if not exists late;\n")

    assert "Versioned script will never be applied: V1.0.0.1__late.sql" in refusal(deployed, migrations)


def test_two_scripts_of_one_number_are_refused(deployed: Database, migrations: Path) -> None:
    (migrations / "versioned" / "V1.0.1__twin.sql").write_text("create schema if not exists twin;\n")

    assert "The script version 1.0.1 exists more than once" in refusal(deployed, migrations)


def test_dry_run_says_what_it_would_do_and_does_nothing(deployed: Database, migrations: Path) -> None:
    history = deployed.rows(HISTORY)
    (migrations / "versioned" / "V9.0.0__new.sql").write_text("create schema if not exists brand_new;\n")

    said = plain(deployed.deploy("--schemachange-dry-run", "--root-folder", str(migrations)))

    assert "V9.0.0__new.sql" in said
    assert deployed.rows(HISTORY) == history
    assert not deployed.rows("select 1 from information_schema.schemata where schema_name = 'BRAND_NEW'")
