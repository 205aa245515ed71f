"""Connections to the warehouse and the running of statements. Read-only; safe for many threads."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import snowflake.connector
from snowflake.connector import errors as sf

from dashboard.data.errors import SignInRefused, WarehouseAway, WarehouseError, session_is_gone, translate
from dashboard.data.sql import STATEMENTS, Value, bind
from dashboard.settings import WarehouseSettings

POOL_SIZE = 4
LOGIN_TIMEOUT_SECONDS = 6
# Longer than a suspended warehouse takes to resume, shorter than people wait.
STATEMENT_TIMEOUT_SECONDS = 15
# After a failed sign-in or a time-out the next callers are told at once, instead of each waiting for the same.
HOLD_OFF_SECONDS = 1.5

Connect = Callable[[], Any]


class Warehouse:
    """A small pool of sessions; `run` answers one allow-listed statement as a DataFrame with lower-case columns."""

    def __init__(self, settings: WarehouseSettings, connect: Connect | None = None) -> None:
        self._settings = settings
        self._connect = connect or (lambda: _sign_in(settings))
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(POOL_SIZE)
        self._refusal: tuple[float, WarehouseError] | None = None

    def run(self, name: str, params: dict[str, Value] | None = None) -> pd.DataFrame:
        """Run `queries/<name>.sql`. Times are naive UTC. Raises a WarehouseError, KeyError for an unknown name."""
        text, values = bind(STATEMENTS[name], params or {})
        self._hold_off()
        if not self._places.acquire(timeout=STATEMENT_TIMEOUT_SECONDS):
            raise WarehouseAway(f"The warehouse at {self._settings.address} is busy: no session came free.")
        try:
            return self._run(name, text, values)
        finally:
            self._places.release()

    def close(self) -> None:
        """Close the idle sessions."""
        while True:
            try:
                _close(self._idle.get_nowait())
            except queue.Empty:
                return

    def _run(self, name: str, text: str, values: tuple[Value, ...]) -> pd.DataFrame:
        while True:
            session, is_fresh = self._take()
            started = time.monotonic()
            try:
                frame = _fetch(session, text, values)
            except (sf.Error, OSError) as error:
                if time.monotonic() - started >= STATEMENT_TIMEOUT_SECONDS * 0.9:
                    # Another session would wait as long, and so would a goodbye.
                    threading.Thread(target=_close, args=(session,), daemon=True).start()
                    raise self._refuse(
                        WarehouseAway(
                            f"The warehouse at {self._settings.address} did not answer within "
                            f"{STATEMENT_TIMEOUT_SECONDS} seconds."
                        )
                    ) from error
                if session_is_gone(error):
                    _close(session)
                    if not is_fresh:
                        continue  # an old session may be gone while the warehouse is well: try a newer one
                else:
                    self._idle.put(session)
                raise self._failure(error, f"Query {name}") from error
            except BaseException:
                _close(session)
                raise
            self._idle.put(session)
            return frame

    def _take(self) -> tuple[Any, bool]:
        """An idle session, else a fresh one; ends because every failed session leaves the pool."""
        try:
            return self._idle.get_nowait(), False
        except queue.Empty:
            pass
        self._hold_off()
        try:
            session = self._connect()
        except (sf.Error, OSError) as error:
            failure = self._failure(error, "Sign-in")
            if isinstance(failure, WarehouseAway | SignInRefused):
                self._refuse(failure)
            raise failure from error
        self._refusal = None
        return session, True

    def _hold_off(self) -> None:
        if self._refusal is not None and time.monotonic() < self._refusal[0]:
            raise self._refusal[1]

    def _refuse(self, failure: WarehouseError) -> WarehouseError:
        self._refusal = (time.monotonic() + HOLD_OFF_SECONDS, failure)
        return failure

    def _failure(self, error: Exception, doing: str) -> WarehouseError:
        return translate(error, address=self._settings.address, doing=doing)


def connect_options(settings: WarehouseSettings) -> dict[str, Any]:
    """Keyword arguments of `snowflake.connector.connect`. Pure; holds secrets, so it is never logged."""
    options: dict[str, Any] = {
        "account": settings.account,
        "user": settings.user,
        "database": settings.database,
        "application": "Snowtape_Dashboard",
        "paramstyle": "qmark",
        "login_timeout": LOGIN_TIMEOUT_SECONDS,
        "network_timeout": LOGIN_TIMEOUT_SECONDS,
        "socket_timeout": LOGIN_TIMEOUT_SECONDS,
        "platform_detection_timeout_seconds": 0,
        "session_parameters": {"QUERY_TAG": "snowtape/dashboard", "CLIENT_TELEMETRY_ENABLED": False},
    }
    if settings.private_key_file is not None:
        options |= {"authenticator": "SNOWFLAKE_JWT", "private_key_file": settings.private_key_file}
        if settings.private_key_file_pwd is not None:
            options["private_key_file_pwd"] = settings.private_key_file_pwd
    else:
        options["password"] = settings.password
    for name in ("role", "warehouse", "host", "port", "protocol"):
        if (value := getattr(settings, name)) is not None:
            options[name] = value
    return options


def _sign_in(settings: WarehouseSettings) -> Any:
    session: Any = snowflake.connector.connect(**connect_options(settings))
    # The connector waits so long for the first byte of any answer, and has one setting for a sign-in and a statement.
    session._socket_timeout = STATEMENT_TIMEOUT_SECONDS
    return session


def _fetch(session: Any, text: str, values: tuple[Value, ...]) -> pd.DataFrame:
    with session.cursor() as cursor:
        # The connector's own retries take half a minute on a dead session; a fresh session answers that at once.
        cursor.execute(text, values, timeout=STATEMENT_TIMEOUT_SECONDS, _no_retry=True)
        if cursor.rowcount == 0:  # an answer without rows may come without the Arrow batch that pandas needs
            return pd.DataFrame(columns=[column.name.lower() for column in cursor.description])
        frame: pd.DataFrame = cursor.fetch_pandas_all()
    frame.columns = frame.columns.str.lower()
    return frame


def _close(session: Any) -> None:
    try:
        session.close(retry=False)
    except Exception:  # a session that can't say goodbye is gone all the same
        return
