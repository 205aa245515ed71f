"""The tasks that run dbt. dbt reaches the warehouse with its own profile, from the SNOWFLAKE_* variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.sdk import Metadata, get_current_context, task

from wiring.assets import MARTS_BUILT


def run_name(context: Any, try_number: int) -> str:
    """Names one try of a dbt run; each has its own target folder."""
    return f"{context['dag'].dag_id}-{context['run_id']}-try{try_number}"


@task(outlets=[MARTS_BUILT])
def build() -> Iterator[Metadata]:
    """`dbt build`; a later try goes on where the one before it failed."""
    from transform.run import dbt
    from transform.settings import read_settings

    context: Any = get_current_context()
    settings, tried = read_settings(), context["ti"].try_number
    previous = settings.target_path(run_name(context, tried - 1)) if tried > 1 else None
    run = dbt("build", settings=settings, run_id=run_name(context, tried), previous_target=previous)
    if not run.ok:
        raise RuntimeError(run.summary)
    yield Metadata(MARTS_BUILT, {"summary": run.summary})


# No retries: a test that fails does so again, and its result would be kept twice.
@task(retries=0)
def test() -> None:
    """`dbt test`; red when a test has failed, after every result is kept."""
    from transform.results import record
    from transform.run import dbt
    from transform.settings import read_settings
    from wiring.warehouse import warehouse

    context: Any = get_current_context()
    run = dbt("test", settings=read_settings(), run_id=run_name(context, context["ti"].try_number))
    with warehouse() as connection:
        record(connection, run)
    if not run.ok:
        raise RuntimeError(run.summary)
