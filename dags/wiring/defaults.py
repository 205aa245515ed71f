"""What all tasks have in common: owner, retries with growing waits, alerts of failures, when a run is late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.exceptions import AirflowFailException

from ingest.errors import TerminalError
from wiring.notifying import deadline_missed, task_failed

# One slot: tasks that send requests to the API run one at a time, see ingest/budget.py.
API_POOL = "polygon_api"
NEW_YORK = "America/New_York"


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "snowtape",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "on_failure_callback": task_failed,
}


def ends_within(hours: float, dag_id: str) -> DeadlineAlert:
    """An alert when a run has not ended so many hours after it was queued; the run continues."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=hours),
        callback=AsyncCallback(deadline_missed, kwargs={"dag_id": dag_id, "hours": hours}),
        name=f"ends within {hours:g} hours",
    )


@contextmanager
def final_errors() -> Iterator[None]:
    """An error that a retry cannot help fails the task immediately."""
    try:
        yield
    except TerminalError as error:
        raise AirflowFailException(str(error)) from None
