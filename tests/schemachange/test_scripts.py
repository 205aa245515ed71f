"""What the schemachange scripts render to, without a warehouse."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from tests.gates.sources import Script, schemachange_scripts

DATASETS = (
    "stock_bars", "splits", "dividends", "tickers", "ticker_listings", "ticker_events", "treasury_yields",
    "option_contracts", "option_bars", "option_chain",
)  # fmt: skip

FILES = ("stock_bar_files", "option_bar_files")


@pytest.fixture(scope="module")
def scripts() -> list[Script]:
    """All scripts as they are without a prefix and an integration."""
    return schemachange_scripts()


@pytest.fixture(scope="module")
def tables(scripts: list[Script]) -> dict[str, exp.Create]:
    """CREATE TABLE statements by schema.table."""
    statements = [statement for script in scripts for statement in script.statements]
    trees = [sqlglot.parse_one(text, read="snowflake") for text in statements if "create table if" in text]
    return {tree.this.this.sql("snowflake").lower(): tree for tree in trees}


def named(scripts: list[Script], name: str) -> str:
    (script,) = [script for script in scripts if script.name == name]
    return script.text


def test_all_tables_of_the_pipeline_are_there(tables: dict[str, exp.Create]) -> None:
    raw = {
        f"raw.{name}" for name in (*DATASETS, *FILES, "load_ledger", "load_rejects", "load_locks", "load_watermarks")
    }

    own = ("builds", "build_models", "dbt_test_results", "dbt_failing_rows", "overrides", "test_mutes")

    assert set(tables) == raw | {f"ops.{name}" for name in own}


def test_raw_tables_have_one_shape(tables: dict[str, exp.Create]) -> None:
    for names in (DATASETS, FILES):
        columns = [[column for column in tables[f"raw.{name}"].find_all(exp.ColumnDef)] for name in names]
        shapes = {tuple((column.name, column.args["kind"].sql()) for column in each) for each in columns}

        assert len(shapes) == 1


def test_every_table_and_column_has_a_comment(tables: dict[str, exp.Create]) -> None:
    for name, tree in tables.items():
        assert tree.args["properties"].find(exp.SchemaCommentProperty), name
        for column in tree.find_all(exp.ColumnDef):
            assert column.find(exp.CommentColumnConstraint), f"{name}.{column.name}"


def test_no_script_creates_a_table_that_it_could_destroy(scripts: list[Script]) -> None:
    for script in scripts:
        assert "replace table" not in script.text, script.name
        assert not re.search(r"(?i)\bdrop\s+(table|schema|view|column|stage|database)\b", script.text), script.name


def test_stage_names_an_integration_only_where_there_is_one(scripts: list[Script]) -> None:
    production = schemachange_scripts(SNOWTAPE_PREFIX="prod/", SNOWTAPE_STORAGE_INTEGRATION="snowtape_s3")

    assert "url = 's3://bucket/'\ncomment" in named(scripts, "R__landing.sql")
    assert "url = 's3://bucket/prod/'\nstorage_integration = snowtape_s3\ncomment" in named(
        production, "R__landing.sql"
    )


def test_settings_change_the_stage_and_nothing_else(scripts: list[Script]) -> None:
    production = schemachange_scripts(SNOWTAPE_PREFIX="prod/", SNOWTAPE_STORAGE_INTEGRATION="snowtape_s3")

    changed = {one.name for one, other in zip(scripts, production, strict=True) if one != other}
    assert changed == {"R__landing.sql"}
