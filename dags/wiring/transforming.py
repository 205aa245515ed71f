"""The tasks that run dbt. dbt reaches the warehouse with its own profile, from the SNOWFLAKE_* variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
    """`dbt build`, unless nothing was loaded or overridden since the last one; a later try goes on where one failed.

    Views, comments and columns are left as they are where the last build was of the same project; a manual run defines
    them again. Its tests are kept with it, and the event names the run, so that `dbt_test` runs only the others.
    """
    from transform.definitions import definitions_are_current, project_digest
    from transform.results import of_tries, record
    from transform.run import Selector, dbt
    from transform.unbuilt import has_unbuilt
    from wiring.warehouse import warehouse

    context: Any = get_current_context()
    where, tried = settings(), context["ti"].try_number
    selector: Selector = "build"
    if context["dag_run"].run_type != "manual" and tried == 1:
        with warehouse() as connection:
            if not has_unbuilt(connection):
                raise AirflowSkipException("Nothing was loaded or overridden since the last build.")
            if definitions_are_current(connection, project_digest(where.project_dir)):
                selector = "build_rows"
    folders = [where.target_path(run_name(context, number)) for number in range(1, tried + 1)]
    previous = folders[-2] if tried > 1 else None
    run = dbt("build", settings=where, run_id=run_name(context, tried), selector=selector, previous_target=previous)
    if not run.ok:
        raise RuntimeError(run.summary)
    tests_of = f"{context['dag'].dag_id}-{context['run_id']}"
    with warehouse() as connection:
        record(connection, of_tries(folders, tests_of))
    yield Metadata(MARTS_BUILT, {"summary": run.summary, "tests_of": tests_of})


@task(execution_timeout=LONGEST)
def test() -> None:
    """`dbt test`; red when a test has failed, after every result is kept. After a build: what it did not test."""
    from transform.results import record
    from transform.run import dbt
    from wiring.warehouse import warehouse

    context: Any = get_current_context()
    name = run_name(context, context["ti"].try_number)
    tests_of = _build_before(context)
    run = dbt("test", settings=settings(), run_id=name, selector="after_build" if tests_of else None)
    if not run.results and not run.ok:
        raise RuntimeError(run.summary)
    with warehouse() as connection:
        record(connection, [replace(result, run_id=tests_of or name) for result in run.results])
    if not run.ok:
        # No further try: the data would not change, and every result would be kept twice.
        raise AirflowFailException(run.summary)


def _build_before(context: Any) -> str | None:
    """The run of the newest build that this one was started by; None for one that was started by hand."""
    events = context["triggering_asset_events"].get(MARTS_BUILT) or []
    newest = max(events, key=lambda event: event.timestamp, default=None)
    return newest.extra.get("tests_of") if newest else None
