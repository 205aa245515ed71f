"""Lints of CI's own files, offline: zizmor for security, GitHub's schema for form, and who wrote the actions."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TOOLS = Path(sys.executable).parent
# Actions that may run at all: GitHub's and AWS's own. Everything else is a script of ours.
TRUSTED = ("actions/", "aws-actions/")
USES = re.compile(r"^\s*(?:- )?uses:\s*(\S+)(.*)$", re.MULTILINE)


def problems(folder: Path) -> Iterator[str]:
    """What is wrong with the workflows and dependabot.yml of a `.github` folder; one linter after the other."""
    workflows = sorted(folder.glob("workflows/*.yml"))
    for path in workflows:
        yield from pins(path.name, path.read_text())
    yield from _said([TOOLS / "zizmor", "--offline", "--no-progress", "--persona=auditor", folder])
    schema = (TOOLS / "check-jsonschema", "--builtin-schema")
    yield from _said([*schema, "vendor.github-workflows", *workflows])
    yield from _said([*schema, "vendor.dependabot", folder / "dependabot.yml"])


def pins(name: str, text: str) -> list[str]:
    """Actions that are not pinned to a full commit with its version beside it, or that nobody here trusts."""
    found = []
    for action, comment in USES.findall(text):
        if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action):
            found.append(f"{name}: {action} is not pinned to a full commit")
        elif not re.fullmatch(r"\s+# v\d+\.\d+\.\d+", comment):
            found.append(f"{name}: {action} has no version beside it")
        if not action.startswith(TRUSTED):
            found.append(f"{name}: {action} is by nobody in tests/gates/workflows.py")
    return found


def _said(command: list[str | Path]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]
