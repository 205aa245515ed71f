"""The API keys that the suite asks with: one a plan, as SNOWTAPE_LIVE_API_* say.

SNOWTAPE_LIVE_API_KEY_FREE, _DELAYED, _REAL_TIME    a key of such a plan each, or its file in …_FILE; any will do
SNOWTAPE_LIVE_API_BASE_URL              https://api.massive.com unless set
SNOWTAPE_LIVE_API_REQUESTS_PER_MINUTE   of the paid plans, 60 unless set; a free key gets 5, whatever this says
SNOWTAPE_LIVE_API_SPLIT                 a ticker with options that split within the last two years, NFLX unless set
SNOWTAPE_LIVE_REHEARSAL=0               without a key, skip with that reason instead of asking the local market server
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ingest.errors import BadSetting
from ingest.settings import ApiSettings, read_api

PLANS = ("free", "delayed", "real-time")
FREE_REQUESTS_PER_MINUTE, PAID_REQUESTS_PER_MINUTE = "5", "60"
# Split 10 for 1 on 17 November 2025.
SPLIT_TICKER = "NFLX"
TWO_YEARS = timedelta(days=700)


@dataclass(frozen=True)
class Key:
    """A key and what is known of it: `api` never shows it; `now` is the present, UTC; `split` a ticker, and since when
    to look for its split.
    """

    plan: str
    api: ApiSettings
    now: datetime
    split: tuple[str, date]
    is_rehearsal: bool = False

    @property
    def label(self) -> str:
        """What to call it where something is stated."""
        return f"{self.plan}, on the local market server" if self.is_rehearsal else self.plan


def variable(plan: str) -> str:
    """The variable that holds the key of a plan."""
    return f"SNOWTAPE_LIVE_API_KEY_{plan.replace('-', '_').upper()}"


def live_key(plan: str, environment: Mapping[str, str] = os.environ) -> Key | None:
    """The key of a plan; None where none is set. Raises BadSetting, naming the variable."""
    name = variable(plan)
    if not (environment.get(name, "").strip() or environment.get(f"{name}_FILE", "").strip()):
        return None
    paid = environment.get("SNOWTAPE_LIVE_API_REQUESTS_PER_MINUTE", "").strip() or PAID_REQUESTS_PER_MINUTE
    settings = {
        "POLYGON_API_KEY": environment.get(name, ""),
        "POLYGON_API_KEY_FILE": environment.get(f"{name}_FILE", ""),
        "POLYGON_BASE_URL": environment.get("SNOWTAPE_LIVE_API_BASE_URL", ""),
        "POLYGON_REQUESTS_PER_MINUTE": FREE_REQUESTS_PER_MINUTE if plan == "free" else paid,
    }
    try:
        api = read_api(settings)
    except BadSetting as error:
        named = str(error).replace("POLYGON_API_KEY", name).replace("POLYGON_", "SNOWTAPE_LIVE_API_")
        raise BadSetting(named) from None
    now = datetime.now(UTC)
    ticker = environment.get("SNOWTAPE_LIVE_API_SPLIT", "").strip() or SPLIT_TICKER
    return Key(plan, api, now, (ticker, now.date() - TWO_YEARS))


def any_live_key(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a key of any plan is set; then nobody is asked in the others' place."""
    return any(live_key(plan, environment) for plan in PLANS)
