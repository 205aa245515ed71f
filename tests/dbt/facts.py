"""An independent replay of answers, good and bad: what has to be believed of them, in the order in which they came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.dbt.conftest import Lake

UNDERLYING = "T00"
FIELDS = {
    "stock_bars": ("o", "h", "l", "c", "v"),
    "option_bars": ("o", "h", "l", "c", "v"),
    "splits": ("ticker", "execution_date", "split_from", "split_to"),
    "dividends": ("ticker", "ex_dividend_date", "cash_amount"),
    "tickers": ("name",),
    "option_contracts": ("underlying_ticker", "expiration_date", "strike_price", "shares_per_contract"),
}
# By what an answer with a range covers a row.
DATE = {"splits": "execution_date", "dividends": "ex_dividend_date", "option_contracts": "expiration_date"}
PATH = {
    "splits": "/stocks/v1/splits",
    "dividends": "/stocks/v1/dividends",
    "tickers": "/v3/reference/tickers",
    "option_contracts": "/v3/reference/options/contracts",
}

Row = dict[str, Any]
Version = tuple[str, tuple[Any, ...], datetime, datetime | None]


@dataclass(frozen=True)
class Answer:
    """One answer on its pages. It covers the days from `first` to `last` of what it is about: `symbol`, or everything.

    Not `is_whole`: the pipeline knows that something lacks. `params`: of the request for its first page. `as_of`: the
    day of a list of contracts.
    """

    dataset: str
    at: datetime
    first: str
    last: str
    pages: tuple[tuple[Row, ...], ...]
    how: str = "whole"
    symbol: str = ""
    as_of: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether what it lacks could be a fact. A range of one contract's bars says nothing of what it lacks."""
        return self.how not in ("incomplete", "suspect", "cut") and self.dataset != "option_bars"

    @property
    def rows(self) -> list[Row]:
        """Of all pages."""
        return [row for page in self.pages for row in page]

    @property
    def answered_at(self) -> datetime:
        """When the last page came."""
        return self.at + timedelta(seconds=len(self.pages) - 1)

    def load(self, lake: Lake) -> None:
        """As a manifest of its own."""
        complete = self.how != "incomplete"
        if self.dataset == "stock_bars":
            suspects = [{"dataset": "stock_bars", "session": self.first}] if self.how == "suspect" else []
            lake.grouped(self.first, self.rows, at=self.at, complete=complete, suspects=suspects)
            return
        if self.dataset == "option_bars":
            path = f"/v2/aggs/ticker/{self.symbol}/range/1/day/{self.first}/{self.last}"
            lake.load("option_bars", path, self.rows, at=self.at, complete=complete)
            return
        manifest, params = None, {**self.params, "limit": "2"}
        for number, page in enumerate(self.pages, 1):
            more = number < len(self.pages) or self.how == "cut"
            manifest = lake.load(
                self.dataset,
                PATH[self.dataset],
                page,
                at=self.at + timedelta(seconds=number - 1),
                manifest=manifest,
                params=params,
                complete=complete,
                next_url=f"https://x{PATH[self.dataset]}?cursor=c{number}%3D" if more else None,
            )
            params = {"cursor": f"c{number}="}


def key_of(answer: Answer, row: Row) -> str | None:
    """What a row speaks of; None where it doesn't say."""
    if answer.dataset == "stock_bars":
        ticker = row.get("T")
        return f"{ticker} {answer.first}" if ticker and re.fullmatch(r"[A-Z][A-Z0-9]{0,15}", ticker) else None
    if answer.dataset == "option_bars":
        return f"{answer.symbol} {row['day']}"
    if answer.dataset in ("splits", "dividends"):
        if "id" in row:
            return str(row["id"])
        # Its values are all that tells it from another one: one that can't be true is nobody's.
        own = f"{row['ticker']}|{row['ex_dividend_date']}|{row['cash_amount']}"
        return own if is_true(answer, row) else None
    name = str(row["ticker"])
    is_contract = re.fullmatch(r"O:[A-Z0-9]{1,6}\d{6}[CP]\d{8}", name)
    is_ticker = re.fullmatch(r"[A-Z][A-Z0-9]*", name)
    return name if (is_contract if answer.dataset == "option_contracts" else is_ticker) else None


def is_asked_for(answer: Answer, row: Row) -> bool:
    """Whether a row belongs to the question."""
    if answer.dataset == "stock_bars":
        return row.get("t") is None
    if answer.dataset == "option_bars":
        return bool(answer.first <= row["day"] <= answer.last)
    return answer.dataset != "option_contracts" or row["underlying_ticker"] == UNDERLYING


