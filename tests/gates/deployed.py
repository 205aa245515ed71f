"""The schema that a deployment makes, worked out without a warehouse: tables, columns and their types.

Raw and ops tables come from schemachange's versioned scripts. What dbt makes has the columns of its compiled SELECT,
taken in the order in which models are built, with the types that sqlglot works out, and those that a contract states.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.gates.gate import Finding
from tests.gates.sources import REPOSITORY, Script
from tests.gates.typed import Schema, check_tree, resolved

ABSORBED = REPOSITORY / "dbt" / "macros" / "absorbed_manifests.sql"
# Views of Snowflake's own that are read: the columns that the documentation of account usage states.
ACCOUNT_USAGE: dict[str, dict[str, str]] = {
    "QUERY_HISTORY": {
        **{"QUERY_ID": "varchar", "QUERY_TEXT": "varchar", "QUERY_TAG": "varchar", "DATABASE_NAME": "varchar"},
        **{"START_TIME": "timestamp_ltz", "TOTAL_ELAPSED_TIME": "number"},
    },
    "QUERY_ATTRIBUTION_HISTORY": {"QUERY_ID": "varchar", "CREDITS_ATTRIBUTED_COMPUTE": "double"},
}


def deployed_schema(
    scripts: Iterable[Script], compiled: Mapping[str, str], manifest: Path
) -> tuple[Schema, list[Finding]]:
    """The schema, and what is wrong with the models themselves."""
    schema: Schema = {"ACCOUNT_USAGE": ACCOUNT_USAGE}
    for script in scripts:
        if script.name.startswith("V"):
            for statement in script.statements:
                migrate(schema, statement)
    migrate(schema, absorbed_manifests())
    found = []
    nodes: dict[str, Any] = json.loads(manifest.read_text())["nodes"]
    for node in in_build_order({key: n for key, n in nodes.items() if n["resource_type"] == "model"}):
        name = f"snowtape/models/{node['path']}"
        stated = {column: c["data_type"] for column, c in node["columns"].items() if c.get("data_type")}
        try:
            tree = resolved(sqlglot.parse_one(compiled[name], read="snowflake"), schema)
        except SqlglotError as error:
            found.append(Finding(name, 1, "column", str(error)))
            made = dict.fromkeys(node["columns"], "unknown")
        else:
            found += check_tree(name, tree)
            made = {item.alias_or_name: item.type.sql("snowflake") if item.type else "unknown" for item in tree.selects}
        columns = {column.upper(): kind for column, kind in {**made, **stated}.items()}
        schema.setdefault(node["schema"].upper(), {})[node["alias"].upper()] = columns
    return schema, found


def migrate(schema: Schema, statement: str) -> None:
    """Do to the schema what a CREATE TABLE or an ALTER TABLE … ADD COLUMN does."""
    if not re.match(r"(?is)(\s|--[^\n]*\n)*(create\s+(transient\s+)?table|alter\s+table)\b", statement):
        return
    tree = sqlglot.parse_one(statement, read="snowflake")
    table = tree.find(exp.Table)
    assert table is not None
    columns = schema.setdefault(table.db.upper(), {}).setdefault(table.name.upper(), {})
    for column in tree.find_all(exp.ColumnDef):
        columns[column.name.upper()] = column.args["kind"].sql("snowflake")


def absorbed_manifests() -> str:
    """The statement by which dbt makes its own table beside the histories."""
    begin, end = re.escape("create table if not exists {{ absorbed_manifests() }} ("), re.escape("\n    )")
    (statement,) = re.findall(f"{begin}.*?{end}", ABSORBED.read_text(), re.DOTALL)
    return str(statement).replace("{{ absorbed_manifests() }}", "snapshots.absorbed_manifests")


def in_build_order(nodes: Mapping[str, Any]) -> Iterator[Any]:
    """Each model after those that it reads."""
    seen: set[str] = set()

    def visit(key: str) -> Iterator[Any]:
        if key in nodes and key not in seen:
            seen.add(key)
            for parent in nodes[key]["depends_on"]["nodes"]:
                yield from visit(parent)
            yield nodes[key]

    for key in sorted(nodes):
        yield from visit(key)
