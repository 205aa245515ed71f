"""A Chromium, and the dashboard as its own process over the local warehouse behind a gate."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from tests.browser.gate import Gate
from tests.browser.polling import DEADLINE_MS
from tests.dashboard import seed

DATABASE = "SNOWTAPE_BROWSER"
ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_BROWSER = (
    "No Chromium to test with. Install one (Debian: apt-get install chromium; anywhere: python -m playwright install "
    "chromium) or set SNOWTAPE_CHROMIUM to the path of a Chromium or Chrome."
)


def chromium_path() -> str | None:
    """SNOWTAPE_CHROMIUM, else the first known browser on PATH, else None (then playwright's own is tried)."""
    if chosen := os.environ.get("SNOWTAPE_CHROMIUM"):
        if not (path := shutil.which(chosen)):
            pytest.fail(f"SNOWTAPE_CHROMIUM is {chosen!r}; expected a Chromium or Chrome.")
        return path
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@dataclass
class Dashboard:
    """The running dashboard and the gate before its warehouse."""

    url: str
    gate: Gate


@dataclass
class Visit:
    """A browser page, and what it complained about or asked of other hosts."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a path of the dashboard."""
        self.page.goto(self.base + path)

    def ready(self, panel: str = "chart-panel") -> None:
        """Wait until the panel shows data, and the chart is drawn."""
        self.page.wait_for_selector(f"#{panel}[data-state=ready]" + (" .main-svg" if panel == "chart-panel" else ""))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; a machine without one fails with what to install."""
    with sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        except Error as error:
            pytest.fail(f"{NO_BROWSER}\n{error}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dashboard(warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """The dashboard on a free port, on the day of the seeds, over its own database of the local warehouse."""
    with warehouse.connect(paramstyle="qmark") as connection:
        seed.seed(connection, DATABASE)
    gate = Gate(warehouse.host, warehouse.port)
    settings = {
        "SNOWFLAKE_ACCOUNT": "local",
        "SNOWFLAKE_USER": "dashboard",
        "SNOWFLAKE_PASSWORD": warehouse.token,
        "SNOWFLAKE_DATABASE": DATABASE,
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(gate.port),
        "SNOWFLAKE_PROTOCOL": "http",
    }
    log = (tmp_path_factory.mktemp("dashboard") / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.dashboard.serve", "--port", "0"],
        cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("Dashboard: http://127.0.0.1:"):
        log.seek(0)
        pytest.fail(f"the dashboard did not start: {line}{log.read()}")
    yield Dashboard(line.split()[1].rstrip("/"), gate)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(DEADLINE_MS / 1000) == 0
    gate.shut()


@pytest.fixture
def visit(chromium: Browser, dashboard: Dashboard) -> Iterator[Visit]:
    """A fresh page at desk width, light; the test fails if it logs an error or asks another host for anything."""
    yield from _visit(chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light"), dashboard)


@pytest.fixture
def phone(chromium: Browser, dashboard: Dashboard) -> Iterator[Visit]:
    """A fresh page at a phone's width, dark by the system's choice."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark", is_mobile=True, has_touch=True
    )
    yield from _visit(context, dashboard)


def _visit(context: BrowserContext, dashboard: Dashboard) -> Iterator[Visit]:
    # A deadline for a page that is dead, not for one on a busy machine.
    context.set_default_timeout(DEADLINE_MS)
    expect.set_options(timeout=DEADLINE_MS)
    visit = Visit(context.new_page(), dashboard.url)
    page, complaints = visit.page, visit.complaints
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((dashboard.url, "data:", "blob:")) else complaints.append(asked.url),
    )
    yield visit
    context.close()
    assert complaints == []
