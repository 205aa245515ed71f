# {% raw %}
"""Handlers of `ops.override` and `ops.retract_override`: overrule what the vendor has wrong, with reason and author.

A decision is a row of ops.overrides; nothing there is ever changed or deleted. The newest one of a field of a row
counts from when it was entered; a retraction is a decision too, after which the vendor's value counts again. dbt reads
them in every build (dbt/macros/overrides).

    Refusal     an argument is not what it should be, or there is no such row; nothing was written
"""

import math
import uuid
from datetime import date
from typing import Any, NamedTuple

from snowflake.snowpark import Session

DROP = "drop"
MAX_TEXT = 1000


class Refusal(Exception):
    """An override that can't be entered; the message says what was expected."""


class Shape(NamedTuple):
    """A dataset: its history, the columns of its key, and its fields with their types; `required` can't be NULL."""

    history: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    fields: dict[str, str]


BAR = dict.fromkeys(("open_usd", "high_usd", "low_usd", "close_usd", "vwap_usd"), "float")
YIELDS = tuple(f"yield_{term}_month_pct" for term in (1, 3, 6)) + tuple(
    f"yield_{term}_year_pct" for term in (1, 2, 3, 5, 7, 10, 20, 30)
)
SHAPES = {
    "stock_bars": Shape(
        "snapshot_polygon__stock_bars",
        ("ticker", "session_date"),
        ("close_usd",),
        BAR | {"volume_shares": "float", "transactions": "number"},
    ),
    "option_bars": Shape(
        "snapshot_polygon__options_bars",
        ("contract_ticker", "session_date"),
        ("close_usd",),
        BAR | {"volume_contracts": "float", "transactions": "number"},
    ),
    "splits": Shape(
        "snapshot_polygon__splits",
        ("split_id",),
        ("ticker", "execution_date", "split_from", "split_to"),
        {
            "ticker": "varchar",
            "execution_date": "date",
            "split_from": "float",
            "split_to": "float",
            "adjustment_type": "varchar",
        },
    ),
    "dividends": Shape(
        "snapshot_polygon__dividends",
        ("dividend_id",),
        ("ticker", "ex_dividend_date", "cash_amount"),
        {
            "ticker": "varchar",
            "ex_dividend_date": "date",
            "cash_amount": "float",
            "currency": "varchar",
            "payments_per_year": "float",
            "distribution_type": "varchar",
            "declaration_date": "date",
            "pay_date": "date",
        },
    ),
    "tickers": Shape(
        "snapshot_polygon__tickers",
        ("ticker",),
        ("is_active",),
        dict.fromkeys(
            (
                "ticker_name",
                "market",
                "locale",
                "primary_exchange",
                "security_type",
                "currency",
                "cik",
                "composite_figi",
                "share_class_figi",
            ),
            "varchar",
        )
        | {"is_active": "boolean", "delisted_date": "date"},
    ),
    "option_contracts": Shape(
        "snapshot_polygon__option_contracts",
        ("contract_ticker",),
        ("expiration_date", "strike_usd", "has_additional_underlyings"),
        {
            "underlying_ticker": "varchar",
            "contract_type": "varchar",
            "exercise_style": "varchar",
            "expiration_date": "date",
            "strike_usd": "float",
            "shares_per_contract": "float",
            "primary_exchange": "varchar",
            "has_additional_underlyings": "boolean",
            "additional_deliverables": "varchar",
        },
    ),
    "option_chain": Shape(
        "snapshot_polygon__option_chain",
        ("contract_ticker", "session_date"),
        (),
        {"underlying_ticker": "varchar"}
        | dict.fromkeys(
            (
                "underlying_price_usd",
                "implied_volatility",
                "delta",
                "gamma",
                "theta_usd_per_day",
                "vega_usd_per_pct",
                "open_interest_contracts",
                "break_even_price_usd",
                "bid_usd",
                "ask_usd",
                "midpoint_usd",
                "day_close_usd",
                "day_volume_contracts",
            ),
            "float",
        ),
    ),
    "treasury_yields": Shape("snapshot_polygon__treasury_yields", ("yield_date",), (), dict.fromkeys(YIELDS, "float")),
    # Whose the ticker is from that bar on, until the next decision; NULL: whoever the evidence says.
    "securities": Shape("snapshot_polygon__stock_bars", ("ticker", "session_date"), (), {"security_id": "varchar"}),
}
# Numbers that can be anything; of the others those in POSITIVE are above 0, and the rest not below it.
SIGNED = ("delta", "gamma", "theta_usd_per_day", "vega_usd_per_pct", *YIELDS)
POSITIVE = (
    *BAR, "strike_usd", "shares_per_contract", "split_from", "split_to", "underlying_price_usd"
)  # fmt: skip


class Decision(NamedTuple):
    """What is written: `value` as text, None for NULL, a drop and a retraction."""

    dataset: str
    row_key: str
    field: str
    value: str | None
    is_retracted: bool
    reason: str
    author: str


def override(
    session: Session, dataset: str, row_key: str, field: str, value: str | None, reason: str, author: str
) -> dict[str, Any]:
    """Overrule a field of a row, or drop the row.

    Returns:
        override_id, dataset, row_key, field, value and status (entered).

    Raises:
        Refusal: nothing was written.
    """
    stored = checked_value(dataset, field, value)
    decision = Decision(dataset, row_key, field, stored, False, *signed(reason, author))
    key = checked_key(dataset, row_key)
    if not ask(session, find_row(dataset), key):
        raise Refusal(f"{dataset} has no row {row_key}; expected the key of a row. Nothing was written.")
    return write(session, decision, "entered")


