"""Recipes of docs/architecture.md: files they name exist, and the one for an indicator is followed to the letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
import yaml

from dashboard.pages import PAGES
from ingest.datasets import Dataset
from tests.gates.sources import REPOSITORY

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
COLUMN = "sma_100_usd"


def test_every_file_that_is_named_exists() -> None:
    named = [path for path in re.findall(r"`((?:\w+/)+[\w./]+)`", PAGE) if "<" not in path]

    assert len(named) > 60
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_recipe_for_a_dataset_names_every_file_that_its_example_is_in() -> None:
    assert Dataset.TREASURY_YIELDS.value == "treasury_yields"
    folders = ("dashboard", "dbt", "docs", "ingest", "schemachange")
    found = subprocess.run(
        ["git", "grep", "-l", "--untracked", "-w", "treasury_yields", "--", *folders],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    # What uses the yields is not part of adding them.
    elsewhere = (
        "dbt/models/intermediate/",
        "docs/rates.md",
        "docs/architecture.md",
        "dbt/macros/overrides/",
        "dbt/models/snapshots/",
    )

    assert [path for path in found if not path.startswith(elsewhere) and path not in SECTIONS["Add a dataset"]] == []


def test_recipe_for_a_page_names_the_registry() -> None:
    assert "`PAGES` in `dashboard/pages/__init__.py`" in SECTIONS["Add a page"]
    assert "/correlation" in {path for page in PAGES for path in page.paths}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to which the recipe for an indicator was applied."""
    copy = tmp_path_factory.mktemp("recipe")
    for folder in ("dbt", "dashboard"):
        shutil.copytree(
            REPOSITORY / folder, copy / folder, ignore=shutil.ignore_patterns("target", "logs", "__pycache__", ".*")
        )
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", SECTIONS["Add an indicator"], re.MULTILINE)
    assert len(rows) == 7
    for name, line, after in rows:
        lines = (copy / name).read_text().splitlines()
        at = [number for number, text in enumerate(lines) if after.rstrip() in text]
        assert at, f"{name} has no line with {after!r}; expected one. Bring docs/architecture.md up to date."
        lines.insert(at[-1] + 1, line)
        (copy / name).write_text("\n".join(lines) + "\n")
    return copy


def columns(text: str) -> list[str]:
    """The columns of a statement's last SELECT."""
    return [column.alias_or_name for column in sqlglot.parse_one(text, dialect="snowflake").selects]


def test_dashboards_query_and_chart_have_the_new_indicator(changed: Path) -> None:
    assert COLUMN in columns((changed / "dashboard/data/queries/bars.sql").read_text())
    compile((changed / "dashboard/pages/chart/figure.py").read_text(), "figure.py", "exec")


@pytest.mark.server
def test_dbt_compiles_the_new_indicator_and_its_contract_has_it(changed: Path, tmp_path: Path) -> None:
    models = {
        "int_polygon__stock_bars_enriched": "dbt/models/intermediate/stocks/stocks.yml",
        "fct_polygon__stock_bars_performance": "dbt/models/marts/stocks/stocks.yml",
    }
    # dbt's own asks the warehouse whether the table exists.
    macro = "{% macro is_incremental() %}{{ return(false) }}{% endmacro %}"
    (changed / "dbt" / "macros" / "is_incremental.sql").write_text(macro)
    settings = {name: "none" for name in ("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER", "SNOWFLAKE_PASSWORD")}
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dbt"), "--quiet", "compile", "--no-introspect", "--no-populate-cache",
            "--project-dir", "dbt", "--profiles-dir", "dbt", "--target-path", tmp_path, "--log-path", tmp_path,
            "--select", *models,
        ],
        cwd=changed, env=os.environ | settings | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    for model, described in models.items():
        (compiled,) = (tmp_path / "compiled").rglob(f"{model}.sql")
        (names,) = (
            [column["name"] for column in each["columns"]]
            for each in yaml.safe_load((changed / described).read_text())["models"]
            if each["name"] == model
        )
        assert COLUMN in columns(compiled.read_text())
        assert COLUMN in names
