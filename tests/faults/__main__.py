"""`make faults`: every point alone, then random schedules; the report is written as it grows.

Exit code 1 if anything failed. A failed point or schedule prints the folder of its logs; the next one starts
on a new site. The report is .local/faults/results.json; only a full run (every point, 20 schedules or more) also
replaces tests/faults/results.json and docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import building, leaks, points
from tests.faults.airflow import airflow_on
from tests.faults.airflow_drill import AirflowDrill
from tests.faults.drill import Drill
from tests.faults.report import FAILED, FULL_SCHEDULES, PAGE, PARTIAL, PASSED, Report, publish
from tests.faults.schedules import Schedule
from tests.faults.site import REPOSITORY, running

FOLDER = REPOSITORY / ".local" / "faults"
# A site grows with each schedule, and so does the time of each comparison.
SCHEDULES_A_SITE = 8


def main() -> int:
    """Run what the command line asks for."""
    # A TERM still stops everything that was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = arguments()
    report, began = Report(options.seed, options.steps), time.monotonic()
    if options.goes_on:
        report = Report(**json.loads(options.report.read_text()))
    else:
        shutil.rmtree(FOLDER, ignore_errors=True)
    before = report.seconds

    def tell(text: str) -> None:
        report.seconds = before + round(time.monotonic() - began)
        report.save(options.report)
        print(f"{report.seconds:5.0f} s  {text}", flush=True)

    if options.points:
        _run_points(report, tell)
    if options.airflow:
        _run_airflow(report, tell)
    first = report.seed + report.schedules
    seeds = list(range(first, first + options.schedules))
    while seeds and time.monotonic() - began < options.seconds:
        with drilling(with_dbt=True) as drill:
            for _ in range(min(SCHEDULES_A_SITE, len(seeds))):
                if time.monotonic() - began >= options.seconds:
                    break
                if not _run_schedule(drill, seeds.pop(0), report, tell):
                    break
            _look_for_secrets(drill, report, tell)
    print(f"docs/{PAGE.name}: {'rewritten' if publish(report) else 'unchanged; this was not a full run'}")
    return 1 if report.failures or report.secrets != leaks.NONE or FAILED in report.points.values() else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=FULL_SCHEDULES, help="random schedules (default %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first schedule; later ones count up (default %(default)s)"
    )
    parser.add_argument("--steps", type=int, default=4, help="faults in a schedule (default %(default)s)")
    parser.add_argument("--points", type=int, default=1, help="0: leave out the named points")
    parser.add_argument("--airflow", type=int, default=1, help="0: do not kill Airflow's own servers")
    parser.add_argument("--seconds", type=float, default=1e9, help="start no further schedule after this long")
    parser.add_argument("--goes-on", action="store_true", help="continue the existing report")
    parser.add_argument("--report", type=Path, default=PARTIAL, help="JSON file of the report (default %(default)s)")
    return parser.parse_args()


@contextmanager
def drilling(*, with_dbt: bool) -> Iterator[Drill]:
    """A drill on a site of its own; its logs stay until the next `make faults`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=FOLDER))
    with running(folder / "site") as site:
        drill = Drill(site, building.parsed(folder / "dbt") if with_dbt else None)
        # A first build has other points than those after it.
        drill.recover(drill.next_sessions())
        yield drill


def _run_points(report: Report, tell: Callable[[str], None]) -> None:
    for group, with_dbt in (((*points.INGEST, *points.LOAD, *points.OPTIONS), False), (points.BUILD, True)):
        kills = [kill for kill in group if kill.name not in report.points]
        while kills:
            with drilling(with_dbt=with_dbt) as drill:
                while kills:
                    kill = kills.pop(0)
                    try:
                        drill.run(kill)
                        drill.check()
                        if with_dbt:
                            drill.check_marts()
                    except Exception as error:
                        report.points[kill.name] = FAILED
                        tell(f"FAILED {kill.name}, see {drill.site.folder}: {error}")
                        break
                    report.points[kill.name] = PASSED
                    tell(f"passed {kill.name}")


def _run_airflow(report: Report, tell: Callable[[str], None]) -> None:
    kills = [kill for kill in points.AIRFLOW if kill.name not in report.points]
    while kills:
        with drilling(with_dbt=True) as drill, airflow_on(drill.site) as airflow:
            drills = AirflowDrill(drill, airflow)
            while kills:
                kill = kills.pop(0)
                try:
                    outcome = drills.run(kill)
                except Exception as error:
                    report.points[kill.name] = FAILED
                    tell(f"FAILED {kill.name}, see {drill.site.folder}: {error}")
                    break
                report.points[kill.name] = PASSED
                tell(f"passed {kill.name}; the backfill itself: {outcome}")


def _run_schedule(drill: Drill, seed: int, report: Report, tell: Callable[[str], None]) -> bool:
    schedule = Schedule(drill, seed, report.steps)
    drill.begin_again()
    failure = None
    try:
        schedule.run()
        drill.check_marts()
    except Exception as error:
        failure = f"seed {seed}: {' '.join(str(error).split())[:600]}"
        report.failures.append(failure)
    report.add_schedule(schedule.told)
    tell(f"FAILED {failure}, see {drill.site.folder}" if failure else f"passed seed {seed}: {'; '.join(schedule.told)}")
    return failure is None


def _look_for_secrets(drill: Drill, report: Report, tell: Callable[[str], None]) -> None:
    found = leaks.everywhere(drill)
    if report.secrets in (leaks.NONE, "not looked for"):
        report.secrets = "; ".join(found) or leaks.NONE
    tell(f"secrets: {report.secrets}")


if __name__ == "__main__":
    sys.exit(main())
