"""Configuration, read once from the environment; each part of the package asks only for what it needs.

Raises:
    BadSetting: one line that names the variable, what it holds (never a secret) and what it should be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from ingest.errors import BadSetting

DEFAULT_BASE_URL = "https://api.massive.com"
DEFAULT_FLAT_FILES_ENDPOINT = "https://files.massive.com"
DEFAULT_REQUESTS_PER_MINUTE = 5
# With the newest one among them: two years within six months, for one minute of a plan of 5 requests a minute.
DEFAULT_SESSIONS_AGAIN = 5
DEFAULT_UNDERLYINGS = "AAPL,MSFT"
EVERY = ("*",)
MOST_REQUESTS_PER_MINUTE = 1_000_000
SYMBOL = re.compile(r"[A-Za-z0-9.:_-]{1,32}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class ApiSettings:
    """Where the API is, with which key and how many requests in any 60 s."""

    base_url: str
    api_key: str = field(repr=False)
    requests_per_minute: int

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.base_url).netloc


@dataclass(frozen=True)
class StorageSettings:
    """Bucket and key prefix ("" or ending with "/"); endpoint and credentials are boto3's own business."""

    bucket: str
    prefix: str


class BarSource(StrEnum):
    """Where bars come from: `auto` is flat files where the key is entitled to them, and the API elsewhere."""

    AUTO = "auto"
    REST = "rest"
    FLAT_FILES = "flat_files"


