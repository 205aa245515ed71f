"""The demo's Airflow answers requests for this machine's own names only.

It gives a token to everybody who asks. A web page cannot read it, unless its own name has been resolved to 127.0.0.1
(DNS rebinding): its requests then name that host.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin
from starlette.middleware.trustedhost import TrustedHostMiddleware


class LoopbackOnly(AirflowPlugin):
    """Airflow adds the middleware around its whole API server."""

    name = "loopback_only"
    fastapi_root_middlewares: list[Any] = [  # noqa: RUF012 – the base class declares it so
        {
            "name": "loopback only",
            "middleware": TrustedHostMiddleware,
            "args": [],
            "kwargs": {"allowed_hosts": ["127.0.0.1", "localhost"], "www_redirect": False},
        }
    ]
