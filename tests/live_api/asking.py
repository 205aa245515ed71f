"""One plan's key and the product's own client: what was asked once is remembered, an error too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from ingest import calendar
from ingest.answers import Answer
from ingest.client import PolygonClient
from ingest.datasets import NEW_YORK, Request
from ingest.errors import IngestError
from ingest.publication import read_publication
from tests.live_api.endpoints import BY_NAME, Endpoint
from tests.live_api.keys import Key


@dataclass
class Asking:
    """Sends each request once, within the budget that the key's pipeline keeps to."""

    key: Key
    client: PolygonClient
    asked: dict[Request, list[Answer] | IngestError] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day in New York."""
        return self.key.now.astimezone(NEW_YORK).date()

    @property
    def session(self) -> date:
        """The newest session that the plan is expected to serve."""
        return read_publication({"POLYGON_PLAN": self.key.plan}).newest(self.key.now)

    def pages(self, request: Request, pages: int = 1) -> list[Answer]:
        """The first pages of an answer; raises what the client raises, each time."""
        if request not in self.asked:
            try:
                self.asked[request] = list(islice(self.client.pages(request), pages))
            except IngestError as error:
                self.asked[request] = error
        found = self.asked[request]
        if isinstance(found, IngestError):
            # Without the client's frames: pytest shows their locals when it is asked to, the key's header among them.
            raise found.with_traceback(None)
        return found

    def answers(self, endpoint: Endpoint) -> list[Answer]:
        """The first pages of an endpoint's answer."""
        contract = self.contract() if endpoint.name == "option bars" else ""
        return self.pages(endpoint.request(self.session, contract), endpoint.pages)

    def contract(self) -> str:
        """A call of the first expiration after the session whose strike is nearest to the stock's close."""
        (bars,) = self.answers(BY_NAME["stock bars"])
        close = bars.rows[-1]["c"]
        rows = self.answers(BY_NAME["live contracts"])[0].rows
        calls = [row for row in rows if row["contract_type"] == "call" and row["expiration_date"] > str(self.session)]
        first = min(row["expiration_date"] for row in calls)
        nearest = min(
            (row for row in calls if row["expiration_date"] == first), key=lambda row: abs(row["strike_price"] - close)
        )
        return str(nearest["ticker"])

    def is_session_day(self) -> bool:
        """Whether there is a session today."""
        return calendar.sessions(self.today, self.today) != ()

    def before_the_plan(self) -> date:
        """A session before the history of a free plan (two years), or of any plan but the whole (ten years at most)."""
        day = date(self.today.year - (3 if self.key.plan == "free" else 12), 6, 1)
        return calendar.sessions(day, day.replace(day=15))[0]
