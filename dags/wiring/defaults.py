"""What all tasks have in common: owner, retries with growing waits, one line in the log when a task has failed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from ingest.errors import TerminalError

log = logging.getLogger(__name__)

# One slot: tasks that send requests to the API run one at a time, see ingest/budget.py.
API_POOL = "polygon_api"
NEW_YORK = "America/New_York"


def log_failure(context: Any) -> None:
    """Failure callback: one line with the task and the error; hang a pager on it here."""
    ti = context["ti"]
    index = f"[{ti.map_index}]" if ti.map_index is not None and ti.map_index >= 0 else ""
    log.error("FAILED %s.%s%s in run %s: %s", ti.dag_id, ti.task_id, index, ti.run_id, context.get("exception"))


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "snowtape",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "on_failure_callback": log_failure,
}


@contextmanager
def final_errors() -> Iterator[None]:
    """An error that another try can't help fails the task at once."""
    try:
        yield
    except TerminalError as error:
        raise AirflowFailException(str(error)) from None
