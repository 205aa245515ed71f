"""Alerts: to the channels that the environment names, and never in the way of what they are about."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socketserver
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wiring.notifying import deadline_missed, send, task_failed

FAILURE = {
    "ti": SimpleNamespace(dag_id="a_dag", task_id="land", map_index=-1, run_id="a_run", log_url="http://airflow/log"),
    "exception": ValueError("boom"),
}


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What a webhook on this machine was sent."""
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SNOWTAPE_ALERT_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/hook/s3cret")
        yield received
        server.shutdown()


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Lines that a mail server on this machine was sent."""
    received: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            data = False
            for line in self.rfile:
                received.append(line.decode().rstrip())
                if data and line.rstrip() != b".":
                    continue
                data = line.upper().startswith(b"DATA")
                self.wfile.write(b"354 go on\r\n" if data else b"250 ok\r\n")
                if line.upper().startswith(b"QUIT"):
                    return

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SNOWTAPE_ALERT_MAIL_TO", "oncall@example.com")
        monkeypatch.setenv("SNOWTAPE_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("SNOWTAPE_SMTP_PORT", str(server.server_address[1]))
        yield received
        server.shutdown()


def test_failure_is_posted_with_the_task_the_error_and_its_log(webhook: list[Any]) -> None:
    task_failed(FAILURE)

    assert webhook == [{"text": "FAILED a_dag.land in run a_run: boom\nhttp://airflow/log"}]


def test_address_of_the_webhook_may_be_in_a_file(
    webhook: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "address").write_text(os.environ["SNOWTAPE_ALERT_WEBHOOK_URL"] + "\n")
    monkeypatch.delenv("SNOWTAPE_ALERT_WEBHOOK_URL")
    monkeypatch.setenv("SNOWTAPE_ALERT_WEBHOOK_URL_FILE", str(tmp_path / "address"))

    send("boom")

    assert webhook == [{"text": "boom"}]


def test_failure_is_mailed(mail: list[str]) -> None:
    task_failed(FAILURE)

    assert "Subject: Snowtape: FAILED a_dag.land in run a_run: boom" in mail
    assert "To: oncall@example.com" in mail


def test_missed_deadline_is_posted_with_its_run(webhook: list[Any]) -> None:
    context = {"dag_run": {"dag_run_id": "scheduled__2026-11-20"}}
    # In a thread of its own: a browser test before this one may have left a loop running in the main thread.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, deadline_missed(context=context, dag_id="dbt_build", hours=2)).result()

    assert webhook == [{"text": "LATE dbt_build: run scheduled__2026-11-20 has not ended within 2 hours"}]


def test_nothing_is_sent_where_no_channel_is_named(webhook: list[Any]) -> None:
    send("text", environment={})

    assert webhook == []


@pytest.mark.parametrize("path", ["broken", "closed"])
def test_alert_that_fails_is_one_line_without_the_address(
    webhook: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    import os

    url = os.environ["SNOWTAPE_ALERT_WEBHOOK_URL"].replace("/hook/s3cret", "/broken")
    monkeypatch.setenv("SNOWTAPE_ALERT_WEBHOOK_URL", url if path == "broken" else "http://127.0.0.1:1/s3cret")

    with caplog.at_level(logging.ERROR, logger="wiring.notifying"):
        task_failed(FAILURE)

    assert len(caplog.messages) == 2
    assert caplog.messages[1].startswith("The alert could not be sent by post: ")
    assert "http" not in caplog.messages[1]


def test_every_dag_that_runs_by_itself_has_a_deadline_that_airflow_can_store(dag_bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag_id, dag in dag_bag.dags.items():
        assert DagSerialization.to_dict(dag)
        if dag_id.endswith("_backfill"):
            assert not dag.deadline
            continue
        (alert,) = dag.deadline
        assert alert.interval >= timedelta(hours=1)
        assert alert.callback.path == "wiring.notifying.deadline_missed"
        assert alert.callback.kwargs["dag_id"] == dag_id
