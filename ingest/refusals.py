"""What a 403 of the API means, by its text: the status alone has three unrelated causes."""

from __future__ import annotations

import re

from ingest.errors import BeforeHistory, NotEntitled, NotPublishedYet, TerminalError

# "Attempted to request today's data before end of day. …": the session is served later, whatever the plan.
NOT_YET = re.compile(r"before (the )?end of (the )?(trading )?day")
# "Your plan doesn't include this data timeframe. …": older than the plan's history.
TOO_OLD = re.compile(r"time ?frame")
# "You are not entitled to this data. Please upgrade your plan …"
NOT_IN_PLAN = re.compile(r"not entitled|upgrade your (plan|subscription)")


def refusal(where: str, said: str) -> TerminalError:
    """The error that a 403 is.

    Args:
        where: host and path, such as "api.example.com refused /v2/…".
        said: the vendor's text, "" where there is none.
    """
    text, quoted = said.lower(), f'403 "{said}"' if said else "403 without a reason"
    if NOT_YET.search(text):
        # The rest of the text advises to upgrade the plan, which is not the cause.
        return NotPublishedYet(f"{where}: {said.partition('.')[0]}")
    if TOO_OLD.search(text):
        return BeforeHistory(f"{where} ({quoted})")
    if NOT_IN_PLAN.search(text):
        return NotEntitled(f"{where} ({quoted}): the plan of POLYGON_API_KEY does not include it.")
    return NotEntitled(f"{where} ({quoted}). Another try can't help; what else was asked for is saved.")
