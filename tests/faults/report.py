"""The report of a run as JSON, and docs/reliability.md made of it: `python -m tests.faults.report`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults import points

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
FAILED = "failed"
KILLED = {
    points.WORKER: "the process of the {}",
    "market": "the API",
    "store": "the object store",
    "warehouse": "the warehouse",
    points.TASKS: "Airflow's scheduler and every task",
    points.SCHEDULER: "Airflow's scheduler; its tasks live on",
    points.API_SERVER: "Airflow's API server",
    points.DAG_PROCESSOR: "Airflow's DAG processor",
}

HEAD = """# Reliability

What `make faults` did to the pipeline, and what it found. This page is made from `tests/faults/results.json` by
`python -m tests.faults.report`; the numbers are those of one run, not of a guess.

## What is compared
Each fault is followed by what runs next undisturbed: an ingest, a load, where it says so a build. Then, read with code
that the pipeline doesn't share:

- **raw = replay**: every line of every object that a manifest names is in its raw table once, and nothing else is;
- **ledger = manifests**: every manifest of the bucket is in the ledger once, with its sums;
- **nothing lost**: the newest answer loaded for each session holds the closes that the API gives now;
- **marts = full refresh**: every table that dbt builds equals what `dbt run --full-refresh` makes of raw, floats to
  1e-9 (after the builds and after each schedule).

A process that is killed gets SIGKILL while it is held at the point, so the point is hit and not guessed by time. Points
are reached from entry points in `tests/faults`, which wrap library and pipeline functions; the pipeline has no hooks.
A kill of Airflow's servers happens while a backfill and what follows it run in a real Airflow; the server is started
again, and Airflow goes on by itself.
`tests/faults/test_points.py` plants defects and damage and shows that the comparisons notice each.
"""
FOOT = """
## What this does not show
All rows ran on the stand-ins only: the market server, SeaweedFS and the local warehouse. Neither a Snowflake account
nor the live API was within reach. In particular, locks, COPY and a lost session are those of the local warehouse,
which `docs/local-snowflake.md` compares with Snowflake; [`make test-live`](live-tests.md) tries the first two there.
Airflow runs with its LocalExecutor on SQLite, and waits 40 s
(its default: 300 s) before it takes a task that has fallen silent for dead; its triggerer is not killed, because no
task defers. In random schedules Airflow itself is not killed.
"""


@dataclass
class Report:
    """What was done to the pipeline and what came of it; seeds of schedules are in `failures`."""

    seed: int
    steps: int
    seconds: float = 0.0
    points: dict[str, str] = field(default_factory=dict)
    schedules: int = 0
    drawn: dict[str, int] = field(default_factory=dict)
    drawn_in: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    secrets: str = "not looked for"

    def add_schedule(self, told: Iterable[str]) -> None:
        """Count a schedule and the faults in it."""
        names = Counter(name for step in told for name in fault_names(step))
        self.schedules += 1
        self.drawn = dict(Counter(self.drawn) + names)
        self.drawn_in = dict(Counter(self.drawn_in) + Counter(names.keys()))

    def save(self, path: Path) -> None:
        """Write it, so that a run that is cut off has told what it did."""
        path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


def fault_names(step: str) -> list[str]:
    """The faults in a step as a schedule tells it, by name."""
    kind, _, rest = step.strip().partition(": ")
    if kind == "API":
        return [f"API: {name}" for name in rest.split(", ")]
    if kind == "kill":
        return [rest.split(":")[0]]
    return [] if step.startswith(" ") else [step]


def page(report: Report) -> str:
    """The page, in Markdown."""
    lines = [
        HEAD,
        "## The matrix",
        "| Fault | At | Killed | Point alone | Schedules with it | Times in them | Ran on |",
    ]
    lines.append("|---|---|---|---|---:|---:|---|")
    kills = {kill.name: kill for kill in (*points.ALL, *points.AIRFLOW)}
    for name in [*kills, *sorted(report.drawn.keys() - kills.keys())]:
        at = f"`{kills[name].point.event.replace('|', chr(92) + '|')}`" if name in kills else "–"
        at = "an object is landed" if at == "``" else at
        killed = KILLED[kills[name].victim].format(kills[name].work) if name in kills else "–"
        alone = report.points.get(name, "not run") if name in kills else "–"
        counts = f"{report.drawn_in.get(name, 0)} | {report.drawn.get(name, 0)}"
        lines.append(f"| {name} | {at} | {killed} | {alone} | {counts} | stand-in only |")
    good = report.schedules - len(report.failures)
    lines += [
        "",
        "## The run",
        f"{len(report.points)} points alone; {report.schedules} random schedules of {report.steps} steps each, seeds "
        f"from {report.seed} on: {good} held, {len(report.failures)} did not. {report.seconds:.0f} s.",
        "",
        *([f"- {failure}" for failure in report.failures] + [""] if report.failures else []),
        f"Key of the API and secret of the object store, in plain and encoded, in all logs, objects, manifests and "
        f"tables after the schedules: {report.secrets}.",
        "",
        "Again: `make faults SCHEDULES=… SEED=…`. A schedule that fails tells its seed; "
        "`make faults POINTS=0 SCHEDULES=1 SEED=<that>` runs it alone.",
    ]
    return "\n".join(lines) + "\n" + FOOT


if __name__ == "__main__":
    PAGE.write_text(page(Report(**json.loads(RESULTS.read_text()))))
