"""The report of a run as JSON, and docs/reliability.md, which is generated from it: `python -m tests.faults.report`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults import points

RESULTS = Path(__file__).with_name("results.json")
PARTIAL = Path(__file__).parents[2] / ".local" / "faults" / "results.json"
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
FAILED = "failed"
PASSED = "passed"
FULL_SCHEDULES = 20
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

What `make faults` did to the pipeline, and what it found. `python -m tests.faults.report` generates this page from
`tests/faults/results.json`; the numbers come from one run. A run that leaves something out
writes its report to `.local/faults/` and does not change this page.

## What is compared
After each fault, an undisturbed ingest and load run, and a build where the row says so. Then code that the pipeline
does not share compares:

- **raw = replay**: every line of every object that a manifest lists is in its raw table once, and nothing else is;
- **ledger = manifests**: every manifest in the bucket is in the ledger once, with its totals;
- **nothing lost**: the newest answer loaded for each session has the closes that the API returns now;
- **marts = full refresh**: every table that dbt builds equals the result of `dbt run --full-refresh`, floats to
  1e-9 (after the builds and after each schedule).

A process is stopped at the point and then gets SIGKILL, so the kill does not depend on timing. Entry points in
`tests/faults` wrap library and pipeline functions to reach the points; the pipeline has no hooks.
Airflow's servers are killed while a backfill and the runs that follow it execute in a real Airflow; the server is
started again, and Airflow recovers by itself.
`tests/faults/test_points.py` plants defects and damage and shows that the comparisons notice each.
"""
FOOT = """
## What this does not show
Everything ran on the stand-ins only: the market server, SeaweedFS and the local warehouse. Neither a Snowflake account
nor the live API was available. In particular, locks, COPY and lost sessions behave as in the local warehouse,
which `docs/local-snowflake.md` compares with Snowflake; [`make test-live`](live-tests.md) tries the first two on an
account. Airflow runs with its LocalExecutor on SQLite and declares a silent task dead after 40 s (its default is
300 s). Its triggerer is not killed, because no task defers. Random schedules do not kill Airflow itself.
"""


@dataclass
class Report:
    """What was done to the pipeline and what happened; `failures` has the seeds of failed schedules."""

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

    @property
    def is_full(self) -> bool:
        """Whether nothing was left out: every point, alone, and `FULL_SCHEDULES` schedules."""
        names = {kill.name for kill in (*points.ALL, *points.AIRFLOW)}
        return names <= self.points.keys() and self.schedules >= FULL_SCHEDULES

    def save(self, path: Path) -> None:
        """Write it, so that an interrupted run has recorded what it did."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


def fault_names(step: str) -> list[str]:
    """The names of the faults in one step of a schedule, as the schedule prints it."""
    kind, _, rest = step.strip().partition(": ")
    if kind == "API":
        return [f"API: {name}" for name in rest.split(", ")]
    if kind == "kill":
        return [rest.split(":")[0]]
    return [] if step.startswith(" ") else [step]


def publish(report: Report) -> bool:
    """Replace tests/faults/results.json and docs/reliability.md if the report is a full one."""
    if report.is_full:
        report.save(RESULTS)
        PAGE.write_text(page(report))
    return report.is_full


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
        f"{len(report.points)} points alone; {report.schedules} random schedules of {report.steps} steps each, from "
        f"seed {report.seed}: {good} passed, {len(report.failures)} failed. {report.seconds:.0f} s.",
        "",
        *([f"- {failure}" for failure in report.failures] + [""] if report.failures else []),
        f"The API key and the object store's secret, plain and encoded, in all logs, objects, manifests and "
        f"tables after the schedules: {report.secrets}.",
        "",
        "To repeat: `make faults SCHEDULES=… SEED=…`. A failed schedule prints its seed; "
        "`make faults POINTS=0 SCHEDULES=1 SEED=<seed>` runs it alone.",
    ]
    return "\n".join(lines) + "\n" + FOOT


if __name__ == "__main__":
    PAGE.write_text(page(Report(**json.loads(RESULTS.read_text()))))
