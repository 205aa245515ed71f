"""Alerts of failures and missed deadlines: always the log, and a webhook and mail if the environment names them.

    SNOWTAPE_ALERT_WEBHOOK_URL    gets {"text": …} by POST: Slack, Mattermost, Teams' workflows, anything that takes it
    SNOWTAPE_ALERT_MAIL_TO        addresses, comma separated
    SNOWTAPE_SMTP_HOST            who takes the mail; _PORT (587), _FROM, and _USER with _PASSWORD if it needs them

The address of the webhook and the password may be in files instead, named by SNOWTAPE_ALERT_WEBHOOK_URL_FILE and
SNOWTAPE_SMTP_PASSWORD_FILE.

An alert that can't be sent is an error in the log and nothing more: it must not hide what it was about.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
LONGEST_TEXT = 2_000


def task_failed(context: Any) -> None:
    """Failure callback of every task: one line with the task, the error and where its log is."""
    ti = context["ti"]
    index = f"[{ti.map_index}]" if ti.map_index is not None and ti.map_index >= 0 else ""
    what = f"FAILED {ti.dag_id}.{ti.task_id}{index} in run {ti.run_id}: {context.get('exception')}"
    log.error("%s", what)
    send(what, link=getattr(ti, "log_url", None))


async def deadline_missed(context: Mapping[str, Any], dag_id: str, hours: float) -> None:
    """Callback of a DAG's deadline; Airflow's triggerer calls it with the run that is late."""
    import asyncio

    run_id = (context.get("dag_run") or {}).get("dag_run_id", "?")
    what = f"LATE {dag_id}: run {run_id} has not ended within {hours:g} hours"
    log.error("%s", what)
    await asyncio.to_thread(send, what)


def send(text: str, link: str | None = None, environment: Mapping[str, str] = os.environ) -> None:
    """Send it to every channel that the environment names; never raises."""
    text = text[:LONGEST_TEXT] + (f"\n{link}" if link else "")
    for channel in (_post, _mail):
        try:
            channel(text, environment)
        except Exception as error:  # whatever it is, the failure that it was about comes first
            # The error's own words may hold the webhook's address, which is a secret.
            log.error("The alert could not be sent by %s: %s", channel.__name__.strip("_"), type(error).__name__)


def _post(text: str, environment: Mapping[str, str]) -> None:
    from ingest.settings import secret

    if not (url := secret(environment, "SNOWTAPE_ALERT_WEBHOOK_URL")):
        return
    import requests

    requests.post(url, json={"text": text}, timeout=TIMEOUT_SECONDS, allow_redirects=False).raise_for_status()


def _mail(text: str, environment: Mapping[str, str]) -> None:
    if not (to := environment.get("SNOWTAPE_ALERT_MAIL_TO", "").strip()):
        return
    import smtplib
    import ssl
    from email.message import EmailMessage

    from ingest.settings import secret

    message = EmailMessage()
    message["Subject"] = f"Snowtape: {text.splitlines()[0][:120]}"
    message["From"] = environment.get("SNOWTAPE_SMTP_FROM", "").strip() or "snowtape@localhost"
    message["To"] = to
    message.set_content(text)
    host, port = environment["SNOWTAPE_SMTP_HOST"], int(environment.get("SNOWTAPE_SMTP_PORT", "") or 587)
    with smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS) as server:
        if user := environment.get("SNOWTAPE_SMTP_USER", "").strip():
            # A password never goes over a line in clear.
            server.starttls(context=ssl.create_default_context())
            server.login(user, secret(environment, "SNOWTAPE_SMTP_PASSWORD"))
        server.send_message(message)
