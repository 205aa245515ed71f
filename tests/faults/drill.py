"""One fault: work until the point, kill, start again what was killed, and run once more undisturbed."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from ingest import calendar
from tests.dbt.conftest import Dbt
from tests.faults import building, oracle, worker
from tests.faults.points import WORKER, Kill
from tests.faults.site import Site
from tests.faults.worker import Worker

LONGEST_SECONDS = 600.0
FIRST, LAST = date(2025, 12, 1), date(2026, 11, 20)


class Drill:
    """Faults one after the other on one site; each takes sessions that no other one has fetched, newest first."""

    def __init__(self, site: Site, dbt: Dbt | None = None) -> None:
        self.site, self.dbt = site, dbt
        self._sessions = list(calendar.sessions(FIRST, LAST))
        # Sessions of stocks; first and last sessions of options.
        self.fetched: list[date] = []
        self.fetched_options: list[tuple[date, date]] = []
        self._runs = 0

    def next_sessions(self, count: int = 3, family: str = "stocks") -> tuple[date, date]:
        """First and last of the next sessions to fetch; remembered as fetched."""
        taken = self._sessions[-count:]
        del self._sessions[-count:]
        span = taken[0], taken[-1]
        if family == "stocks":
            self.fetched += taken
        else:
            self.fetched_options.append(span)
        return span

    def begin_again(self) -> None:
        """Sessions may be fetched once more, as if none was: those that are held are found and left out."""
        self._sessions = list(calendar.sessions(FIRST, LAST))
        self.fetched.clear()
        self.fetched_options.clear()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table of the database."""
        tables = self.site.database.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema <> 'INFORMATION_SCHEMA' and table_type = 'BASE TABLE'"
        )
        return {
            f"{schema}.{name}": self.site.database.rows(f"select * from {schema}.{name}") for schema, name in tables
        }

    def run(self, kill: Kill) -> str:
        """Do it; returns the event that was held. Raises AssertionError when the point was never reached."""
        span = self.next_sessions(family=kill.family)
        work = self._work(kill, span)
        self.site.trap.set(kill.point)
        at_work = self.site.work(*work)
        event = self.caught(at_work, kill)
        if kill.victim == WORKER:
            at_work.kill()
            self.site.trap.clear()
        else:
            self.site.kill(kill.victim)
            self.site.trap.clear()
            self.site.start(kill.victim)
            at_work.join()
        self.recover(span, kill.family)
        return event

    def recover(self, span: tuple[date, date], family: str = "stocks") -> None:
        """What the next scheduled runs do."""
        self.complete(self.ingesting(span, family=family))
        self.complete((worker.load, family))
        if self.dbt is not None:
            self.complete((building.build, self.dbt))

    def complete(self, work: tuple[Any, ...]) -> None:
        """Work that nothing disturbs must succeed."""
        done = self.site.work(*work)
        assert done.join() == 0, done.log.read_text()

    def ingesting(self, span: tuple[date, date], *, refetch: bool = False, family: str = "stocks") -> tuple[Any, ...]:
        """An ingest run of these sessions."""
        self._runs += 1
        return worker.ingest, span[0].isoformat(), span[1].isoformat(), f"run-{self._runs}", refetch, family

    def check(self) -> None:
        """Everything that must hold."""
        oracle.check(self.site.database, self.fetched, self.fetched_options)

    def check_marts(self) -> None:
        """Tables as they are against those of a full refresh."""
        assert self.dbt is not None
        found = building.contents(self.site.database)
        self.complete((building.build, self.dbt, "--full-refresh"))
        differing = building.differences(found, building.contents(self.site.database))
        assert not differing, "marts = full refresh:\n" + "\n".join(differing)

    def caught(self, at_work: Worker, kill: Kill) -> str:
        """Wait until the trap holds something; returns the event."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            if event := self.site.trap.held:
                return event
            if not at_work.is_alive:
                said = at_work.log.read_text() if at_work.log.exists() else "nothing"
                raise AssertionError(f"{kill.name}: the work ended before it came to {kill.point}; it said: {said}")
            time.sleep(0.01)
        raise AssertionError(f"{kill.name}: not reached within {LONGEST_SECONDS:.0f} s")

    def _work(self, kill: Kill, span: tuple[date, date]) -> tuple[Any, ...]:
        # Also what is held already, so that there is work up to every point.
        ingesting = self.ingesting(span, refetch=True, family=kill.family)
        if kill.work == "ingest":
            return ingesting
        self.complete(ingesting)
        if kill.work == "load":
            return worker.load, kill.family
        self.complete((worker.load, kill.family))
        return building.build, self.dbt
