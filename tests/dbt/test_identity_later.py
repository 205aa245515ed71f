"""Whose a ticker was, built again and again as evidence arrives, against a build from nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.dbt.conftest import Dbt, Lake
from tests.dbt.identities import sessions
from tests.dbt.scenario import bar
from tests.dbt.stocks import flat, load
from tests.dbt.test_securities import LIST, PATH, events, listed, minute, ticker

TABLES = (
    "intermediate.int_polygon__ticker_spans_claimed",
    "intermediate.int_polygon__ticker_spans",
    "marts.dim_polygon__securities",
)
DAYS = sessions("2022-01-03", "2023-12-29")
NAMES = [f"{letter}{letter}" for letter in "ABCDEFGHIJKL"]
FIGIS = [f"BBGSIM{number:06d}" for number in range(5)]
CLASSES = ["BBGSIM900000", "BBGSIM900001"]
SEED, LOADS = 15, 14


def date_of(lake: Lake, day: date, *rows: dict[str, Any], at: datetime) -> None:
    lake.load("ticker_listings", PATH, rows, at=at, session=str(day), params=LIST | {"date": str(day)})


@dataclass
class Chance:
    """Evidence of few tickers and few securities, so that much of it meets."""

    lake: Lake
    random: random.Random = field(default_factory=lambda: random.Random(SEED))
    moments: int = 0

    def now(self) -> datetime:
        """Another minute, and at times another day: the last evidence of a day counts for the day."""
        self.moments += 1
        return minute(self.moments) + timedelta(days=self.moments // 4)

    def row(self) -> dict[str, Any]:
        figi, share, cik = (self.random.choice([*known, None]) for known in (FIGIS, CLASSES, ["1", "2", "3"]))
        more = {"share_class_figi": share} if share and figi else {}
        return ticker(self.random.choice(NAMES), figi, **more, **({"cik": cik} if cik else {}))

    def rows(self) -> list[dict[str, Any]]:
        found = [self.row() for _ in range(5)]
        return list({row["ticker"]: row for row in found}.values())

    def trade(self) -> None:
        first = self.random.randrange(len(DAYS) - 60)
        days = DAYS[first : first + self.random.randrange(1, 60)]
        load(self.lake, self.random.choice(NAMES), flat(days, 10.0), at=self.now())

    def tell(self) -> None:
        days = sorted(self.random.sample(DAYS, 2))
        asked, figi = self.random.choice(NAMES), self.random.choice([*FIGIS, None])
        told = {"name": "One", "composite_figi": figi} if figi else {"name": "One"}
        changes = [(str(day), self.random.choice(NAMES)) for day in days]
        events(self.lake, self.now(), asked, told, *changes)

    def delist(self) -> None:
        day = self.random.choice(DAYS)
        row = ticker(self.random.choice(NAMES), active=False, delisted_utc=f"{day}T00:00:00Z")
        params = LIST | {"active": "false"}
        self.lake.load("ticker_listings", PATH, [row], at=self.now(), session="x", params=params)

    def decide(self) -> None:
        key = f"{self.random.choice(NAMES)}|{self.random.choice(DAYS)}"
        value = self.random.choice(["ours:one", f"figi:{FIGIS[0]}", "ticker:AA", None])
        self.lake.override("securities", key, "security_id", value, at=self.now())

    def load(self) -> None:
        for _ in range(LOADS):
            match self.random.randrange(6):
                case 0 | 1:
                    self.trade()
                case 2:
                    date_of(self.lake, self.random.choice(DAYS), *self.rows(), at=self.now())
                case 3:
                    self.tell()
                case 4:
                    self.random.choice([self.delist, self.decide])()
                case _:
                    listed(self.lake, self.now(), *self.rows(), complete=self.random.random() < 0.5)


def first(lake: Lake) -> None:
    at = minute(0)
    january, july = sessions("2020-01-06", "2020-01-31"), sessions("2020-07-01", "2020-07-31")
    for name in ("STILL", "FIXED", "WENT", "OLDONE", "GAPPED"):
        load(lake, name, flat(january, 10.0), at=at)
    load(lake, "GAPPED", flat(january[-1:] + sessions("2020-03-02", "2020-03-31"), 10.0), at=at)
    lake.grouped("2020-06-01", [bar(name, 10) for name in ("STILL", "CALM", "GONE")], at=at)
    load(lake, "NEWONE", flat(july, 10.0), at=at)
    # The FIGI of the one changed while its CIK stayed; GAPPED passed on between two lists, in days without a bar.
    date_of(lake, january[0], ticker("FIXED", "BBGSIM100001", cik="71"), ticker("GAPPED", "BBGSIM100003"), at=at)
    date_of(lake, january[3], ticker("FIXED", "BBGSIM100002", cik="71"), at=at)
    date_of(lake, january[-1], ticker("GAPPED", "BBGSIM100003"), at=at)
    date_of(lake, date(2020, 3, 2), ticker("GAPPED", "BBGSIM100004"), at=at)
    date_of(lake, january[0], ticker("OLDONE", "BBGSIM100005"), at=at)
    date_of(lake, july[0], ticker("NEWONE", "BBGSIM100005"), at=at)
    date_of(lake, january[0], ticker("STILL", "BBGSIM100006"), at=at)
    swapped_and_renamed_back(lake, january, at)


def swapped_and_renamed_back(lake: Lake, days: list[date], at: datetime) -> None:
    """Known from the lists of two sessions that follow each other, and from no event."""
    for name in ("LEFT", "RIGHT"):
        load(lake, name, flat(days, 10.0), at=at)
    date_of(lake, days[7], ticker("LEFT", "BBGSIM100011"), ticker("RIGHT", "BBGSIM100012"), at=at)
    date_of(lake, days[8], ticker("LEFT", "BBGSIM100012"), ticker("RIGHT", "BBGSIM100011"), at=at)
    load(lake, "THERE", flat([*days[:4], *days[8:]], 10.0), at=at)
    load(lake, "AWAY", flat(days[4:8], 10.0), at=at)
    for day, name in ((3, "THERE"), (4, "AWAY"), (7, "AWAY"), (8, "THERE")):
        date_of(lake, days[day], ticker(name, "BBGSIM100013"), at=at)


def second(lake: Lake) -> None:
    """What changes a ticker that nothing new is told of itself."""
    at = minute(1) + timedelta(days=1)
    # The first FIGI of FIXED goes on under another ticker: it was no correction.
    date_of(lake, date(2020, 7, 1), ticker("WENT", "BBGSIM100001"), at=at)
    # A bar comes late, in the days in which GAPPED was nobody's.
    load(lake, "GAPPED", flat([date(2020, 2, 18)], 10.0), at=at)
    # The only bar of GONE is withdrawn.
    lake.grouped("2020-06-01", [bar(name, 10) for name in ("STILL", "CALM")], at=at)
    # The former of two tickers traded on for two months, the newer one has nothing new.
    load(lake, "OLDONE", flat(sessions("2020-02-03", "2020-03-31"), 10.0), at=at)
    load(lake, "STILL", flat(sessions("2020-07-02", "2020-07-31"), 10.0), at=at)


@dataclass(frozen=True)
class Built:
    """The tables after each build, and after a build from nothing."""

    lake: Lake
    before: list[tuple[Any, ...]]
    after: list[tuple[Any, ...]]
    later: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]
    last: dict[str, list[tuple[Any, ...]]]
    last_refreshed: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Built:
    def contents() -> dict[str, list[tuple[Any, ...]]]:
        return {table: lake.rows(table) for table in TABLES}

    chance = Chance(lake)
    first(lake)
    chance.load()
    dbt.run_behind("dim_polygon__securities")
    before = current(lake)
    second(lake)
    chance.load()
    # What a build leaves as it was keeps the mark.
    lake.execute("update intermediate.int_polygon__ticker_spans_claimed set cik = 'mark' where ticker = 'STILL'")
    dbt.run_behind("dim_polygon__securities", again=True)
    marked = lake.execute(
        "select distinct cik from intermediate.int_polygon__ticker_spans_claimed where ticker = 'STILL'"
    )
    assert marked == [("mark",)], "a ticker that only traded on was judged again"
    lake.execute("update intermediate.int_polygon__ticker_spans_claimed set cik = null where ticker = 'STILL'")
    dbt.run_behind("dim_polygon__securities", again=True)
    after, later = current(lake), contents()
    dbt.run_behind("dim_polygon__securities", again=True, full_refresh=True)
    refreshed = contents()
    for _ in range(2):
        chance.load()
        dbt.run_behind("dim_polygon__securities", again=True)
    last = contents()
    dbt.run_behind("dim_polygon__securities", again=True, full_refresh=True)
    return Built(lake, before, after, later, refreshed, last, contents())


def current(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.execute(
        "select ticker, security_id, valid_from::varchar, valid_until::varchar from marts.dim_polygon__securities"
        " where known_until is null order by ticker, valid_from nulls first"
    )


@pytest.mark.parametrize("table", TABLES)
def test_evidence_that_arrives_by_chance_leaves_what_a_full_refresh_makes(built: Built, table: str) -> None:
    assert set(built.refreshed[table]) ^ set(built.later[table]) == set()
    assert set(built.last_refreshed[table]) ^ set(built.last[table]) == set()
    assert len(built.last[table]) > 3 * len(NAMES)


def test_what_is_told_of_one_ticker_changes_another_and_a_withdrawn_ticker_is_gone(built: Built) -> None:
    names = ("FIXED", "GAPPED", "GONE")
    before, later = ([row for row in rows if row[0] in names] for rows in (built.before, built.after))
    assert before == [
        ("FIXED", "figi:BBGSIM100002", None, None),
        ("GAPPED", "figi:BBGSIM100003", None, "2020-02-01"),
        ("GAPPED", "figi:BBGSIM100004", "2020-03-02", None),
        ("GONE", "ticker:GONE", None, None),
    ]
    assert later == [
        ("FIXED", "figi:BBGSIM100001/FIXED", None, "2020-01-07"),
        ("FIXED", "ticker:FIXED before 2020-01-09", "2020-01-07", "2020-01-09"),
        ("FIXED", "figi:BBGSIM100002", "2020-01-09", None),
        ("GAPPED", "figi:BBGSIM100003", None, "2020-02-01"),
        ("GAPPED", "ticker:GAPPED before 2020-03-02", "2020-02-01", "2020-03-02"),
        ("GAPPED", "figi:BBGSIM100004", "2020-03-02", None),
    ]


def test_swap_and_rename_back_are_known_from_lists_of_sessions_that_follow_each_other(built: Built) -> None:
    """Nobody else had THERE or AWAY, so no day of theirs is cut off."""
    found = [row for row in built.after if row[0] in ("LEFT", "RIGHT", "THERE", "AWAY")]
    assert found == [
        ("AWAY", "figi:BBGSIM100013", None, None),
        ("LEFT", "figi:BBGSIM100011", None, "2020-01-16"),
        ("LEFT", "figi:BBGSIM100012", "2020-01-16", None),
        ("RIGHT", "figi:BBGSIM100012", None, "2020-01-16"),
        ("RIGHT", "figi:BBGSIM100011", "2020-01-16", None),
        ("THERE", "figi:BBGSIM100013", None, None),
    ]
