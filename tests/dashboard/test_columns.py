"""What the dashboard's statements read is what dbt's yml promises: no drift between the two goes unnoticed."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import sqlglot
import yaml
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from dashboard.data.sql import STATEMENTS, bind

ROOT = Path(__file__).resolve().parents[2]


def promised() -> dict[str, dict[str, set[str]]]:
    """Schema → table → the columns that a yml under dbt/models names."""
    found: dict[str, dict[str, set[str]]] = {"marts": {}, "ops": {}}
    for path in sorted((ROOT / "dbt" / "models").rglob("*.yml")):
        relative = path.relative_to(ROOT / "dbt" / "models")
        text = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        tables = [*text.get("models", [])]
        tables += [table for source in text.get("sources", []) for table in source.get("tables", [])]
        for table in tables:
            schema = "marts" if relative.parts[0] == "marts" else "ops"
            found[schema].setdefault(table["name"], set()).update(each["name"] for each in table.get("columns", []))
    for path in sorted(
        (ROOT / "schemachange" / "migrations" / "versioned").glob("*.sql")
    ):  # tables that dbt only fills
        for table, body in re.findall(
            r"create table if not exists ops\.(\w+) \((.*?)\n\)", path.read_text("utf-8"), re.S
        ):
            found["ops"].setdefault(table, set()).update(line.split()[0] for line in body.strip().splitlines())
    return found


PROMISED = promised()


def unknown_columns(statement: str) -> list[str]:
    """Why sqlglot can't resolve a table or column of the statement against the yml; empty when it can."""
    tree = sqlglot.parse_one(bind_free(statement), read="snowflake")
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    wrong = [
        f"{table.db}.{table.name}"
        for table in tree.find_all(exp.Table)
        if table.name and table.name not in named and table.name not in PROMISED.get(table.db, {})
    ]
    if wrong:
        return wrong
    schema = {
        db: {name: dict.fromkeys(columns, "text") for name, columns in tables.items() if columns}
        for db, tables in PROMISED.items()
    }
    try:
        qualify(tree, schema=schema, dialect="snowflake", validate_qualify_columns=True)
    except sqlglot.errors.OptimizeError as error:
        return [str(error)]
    return []


def bind_free(statement: str) -> str:
    """The statement with a placeholder for every parameter."""
    return bind(statement, defaultdict(int))[0]


@pytest.mark.parametrize("name", list(STATEMENTS))
def test_every_column_that_is_read_is_in_dbts_yml(name: str) -> None:
    assert unknown_columns(STATEMENTS[name]) == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("select no_such_column from marts.dim_polygon__tickers", id="column"),
        pytest.param("select ticker from marts.no_such_table", id="table"),
        pytest.param("select ticker from raw.load_ledger", id="schema"),
    ],
)
def test_a_drift_is_noticed(statement: str) -> None:
    assert unknown_columns(statement)
