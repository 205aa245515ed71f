"""An API with as many option contracts as a benchmark needs, on a thread: contracts in pages, bars by contract."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.processes import LOOPBACK

PAGE = 1000


class OptionsMarket:
    """Contracts of some underlyings that live through all sessions; refuses more than `a_minute` requests in 60 s."""

    def __init__(self, underlyings: int, contracts: int, sessions: Sequence[date], a_minute: int) -> None:
        self.underlyings = [f"SIM{chr(65 + number)}" for number in range(underlyings)]
        self.requests, self.refused = 0, 0
        self._contracts, self._sessions, self._a_minute = contracts, sessions, a_minute
        self._recent: deque[float] = deque()
        self._guard = threading.Lock()
        market = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, answer = market.answer(self.path)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> OptionsMarket:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target: str) -> tuple[int, Any]:
        """Status and body of a request."""
        with self._guard:
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 60:
                self._recent.popleft()
            if len(self._recent) >= self._a_minute:
                self.refused += 1
                return 429, {"status": "ERROR", "error": "too many requests"}
            self._recent.append(now)
            self.requests += 1
        parts = urlsplit(target)
        if parts.path.startswith("/v1/marketstatus/"):
            return 200, []
        if parts.path == "/stocks/v1/splits":
            return 200, {"status": "OK", "request_id": "bench", "results": []}
        if parts.path == "/v3/reference/options/contracts":
            return 200, self._page({name: values[0] for name, values in parse_qs(parts.query).items()})
        *_, ticker, _, _, _, start, end = parts.path.split("/")
        return 200, self._bars(ticker, date.fromisoformat(start), date.fromisoformat(end))

    def _page(self, asked: dict[str, str]) -> dict[str, Any]:
        underlying, begin = asked["underlying_ticker"], int(asked.get("cursor", 0))
        count = 0 if asked["expired"] == "true" else self._contracts
        expiration = self._sessions[-1] + timedelta(days=30)
        results = [
            {
                "ticker": f"O:{underlying}{expiration:%y%m%d}C{strike * 1000:08d}",
                "underlying_ticker": underlying,
                "contract_type": "call",
                "exercise_style": "american",
                "expiration_date": expiration.isoformat(),
                "strike_price": strike,
                "shares_per_contract": 100,
            }
            for strike in range(begin + 1, min(begin + PAGE, count) + 1)
        ]
        answer: dict[str, Any] = {"status": "OK", "request_id": "bench", "results": results}
        if begin + PAGE < count:
            query = "&".join(f"{name}={value}" for name, value in {**asked, "cursor": str(begin + PAGE)}.items())
            answer["next_url"] = f"{self.url}/v3/reference/options/contracts?{query}"
        return answer

    def _bars(self, ticker: str, start: date, end: date) -> dict[str, Any]:
        results = [
            {
                "t": int(datetime(day.year, day.month, day.day, 5, tzinfo=UTC).timestamp() * 1000),
                "o": 1.5,
                "h": 1.7,
                "l": 1.4,
                "c": 1.6,
                "v": 10 + place,
                "vw": 1.55,
                "n": 3,
            }
            for place, day in enumerate(self._sessions)
            if start <= day <= end
        ]
        counted = {"queryCount": len(results), "resultsCount": len(results)}
        return {
            "status": "OK",
            "request_id": "bench",
            "ticker": ticker,
            "adjusted": False,
            **counted,
            "results": results,
        }
