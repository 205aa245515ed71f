"""Where a benchmark's figures go: bench/results/<name>.json, with the machine and the versions they were taken with."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Read when the benchmark begins: afterwards it would be its own.
LOAD_BEFORE = os.getloadavg()[0]
RESULTS = Path(__file__).with_name("results")


def machine() -> dict[str, Any]:
    """Cores, memory and Python of this machine."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def save(
    name: str,
    question: str,
    rows: Sequence[Mapping[str, Any]],
    verdict: str,
    packages: Sequence[str] = (),
    peers: Mapping[str, str] | None = None,
) -> Path:
    """Keep a benchmark's table and print it.

    Args:
        rows: one mapping a line of the table, all with the same keys.
        verdict: what the figures say, against the goal.
        packages: distributions whose versions matter.
        peers: versions of what ran in another environment.
    """
    document = {
        "name": name,
        "question": question,
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_before": LOAD_BEFORE,
        "versions": {package: version(package) for package in packages} | dict(peers or {}),
        "rows": [dict(row) for row in rows],
        "verdict": verdict,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(table(rows))
    print(verdict)
    return path


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([_text(row[head]) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
