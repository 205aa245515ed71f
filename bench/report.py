"""bench/RESULTS.md and its plots from bench/results/*.json, and from nothing else: `python -m bench.report`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import bar_plot
from bench.record import RESULTS, table

PAGE = Path(__file__).with_name("RESULTS.md")
ORDER = (
    "ingest", "options", "recovery", "marts", "identity", "history_slope", "sweep", "dashboard", "backtest", "american",
    "surface", "end_to_end"
)  # fmt: skip
# What is drawn beside a table: the column that names a row, and the one with its number. The slope draws itself.
PLOTS = {
    "ingest": ("who", "bars a second"),
    "options": ("who", "seconds"),
    "recovery": ("who", "seconds"),
    "marts": ("what", "elapsed, s"),
    "sweep": ("settled manifests", "timed, s"),
    "dashboard": ("who", "p95, ms"),
    "backtest": ("strategy", "basket of 500, s"),
    "american": ("what", "CPU, µs a contract"),
    "surface": ("what", "CPU, ms an expiration"),
    "end_to_end": ("stage", "ended after, s"),
}
HEAD = """# Measured

`make bench` runs everything below on this machine's loopback and writes this page; every figure is from the JSON file
beside its heading. The stand-ins take the place of the API, S3 and Snowflake: the ratios say how the pipeline compares
with others on the same machine, the seconds say nothing about Snowflake.
"""
FOOT = """
## Not measured
Nothing was measured on a Snowflake account or against the live API; [docs/scale.md](../docs/scale.md) plans from these
figures what neither has shown yet.
"""


def page(results: dict[str, dict[str, Any]]) -> str:
    """The page, in Markdown."""
    parts = [HEAD]
    for name in [*ORDER, *sorted(results.keys() - set(ORDER))]:
        if name not in results:
            continue
        found = results[name]
        machine, versions = found["machine"], found["versions"]
        with_versions = ", ".join(f"{package} {number}" for package, number in versions.items())
        parts += [
            f"## {found['question'].rstrip('.')}",
            f"`python -m bench.{name}` → [results/{name}.json](results/{name}.json)",
            "",
            table(found["rows"]),
            "",
            found["verdict"],
            "",
        ]
        if (RESULTS / f"{name}.svg").exists():
            parts += [f"![{found['question']}](results/{name}.svg)", ""]
        parts += [
            f"{found['taken_at'][:10]}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
            f"Python {machine['python']}, load {found['load_before']:.1f}; {with_versions}.",
            "",
        ]
    return "\n".join(parts).rstrip() + "\n" + FOOT


def plots(results: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The drawings, as SVG, by the result's name."""
    return {name: bar_plot.bars(results[name]["rows"], *PLOTS[name]) for name in PLOTS if name in results}


def main() -> None:
    """Write it, and its plots."""
    results = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    for name, drawing in plots(results).items():
        (RESULTS / f"{name}.svg").write_text(drawing)
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
