"""`make status`: sessions, ledger, newest build and health of a pipeline, as a table in the terminal.

It signs in with the dashboard's settings (SNOWFLAKE_*) and only reads. Exit code 0 if every dataset is healthy, 1 if
one is not or nothing is built yet, 2 if a setting is wrong or the warehouse cannot be reached.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from dashboard.data import quality, sessions
from dashboard.data.door import Door
from dashboard.data.errors import NotBuilt, WarehouseError
from dashboard.data.health import Health, read_health
from dashboard.data.market import as_datetime
from dashboard.data.warehouse import Warehouse
from dashboard.settings import SettingsError, WarehouseSettings, session_due

NONE = "–"
Row = tuple[str, ...]


def report(door: Door) -> tuple[list[str], bool]:
    """The lines of the report, and whether every dataset is healthy. Times are UTC.

    Raises:
        WarehouseError: the warehouse did not answer; `NotBuilt` while there is no schema or no build yet.
    """
    health = read_health(door)
    lines = [
        *table("Sessions", ("dataset", "newest", "behind", "bars", "fetched"), _sessions(door)),
        *table("Ledger", ("family", "manifests", "incomplete", "responses", "newest load"), _ledger(door)),
        *table("Newest build", ("finished", "seconds", "built", "failed", "skipped"), _build(door)),
        *table("Health", ("dataset", "check", "status", ""), _health(health)),
    ]
    return lines[:-1], all(found.status != "fail" for found in health)


def table(title: str, heads: Row, rows: Iterator[Row]) -> list[str]:
    """A titled table with columns as wide as their longest text; numbers are aligned right."""
    found = [heads, *rows]
    widths = [max(len(row[column]) for row in found) for column in range(len(heads))]
    is_number = [
        len(found) > 1 and all(row[column].replace(",", "").isdigit() or row[column] == NONE for row in found[1:])
        for column in range(len(heads))
    ]
    lines = [
        "  ".join(
            text.rjust(w) if right else text.ljust(w) for text, w, right in zip(row, widths, is_number, strict=True)
        )
        for row in found
    ]
    return [title, *(f"  {line}".rstrip() for line in lines), *([] if len(found) > 1 else [f"  {NONE}"]), ""]


def _sessions(door: Door) -> Iterator[Row]:
    for row in quality.read_freshness(door):
        behind = NONE if row.last_session is None else str(sessions.sessions_behind(row.last_session))
        yield row.dataset, str(row.last_session or NONE), behind, f"{row.bars:,}", _time(row.fetched_at)


def _ledger(door: Door) -> Iterator[Row]:
    for row in quality.read_families(door):
        yield row.family, f"{row.manifests:,}", f"{row.incomplete:,}", f"{row.rows_loaded:,}", _time(row.loaded_at)


def _build(door: Door) -> Iterator[Row]:
    for row in door.read("newest_build").itertuples():
        seconds = f"{(row.finished_at - row.started_at).total_seconds():.0f}"
        counts = (f"{int(count):,}" for count in (row.models_built, row.models_failed, row.models_skipped))
        yield _time(as_datetime(row.finished_at)), seconds, *counts


def _health(health: Sequence[Health]) -> Iterator[Row]:
    for found in health:
        for check in found.checks:
            yield found.dataset, check.name, check.status, check.said


def _time(moment: datetime | None) -> str:
    return NONE if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def main() -> int:
    """Print the report of the warehouse that the environment names."""
    logging.getLogger("snowflake.connector").setLevel(logging.CRITICAL)  # its errors reach us as exceptions
    try:
        settings = WarehouseSettings.from_env()
        session_due()
    except SettingsError as error:
        print(f"status: {error} Start `make demo` in another terminal, or set SNOWFLAKE_*.", file=sys.stderr)
        return 2
    warehouse = Warehouse(settings)
    door = Door(warehouse)
    sessions.follow(door)
    try:
        lines, is_healthy = report(door)
    except NotBuilt:
        print(f"status: {settings.database} has no marts yet; expected a deployed schema and a first build. Try later.")
        return 1
    except WarehouseError as error:
        print(f"status: {settings.database} cannot be read: {error}", file=sys.stderr)
        return 2
    finally:
        warehouse.close()
    print(f"{settings.database} at {settings.address}, {sessions.now():%Y-%m-%d %H:%M} UTC\n")
    print("\n".join(lines))
    return 0 if is_healthy else 1


if __name__ == "__main__":
    sys.exit(main())
