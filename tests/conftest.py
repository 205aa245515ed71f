"""Servers that several folders of tests need: each is started at most once, and only when a test asks for it.

A session has one temporary folder, which must be empty at the end (tests/session_folder.py).
"""

from __future__ import annotations

import gc
import logging
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.objects import process as objects
from local.objects.process import RunningObjectStore
from local.warehouse import process as warehouses
from local.warehouse.process import RunningWarehouse
from tests.servers import pytest_collection_modifyitems, pytest_runtest_protocol  # noqa: F401
from tests.session_folder import SessionFolder

STATED = "stated: "


def pytest_configure(config: pytest.Config) -> None:
    """Before anything asks where the temporary folder is; workers of xdist have their leader's.

    A TERM ends a session as Ctrl-C does: what its fixtures have started, they stop.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # What dbt, pandas and thousands of collected tests keep is looked through less often: a tenth of the time.
    gc.set_threshold(50_000)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SessionFolder())


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningObjectStore]:
    """A SeaweedFS with an empty bucket; its settings are the process's own AWS_* variables meanwhile."""
    folder = tmp_path_factory.mktemp("objects")
    with pytest.MonkeyPatch.context() as patch:
        store = objects.start(folder, access_key="snowtape-test", secret_key="snowtape-test-secret", bucket="snowtape")
        patch.setenv("AWS_ENDPOINT_URL_S3", store.endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", store.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", store.secret_key)
        patch.setenv("AWS_REGION", store.region)
        patch.setenv("AWS_DEFAULT_REGION", store.region)
        yield store
        store.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory, object_store: RunningObjectStore) -> Iterator[RunningWarehouse]:
    """A local warehouse that reads the object store."""
    running = warehouses.start(Path(tmp_path_factory.mktemp("warehouse")), object_store_endpoint=object_store.endpoint)
    yield running
    running.stop()


@pytest.fixture
def state(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Says at the end of the session what a test has found out and no test can expect: a name and a value."""
    return lambda name, value: request.node.user_properties.append((f"{STATED}{name}", value))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The findings of all tests."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    found = [line for report in reports if getattr(report, "when", None) == "call" for line in report.user_properties]
    if lines := [f"{name.removeprefix(STATED)}: {value}" for name, value in found if name.startswith(STATED)]:
        terminalreporter.section("found out")
        terminalreporter.line("\n".join(lines))


def pytest_unconfigure() -> None:
    """Connections that a library left open close themselves at exit; that their server has gone is no news by then."""
    logging.disable(logging.CRITICAL)
