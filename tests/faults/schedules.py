"""A random schedule of faults: the same seed makes the same one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date

from ingest import manifests
from ingest.datasets import Family
from ingest.settings import read_storage
from ingest.storage import LandingStore
from tests.faults import building, points, worker
from tests.faults.drill import Drill
from tests.faults.points import Kill
from tests.faults.traps import Point

Span = tuple[date, date]

API_FAULTS = (
    {"kind": "status", "status": 429, "retry_after": "0"},
    {"kind": "status", "status": 429, "retry_after": "1"},
    {"kind": "status", "status": 500},
    {"kind": "html"},
    {"kind": "truncated_gzip"},
    {"kind": "invalid_json"},
    {"kind": "no_results"},
    {"kind": "reset"},
    {"kind": "delay", "seconds": 0.3},
)


class Schedule:
    """Steps drawn by chance, each noted in `told` before it is taken."""

    def __init__(self, drill: Drill, seed: int, steps: int) -> None:
        self.drill, self.seed, self._steps = drill, seed, steps
        self._chance = random.Random(seed)
        self.told: list[str] = []

    def run(self) -> None:
        """Take all steps, then what runs next undisturbed, and check everything but the marts.

        Raises:
            AssertionError: with the seed and the steps until then.
        """
        kinds: tuple[Callable[[], None], ...] = (
            self._killed,
            self._killed_at_random,
            self._api_faults,
            self._two_ingests,
            self._two_loads,
            self._doubled_event,
            self._lost_event,
            self._restatement,
            self._build,
        )
        try:
            for _ in range(self._steps):
                self._chance.choice(kinds)()
            self._settle()
            self.drill.check()
        except Exception as error:
            steps = "\n  ".join(self.told)
            raise AssertionError(f"seed {self.seed}, after these steps:\n  {steps}\n{error}") from error

    def _killed(self) -> None:
        kills = [kill for kill in points.ALL if kill.work != "build" or self.drill.dbt is not None]
        kill = self._chance.choice(kills)
        self._tell(f"kill: {kill.name}")
        self.drill.run(kill)

    def _killed_at_random(self) -> None:
        """Anywhere: after some number of any events."""
        work = self._chance.choice(("ingest", "load"))
        kill = Kill("somewhere", work, Point("", skip=self._chance.randrange(40)))
        self._tell(f"kill: {work}, anywhere: after {kill.point.skip} events")
        span = self.drill.next_sessions()
        if work == "load":
            self.drill.complete(self.drill.ingesting(span))
        self.drill.site.trap.set(kill.point)
        at_work = self.drill.site.work(*(self.drill.ingesting(span) if work == "ingest" else (worker.load,)))
        try:
            self.drill.caught(at_work, kill)
            at_work.kill()
        except AssertionError:
            self._tell("  which was over before")
        self.drill.site.trap.clear()

    def _api_faults(self) -> None:
        faults = [
            dict(self._chance.choice(API_FAULTS), match="", skip=self._chance.randrange(4), times=1)
            for _ in range(self._chance.randint(1, 3))
        ]
        self._tell(f"API: {', '.join(_name(fault) for fault in faults)}")
        self.drill.site.fail(faults)
        # It may fail, or not: the undisturbed runs at the end fetch what is missing.
        self.drill.site.work(*self.drill.ingesting(self.drill.next_sessions(), refetch=True)).join()
        self.drill.site.fail([])

    def _two_ingests(self) -> None:
        self._tell("two ingests of the same sessions at once, a load meets them")
        span = self.drill.next_sessions()
        runs = [self.drill.site.work(*self.drill.ingesting(span)) for _ in range(2)]
        loading = self.drill.site.work(worker.load)
        assert [run.join() for run in runs] == [0, 0]
        assert loading.join() == 0

    def _two_loads(self) -> None:
        self._tell("three loads at once")
        self.drill.complete(self.drill.ingesting(self.drill.next_sessions(), refetch=True))
        assert [run.join() for run in [self.drill.site.work(worker.load) for _ in range(3)]] == [0, 0, 0]

    def _doubled_event(self) -> None:
        self._tell("an event that comes twice")
        self.drill.complete(self.drill.ingesting(self.drill.next_sessions(), refetch=True))
        keys = list(manifests.list_keys(LandingStore(read_storage()), Family.STOCKS))[-3:]
        for _ in range(2):
            self.drill.complete((worker.load_keys, keys))

    def _lost_event(self) -> None:
        self._tell("an event that is lost")
        self.drill.complete(self.drill.ingesting(self.drill.next_sessions(), refetch=True))

    def _restatement(self) -> None:
        self._tell("a restatement of everything fetched so far")
        self.drill.site.restate()
        self._fetch_again()

    def _build(self) -> None:
        self._tell("a load and a build")
        for family in Family:
            self.drill.complete((worker.load, family.value))
        if self.drill.dbt is not None:
            self.drill.complete((building.build, self.drill.dbt))

    def _settle(self) -> None:
        """What the schedule of the DAGs brings after the faults: late corrections, a load, a build."""
        if not self.drill.fetched:
            self.drill.next_sessions()
        self._fetch_again()
        self._build()

    def _fetch_again(self) -> None:
        if self.drill.fetched:
            span = min(self.drill.fetched), max(self.drill.fetched)
            self.drill.complete(self.drill.ingesting(span, refetch=True))
        for span in self.drill.fetched_options:
            self.drill.complete(self.drill.ingesting(span, refetch=True, family="options"))

    def _tell(self, step: str) -> None:
        self.told.append(step)


def _name(fault: Mapping[str, object]) -> str:
    pause = f" with Retry-After {fault['retry_after']}" if "retry_after" in fault else ""
    return f"{fault.get('status', fault['kind'])}{pause}"
