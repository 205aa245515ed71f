# {% raw %}
"""Handlers of `ops.mute_test` and `ops.end_test_mute`: a data test does not count for Health for a while, with reason.

A decision is a row of ops.test_mutes; nothing there is ever changed or deleted. The newest one of a test counts
(dbt/models/ops/test_states.sql). The test itself runs on, and its results are kept and shown.

    Refusal     an argument is not what it should be, or there is no such test; nothing was written
"""

import uuid
from datetime import UTC, date, datetime
from typing import Any

from snowflake.snowpark import Session

MAX_TEXT = 1000


class Refusal(Exception):
    """A mute that can't be entered; the message says what was expected."""


def mute(
    session: Session, test: str, accepted_rows: int | None, until: str, reason: str, author: str
) -> dict[str, Any]:
    """Mute a test, by its name or id, until the end of a day.

    Args:
        accepted_rows: above so many failing rows the test counts all the same; None for any number.
        until: the last day, YYYY-MM-DD, UTC.

    Returns:
        mute_id, test_id, muted_until and status (muted).

    Raises:
        Refusal: nothing was written.
    """
    reason, author = signed(reason, author)
    last = last_day(until, datetime.now(UTC).date())
    if accepted_rows is not None and accepted_rows < 0:
        raise Refusal(f"accepted_rows is {accepted_rows}; expected 0 or more, or NULL. Nothing was written.")
    test_id = find(session, test)
    return write(session, [test_id, accepted_rows, last.isoformat(), False, reason, author], "muted")


def unmute(session: Session, test: str, reason: str, author: str) -> dict[str, Any]:
    """End the mute of a test: from now on it counts again. Returns and raises as mute."""
    reason, author = signed(reason, author)
    test_id = find(session, test)
    newest = ask(session, NEWEST, [test_id])
    if not newest or newest[0][0]:
        raise Refusal(f"{test_id} is not muted. Nothing was written.")
    return write(session, [test_id, None, datetime.now(UTC).date().isoformat(), True, reason, author], "unmuted")


def last_day(until: str, today: date) -> date:
    """The last day of a mute; raises where it is no date or has passed."""
    try:
        day = date.fromisoformat(until or "")
    except ValueError:
        raise Refusal(f"until is {until!r}; expected YYYY-MM-DD. Nothing was written.") from None
    if day < today:
        raise Refusal(f"until is {day}, which has passed; expected {today} or later. Nothing was written.")
    return day


def signed(reason: str, author: str) -> tuple[str, str]:
    """Reason and author; raises where one is missing."""
    for name, text in (("reason", reason), ("author", author)):
        if not (text or "").strip():
            raise Refusal(f"{name} is empty; expected text. Nothing was written.")
        if len(text) > MAX_TEXT:
            raise Refusal(f"{name} has {len(text)} characters; expected at most {MAX_TEXT}. Nothing was written.")
    return reason.strip(), author.strip()


def find(session: Session, test: str) -> str:
    """The id of the one test that has this name or id; raises where there is none or more."""
    found = [str(row[0]) for row in ask(session, TESTS, [test, test])]
    if not found:
        raise Refusal(f"test is {test!r}, which has no result; expected a test's name or id. Nothing was written.")
    if len(found) > 1:
        raise Refusal(f"test {test!r} names {len(found)} tests: {', '.join(found)}. Nothing was written; use an id.")
    return found[0]


TESTS = "select distinct test_id from ops.dbt_test_results where test_id = ? or test_name = ? order by test_id"
NEWEST = "select is_retracted from ops.test_mutes where test_id = ? order by entered_at desc, mute_id desc limit 1"
INSERT = (
    "insert into ops.test_mutes "
    "(mute_id, test_id, accepted_rows, muted_until, is_retracted, reason, author, entered_at) "
    "select ?, ?, ?, to_date(?), ?, ?, ?, convert_timezone('UTC', current_timestamp())::timestamp_ntz(6)"
)


def write(session: Session, decision: list[Any], status: str) -> dict[str, Any]:
    """Append the decision between BEGIN and COMMIT: without them it is rolled back where autocommit is off."""
    mute_id = str(uuid.uuid4())
    ask(session, "begin")
    try:
        ask(session, INSERT, [mute_id, *decision])
        ask(session, "commit")
    except Exception:
        ask(session, "rollback")
        raise
    return {"mute_id": mute_id, "test_id": decision[0], "muted_until": decision[2], "status": status}


def ask(session: Session, statement: str, parameters: list[Any] | None = None) -> list[Any]:
    """Rows of a statement; values are bound, never written into it."""
    return list(session.sql(statement, params=parameters).collect())


# {% endraw %}
