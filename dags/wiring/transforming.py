"""The tasks that run dbt. dbt reaches the warehouse with its own profile, from the SNOWFLAKE_* variables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Metadata, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from wiring.assets import MARTS_BUILT

if TYPE_CHECKING:
    from transform.settings import TransformSettings

# dbt asks a warehouse that is away again and again, without end; the next try begins where this one was.
LONGEST = timedelta(hours=3)


def run_name(context: Any, try_number: int) -> str:
    """Names one try of a dbt run; each has its own target folder."""
    return f"{context['dag'].dag_id}-{context['run_id']}-try{try_number}"


def settings() -> TransformSettings:
    """Where dbt is; a setting that can't be used fails the task at once."""
    from transform.settings import BadSetting, read_settings

    try:
        return read_settings()
    except BadSetting as error:
        raise AirflowFailException(str(error)) from None


@task(outlets=[MARTS_BUILT], execution_timeout=LONGEST)
def build() -> Iterator[Metadata]:
    """`dbt build`, unless nothing was loaded since the last one; a later try goes on where the one before it failed."""
    from transform.run import dbt
    from transform.unbuilt import has_unbuilt_loads
    from wiring.warehouse import warehouse

    context: Any = get_current_context()
    if context["dag_run"].run_type != "manual" and context["ti"].try_number == 1:
        with warehouse() as connection:
            if not has_unbuilt_loads(connection):
                raise AirflowSkipException("The ledger has nothing newer than the last build.")
    where, tried = settings(), context["ti"].try_number
    previous = where.target_path(run_name(context, tried - 1)) if tried > 1 else None
    run = dbt("build", settings=where, run_id=run_name(context, tried), previous_target=previous)
    if not run.ok:
        raise RuntimeError(run.summary)
    yield Metadata(MARTS_BUILT, {"summary": run.summary})


@task(execution_timeout=LONGEST)
def test() -> None:
    """`dbt test`; red when a test has failed, after every result is kept."""
    from transform.results import record
    from transform.run import dbt
    from wiring.warehouse import warehouse

    context: Any = get_current_context()
    run = dbt("test", settings=settings(), run_id=run_name(context, context["ti"].try_number))
    if not run.results and not run.ok:
        raise RuntimeError(run.summary)
    with warehouse() as connection:
        record(connection, run)
    if not run.ok:
        # No further try: the data would not change, and every result would be kept twice.
        raise AirflowFailException(run.summary)
