"""One market whose clock stands at the close of its anchor, in this process and behind a real port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from local.market import process
from local.market.app import create_app
from local.market.market import Market
from local.market.process import RunningMarket
from local.market.settings import MarketSettings

ANCHOR = date(2026, 11, 20)
AFTER_THE_CLOSE = datetime(2026, 11, 20, 22, tzinfo=UTC)
CONTROL_TOKEN = "control-test"
SETTINGS = MarketSettings(anchor=ANCHOR, now=AFTER_THE_CLOSE, synthetic_tickers=100, control_token=CONTROL_TOKEN)


class Api:
    """Speaks to an application as a client with the right key would."""

    def __init__(self, client: TestClient, api_key: str = SETTINGS.api_key) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {api_key}"}
        self.control = {"Authorization": f"Bearer {CONTROL_TOKEN}"}

    def answer(self, path: str, **params: Any) -> Any:
        return self.client.get(path, params=params or None, headers=self.headers)

    def get(self, path: str, **params: Any) -> Any:
        """The body of an answer that must be a 200."""
        answer = self.answer(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bars(self, ticker: str, first: str, last: str, **params: Any) -> list[dict[str, Any]]:
        """Range bars, unadjusted unless asked for."""
        path = f"/v2/aggs/ticker/{ticker}/range/1/day/{first}/{last}"
        return self.get(path, **{"adjusted": "false", **params}).get("results", [])

    def grouped(self, day: str, adjusted: str = "false") -> dict[str, dict[str, Any]]:
        """The bars of one session by ticker."""
        body = self.get(f"/v2/aggs/grouped/locale/us/market/stocks/{day}", adjusted=adjusted)
        return {row["T"]: row for row in body.get("results", [])}

    def pages(self, path: str, **params: Any) -> list[list[dict[str, Any]]]:
        """The results of all pages."""
        body = self.get(path, **params)
        found = [body["results"]]
        while "next_url" in body:
            body = self.get(body["next_url"])
            found.append(body["results"])
        return found

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        return [row for page in self.pages(path, **params) for row in page]


def api_of(**changes: Any) -> Api:
    """A new application: the common settings with these changes."""
    settings = replace(SETTINGS, **changes)
    return Api(TestClient(create_app(settings), base_url="http://127.0.0.1"), settings.api_key)


@pytest.fixture(scope="session")
def api() -> Api:
    """Read only: tests that set faults, the clock or limits make their own."""
    return api_of()


@pytest.fixture(scope="session")
def market(api: Api) -> Market:
    found: Market = api.client.app.state.market  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    """The same market on a port, as `python -m local.market` serves it."""
    server = process.start(
        tmp_path_factory.mktemp("market"), "--anchor", str(ANCHOR), "--now", AFTER_THE_CLOSE.isoformat()
    )
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="session", name="api_of")
def _api_of() -> Any:
    """The function that makes a new application."""
    return api_of
