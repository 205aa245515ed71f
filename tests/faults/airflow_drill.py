"""One of Airflow's servers is killed while the chain runs in it: what then happens by itself, and is it right?"""

from __future__ import annotations

from tests.faults import oracle
from tests.faults.airflow import BACKFILL, LOAD, SCHEDULER, Airflow
from tests.faults.drill import Drill
from tests.faults.points import TASKS, Kill

DELAY = {"match": "/v2/aggs/grouped", "kind": "delay", "seconds": 1.5, "times": None}


class AirflowDrill:
    """Kills one after the other on one site; each takes sessions that no other one has fetched."""

    def __init__(self, drill: Drill, airflow: Airflow) -> None:
        self.drill, self.airflow = drill, airflow

    def run(self, kill: Kill) -> str:
        """Trigger a backfill, kill at the point, start again, let Airflow go on; returns what became of the backfill.

        A backfill that Airflow has given up is triggered once more, as an operator would; the load runs once more, as
        it does every half hour.

        Raises:
            AssertionError: the point was never reached, Airflow did not come to rest, or something does not hold.
        """
        site, airflow = self.drill.site, self.airflow
        first, last = self.drill.next_sessions()
        conf = {"start": first.isoformat(), "end": last.isoformat(), "refetch": True}
        stored = len(oracle.objects())
        if kill.point.event:
            site.trap.set(kill.point)
        else:
            site.fail([DELAY])
        run = airflow.trigger(BACKFILL, conf)
        if kill.point.event:
            airflow.until(lambda: site.trap.held, kill.name)
        else:
            airflow.until(lambda: len(oracle.objects()) > stored, kill.name)
        victim = SCHEDULER if kill.victim == TASKS else kill.victim
        airflow.kill(victim, with_children=kill.victim != SCHEDULER)
        site.trap.clear()
        site.fail([])
        airflow.start(victim)
        airflow.until(airflow.client.is_healthy, "Airflow is healthy again")
        airflow.rest()
        outcome = airflow.client.run(BACKFILL, run.run_id).state
        if outcome != "success":
            airflow.trigger(BACKFILL, conf | {"refetch": False})
            airflow.rest()
        airflow.trigger(LOAD)
        airflow.rest()
        self.drill.check()
        self.drill.check_marts()
        return outcome
