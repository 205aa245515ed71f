"""Have the warehouse judge every statement of the project, on empty tables in a scratch database.

Usage: python -m scripts.judge [--skip PATTERN]...

Reads the SNOWFLAKE_* variables of `make deploy`; works in the database named SNOWFLAKE_DATABASE and _SCRATCH, which
snowflake/account/02_database.sql makes, and touches no other. There it runs the versioned scripts, then dbt: every
model, data test and unit test; incremental models once more, on what is there; and the models as of a moment. Every
query of the dashboard, the Streamlit app, the worksheets and Airflow's tasks is then explained against the tables that
this made. All schemas are dropped before and afterwards, also after a failure.

Prints each statement with `ok`, `refused` and the warehouse's message, or `skipped` and why. Ends with 1 if one was
refused, else with 0.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path
from typing import Any

import snowflake.connector
from jinja2 import Environment, StrictUndefined
from snowflake.connector.errors import Error
from snowflake.connector.util_text import split_statements

from dashboard.data.sql import Value, bind, parameters
from scripts import judge_dbt

REPOSITORY = Path(__file__).parents[1]
MIGRATIONS = REPOSITORY / "schemachange" / "migrations" / "versioned"
QUERIES = ("dashboard/data/queries", "snowflake/streamlit/queries", "worksheets", "ingest/sql", "transform/sql")
# Only the role operator can read them.
ACCOUNT_USAGE = "snowflake.account_usage"

# A value for every parameter that a query has: what Python would send.
VALUES: Mapping[str, Value] = {
    **{
        "ticker": "AAPL",
        "tickers": '["AAPL"]',
        "underlying": "AAPL",
        "contract": "O:A",
        "test_id": "test",
        "invocation_id": "invocation",
        "build_id": "build",
    },
    **{"security": "ticker:AAPL", "securities": '["ticker:AAPL"]', "day": "", "until": date(2026, 1, 2)},
    **{"since": date(2026, 1, 2), "session": date(2026, 1, 2), "rows": 10, "runs": 10, "builds": 10},
    **{"run_id": "run", "test_name": "test", "model_name": "model", "column_name": "column", "status": "pass"},
    **{"severity": "warn", "failing_rows": 0, "execution_seconds": 0.5, "message": "", "compiled_sql": "select 1"},
    **{"executed_at": datetime(2026, 1, 2, 12), "digest": "sha256"},
}
# One per `%s` of the tasks' statements: texts all of them.
POSITIONAL = "2026"


@dataclass(frozen=True)
class Verdict:
    """What the warehouse said of one statement: nothing (accepted), its error, or why it was not asked."""

    name: str
    error: str | None = None
    skipped: str | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return f"refused  {self.name}\n" + "\n".join(f"         {line}" for line in self.error.splitlines())
        return f"skipped  {self.name}: {self.skipped}" if self.skipped else f"ok       {self.name}"


def main(arguments: list[str]) -> int:
    """Judge everything; 0 when nothing was refused."""
    parser = argparse.ArgumentParser(prog="scripts.judge", description="Judge every statement on the warehouse.")
    parser.add_argument("--skip", action="append", default=[], metavar="PATTERN", help="files not to ask about")
    options = parser.parse_args(arguments)
    settings = dict(os.environ)
    database = settings.get("SNOWFLAKE_DATABASE") or "SNOWTAPE"
    scratch = f"{database}_SCRATCH"
    found: list[Verdict] = []
    with connect(settings, scratch) as connection:
        if not is_there(connection, scratch):
            print(
                f"Database {scratch} is missing, or this role may not use it; expected what "
                "snowflake/account/02_database.sql makes. Nothing was judged."
            )
            return 1
        drop_schemas(connection, scratch)
        try:
            for verdict in judge(connection, settings, database, options.skip):
                print(verdict, flush=True)
                found.append(verdict)
        finally:
            drop_schemas(connection, scratch)
    refused = sum(verdict.error is not None for verdict in found)
    print(f"{len(found)} statements, {refused} refused, {sum(v.skipped is not None for v in found)} skipped.")
    return 1 if refused else 0


def judge(connection: Any, settings: Mapping[str, str], database: str, skip: Iterable[str]) -> Iterator[Verdict]:
    """All verdicts, in the order in which things are built. Ends after migrations that the warehouse refuses."""
    migrations = [run_script(connection, path) for path in sorted(MIGRATIONS.glob("V*.sql"), key=version)]
    yield from migrations
    if any(verdict.error for verdict in migrations):
        return
    with tempfile.TemporaryDirectory(prefix="snowtape-judge-") as folder:
        for name, error in judge_dbt.verdicts({**settings, "SNOWFLAKE_DATABASE": f"{database}_SCRATCH"}, Path(folder)):
            yield Verdict(name, error)
    for path in query_files():
        name = path.relative_to(REPOSITORY).as_posix()
        if any(fnmatch(name, pattern) for pattern in skip):
            yield Verdict(name, skipped="as asked")
        else:
            yield explain(connection, name, path.read_text(), database)


def connect(settings: Mapping[str, str], database: str) -> Any:
    """A session in the database, signed in as the SNOWFLAKE_* variables say."""
    names = ("account", "user", "password", "role", "warehouse", "host", "port", "protocol", "authenticator",
             "private_key_file", "private_key_file_pwd", "workload_identity_provider", "token_file_path")  # fmt: skip
    given = {name: settings.get(f"SNOWFLAKE_{name.upper()}") for name in names}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}
    return snowflake.connector.connect(
        **options, database=database, autocommit=True, session_parameters={"QUERY_TAG": "snowtape/judge"}
    )


def is_there(connection: Any, database: str) -> bool:
    """Whether the session's role can use the database."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"use database {database}")
        except Error:
            return False
    return True