@dataclass(frozen=True)
class FlatFileSettings:
    """Where the vendor's flat files are, and with which keys: not those of the API, and not those of our own bucket."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Universe:
    """Stock tickers (none: every ticker the API answers with) and the underlyings whose options are fetched (EVERY: all
    that have any).
    """

    tickers: tuple[str, ...]
    underlyings: tuple[str, ...]


def read_api(environment: Mapping[str, str] = os.environ) -> ApiSettings:
    """POLYGON_BASE_URL, POLYGON_API_KEY (or POLYGON_API_KEY_FILE) and POLYGON_REQUESTS_PER_MINUTE."""
    base_url = (_get(environment, "POLYGON_BASE_URL") or DEFAULT_BASE_URL).rstrip("/")
    try:
        parts = urlsplit(base_url)
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        well_formed = False
    if not well_formed or parts.username or parts.query or parts.fragment:
        shown = base_url if "@" not in base_url and "?" not in base_url else "a URL with credentials or parameters"
        raise BadSetting(f"POLYGON_BASE_URL is {shown!r}; expected an address such as {DEFAULT_BASE_URL}.")
    api_key = secret(environment, "POLYGON_API_KEY")
    if not api_key:
        raise BadSetting("POLYGON_API_KEY is not set; expected the key of your Polygon.io (Massive) account.")
    if not re.fullmatch(r"[!-~]+", api_key):
        raise BadSetting("POLYGON_API_KEY has spaces or non-ASCII characters; expected the key as the vendor shows it.")
    rate = _get(environment, "POLYGON_REQUESTS_PER_MINUTE") or str(DEFAULT_REQUESTS_PER_MINUTE)
    if not re.fullmatch(r"[0-9]{1,9}", rate) or not 1 <= int(rate) <= MOST_REQUESTS_PER_MINUTE:
        raise BadSetting(
            f"POLYGON_REQUESTS_PER_MINUTE is {rate!r}; expected a whole number from 1 to {MOST_REQUESTS_PER_MINUTE}."
        )
    return ApiSettings(base_url, api_key, int(rate))


def read_storage(environment: Mapping[str, str] = os.environ) -> StorageSettings:
    """SNOWTAPE_BUCKET and SNOWTAPE_PREFIX."""
    bucket = _get(environment, "SNOWTAPE_BUCKET")
    if not bucket:
        raise BadSetting("SNOWTAPE_BUCKET is not set; expected the S3 bucket for raw objects and manifests.")
    if not BUCKET.fullmatch(bucket):
        raise BadSetting(f"SNOWTAPE_BUCKET is {bucket!r}; expected only the bucket's name, such as my-snowtape.")
    prefix = _get(environment, "SNOWTAPE_PREFIX")
    if prefix and (not prefix.endswith("/") or prefix.startswith("/") or "//" in prefix or ".." in prefix):
        raise BadSetting(
            f"SNOWTAPE_PREFIX is {prefix!r}; expected nothing or a path that ends with '/', such as landing/."
        )
    return StorageSettings(bucket, prefix)


def read_sessions_again(environment: Mapping[str, str] = os.environ) -> int:
    """POLYGON_SESSIONS_AGAIN: how many sessions of the past a daily run fetches again."""
    text = _get(environment, "POLYGON_SESSIONS_AGAIN") or str(DEFAULT_SESSIONS_AGAIN)
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise BadSetting(f"POLYGON_SESSIONS_AGAIN is {text!r}; expected a whole number from 0 to 9999.")
    return int(text)


def read_bar_source(environment: Mapping[str, str] = os.environ) -> BarSource:
    """POLYGON_BAR_SOURCE."""
    text = _get(environment, "POLYGON_BAR_SOURCE").lower() or BarSource.AUTO
    try:
        return BarSource(text)
    except ValueError:
        raise BadSetting(f"POLYGON_BAR_SOURCE is {text!r}; expected one of {', '.join(BarSource)}.") from None


def read_flat_files(environment: Mapping[str, str] = os.environ) -> FlatFileSettings | None:
    """POLYGON_FLAT_FILES_ENDPOINT, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY; None where there are no keys."""
    endpoint = (_get(environment, "POLYGON_FLAT_FILES_ENDPOINT") or DEFAULT_FLAT_FILES_ENDPOINT).rstrip("/")
    access_key_id = secret(environment, "POLYGON_FLAT_FILES_ACCESS_KEY_ID")
    secret_access_key = secret(environment, "POLYGON_FLAT_FILES_SECRET_ACCESS_KEY")
    if not access_key_id and not secret_access_key:
        return None
    for name, value in {"ACCESS_KEY_ID": access_key_id, "SECRET_ACCESS_KEY": secret_access_key}.items():
        if not re.fullmatch(r"[!-~]+", value):
            state = "is not set" if not value else "holds spaces or characters outside ASCII"
            raise BadSetting(
                f"POLYGON_FLAT_FILES_{name} {state}; expected the S3 key that the vendor's dashboard shows."
            )
    if not re.fullmatch(r"https?://[^/?#@\s]+", endpoint):
        shown = endpoint if "@" not in endpoint and "?" not in endpoint else "a URL with credentials or parameters"
        raise BadSetting(
            f"POLYGON_FLAT_FILES_ENDPOINT is {shown!r}; expected an address such as {DEFAULT_FLAT_FILES_ENDPOINT}."
        )
    return FlatFileSettings(endpoint, access_key_id, secret_access_key)


def read_budget_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """SNOWTAPE_BUDGET_DIR, the folder of the request budget's file; None: this user's temporary folder."""
    folder = _get(environment, "SNOWTAPE_BUDGET_DIR")
    if folder and not Path(folder).is_absolute():
        raise BadSetting(f"SNOWTAPE_BUDGET_DIR is {folder!r}; expected an absolute path.")
    return Path(folder) if folder else None


def read_universe(environment: Mapping[str, str] = os.environ) -> Universe:
    """SNOWTAPE_TICKERS and SNOWTAPE_UNDERLYINGS (or *), comma lists; order and duplicates don't matter."""
    underlyings = _get(environment, "SNOWTAPE_UNDERLYINGS") or DEFAULT_UNDERLYINGS
    return Universe(
        tickers=symbols(_get(environment, "SNOWTAPE_TICKERS").split(","), "SNOWTAPE_TICKERS"),
        underlyings=EVERY if underlyings == "*" else symbols(underlyings.split(","), "SNOWTAPE_UNDERLYINGS"),
    )


def symbols(names: list[str], where: str) -> tuple[str, ...]:
    """Sorted, distinct symbols in the vendor's spelling (case matters: `BRKpA` is a ticker).

    Args:
        names: as typed; blanks around them and empty ones are dropped.
        where: variable or parameter that an error names.
    """
    kept = sorted({name.strip() for name in names} - {""})
    for name in kept:
        if not SYMBOL.fullmatch(name) or ".." in name:
            raise BadSetting(f"{where} has {name!r}, which is not a ticker; expected a list such as AAPL,MSFT.")
    return tuple(kept)


def secret(environment: Mapping[str, str], name: str) -> str:
    """The value of a secret: the variable's own, or what the file holds that <name>_FILE names; "" for neither.

    Containers get secrets as files: an environment is shown by too many commands.

    Raises:
        BadSetting: both are set, or the file can't be read.
    """
    value, path = _get(environment, name), _get(environment, f"{name}_FILE")
    if not path:
        return value
    if value:
        raise BadSetting(f"{name} and {name}_FILE are both set; expected one of them.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise BadSetting(f"{name}_FILE is {path!r}; expected a file that can be read: {reason}.") from None


def _get(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip()