def is_true(answer: Answer, row: Row) -> bool:
    """Whether a row that is identified can be true."""
    if answer.dataset == "splits":
        return bool(row["split_from"] > 0 and row["split_to"] > 0)
    if answer.dataset == "dividends":
        return bool(row["cash_amount"] >= 0)
    if answer.dataset == "option_contracts":
        return bool(row["strike_price"] > 0)
    return answer.dataset == "tickers" or bool(row["v"] >= 0 and row["l"] <= row["c"] <= row["h"])


def day_of(answer: Answer, row: Row) -> str:
    """By which day an answer with a range covers a row; a list of all tickers covers every one."""
    return str(row[DATE[answer.dataset]]) if answer.dataset in DATE else answer.first


def newest_of_each(answer: Answer) -> list[tuple[int, Row]]:
    """The rows and their pages; of several rows of a ticker those that the vendor updated last."""
    rows = [(number, row) for number, page in enumerate(answer.pages) for row in page]
    if answer.dataset != "tickers":
        return rows
    newest: dict[str, str] = {}
    for _, row in rows:
        newest[row["ticker"]] = max(newest.get(row["ticker"], ""), row["last_updated_utc"])
    return [(number, row) for number, row in rows if row["last_updated_utc"] == newest[row["ticker"]]]


def replay(answers: Iterable[Answer]) -> list[Version]:
    """Key, values, valid from, valid until."""
    versions: list[Version] = []
    current: dict[str, int] = {}
    seen: dict[str, tuple[str, str]] = {}
    before: list[Answer] = []

    def end(key: str, at: datetime) -> None:
        if key in current:
            place = current.pop(key)
            versions[place] = (*versions[place][:3], at)

    for answer in sorted(answers, key=lambda one: one.at):
        told: dict[str, list[tuple[Row, datetime]]] = {}
        strangers = rejected = 0
        for number, row in newest_of_each(answer):
            key = key_of(answer, row)
            strangers += key is None
            if key is not None and is_asked_for(answer, row):
                told.setdefault(key, []).append((row, answer.at + timedelta(seconds=number)))
            elif key is not None:  # it shows that the key is there, and no more
                told.setdefault(key, [])
                rejected += 1
        doubted = False
        for key, rows in told.items():
            values = [tuple(row.get(name) for name in FIELDS[answer.dataset]) for row, _ in rows]
            if len(set(values)) > 1:
                doubted, rejected = True, rejected + len(rows)
            elif rows and not is_true(answer, rows[0][0]):
                rejected += len(rows)
            elif rows:
                row, at = rows[0]
                if key not in current or versions[current[key]][1] != values[0]:
                    end(key, at)
                    current[key] = len(versions)
                    versions.append((key, values[0], at, None))
                seen[key] = (answer.dataset, day_of(answer, row))
        lacking = [
            key
            for key, (dataset, day) in seen.items()
            if dataset == answer.dataset and answer.first <= day <= answer.last and key not in told
        ]
        held = len(answer.rows) - rejected - strangers
        if is_fact(answer, before) and not strangers and not doubted and believed(answer, len(lacking), held, before):
            for key in lacking:
                end(key, answer.answered_at)
        before.append(answer)
    return sorted(versions, key=repr)


def is_fact(answer: Answer, before: Sequence[Answer]) -> bool:
    """Whether what an answer lacks may be gone. A list of contracts as of an earlier day lacks those listed since."""
    newer = [one for one in before if one.dataset == answer.dataset and one.as_of > answer.as_of]
    return answer.is_whole and not (answer.as_of and newer)


def believed(answer: Answer, lacking: int, held: int, before: Sequence[Answer]) -> bool:
    """Whether so little is lacking that it was withdrawn, and not lost."""
    if answer.dataset == "tickers":
        lists = [one for one in before if one.dataset == "tickers"][-5:]
        usual = max((len(one.rows) for one in lists if one.is_whole), default=0)
        return held > 0 and (len(answer.rows) >= usual - 10 or len(answer.rows) >= 0.95 * usual)
    if answer.dataset != "stock_bars":
        return (held > 0 or lacking == 1) and (lacking <= 10 or lacking <= 0.01 * (lacking + held))
    return held > 0 and lacking <= 10 and (lacking == 1 or lacking <= 0.25 * (lacking + held))
