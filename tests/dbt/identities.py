"""Securities under several tickers, tickers of several securities, and options through splits and renames, in raw."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import QuantLib as ql

from tests.dbt import contracts
from tests.dbt.conftest import Lake
from tests.dbt.options import RATE, load_snapshot
from tests.dbt.stocks import Stock as Told
from tests.dbt.stocks import flat, load, load_dividends, load_splits, walk
from tests.dbt.test_securities import LIST, PATH, events, listed, minute, ticker
from tests.market.conftest import api_of


def sessions(first: str, last: str) -> list[date]:
    """Weekdays from the first to the last."""
    count = int(np.busday_count(first, np.datetime64(last) + 1))
    return [date.fromisoformat(str(np.busday_offset(first, day))) for day in range(count)]


FUND, META, TRANE, INGERSOLL = "BBGSIM000000", "BBG000MM2P62", "BBG000BSVTZ4", "BBG002R1CW27"
ONE, OTHER, TWIN = "BBGSIM000001", "BBGSIM000002", "BBGSIM000003"
# A year and a half of a security that traded as SQ, and from its 270th session on as XYZ.
BLOCK, WALK = "BBG0018SLC07", walk(1, sessions("2023-01-02", "2024-06-28"))
RENAMED = {list(WALK)[268]: "SQ", list(WALK)[269]: "XYZ"}
LEARNED = minute(0) + timedelta(days=3)
BACK = {"BACK": ("2020-02-18", "2020-02-28"), "FORTH": ("2020-03-02", "2020-03-20")}
FEBRUARY, MARCH = ("2020-02-03", "2020-02-28"), ("2020-03-02", "2020-03-31")
AAPL_SYMBOLS = ("O:AAPL260618C00370000", "O:AAPL260618C00185000")


def traded(lake: Lake, name: str, first: str, last: str, close: float) -> None:
    load(lake, name, flat(sessions(first, last), close), at=minute(0))


def listing(lake: Lake, day: str, *rows: dict[str, Any]) -> None:
    lake.load("ticker_listings", PATH, rows, at=minute(0), session=day, params=LIST | {"date": day})


def first(lake: Lake) -> None:
    """META of a fund, then of a company that was FB; IR that passed from one company to another overnight."""
    traded(lake, "META", "2021-12-01", "2022-01-28", 12.31)
    traded(lake, "META", "2022-06-09", "2022-07-01", 184.0)
    traded(lake, "FB", "2022-03-01", "2022-06-08", 368.0)
    traded(lake, "IR", *FEBRUARY, 129.0)
    traded(lake, "IR", *MARCH, 32.25)
    traded(lake, "TT", *MARCH, 129.0)
    for name in ("PLAIN", "PASSED", "NAMED", "TWINA", "TWINB"):
        traded(lake, name, FEBRUARY[0], MARCH[1], 10.0)
    days = list(WALK)
    load(lake, "SQ", {day: WALK[day] for day in days[:269]}, at=minute(0))
    load(lake, "XYZ", {day: WALK[day] for day in days[269:]}, at=minute(0))
    traded(lake, "SILENT", *MARCH, 1.0)
    traded(lake, "SILENT", "2020-09-01", "2020-09-30", 1.0)
    # Of two shares of February's universe one lived and doubled, the other fell to a tenth on its last day.
    traded(lake, "LIVED", *FEBRUARY, 10.0)
    traded(lake, "LIVED", *MARCH, 20.0)
    traded(lake, "DIED", FEBRUARY[0], "2020-02-27", 10.0)
    traded(lake, "DIED", "2020-02-28", "2020-02-28", 1.0)
    # Renamed, and three weeks later renamed back.
    for name, (begin, end) in BACK.items():
        traded(lake, name, begin, end, 10.0)
    traded(lake, "BACK", "2020-03-23", "2020-03-31", 10.0)
    paid = {"FB": Told({}, splits=[(date(2022, 6, 9), 1, 2)], dividends=[(date(2022, 6, 10), 1.0)])}
    load_splits(lake, paid, at=minute(0))
    load_dividends(lake, paid, at=minute(0))

    listing(lake, "2020-02-03", ticker("IR", TRANE, cik="1"), ticker("PASSED", ONE, cik="3"), ticker("NAMED", cik="5"))
    listing(lake, "2022-01-03", ticker("META", FUND, type="ETF"))
    delisted = ticker("META", active=False, delisted_utc="2022-01-28T00:00:00Z")
    died = ticker("DIED", active=False, delisted_utc="2020-02-28T00:00:00Z")
    lake.load("ticker_listings", PATH, [delisted, died], at=minute(0), session="x", params=LIST | {"active": "false"})
    today = [("META", META, "0001326801"), ("IR", INGERSOLL, "2"), ("TT", TRANE, "1"), ("PASSED", OTHER, "4")]
    today += [
        ("NAMED", "BBGSIM000004", "5"),
        ("TWINA", TWIN, "6"),
        ("TWINB", TWIN, "6"),
        ("LIVED", "BBGSIM000007", "7"),
        ("XYZ", BLOCK, "8"),
        ("BACK", "BBGSIM000009", "9"),
    ]
    listed(lake, minute(0), *(ticker(name, figi, cik=cik) for name, figi, cik in today))
    block = {"name": "Block", "composite_figi": BLOCK}
    events(lake, minute(0), "XYZ", block, ("2015-11-19", "SQ"), (str(days[269]), "XYZ"))
    back = {"name": "Back", "composite_figi": "BBGSIM000009"}
    events(lake, minute(0), "BACK", back, ("2019-01-02", "BACK"), ("2020-03-01", "FORTH"), ("2020-03-21", "BACK"))
    options(lake)
    trane = {"name": "Trane", "composite_figi": TRANE}
    events(lake, minute(0), "TT", trane, ("2007-01-03", "IR"), ("2020-03-02", "TT"))


def price_at_30_pct(session: date) -> float:
    """A European call of strike 100 on Block until 2024-06-21, by QuantLib."""
    years = (date(2024, 6, 21) - session).days / 365
    forward, discount = WALK[session].close * np.exp(RATE * years), np.exp(-RATE * years)
    return float(ql.blackFormula(ql.Option.Call, 100.0, forward, 0.3 * years**0.5, discount))


def options(lake: Lake) -> None:
    """On FB and META, SQ and XYZ, IR and TT, listed under the name of the day; and what splits made of contracts."""
    at = minute(0)
    contracts.load_splits_of_contracts(lake, at, sessions(FEBRUARY[0], MARCH[1]))
    contracts.listed(lake, at, date(2022, 6, 8), "FB", "O:FB220916C00360000")
    contracts.listed(lake, at, date(2022, 6, 9), "META", "O:META220916C00180000")
    contracts.quoted(lake, at, date(2022, 6, 8), FB220916C00360000=30.0, FB220916C00400000=12.0)
    contracts.quoted(lake, at, date(2022, 6, 9), META220916C00180000=15.0)
    # Listed by the new ticker, which was a fund's in the session.
    contracts.listed(lake, at, date(2022, 6, 8), "META", "O:FB220916C00400000")
    contracts.quoted(lake, at, date(2022, 1, 28), FB220916C00400000=9.0)
    for session, name in RENAMED.items():
        symbol = f"{name}240621C00100000"
        contracts.listed(lake, at, session, name, f"O:{symbol}")
        contracts.quoted(lake, at, session, **{symbol: price_at_30_pct(session)})
    lake.execute(
        "update raw.load_ledger set covers = parse_json(%s) where family = 'options'",
        (json.dumps([{"symbols": ["META"], "sessions": ["2022-06-08", "2022-06-09"]}]),),
    )
    for session, symbols in (
        (contracts.BEFORE, ("SHW200417C00900000", "REV200417P00001000", "REV200417P00002000")),
        (contracts.SPLIT, ("SHW200417C00300000", "SHW200417C00100000")),
    ):
        told = [{"ticker": f"O:{one}", "underlying": one[:3], "open_interest": 5} for one in symbols]
        load_snapshot(lake, told, at=at, session=session)
    # Its last session; after the close the snapshot has it no more.
    contracts.quoted(lake, at, contracts.SPLIT, SHW200316C00310000=1.0)
    aapl(lake)
    # The same symbol before and after the name passed on is two contracts, of two companies.
    contracts.quoted(lake, at, date(2020, 2, 28), IR200417C00130000=4.0)
    contracts.quoted(lake, at, date(2020, 3, 2), IR200417C00130000=0.1, TT200417C00130000=5.0)


def aapl(lake: Lake) -> None:
    """AAPL as the market stand-in serves it, around its split 2:1: one expiration, and one contract's bars."""
    at, now = minute(0), datetime(2026, 6, 30, 12, tzinfo=UTC)
    api = api_of(anchor=date(2026, 1, 20), now=now, synthetic_tickers=0)
    load_splits(lake, {"AAPL": Told({}, splits=[(date(2026, 5, 13), 1, 2)])}, at=at)
    for dataset, ticker_ in (("stock_bars", "AAPL"), *(("option_bars", symbol) for symbol in AAPL_SYMBOLS)):
        path = f"/v2/aggs/ticker/{ticker_}/range/1/day/2026-05-11/2026-05-14"
        lake.load(dataset, path, api.bars(ticker_, "2026-05-11", "2026-05-14"), at=at)
    # What the stand-in's prices know of rates and payouts.
    for dataset, path, asked in (
        ("treasury_yields", "/fed/v1/treasury-yields", {"date.gte": "2026-05-01", "date.lte": "2026-05-14"}),
        ("dividends", "/stocks/v1/dividends", {"ticker": "AAPL", "limit": "1000"}),
    ):
        lake.load(dataset, path, api.all(path, **asked), at=at, params=asked)
    # Without the strikes that both days have: a symbol that is listed alike on both counts as listed on one of them.
    for session, bound in (("2026-05-12", "strike_price.gt"), ("2026-05-13", "strike_price.lte")):
        asked = {"underlying_ticker": "AAPL", "as_of": session, "limit": "1000"}
        rows = api.all(contracts.LISTING, **asked, **{"expiration_date": "2026-06-18", bound: "300"})
        lake.load("option_contracts", contracts.LISTING, rows, at=at, params=asked)


def second(lake: Lake) -> None:
    """Three days later Meta's events come, and somebody decides."""
    meta = {"name": "Meta", "composite_figi": META}
    events(lake, LEARNED, "META", meta, ("2012-05-18", "FB"), ("2022-06-09", "META"))
    lake.override("securities", "PLAIN|2020-03-02", "security_id", "ours:PLAIN2", at=LEARNED, reason="a letter")
