"""Where the repository's SQL is, rendered to what a warehouse would get. Nothing here needs a connection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import render_account

REPOSITORY = Path(__file__).parents[2]
MIGRATE_PYTHON = REPOSITORY / ".venv-migrate" / "bin" / "python"
# What the local warehouse says to DuckDB is DuckDB's dialect; the others are templates.
NOT_PLAIN = ("dbt", "schemachange", "snowflake/account", "local/warehouse", "tests")


@dataclass(frozen=True)
class Script:
    """A rendered schemachange script: its text, and the statements that schemachange sends one by one."""

    name: str
    text: str
    statements: tuple[str, ...]


def schemachange_scripts(**settings: str) -> list[Script]:
    """All scripts, rendered by schemachange with these environment variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SNOW", "SCHEMACHANGE"))}
    done = subprocess.run(
        [MIGRATE_PYTHON, Path(__file__).with_name("render_schemachange.py")],
        cwd=REPOSITORY / "schemachange",
        env=environment | {"SNOWTAPE_BUCKET": "bucket"} | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rendered: dict[str, Any] = json.loads(done.stdout)
    return [Script(name, item["text"], tuple(item["statements"])) for name, item in sorted(rendered.items())]


def plain_files() -> dict[str, str]:
    """Text of every .sql file that is sent as it stands, by its path in the repository."""
    tops = [path for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")]
    paths = {path.relative_to(REPOSITORY).as_posix(): path for top in tops for path in sorted(top.rglob("*.sql"))}
    return {
        name: path.read_text()
        for name, path in sorted(paths.items())
        if not name.startswith(tuple(f"{folder}/" for folder in NOT_PLAIN))
    }


def account_scripts() -> dict[str, str]:
    """The rendered scripts of snowflake/account/, with a name in lower case, as everything is that is not a setting."""
    values = render_account.read_settings(render_account.TEMPLATES / "example.toml") | {"database": "snowtape"}
    values |= {name: "MII" for name in values if name.endswith("_public_key")}  # a key is longer than a line
    return {name: text for name, text in render_account.rendered(values).items() if name.endswith(".sql")}


def compiled_dbt(folder: Path) -> dict[str, str]:
    """Every model and test as dbt compiles it for a first build, and incremental models for a later one too.

    Args:
        folder: an empty folder for a copy of the project and what dbt writes.
    """
    project = folder / "dbt"
    shutil.copytree(REPOSITORY / "dbt", project, ignore=shutil.ignore_patterns("target", "logs", "dbt_packages"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNOW", "DBT_"))}
    account = {"SNOWFLAKE_ACCOUNT": "none", "SNOWFLAKE_USER": "none", "SNOWFLAKE_PASSWORD": "none"}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("compile_dbt.py"), project, folder],
        cwd=project,
        env=kept | account | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, later = (_compiled(folder / build / "compiled") for build in ("first", "later"))
    return first | {f"{name} (incremental)": sql for name, sql in later.items() if first.get(name) != sql}


def _compiled(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.sql"))}