def retract(session: Session, dataset: str, row_key: str, field: str, reason: str, author: str) -> dict[str, Any]:
    """Take back an override: from now on the vendor's value counts again. Returns and raises as override."""
    checked_field(dataset, field)
    decision = Decision(dataset, row_key, field, None, True, *signed(reason, author))
    newest = ask(session, NEWEST_DECISION, [dataset, row_key, field])
    if not newest or newest[0][0]:
        raise Refusal(f"{field} of {dataset} {row_key} has no override to retract. Nothing was written.")
    return write(session, decision, "retracted")


def checked_field(dataset: str, field: str) -> Shape:
    """The dataset's shape; raises where dataset or field are unknown."""
    if dataset not in SHAPES:
        raise Refusal(f"dataset is {dataset!r}; expected one of {', '.join(SHAPES)}. Nothing was written.")
    possible = (*SHAPES[dataset].fields, *([] if dataset == "securities" else [DROP]))
    if field not in possible:
        raise Refusal(f"field of {dataset} is {field!r}; expected one of {', '.join(possible)}. Nothing was written.")
    return SHAPES[dataset]


def checked_value(dataset: str, field: str, value: str | None) -> str | None:
    """The value as it is stored; raises where the field can't hold it."""
    shape = checked_field(dataset, field)
    if field == DROP:
        if value is not None:
            raise Refusal(f"value of a drop is {value!r}; expected NULL. Nothing was written.")
        return None
    if value is None:
        if field in shape.required:
            raise Refusal(f"value of {field} is NULL, which is not allowed. Nothing was written.")
        return None
    text = value.strip()
    if not is_possible(field, shape.fields[field], text):
        raise Refusal(
            f"value of {field} is {value!r}; expected {expected(field, shape.fields[field])}. Nothing was written."
        )
    return text


def is_possible(field: str, kind: str, text: str) -> bool:
    """Whether a field can hold a text."""
    if kind == "varchar":
        return 0 < len(text) <= MAX_TEXT
    if kind == "boolean":
        return text.lower() in ("true", "false")
    if kind == "date":
        return is_day(text)
    try:
        number = float(text) if kind == "float" else float(int(text))
    except ValueError:
        return False
    # What Python reads as a number and the warehouse does not: 1_000, nan, inf.
    if not math.isfinite(number) or not set(text) <= set("+-.0123456789eE"):
        return False
    return field in SIGNED or number > 0 or (number == 0 and field not in POSITIVE)


def expected(field: str, kind: str) -> str:
    """What a field can hold, for people."""
    if kind not in ("float", "number"):
        return {"varchar": f"1 to {MAX_TEXT} characters", "boolean": "true or false", "date": "YYYY-MM-DD"}[kind]
    what = "a number" if kind == "float" else "a whole number"
    return what if field in SIGNED else f"{what} above 0" if field in POSITIVE else f"{what} that is not negative"


def checked_key(dataset: str, row_key: str) -> list[str]:
    """The parts of a row's key; raises where it isn't one of the dataset."""
    key = SHAPES[dataset].key
    parts = [row_key] if len(key) == 1 else row_key.split("|")
    if len(parts) != len(key) or not all(parts) or (key[-1].endswith("_date") and not is_day(parts[-1])):
        form = "|".join("YYYY-MM-DD" if column.endswith("_date") else column for column in key)
        raise Refusal(f"key of {dataset} is {row_key!r}; expected {form}. Nothing was written.")
    return parts


def signed(reason: str, author: str) -> tuple[str, str]:
    """Reason and author; raises where one is missing."""
    for name, text in (("reason", reason), ("author", author)):
        if not (text or "").strip():
            raise Refusal(f"{name} is empty; expected text. Nothing was written.")
        if len(text) > MAX_TEXT:
            raise Refusal(f"{name} has {len(text)} characters; expected at most {MAX_TEXT}. Nothing was written.")
    return reason.strip(), author.strip()


def is_day(text: str) -> bool:
    """Whether a text is a date as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def find_row(dataset: str) -> str:
    """A row if the history holds the key, which is bound."""
    shape = SHAPES[dataset]
    same = " and ".join(f"{column} = ?" for column in shape.key)
    return f"select 1 as is_held from snapshots.{shape.history} where {same} limit 1"


NEWEST_DECISION = (
    "select is_retracted from ops.overrides where dataset = ? and row_key = ? and field = ? "
    "order by known_from desc, override_id desc limit 1"
)
INSERT = (
    "insert into ops.overrides (override_id, dataset, row_key, field, value, is_retracted, reason, author, known_from) "
    "select ?, ?, ?, ?, ?, ?, ?, ?, convert_timezone('UTC', current_timestamp())::timestamp_ntz(6)"
)


def write(session: Session, decision: Decision, status: str) -> dict[str, Any]:
    """Append the decision between BEGIN and COMMIT: without them it is rolled back where autocommit is off."""
    override_id = str(uuid.uuid4())
    ask(session, "begin")
    try:
        ask(
            session,
            INSERT,
            [
                override_id,
                decision.dataset,
                decision.row_key,
                decision.field,
                decision.value,
                decision.is_retracted,
                decision.reason,
                decision.author,
            ],
        )
        ask(session, "commit")
    except Exception:
        ask(session, "rollback")
        raise
    return {
        "override_id": override_id,
        "dataset": decision.dataset,
        "row_key": decision.row_key,
        "field": decision.field,
        "value": decision.value,
        "status": status,
    }


def ask(session: Session, statement: str, parameters: list[Any] | None = None) -> list[Any]:
    """Rows of a statement; values are bound, never written into it."""
    return list(session.sql(statement, params=parameters).collect())


# {% endraw %}
