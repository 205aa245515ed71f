"""Settings of the dashboard: read once, from the environment only, checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

DEFAULT_DATABASE = "SNOWTAPE"
BEHIND_PROXY = "SNOWTAPE_BEHIND_PROXY"
HOSTS = "SNOWTAPE_DASHBOARD_HOSTS"
# Asked by machines, by address: whether the process answers, and whether its warehouse does.
ALIVE, HEALTH = "/alive", "/health"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:]+\]")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,254}")


# From when on the API serves a session, in hours of its day in New York: at the close, or from midnight after it.
CLOSE_HOURS, MIDNIGHT_HOURS = 16.0, 24.0
PLANS = {"free": MIDNIGHT_HOURS, "end-of-day": MIDNIGHT_HOURS, "delayed": MIDNIGHT_HOURS, "real-time": CLOSE_HOURS}
MOST_LAG_HOURS = 72
# What ingest, load and build may take from then on.
GRACE_HOURS = 6.0


class SettingsError(ValueError):
    """A setting is missing or wrong. The message is one line that names the variable; it never holds a secret."""


@dataclass(frozen=True)
class WarehouseSettings:
    """How to reach Snowflake. `host`, `port` and `protocol` are None unless something else than Snowflake answers."""

    account: str
    user: str
    password: str | None = field(default=None, repr=False)
    private_key_file: str | None = None
    private_key_file_pwd: str | None = field(default=None, repr=False)
    role: str | None = None
    warehouse: str | None = None
    database: str = DEFAULT_DATABASE
    host: str | None = None
    port: int | None = None
    protocol: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> WarehouseSettings:
        """Read the SNOWFLAKE_* variables; raises SettingsError for the first that is missing or wrong."""
        source = os.environ if env is None else env

        def text(name: str) -> str | None:
            return source.get(name, "").strip() or None

        def required(name: str, what: str) -> str:
            value = text(name)
            if value is None:
                raise SettingsError(f"{name} is not set; expected {what}.")
            return value

        account = required("SNOWFLAKE_ACCOUNT", "the account identifier, such as MYORG-MYACCOUNT")
        user = required("SNOWFLAKE_USER", "the user that the dashboard signs in as")
        password, key_file = text("SNOWFLAKE_PASSWORD"), text("SNOWFLAKE_PRIVATE_KEY_FILE")
        if key_file is not None and not os.path.isfile(key_file):
            raise SettingsError(f"SNOWFLAKE_PRIVATE_KEY_FILE is {key_file!r}; expected a file that can be read.")
        if password is None and key_file is None:
            raise SettingsError(
                "SNOWFLAKE_PASSWORD is not set; expected the user's password "
                "(or set SNOWFLAKE_PRIVATE_KEY_FILE to a private key's path)."
            )
        return cls(
            account=account,
            user=user,
            password=password,
            private_key_file=key_file,
            private_key_file_pwd=text("SNOWFLAKE_PRIVATE_KEY_FILE_PWD"),
            role=_identifier("SNOWFLAKE_ROLE", text("SNOWFLAKE_ROLE")),
            warehouse=_identifier("SNOWFLAKE_WAREHOUSE", text("SNOWFLAKE_WAREHOUSE")),
            database=_identifier("SNOWFLAKE_DATABASE", text("SNOWFLAKE_DATABASE")) or DEFAULT_DATABASE,
            host=text("SNOWFLAKE_HOST"),
            port=_port("SNOWFLAKE_PORT", text("SNOWFLAKE_PORT")),
            protocol=_protocol("SNOWFLAKE_PROTOCOL", text("SNOWFLAKE_PROTOCOL")),
        )

    @property
    def address(self) -> str:
        """Where the warehouse should be, for messages: host and port, or the account."""
        if self.host is None:
            return f"account {self.account}"
        return f"{self.host}:{self.port}" if self.port is not None else self.host


def behind_proxy(env: Mapping[str, str] | None = None) -> bool:
    """Whether SNOWTAPE_BEHIND_PROXY says that people come through a proxy with a sign-in; raises SettingsError."""
    value = (os.environ if env is None else env).get(BEHIND_PROXY, "").strip().lower()
    if value not in ("", "true", "false"):
        raise SettingsError(f"{BEHIND_PROXY} is {value!r}; expected true, false or empty.")
    return value == "true"


def allowed_hosts(env: Mapping[str, str] | None = None) -> frozenset[str]:
    """The names that requests may be for: loopback's and those in SNOWTAPE_DASHBOARD_HOSTS; raises SettingsError."""
    value = (os.environ if env is None else env).get(HOSTS, "")
    names = frozenset(name.strip().lower() for name in value.split(",") if name.strip())
    for name in sorted(names):
        if not _HOST.fullmatch(name):
            raise SettingsError(f"{HOSTS} has {name!r}; expected names separated by commas, without scheme or port.")
    return LOOPBACK_NAMES | names


@lru_cache(maxsize=1)
def session_due() -> timedelta:
    """From the beginning of a session's day, New York, until its bars are missed; see `read_session_due`."""
    return read_session_due(os.environ)


def read_session_due(env: Mapping[str, str]) -> timedelta:
    """POLYGON_PLAN and POLYGON_LAG_HOURS, as ingest and dbt read them. Raises SettingsError."""
    plan = env.get("POLYGON_PLAN", "").strip().lower() or "free"
    if plan not in PLANS:
        raise SettingsError(f"POLYGON_PLAN is {plan!r}; expected one of {', '.join(PLANS)}.")
    lag = env.get("POLYGON_LAG_HOURS", "").strip()
    if lag and (not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,2})?", lag) or float(lag) > MOST_LAG_HOURS):
        raise SettingsError(f"POLYGON_LAG_HOURS is {lag!r}; expected hours from 0 to {MOST_LAG_HOURS}, such as 0.25.")
    return timedelta(hours=(CLOSE_HOURS + float(lag) if lag else PLANS[plan]) + GRACE_HOURS)


def _identifier(name: str, value: str | None) -> str | None:
    if value is not None and not _IDENTIFIER.fullmatch(value):
        raise SettingsError(f"{name} is {value!r}; expected an identifier of letters, digits, _ and $.")
    return value


def _port(name: str, value: str | None) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65535):
        raise SettingsError(f"{name} is {value!r}; expected a port number from 1 to 65535.")
    return int(value)


def _protocol(name: str, value: str | None) -> str | None:
    if value is not None and value not in ("http", "https"):
        raise SettingsError(f"{name} is {value!r}; expected http or https.")
    return value
