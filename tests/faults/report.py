"""docs/reliability.md, from the results of the tests."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from datetime import date

from tests.faults import points
from tests.faults.points import WORKER, Kill

HEAD = """# Reliability: what was killed, and what was right afterwards

Written by `make faults` (`tests/faults/`) on {day}; don't edit it.

Every fault is SIGKILL, for a process or for a whole server, while it is held at a named point: before or after a
statement, an object, a manifest, in the midst of a download or a COPY. What was killed is started again, the next
run goes undisturbed, and then these must hold, as read by code that shares nothing with the pipeline's:

- **raw = replay**: each raw table holds every line of every object that a manifest names, once, and nothing else;
- **ledger = manifests**: every manifest is in `raw.load_ledger` once, with its sums;
- **nothing lost**: each session's newest answer is what the API gives now;
- **marts = full refresh**: every table that dbt builds, row for row (builds and schedules).

**All of it ran on the stand-ins only**: the market server for the API, SeaweedFS for S3, the local warehouse for
Snowflake. No Snowflake account and no live API were reachable. What a real account must confirm is in
`tests/live/`. Not exercised here: SIGKILL of Airflow's scheduler and API server; of its processes only the tasks'
work is killed.

| Fault | At the point | Killed | Result |
|---|---|---|---|
"""
SCHEDULES = """
## Random schedules

Each draws {steps} steps from its seed: kills at named points and after a random number of events, API faults (429
with and without a pause, 500, HTML with 200, cut gzip, cut JSON, missing results, resets, delays), two ingests at
once with a load between, three loads at once, an event that comes twice, one that is lost, a restatement of every
price, a build. Afterwards all four must hold. `make faults SCHEDULES=1 SEED=n` repeats schedule n.

{passed} of {count} schedules passed{failed}.

## The checks themselves

{planted} planted defects – rows lost, doubled and changed, ledger rows lost, doubled and wrong, a manifest written
before its objects, marts that no full refresh would give – were noticed, {unnoticed} were not. An API key and an S3
secret that occur nowhere else were looked for in every log, object, manifest and table, in plain, halved, reversed,
as hex and as base64: {canary}.
"""
WORK = {"ingest": "a task that ingests", "load": "a task that loads", "build": "dbt"}


def outcomes(results: ElementTree.ElementTree[ElementTree.Element]) -> dict[str, bool]:
    """Whether it passed, by `module::test`."""
    return {
        f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}": not any(
            case.find(kind) is not None for kind in ("failure", "error", "skipped")
        )
        for case in results.iter("testcase")
    }


def page(passed: Mapping[str, bool], steps: int, day: date) -> str:
    """The page as Markdown."""
    builds = [done for name, done in passed.items() if "killed_build" in name]
    rows = [_row(kill, _of(passed, "test_points", kill.name)) for kill in (*points.INGEST, *points.LOAD)]
    rows += [_row(kill, bool(builds) and all(builds)) for kill in points.BUILD]
    schedules = {
        match[1]: done for name, done in passed.items() if (match := re.search(r"schedule_of_faults.*\[(\d+)]", name))
    }
    failed = [seed for seed, done in schedules.items() if not done]
    planted = [done for name, done in passed.items() if "noticed" in name]
    canary = [done for name, done in passed.items() if "no_secret_is_in" in name]
    return (
        HEAD.format(day=day)
        + "\n".join(rows)
        + "\n"
        + SCHEDULES.format(
            steps=steps,
            passed=len(schedules) - len(failed),
            count=len(schedules),
            failed=f"; these seeds did not: {', '.join(failed)}" if failed else "",
            planted=sum(planted),
            unnoticed=len(planted) - sum(planted),
            canary="found nowhere" if canary and all(canary) else "FOUND, see the tests",
        )
    )


def _of(passed: Mapping[str, bool], module: str, name: str) -> bool | None:
    found = [done for test, done in passed.items() if test.startswith(module) and test.endswith(f"[{name}]")]
    return all(found) if found else None


def _row(kill: Kill, passed: bool | None) -> str:
    killed = {"market": "the API", "store": "the object store", "warehouse": "the warehouse", WORKER: WORK[kill.work]}
    result = {True: "all hold", False: "**FAILED**", None: "not run"}[passed]
    return f"| {kill.name} | `{kill.point.event.replace('|', chr(92) + '|')}` | {killed[kill.victim]} | {result} |"
