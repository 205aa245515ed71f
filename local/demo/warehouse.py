"""What the demo asks the warehouse: the ledger's state and the figures of the summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import snowflake.connector

SQL = Path(__file__).with_name("sql")


@dataclass(frozen=True)
class Ledger:
    """What is loaded: manifests by family and id, result rows by family, when the newest load was committed (UTC)."""

    manifests: frozenset[tuple[str, str]]
    result_rows: Mapping[str, int]
    newest_load: datetime | None


@dataclass(frozen=True)
class Outcome:
    """The newest results of all data tests: how many passed and what became of the others."""

    passed: int
    warned: int
    failed: int


class Warehouse:
    """One connection with the settings that dbt and the dashboard use too."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        names = {
            "account": "SNOWFLAKE_ACCOUNT",
            "user": "SNOWFLAKE_USER",
            "password": "SNOWFLAKE_PASSWORD",
            "role": "SNOWFLAKE_ROLE",
            "warehouse": "SNOWFLAKE_WAREHOUSE",
            "host": "SNOWFLAKE_HOST",
            "protocol": "SNOWFLAKE_PROTOCOL",
        }
        self._options: dict[str, Any] = {option: settings[name] for option, name in names.items()}
        self._options["port"] = int(settings["SNOWFLAKE_PORT"])
        self._database = settings["SNOWFLAKE_DATABASE"]
        self._connection: snowflake.connector.SnowflakeConnection | None = None

    def create_database(self) -> None:
        """What an administrator does once for a real account."""
        self.query(f"create database if not exists {self._database}")
        self.close()

    def ledger(self) -> Ledger:
        """Every manifest that the warehouse has loaded."""
        rows = self.query(_read("ledger"))
        result_rows: dict[str, int] = {}
        for _, family, count, _ in rows:
            result_rows[family] = result_rows.get(family, 0) + int(count)
        newest = max((row[3] for row in rows), default=None)
        return Ledger(
            frozenset((str(row[1]), str(row[0])) for row in rows),
            result_rows,
            newest.replace(tzinfo=UTC) if newest is not None else None,
        )

    def summary(self) -> dict[str, int]:
        """Figures of the closing summary by their name."""
        return {str(name): int(value) for name, value in self.query(_read("summary"))}

    def mart_rows(self) -> int:
        """Rows of the stock and option marts."""
        figures = self.summary()
        return figures["stock mart rows"] + figures["option mart rows"]

    def latest_tests(self) -> Outcome:
        """What the newest result of each test is."""
        counts = {str(status): int(count) for status, count in self.query(_read("latest_tests"))}
        failed = sum(count for status, count in counts.items() if status not in ("pass", "warn"))
        return Outcome(counts.get("pass", 0), counts.get("warn", 0), failed)

    def close(self) -> None:
        """End the connection; the next question opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self) -> None:
        """Forget the connection without a word: the warehouse that it led to has died."""
        self._connection = None

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement; opens a connection where there is none."""
        if self._connection is None:
            self._connection = snowflake.connector.connect(
                **self._options, database=self._database, login_timeout=20, network_timeout=60
            )
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


def _read(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()
