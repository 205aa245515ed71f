"""What the demo makes of Airflow's answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from local.demo.airflow import AirflowClient, AirflowError

RUN = {"dag_id": "dbt_build", "dag_run_id": "a_run", "state": "success"}


def answer(status: int, body: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(status_code=status, ok=status < 400, text=str(body), json=lambda: body)


def client(monkeypatch: pytest.MonkeyPatch, *answers: SimpleNamespace) -> AirflowClient:
    """A client whose requests get these answers in turn."""
    made, left = AirflowClient("http://airflow"), list(answers)
    monkeypatch.setattr(made._session, "request", lambda *_, **__: left.pop(0))
    monkeypatch.setattr("local.demo.airflow.time.sleep", lambda _: None)
    return made


def test_error_of_a_busy_database_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    locked = answer(500, {"detail": {"reason": "Database error"}})

    assert client(monkeypatch, locked, locked, answer(200, RUN)).run("dbt_build", "a_run").state == "success"


def test_error_that_stays_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowError, match=r"500 .*Database error"):
        client(monkeypatch, *[answer(500, {"detail": {"reason": "Database error"}})] * 4).run("dbt_build", "a_run")


def test_refusal_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowError, match="404"):
        client(monkeypatch, answer(404, {"detail": "no such run"}), answer(200, RUN)).run("dbt_build", "a_run")
