"""Waits of browser scripts that depend on luck: polls by `eval`, which a page's CSP forbids, and fixed pauses."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.gates.gate import Finding

FORBIDDEN = {
    "wait_for_function": "polls by eval, which the page's CSP forbids; use tests.browser.polling.until or expect()",
    "wait_for_timeout": "is a fixed pause; wait for what the page shows",
    "wait_for_load_state": "says nothing about what the page shows; wait for that",
}
# The poll itself pauses between two looks; this file names what it forbids.
EXEMPT = {"tests/browser/polling.py": {"wait_for_timeout"}, "tests/gates/browser_waits.py": FORBIDDEN.keys()}


def waits(name: str, text: str) -> Iterator[Finding]:
    """Forbidden waits in the text of a Python file, called or only mentioned by name in code."""
    forbidden = FORBIDDEN.keys() - EXEMPT.get(name, set())
    for node in ast.walk(ast.parse(text)):
        used = node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else None
        if isinstance(used, str) and used in forbidden:
            yield Finding(name, node.lineno, "browser wait", f"{used} {FORBIDDEN[used]}")