def drop_schemas(connection: Any, scratch: str) -> None:
    """Drop everything in the scratch database."""
    assert scratch.endswith("_SCRATCH"), scratch
    with connection.cursor() as cursor:
        cursor.execute(f"select schema_name from {scratch}.information_schema.schemata")
        for (schema,) in cursor.fetchall():
            if schema.upper() not in ("INFORMATION_SCHEMA", "PUBLIC"):
                cursor.execute(f"drop schema if exists {scratch}.{schema} cascade")


def version(path: Path) -> tuple[int, ...]:
    """The number in the name of a versioned script, as schemachange compares them."""
    return tuple(int(part) for part in path.name[1:].split("__")[0].split("."))


def run_script(connection: Any, path: Path) -> Verdict:
    """Run a versioned script, which needs none of schemachange's variables."""
    text = Environment(undefined=StrictUndefined).from_string(path.read_text()).render()
    try:
        with connection.cursor() as cursor:
            for statement in statements(text):
                cursor.execute(statement)
    except Error as error:
        return Verdict(path.name, str(error))
    return Verdict(path.name)


def query_files() -> list[Path]:
    """Every file with statements that something of ours sends as they are."""
    return [path for folder in QUERIES for path in sorted((REPOSITORY / folder).glob("*.sql"))]


def explain(connection: Any, name: str, text: str, database: str) -> Verdict:
    """EXPLAIN a file's last statement, after the SETs before it."""
    *settings, query = statements(with_values(name, text))
    if re.match(r"(?i)\s*call\b", query):
        return Verdict(name, skipped="a CALL has no plan; tests/live makes it")
    role = session_role(connection) if ACCOUNT_USAGE in query else None
    try:
        with connection.cursor() as cursor:
            for setting in settings:
                cursor.execute(setting)
            if role:
                cursor.execute(f"use role {database}_OPERATOR")
            try:
                cursor.execute(f"explain using text {query}")
            finally:
                if role:
                    cursor.execute(f"use role {role}")
    except Error as error:
        return Verdict(name, str(error))
    return Verdict(name)


def session_role(connection: Any) -> str:
    """The role that the session works in."""
    with connection.cursor() as cursor:
        return str(cursor.execute("select current_role()").fetchone()[0])


def with_values(name: str, text: str) -> str:
    """The text of a query with a literal in place of every parameter: the dashboard's `:name`, the tasks' `%s`."""
    if name.startswith("dashboard/"):
        bound, values = bind(text, {parameter: VALUES[parameter] for parameter in parameters(text)})
        parts = bound.split("?")
        assert len(parts) == len(values) + 1, f"{name} has a question mark that is not a parameter"
        return parts[0] + "".join(literal(value) + part for value, part in zip(values, parts[1:], strict=True))
    if name.startswith(("ingest/", "transform/")):
        return re.sub(r"%\((\w+)\)s", lambda match: literal(VALUES[match.group(1)]), text).replace(
            "%s", literal(POSITIONAL)
        )
    return text


def literal(value: Value) -> str:
    """A value as SQL, in the type that the connector would bind it as."""
    if isinstance(value, datetime):
        return f"'{value}'::timestamp_ntz"
    if isinstance(value, date):
        return f"'{value}'::date"
    return f"'{value}'" if isinstance(value, str) else str(value)


def statements(text: str) -> list[str]:
    """The statements of a text, without their semicolons."""
    parts = (part.rstrip().removesuffix(";") for part, _ in split_statements(StringIO(text), remove_comments=True))
    return [part for part in parts if part.strip()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
