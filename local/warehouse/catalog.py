"""What a warehouse keeps besides tables: procedures, functions, recorded statements; in `_fs_global._snowtape`.

Written through one connection of its own: like DDL in Snowflake, it never takes part in a client's transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from local.warehouse.instance import METADATA_SCHEMA, Instance

METADATA_SQL = f"""
CREATE TABLE IF NOT EXISTS {METADATA_SCHEMA}.procedures (
    database_name VARCHAR, schema_name VARCHAR, name VARCHAR,
    signature VARCHAR, -- the argument types, comma separated: procedures may be overloaded
    definition JSON, created_on TIMESTAMPTZ,
    PRIMARY KEY (database_name, schema_name, name, signature)
);
CREATE TABLE IF NOT EXISTS {METADATA_SCHEMA}.functions (
    database_name VARCHAR, schema_name VARCHAR, name VARCHAR, signature VARCHAR,
    definition JSON, created_on TIMESTAMPTZ,
    PRIMARY KEY (database_name, schema_name, name, signature)
);
CREATE TABLE IF NOT EXISTS {METADATA_SCHEMA}.recorded_statements (
    recorded_at TIMESTAMPTZ, user_name VARCHAR, kind VARCHAR, name VARCHAR, statement VARCHAR
);
CREATE TABLE IF NOT EXISTS {METADATA_SCHEMA}.recorded_objects (
    kind VARCHAR, name VARCHAR, created_on TIMESTAMPTZ, statement VARCHAR, PRIMARY KEY (kind, name)
);
"""

_guard = threading.Lock()


def run(instance: Instance, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement on the metadata and return its rows."""
    with _guard, instance.duck_conn.cursor() as duck:
        return duck.execute(sql, list(parameters)).fetchall()
