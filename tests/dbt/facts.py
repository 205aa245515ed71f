"""Random answers, good and bad, and an independent replay of what has to be believed of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.dbt.conftest import Lake
from tests.dbt.scenario import NOON

SESSIONS = ("2026-07-13", "2026-07-14", "2026-07-15")
TICKERS = tuple(f"T{number:02d}" for number in range(14))
FIELDS = {
    "stock_bars": ("o", "h", "l", "c", "v"),
    "splits": ("ticker", "execution_date", "split_from", "split_to"),
}
DATE = {"stock_bars": "session", "splits": "execution_date"}
GROUPED = "/v2/aggs/grouped/locale/us/market/stocks/"

Row = dict[str, Any]
Version = tuple[str, tuple[Any, ...], datetime, datetime | None]


@dataclass(frozen=True)
class Answer:
    """One answer on its pages; it covers a range of dates. Not `is_whole`: the pipeline knows that something lacks."""

    dataset: str
    at: datetime
    first: str
    last: str
    pages: tuple[tuple[Row, ...], ...]
    is_whole: bool = True
    how: str = "whole"

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
        if self.dataset == "stock_bars":
            lake.grouped(
                self.first,
                self.rows,
                at=self.at,
                complete=self.how != "incomplete",
                suspects=[{"dataset": "stock_bars", "session": self.first}] if self.how == "suspect" else [],
            )
            return
        manifest, params = None, {"execution_date.gte": self.first, "execution_date.lte": self.last, "limit": "2"}
        for number, page in enumerate(self.pages, 1):
            more = number < len(self.pages) or self.how == "cut"
            manifest = lake.load(
                self.dataset,
                "/stocks/v1/splits",
                page,
                at=self.at + timedelta(seconds=number - 1),
                manifest=manifest,
                params=params,
                complete=self.how != "incomplete",
                next_url=f"https://x/stocks/v1/splits?cursor=c{number}%3D" if more else None,
            )
            params = {"cursor": f"c{number}="}


def key_of(answer: Answer, row: Row) -> str | None:
    """What a row speaks of; None where it doesn't say."""
    if answer.dataset == "splits":
        return str(row["id"])
    ticker = row.get("T")
    return f"{ticker} {answer.first}" if ticker and re.fullmatch(r"[A-Z0-9]{1,16}", ticker) else None


def is_true(answer: Answer, row: Row) -> bool:
    """Whether a row that is identified can be true."""
    if answer.dataset == "splits":
        return bool(row["split_from"] > 0 and row["split_to"] > 0)
    return bool(row["v"] >= 0 and row["l"] <= row["c"] <= row["h"])


def replay(answers: Iterable[Answer]) -> list[Version]:
    """Key, values, valid from, valid until: believed answer by answer, in the order in which they came."""
    versions: list[Version] = []
    current: dict[str, int] = {}
    seen: dict[str, tuple[str, str]] = {}

    def end(key: str, at: datetime) -> None:
        if key in current:
            place = current.pop(key)
            versions[place] = (*versions[place][:3], at)

    for answer in sorted(answers, key=lambda one: one.at):
        told: dict[str, list[tuple[Row, datetime]]] = {}
        strangers = rejected = 0
        for number, page in enumerate(answer.pages):
            for row in page:
                key = key_of(answer, row)
                strangers += key is None
                if key is not None and row.get("t") is None:
                    told.setdefault(key, []).append((row, answer.at + timedelta(seconds=number)))
                elif key is not None:  # of another day: it shows that the ticker is there, and no more
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
                seen[key] = (answer.dataset, row[DATE["splits"]] if answer.dataset == "splits" else answer.first)
        lacking = [
            key
            for key, (dataset, day) in seen.items()
            if dataset == answer.dataset and answer.first <= day <= answer.last and key not in told
        ]
        held = len(answer.rows) - rejected - strangers
        if answer.is_whole and not strangers and not doubted and believed(answer, len(lacking), held):
            for key in lacking:
                end(key, answer.answered_at)
    return sorted(versions, key=repr)


def believed(answer: Answer, lacking: int, held: int) -> bool:
    """Whether so little is lacking that it was withdrawn, and not lost."""
    if answer.dataset == "splits":
        return lacking <= 10 or lacking <= 0.01 * (lacking + held)
    return held > 0 and lacking <= 10 and (lacking == 1 or lacking <= 0.25 * (lacking + held))


