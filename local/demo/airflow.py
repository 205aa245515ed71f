"""A small client of Airflow's public REST API: what the demo needs to trigger runs and to watch them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

ACTIVE = frozenset({"queued", "running"})
TRIES = 4


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG; `state` is Airflow's word: queued, running, success or failed."""

    dag_id: str
    run_id: str
    state: str
    queued_at: datetime | None
    started: datetime | None
    ended: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether the run has not ended yet."""
        return self.state in ACTIVE


class AirflowError(RuntimeError):
    """Airflow refused a request; the message carries its answer."""


class AirflowClient:
    """Requests to one Airflow API server on loopback, with a token from its all-admins mode."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False

    def is_healthy(self) -> bool:
        """Whether API server, metadata database, scheduler and DAG processor all say that they are healthy."""
        try:
            answer = self._session.get(f"{self._base_url}/api/v2/monitor/health", timeout=3)
            parts = answer.json()
        except (requests.RequestException, ValueError):
            return False
        needed = ("metadatabase", "scheduler", "dag_processor")
        return all((parts.get(part) or {}).get("status") == "healthy" for part in needed)

    def log_in(self) -> None:
        """Fetch a token; Airflow gives one to anybody on loopback in its all-admins mode."""
        answer = self._session.get(f"{self._base_url}/auth/token", timeout=10)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def dag_ids(self) -> set[str]:
        """The ids of all DAGs that Airflow has parsed."""
        return {str(dag["dag_id"]) for dag in self._call("GET", "/dags", params={"limit": 100})["dags"]}

    def import_errors(self) -> list[str]:
        """One line for every DAG file that could not be imported."""
        errors = self._call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {str(error['stack_trace']).strip().splitlines()[-1]}" for error in errors]

    def ensure_pool(self, name: str, slots: int) -> None:
        """Create the pool, or set its slots when it is there."""
        body = {
            "name": name,
            "slots": slots,
            "description": "Requests to the Polygon.io API",
            "include_deferred": False,
        }
        answer = self._request("POST", "/pools", json=body)
        if answer.status_code == 409:
            self._call("PATCH", f"/pools/{name}", json={"pool": name, "slots": slots, "include_deferred": False})
        elif not answer.ok:
            raise AirflowError(f"Airflow refused the pool {name}: {answer.status_code} {answer.text[:300]}")

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> DagRun:
        """Start a run of a DAG with these params. Its id is chosen here: a lost answer can't start two."""
        run_id = f"demo__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        answer = self._request("POST", f"/dags/{dag_id}/dagRuns", json=body)
        if not answer.ok and answer.status_code != 409:
            raise AirflowError(f"Airflow refused to run {dag_id}: {answer.status_code} {answer.text[:300]}")
        return self.run(dag_id, run_id)

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """One run as it stands now."""
        return _run(self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}"))

    def runs(self, dag_id: str, limit: int = 20) -> list[DagRun]:
        """The latest runs of a DAG, newest first; `~` is all DAGs."""
        answer = self._call("GET", f"/dags/{dag_id}/dagRuns", params={"order_by": "-run_after", "limit": limit})
        return [_run(entry) for entry in answer["dag_runs"]]

    def latest_runs(self) -> dict[str, list[DagRun]]:
        """The latest runs of all DAGs in one request, each DAG's newest first."""
        found: dict[str, list[DagRun]] = {}
        for run in self.runs("~", limit=100):
            found.setdefault(run.dag_id, []).append(run)
        return found

    def fail(self, run: DagRun) -> None:
        """Mark a run as failed: what an interrupted run left undone is found by the next one."""
        self._call("PATCH", f"/dags/{run.dag_id}/dagRuns/{run.run_id}", json={"state": "failed"})

    def failed_tasks(self, run: DagRun) -> list[str]:
        """Labels of the tasks of a run that failed, such as `land[3]`."""
        return [
            task["task_id"] + (f"[{task['map_index']}]" if int(task.get("map_index", -1)) >= 0 else "")
            for task in self._tasks(run)
            if task["state"] == "failed"
        ]

    def work(self, run: DagRun) -> list[tuple[datetime, datetime]]:
        """When the tasks of a run that ran began and ended."""
        times = [(_time(task.get("start_date")), _time(task.get("end_date"))) for task in self._tasks(run)]
        return [(began, ended) for began, ended in times if began and ended]

    def _tasks(self, run: DagRun) -> list[dict[str, Any]]:
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        return list(self._call("GET", path, params={"limit": 200})["task_instances"])

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self._request(method, path, **options)
        if not answer.ok:
            raise AirflowError(f"Airflow refused {method} {path}: {answer.status_code} {answer.text[:300]}")
        return dict(answer.json())

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request, repeated while a busy machine lets it time out or locks Airflow's database for too long.

        Every request here can be sent twice.
        """
        for attempt in range(TRIES):
            try:
                answer = self._session.request(method, f"{self._base_url}/api/v2{path}", timeout=60, **options)
            except (requests.Timeout, requests.ConnectionError):
                if attempt == TRIES - 1:
                    raise
                time.sleep(1)
                continue
            if answer.status_code == 401:
                self.log_in()  # the token is a day old
            elif answer.status_code < 500:
                return answer
            else:
                time.sleep(1)
        return answer


def _run(entry: dict[str, Any]) -> DagRun:
    return DagRun(
        dag_id=str(entry["dag_id"]),
        run_id=str(entry["dag_run_id"]),
        state=str(entry["state"]),
        queued_at=_time(entry.get("queued_at")),
        started=_time(entry.get("start_date")),
        ended=_time(entry.get("end_date")),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
