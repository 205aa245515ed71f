"""A vendor that restates, withdraws, brings back, contradicts itself and answers badly: random answers, seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.dbt.facts import UNDERLYING, Answer, Row
from tests.dbt.scenario import NOON

SESSIONS = ("2026-07-13", "2026-07-14", "2026-07-15")
TICKERS = tuple(f"T{number:02d}" for number in range(14))
LISTED = tuple(f"L{number:02d}" for number in range(30))
EXPIRATIONS = ("2026-07-17", "2026-08-21", "2026-09-18")
CONTRACTS = tuple(
    f"O:{UNDERLYING}{day[2:4]}{day[5:7]}{day[8:]}{kind}0000{strike}000"
    for day in EXPIRATIONS
    for kind in "CP"
    for strike in (1, 2)
)
MIDNIGHT = {session: 1_783_915_200_000 + 86_400_000 * place for place, session in enumerate(SESSIONS)}
OTHER_DAY = 1_561_000_000_000
# By dataset, how often it is asked for.
WEIGHTS = {"stock_bars": 10, "splits": 4, "dividends": 4, "tickers": 3, "option_contracts": 4, "option_bars": 4}


@dataclass
class Vendor:
    """What the vendor says at a moment."""

    seed: int
    minute: int = 0
    bars: dict[str, dict[str, int]] = field(default_factory=dict)
    # By dataset and key, the rows of reference data.
    known: dict[str, dict[str, Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.bars = {session: {ticker: self.price() for ticker in TICKERS} for session in SESSIONS}
        for dataset, (make, names) in self.makers().items():
            self.known[dataset] = {name: make(name) for name in names[: 4 * len(names) // 5]}

    def makers(self) -> dict[str, tuple[Callable[[str], Row], Sequence[str]]]:
        """By dataset how a row is made, and what rows there may be."""
        return {
            "splits": (self.split, [f"s{number}" for number in range(10)]),
            # A name without a number has no id; two names of one number are one payment under two ids.
            "dividends": (self.dividend, ["d0", "d1", "d2", "e2", "d3", "d4", "e4", "n5", "n6", "d7"]),
            "tickers": (self.ticker, LISTED),
            "option_contracts": (self.contract, CONTRACTS),
        }

    def answers(self, count: int) -> list[Answer]:
        """The next answers, one a minute."""
        return [self.answer() for _ in range(count)]

    def answer(self) -> Answer:
        self.minute += 1
        at, pick = NOON + timedelta(minutes=self.minute), self.random
        dataset = pick.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if dataset == "stock_bars":
            return self.of_session(at)
        if dataset == "option_bars":
            return self.of_contract(at)
        self.change(dataset)
        if dataset == "tickers":
            return self.paged(dataset, at, "", "9999", {"market": "stocks", "active": "true"}, most=10)
        if dataset == "option_contracts":
            return self.of_listing(at)
        days = [f"2026-07-{pick.randint(1, 14):02d}", f"2026-07-{pick.randint(14, 20):02d}"]
        name = "execution_date" if dataset == "splits" else "ex_dividend_date"
        return self.paged(dataset, at, *days, {f"{name}.gte": days[0], f"{name}.lte": days[1]})

    def of_session(self, at: datetime) -> Answer:
        pick = self.random
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
        return Answer("stock_bars", at, session, session, (tuple(rows),), how)

    def of_contract(self, at: datetime) -> Answer:
        """A range of some sessions, sometimes with bars of others, untrue ones, or ones that contradict each other."""
        pick = self.random
        contract, first, last = pick.choice(CONTRACTS), *sorted(pick.choice(SESSIONS) for _ in range(2))
        days = [day for day in SESSIONS if first <= day <= last or pick.random() < 0.2]
        rows = [bar("", self.price()) | {"t": MIDNIGHT[day], "day": day} for day in days if pick.random() < 0.9]
        if rows and pick.random() < 0.3:
            row = pick.choice(rows)
            rows.append(row | pick.choice([{"c": row["c"] + 0.5}, {"v": -5}, {}]))
        return Answer("option_bars", at, first, last, (tuple(rows),), symbol=contract)

    def of_listing(self, at: datetime) -> Answer:
        """Contracts as of a day: those that live then, or those that expired before it."""
        pick = self.random
        day = pick.choice(("2026-07-15", "2026-07-16", "2026-07-20"))
        params = {"underlying_ticker": UNDERLYING, "as_of": day, "expired": "false"}
        first, last = str(datetime.fromisoformat(day).date() + timedelta(days=1)), "9999"
        if pick.random() < 0.3:
            first, last = "2026-07-10", str(datetime.fromisoformat(day).date() - timedelta(days=1))
            params |= {"expired": "true", "expiration_date.gte": first}
        return self.paged("option_contracts", at, first, last, params, as_of=day)

    def paged(
        self,
        dataset: str,
        at: datetime,
        first: str,
        last: str,
        params: dict[str, str],
        *,
        as_of: str = "",
        most: int = 2,
    ) -> Answer:
        """Rows of reference data between two days, `most` a page."""
        pick = self.random
        date = {"splits": "execution_date", "dividends": "ex_dividend_date", "option_contracts": "expiration_date"}
        rows = list(self.known[dataset].values())
        if dataset in date:
            rows = [row for row in rows if first <= row[date[dataset]] <= last]
        how = pick.choices(("whole", "damaged", "short", "incomplete", "cut", "empty"), (8, 5, 2, 2, 2, 1))[0]
        if how == "damaged":
            rows = self.damaged_reference(dataset, rows)
        elif how == "empty":
            rows = []
        elif how in ("short", "incomplete"):
            rows = rows[: len(rows) // 2]
        pages = [tuple(rows[start : start + most]) for start in range(0, len(rows), most)] or [()]
        return Answer(
            dataset, at, first, last, tuple(pages[:1] if how == "cut" else pages), how, as_of=as_of, params=params
        )

    def change_bars(self, bars: dict[str, int]) -> None:
        pick = self.random
        for ticker in pick.sample(TICKERS, pick.randint(0, 3)):
            if ticker in bars and pick.random() < 0.5:
                del bars[ticker]
            else:
                bars[ticker] = self.price()

    def change(self, dataset: str) -> None:
        """Withdraw, restate or bring back up to a fifth of the rows."""
        make, names = self.makers()[dataset]
        known, pick = self.known[dataset], self.random
        for name in pick.sample(names, pick.randint(0, len(names) // 5)):
            if name in known and pick.random() < 0.5:
                del known[name]
            else:
                known[name] = make(name)

    def damaged(self, rows: Sequence[Row]) -> list[Row]:
        """One or two rows that can't be true, are of another day, contradict another one, or only repeat it."""
        damaged = list(rows)
        for _ in range(self.random.randint(1, 2)):
            place = self.random.randrange(len(damaged))
            row = damaged[place]
            kind = self.random.choice(("volume", "high", "stranger", "name", "day", "contradiction", "repeat"))
            changes: dict[str, dict[str, Any]] = {
                "volume": {"v": -5},
                "high": {"h": row["c"] / 2},
                "stranger": {"T": "\u0001\u0002"},
                "name": {"T": "t01"},
                "day": {"t": OTHER_DAY},
            }
            if kind in changes:
                damaged[place] = row | changes[kind]
            else:
                damaged.append(row | ({"c": row["c"] + 0.5} if kind == "contradiction" else {}))
        return damaged

    def damaged_reference(self, dataset: str, rows: Sequence[Row]) -> list[Row]:
        """A row more: one that can't be true, contradicts another, is of something else, or is an old state."""
        if not rows:
            return list(rows)
        row = self.random.choice(rows)
        # On another page than the row that it speaks of, as likely as not.
        return [*rows, row | self.random.choice(_DAMAGE[dataset])]

    def price(self) -> int:
        return self.random.randint(1, 3)

    def split(self, name: str) -> Row:
        day = f"2026-07-{self.random.randint(1, 20):02d}"
        ticker = TICKERS[int(name[1:])]
        return {"id": name, "ticker": ticker, "execution_date": day, "split_from": 1, "split_to": 1 + self.price()}

    def dividend(self, name: str) -> Row:
        number = int(name[1:])
        day = self.random.choice(SESSIONS) if self.random.random() < 0.7 else "2026-07-02"
        row = {"ticker": TICKERS[number], "ex_dividend_date": day, "cash_amount": self.price() / 8}
        # The other id of a payment says the same, as far as both are known.
        twin = {"d": "e", "e": "d"}.get(name[0], "") + name[1:]
        row |= {key: value for key, value in self.known.get("dividends", {}).get(twin, {}).items() if key in row}
        return row if name[0] == "n" else {"id": name} | row

    def ticker(self, name: str) -> Row:
        label = f"{name} {self.random.choice('AB')}"
        return {"ticker": name, "name": label, "market": "stocks", "active": True, "last_updated_utc": "2026-07-10"}

    def contract(self, name: str) -> Row:
        kind = "call" if name[-9] == "C" else "put"
        row = {"ticker": name, "underlying_ticker": UNDERLYING, "contract_type": kind, "exercise_style": "american"}
        row |= {"expiration_date": f"20{name[-15:-13]}-{name[-13:-11]}-{name[-11:-9]}"}
        return row | {"strike_price": int(name[-8:]) / 1000, "shares_per_contract": self.random.choice([100, 150])}


_DAMAGE: dict[str, list[dict[str, Any]]] = {
    "splits": [{"split_to": 0}, {"split_to": 5}, {"split_to": -2}, {}],
    "dividends": [{"cash_amount": -1}, {"cash_amount": 0.75}, {}],
    "tickers": [{"name": "another"}, {"name": "older", "last_updated_utc": "2019-07-10"}, {"ticker": "l01"}, {}],
    "option_contracts": [
        {"strike_price": 0},
        {"shares_per_contract": 10},
        {"underlying_ticker": "ZZZ"},
        {"ticker": "O:NONSENSE"},
        {},
    ],
}


def bar(ticker: str, close: float) -> Row:
    return {"T": ticker, "o": close, "h": close + 1, "l": close / 2, "c": close, "v": 1000} if ticker else _bar(close)


def _bar(close: float) -> Row:
    return {"o": close, "h": close + 1, "l": close / 2, "c": close, "v": 1000}


def late(answers: Sequence[Answer], chance: random.Random) -> list[Answer]:
    """Most in the order of their times, some up to a dozen places too late."""
    order = {id(one): place + chance.choice([0, 0, 0, 4, 12]) for place, one in enumerate(answers)}
    return sorted(answers, key=lambda one: order[id(one)])
