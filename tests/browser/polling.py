"""Waiting for what no element of the page shows, polled from this side.

Playwright's `wait_for_function` polls inside the page by `eval`. The dashboard's Content-Security-Policy forbids that,
so such a wait passes only when its first look already succeeds. What the DOM shows is waited for with `expect()`; only
the rest (a figure's range, the page's width) needs `until`. The gate `tests/gates/browser_waits.py` keeps it so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, Page

DEADLINE_MS, PAUSE_MS = 240_000.0, 50.0


def until(page: Page, look: str | Callable[[], Any], is_met: Callable[[Any], bool]) -> None:
    """Look again and again, by a script or a function, until the value passes `is_met`.

    A script that fails (the chart is being drawn again) counts as not met yet. After the deadline an
    AssertionError says what came last.
    """
    deadline = time.monotonic() + DEADLINE_MS / 1000
    while True:
        try:
            last = page.evaluate(look) if isinstance(look, str) else look()
            if is_met(last):
                return
        except Error as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"the page's value is {last!r} at the deadline: {look}")
        page.wait_for_timeout(PAUSE_MS)
