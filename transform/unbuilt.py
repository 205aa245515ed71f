"""Whether a build would find anything: an asset event only wakes a DAG up, and one can be lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

UNBUILT = Path(__file__).with_name("sql") / "unbuilt.sql"


def has_unbuilt(connection: Any) -> bool:
    """Whether the ledger holds other manifests than the last whole build had taken up, or an override was entered since
    it began. Only reads.

    A build that failed, skipped models or ended half-way is not a whole one: its loads count as not built.

    Args:
        connection: any DB-API one to the warehouse.
    """
    with closing(connection.cursor()) as cursor:
        cursor.execute(UNBUILT.read_text())
        return bool(cursor.fetchall())
