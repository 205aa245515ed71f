"""Every underlying that has listed options: what SNOWTAPE_UNDERLYINGS=* names.

The API has no list of them. It sorts contracts by underlying, and whatever a page holds, the next request begins after
the page's last underlying: the ten thousand contracts of one cost a page. Every class has calls, so puts are left out.
A request ends its stretch of the alphabet or takes in 1,000 calls: with STRETCHES, that bounds their number.
"""

from __future__ import annotations

import logging
import string
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import groupby, pairwise

from ingest import datasets
from ingest.client import PolygonClient
from ingest.errors import MalformedResponse
from ingest.settings import SYMBOL

log = logging.getLogger(__name__)

THREADS = 8
# Where each stretch begins, and "" for the end; the first one has digits too.
STRETCHES = ("", *string.ascii_uppercase[1:], "")


def with_options(client: PolygonClient, days: Iterable[date]) -> tuple[str, ...]:
    """The underlyings of which contracts were listed on any of these days, sorted.

    Raises:
        MalformedResponse: an answer is not sorted by underlying, or there is no contract at all.
        IngestError: as of `PolygonClient.pages`. A list that lacks a part is none.
    """
    parts = [(first, until, day) for day in sorted(set(days)) for first, until in pairwise(STRETCHES)]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="underlyings") as pool:
        found = {name for names in pool.map(lambda part: _stretch(client, *part), parts) for name in names}
    unusable = sorted(name for name in found if not SYMBOL.fullmatch(name) or ".." in name)
    if unusable:
        log.warning("Underlyings whose names are not tickers are left out: %s", ", ".join(unusable[:20]))
    if not found:
        raise MalformedResponse("/v3/reference/options/contracts: no contract is listed; expected some.")
    log.info("%d underlyings have listed options.", len(found) - len(unusable))
    return tuple(sorted(found.difference(unusable)))


def _stretch(client: PolygonClient, first: str, until: str, day: date) -> set[str]:
    """The underlyings from `first` on, before `until`."""
    found: set[str] = set()
    after = ""
    while True:
        request = datasets.calls_after(after or first, until, day, inclusive=not after)
        answer = next(client.pages(request))
        # In the vendor's own order, whatever that makes of case and punctuation.
        names = [name for name, _ in groupby(str(row.get("underlying_ticker") or "") for row in answer.rows)]
        if len(set(names)) < len(names) or found.intersection(names):
            raise MalformedResponse(
                f"{request.path}: the page after underlying {after or first!r} is not sorted by underlying, or begins "
                "before it; expected contracts of later ones. Nothing is planned."
            )
        found.update(names)
        if answer.next_url is None:
            # Beside some contracts the API writes BRK.B as BRK/B.
            return {name.replace("/", ".") for name in found if name}
        if not names:
            raise MalformedResponse(f"{request.path}: a page has no rows, though another one follows.")
        after = names[-1]
