"""What a demo run uses: ports, folders and the market data source, all validated before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ingest.errors import BadSetting
from ingest.publication import DEFAULT_PLAN, read_publication
from ingest.settings import read_api, read_universe
from local.processes import free_port, is_free

REPOSITORY = Path(__file__).resolve().parents[2]
STAND_IN_KEY = "stand-in"
VENDOR_HOSTS = ("api.massive.com", "api.polygon.io")
# An unknown server is taken to have no plan limits; the vendor's free plan allows 5 a minute and has no session before
# midnight.
UNLIMITED_PER_MINUTE = "60000"


class SettingError(ValueError):
    """A setting can't be used; the message is one line that names it."""


@dataclass(frozen=True)
class Source:
    """Where market data comes from: the built-in market server, or the one behind POLYGON_BASE_URL."""

    name: str
    base_url: str | None
    api_key: str
    requests_per_minute: str
    plan: str = "real-time"
    lag_hours: str = ""

    @property
    def is_stand_in(self) -> bool:
        """Whether the demo has to start the market server itself."""
        return self.base_url is None


@dataclass(frozen=True)
class DemoSettings:
    """Everything a run needs to know, read once."""

    source: Source
    state: Path
    once: bool
    synthetic_tickers: int
    years: int
    option_days: int
    airflow_port: int
    dashboard_port: int
    notes: tuple[str, ...]


def read_source(environment: Mapping[str, str]) -> Source:
    """The market data source that POLYGON_BASE_URL and POLYGON_API_KEY name.

    Raises:
        SettingError: a URL without http(s) or host, a rate that is not a positive number, a URL without a key.
    """
    url = environment.get("POLYGON_BASE_URL", "").strip().rstrip("/")
    if not url:
        return Source("replayed", None, STAND_IN_KEY, UNLIMITED_PER_MINUTE)
    try:
        api = read_api(environment)
        read_publication(environment)
    except BadSetting as error:
        raise SettingError(str(error)) from None
    parts = urlsplit(api.base_url)
    hostname = str(parts.hostname)
    rate = str(api.requests_per_minute)
    if hostname not in VENDOR_HOSTS and not environment.get("POLYGON_REQUESTS_PER_MINUTE", "").strip():
        rate = UNLIMITED_PER_MINUTE
    plan = environment.get("POLYGON_PLAN", "").strip() or (DEFAULT_PLAN if hostname in VENDOR_HOSTS else "real-time")
    name = hostname + (f"-{parts.port}" if parts.port else "")
    lag_hours = environment.get("POLYGON_LAG_HOURS", "").strip()
    return Source(re.sub(r"[^a-z0-9.-]", "-", name.lower()), api.base_url, api.api_key, rate, plan, lag_hours)


def read_port(environment: Mapping[str, str], variable: str, default: int, notes: list[str]) -> int:
    """The port a variable names, or the default one, or a free one when only the default is taken.

    Raises:
        SettingError: the variable holds no port number, or names a port that is taken.
    """
    text = environment.get(variable, "").strip()
    if text:
        if not text.isdigit() or not 1024 <= int(text) <= 65535:
            raise SettingError(f"{variable} is {text!r}; expected a port number from 1024 to 65535.")
        if not is_free(int(text)):
            raise SettingError(f"{variable} is {text}, but another program listens on that port: choose another one.")
        return int(text)
    if is_free(default):
        return default
    port = free_port()
    notes.append(f"port {default} is taken: using {port} instead (set {variable} to choose)")
    return port


def read_settings(
    once: bool, synthetic_tickers: int, years: int, option_days: int, environment: Mapping[str, str] = os.environ
) -> DemoSettings:
    """Read and check all settings; nothing has been started or written when this raises `SettingError`."""
    if not 0 <= synthetic_tickers <= 20_000:
        raise SettingError(f"--synthetic-tickers is {synthetic_tickers}; expected from 0 to 20000.")
    if not 1 <= years <= 10:
        raise SettingError(f"--years is {years}; expected from 1 to 10.")
    if not 1 <= option_days <= 366:
        raise SettingError(f"--option-days is {option_days}; expected from 1 to 366.")
    source = read_source(environment)
    try:
        read_universe(environment)
    except BadSetting as error:
        raise SettingError(str(error)) from None
    notes: list[str] = []
    root = Path(environment.get("SNOWTAPE_STATE_DIR", "").strip() or REPOSITORY / ".local")
    airflow_port = read_port(environment, "SNOWTAPE_AIRFLOW_PORT", 8080, notes)
    dashboard_port = read_port(environment, "SNOWTAPE_DASHBOARD_PORT", 8050, notes)
    if airflow_port == dashboard_port:
        raise SettingError(
            f"SNOWTAPE_DASHBOARD_PORT is {dashboard_port}, the same as SNOWTAPE_AIRFLOW_PORT: choose another one."
        )
    # One folder a source: real bars and replayed ones under the same tickers must never meet in a warehouse.
    state = root.resolve() / source.name
    return DemoSettings(
        source, state, once, synthetic_tickers, years, option_days, airflow_port, dashboard_port, tuple(notes)
    )