@dataclass
class Vendor:
    """What the vendor says at a moment; seeded. It restates, withdraws, brings back, and answers badly."""

    seed: int
    minute: int = 0
    bars: dict[str, dict[str, int]] = field(default_factory=dict)
    splits: dict[str, Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.bars = {session: {ticker: self.price() for ticker in TICKERS} for session in SESSIONS}
        self.splits = {f"s{number}": self.split(f"s{number}") for number in range(8)}

    def answers(self, count: int) -> list[Answer]:
        """The next answers, one a minute."""
        return [self.answer() for _ in range(count)]

    def answer(self) -> Answer:
        self.minute += 1
        at, pick = NOON + timedelta(minutes=self.minute), self.random
        if pick.random() < 0.35:
            self.change_splits()
            return self.of_splits(at)
        session = pick.choice(SESSIONS)
        self.change_bars(self.bars[session])
        rows = [bar(ticker, close) for ticker, close in sorted(self.bars[session].items())]
        how = pick.choices(("whole", "damaged", "short", "incomplete", "suspect", "empty"), (8, 5, 2, 2, 2, 1))[0]
        if how == "damaged":
            rows = self.damaged(rows)
        elif how in ("short", "incomplete", "suspect"):
            rows = rows[: pick.randint(1, len(rows) // 2)]
        elif how == "empty":
            rows = []
        return Answer("stock_bars", at, session, session, (tuple(rows),), how not in ("incomplete", "suspect"), how)

    def of_splits(self, at: datetime) -> Answer:
        pick = self.random
        days = sorted(f"2026-07-{pick.randint(1, 20):02d}" for _ in range(2))
        rows = [row for row in self.splits.values() if days[0] <= row["execution_date"] <= days[1]]
        if rows and pick.random() < 0.2:
            rows.append(pick.choice(rows) | {"split_to": pick.choice([0, 5])})
        pages = [tuple(rows[start : start + 2]) for start in range(0, len(rows), 2)] or [()]
        how = pick.choices(("whole", "incomplete", "cut"), (6, 1, 1))[0]
        if how == "cut":
            pages = pages[:1]
        return Answer("splits", at, days[0], days[1], tuple(pages), how == "whole", how)

    def change_bars(self, bars: dict[str, int]) -> None:
        pick = self.random
        for ticker in pick.sample(TICKERS, pick.randint(0, 3)):
            if ticker in bars and pick.random() < 0.5:
                del bars[ticker]
            else:
                bars[ticker] = self.price()

    def change_splits(self) -> None:
        pick = self.random
        for name in pick.sample([f"s{number}" for number in range(10)], pick.randint(0, 2)):
            if name in self.splits and pick.random() < 0.5:
                del self.splits[name]
            else:
                self.splits[name] = self.split(name)

    def damaged(self, rows: Sequence[Row]) -> list[Row]:
        """One or two rows that can't be true, are of another day, contradict another one, or only repeat it."""
        damaged = list(rows)
        for _ in range(self.random.randint(1, 2)):
            place = self.random.randrange(len(damaged))
            row = damaged[place]
            kind = self.random.choice(("volume", "high", "stranger", "day", "contradiction", "repeat"))
            if kind in ("contradiction", "repeat"):
                damaged.append(row | ({"c": row["c"] + 0.5} if kind == "contradiction" else {}))
            else:
                damaged[place] = (
                    row
                    | {
                        "volume": {"v": -5},
                        "high": {"h": row["c"] / 2},
                        "stranger": {"T": "\u0001\u0002"},
                        "day": {"t": 1_561_000_000_000},
                    }[kind]
                )
        return damaged

    def price(self) -> int:
        return self.random.randint(1, 3)

    def split(self, name: str) -> Row:
        day = f"2026-07-{self.random.randint(1, 20):02d}"
        return {"id": name, "ticker": TICKERS[int(name[1:]) % 3], "execution_date": day, "split_from": 1} | {
            "split_to": self.random.choice([2, 3])
        }


def bar(ticker: str, close: float) -> Row:
    return {"T": ticker, "o": close, "h": close + 1, "l": close / 2, "c": close, "v": 1000}


def late(answers: Sequence[Answer], chance: random.Random) -> list[Answer]:
    """Most in the order of their times, some up to a dozen places too late."""
    order = {id(one): place + chance.choice([0, 0, 0, 4, 12]) for place, one in enumerate(answers)}
    return sorted(answers, key=lambda one: order[id(one)])
