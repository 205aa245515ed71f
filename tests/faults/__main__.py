"""`make faults`: every named point and many random schedules; the outcome becomes docs/reliability.md.

Usage: python -m tests.faults [--schedules 20] [--seed 1] [--steps 6]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import points, report

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the tests, write the report; returns pytest's exit code."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=20, help="random schedules (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first one (default %(default)s)")
    parser.add_argument("--steps", type=int, default=6, help="faults of each (default %(default)s)")
    options = parser.parse_args()
    seeds = ",".join(str(options.seed + number) for number in range(options.schedules))
    chosen = {
        points.EVERYTHING_VARIABLE: "1",
        "SNOWTAPE_FAULT_SEEDS": seeds,
        "SNOWTAPE_FAULT_STEPS": str(options.steps),
    }
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        command = [sys.executable, "-m", "pytest", "tests/faults", "-v", f"--junitxml={results}"]
        code = subprocess.run(command, cwd=REPOSITORY, env=os.environ | chosen, check=False).returncode
        if not results.exists():
            return code
        outcomes = report.outcomes(ElementTree.parse(results))
    page = report.page(outcomes, options.steps, datetime.now(UTC).date())
    (REPOSITORY / "docs" / "reliability.md").write_text(page)
    print(f"docs/reliability.md: {sum(outcomes.values())} of {len(outcomes)} passed")
    return code


if __name__ == "__main__":
    sys.exit(main())
