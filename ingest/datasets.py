"""The datasets: which request fetches what, and how an answer is checked against its request.

All prices are asked for unadjusted (`adjusted=false`). Dates are New York sessions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ingest.errors import MalformedResponse
from ingest.manifest_document import is_date

if TYPE_CHECKING:
    from ingest.answers import Answer

NEW_YORK = ZoneInfo("America/New_York")
GROUPED = re.compile(r"/v2/aggs/grouped/locale/us/market/stocks/(\d{4}-\d\d-\d\d)")
RANGE = re.compile(r"/v2/aggs/ticker/([^/]+)/range/1/day/(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)")
CHAIN = re.compile(r"/v3/snapshot/options/([^/]+)")
EVENTS = re.compile(r"/vX/reference/tickers/([^/]+)/events")
FLAT_FILE = re.compile(r"(?:us_stocks_sip|us_options_opra)/day_aggs_v1/\d{4}/\d\d/(\d{4}-\d\d-\d\d)\.csv\.gz")
FIGI = re.compile(r"BBG[A-Z0-9]{9}")
# The warehouse rejects what is spelled otherwise, and nothing more is asked of it. dbt has the same TICKER (is_symbol).
TICKER = re.compile(r"[A-Z][A-Za-z0-9./:_-]{0,15}")
CONTRACT = re.compile(r"O:[A-Z0-9.]{1,30}")


class Family(StrEnum):
    """What is ingested and loaded together."""

    STOCKS = "stocks"
    OPTIONS = "options"


class Dataset(StrEnum):
    """A raw table of the same name each."""

    STOCK_BARS = "stock_bars"
    SPLITS = "splits"
    DIVIDENDS = "dividends"
    TICKERS = "tickers"
    TICKER_LISTINGS = "ticker_listings"
    TICKER_EVENTS = "ticker_events"
    TREASURY_YIELDS = "treasury_yields"
    OPTION_CONTRACTS = "option_contracts"
    OPTION_BARS = "option_bars"
    OPTION_CHAIN = "option_chain"
    STOCK_BAR_FILES = "stock_bar_files"
    OPTION_BAR_FILES = "option_bar_files"


@dataclass(frozen=True)
class Request:
    """One question to the API (its first page). `span` names the folder of its raw objects: a session or a range."""

    dataset: Dataset
    path: str
    params: tuple[tuple[str, str], ...]
    span: str

    @property
    def session(self) -> str | None:
        """The session of a request for the bars of the whole market: grouped, or a flat file."""
        match = GROUPED.fullmatch(self.path) or FLAT_FILE.fullmatch(self.path)
        return match[1] if match else None

    @property
    def days(self) -> tuple[str, str] | None:
        """First and last day (YYYY-MM-DD) of the bars that it asks for; None where it asks for something else."""
        if session := self.session:
            return session, session
        match = RANGE.fullmatch(self.path)
        return (match[2], match[3]) if match else None

    @property
    def is_of_one_symbol(self) -> bool:
        """Whether a 404 just means that the API does not know this ticker or contract, or has nothing of it."""
        return any(pattern.fullmatch(self.path) for pattern in (RANGE, CHAIN, EVENTS))

    def check(self, answer: Answer) -> None:
        """Raise `MalformedResponse` when an answer belongs to another question: as a whole, or most of its rows.

        A few rows that do not belong here are on record with answers that are right otherwise: those are landed, and
        the warehouse rejects them one by one.
        """
        asked, rows = dict(self.params), answer.rows
        self._check_dates(rows, asked)
        if grouped := GROUPED.fullmatch(self.path):
            self._check_bars(answer, grouped[1], grouped[1])
        elif ranged := RANGE.fullmatch(self.path):
            self._check_bars(answer, ranged[2], ranged[3])
            echoed = answer.payload.get("ticker") if isinstance(answer.payload, dict) else None
            if echoed is not None and echoed != ranged[1]:
                raise MalformedResponse(f"{self.path}: the answer is about {echoed}")
        elif chain := CHAIN.fullmatch(self.path):
            self._check_field([inner(row, "underlying_asset") for row in rows], "ticker", chain[1])
        elif events := EVENTS.fullmatch(self.path):
            told = answer.payload.get("results") if isinstance(answer.payload, dict) else None
            figi = told.get("composite_figi") if isinstance(told, dict) else None
            if FIGI.fullmatch(events[1]) and figi not in (None, events[1]):
                raise MalformedResponse(f"{self.path}: the answer is about {figi}")
        elif active := asked.get("active"):
            foreign = [row for row in rows if str(row.get("active", active)).lower() != active]
            if _are_most(foreign, rows):
                raise MalformedResponse(f"{self.path}: {len(foreign)} of {len(rows)} rows are not active={active}")
            if ticker := asked.get("ticker"):
                self._check_field(rows, "ticker", ticker)
        elif underlying := asked.get("underlying_ticker"):
            self._check_field(rows, "underlying_ticker", underlying)

    def _check_bars(self, answer: Answer, first: str, last: str) -> None:
        adjusted = answer.payload.get("adjusted") if isinstance(answer.payload, dict) else None
        if str(adjusted).lower() == "true" and self.dataset == Dataset.STOCK_BARS:
            raise MalformedResponse(f"{self.path}: the answer is adjusted for splits, expected adjusted=false")
        sessions = [bar_session(row) for row in answer.rows if row.get("t") is not None]
        foreign = [session for session in sessions if session is None or not first <= session <= last]
        if _are_most(foreign, sessions):
            raise MalformedResponse(
                f"{self.path}: {len(foreign)} of {len(sessions)} bars are of {foreign[0] or 'no day'} or others"
            )

    def _check_dates(self, rows: list[dict[str, Any]], asked: Mapping[str, str]) -> None:
        for limit in asked:
            name, _, bound = limit.partition(".")
            if not name.endswith("_date") or bound not in ("gte", "lte"):
                continue
            dated = [str(row[name])[:10] for row in rows if row.get(name)]
            foreign = [day for day in dated if (day < asked[limit] if bound == "gte" else day > asked[limit])]
            if _are_most(foreign, dated):
                raise MalformedResponse(
                    f"{self.path}: {len(foreign)} of {len(dated)} rows have {name} {foreign[0]} or others, "
                    f"expected {limit} {asked[limit]}"
                )

    def _check_field(self, rows: Sequence[Mapping[str, Any]], name: str, expected: str) -> None:
        named = [found for row in rows if isinstance(found := row.get(name), str)]
        foreign = [found for found in named if _underlying(found) != _underlying(expected)]
        if _are_most(foreign, named):
            raise MalformedResponse(
                f"{self.path}: {len(foreign)} of {len(named)} rows are of {foreign[0]} or others, expected {expected}"
            )


def _underlying(symbol: str) -> str:
    """One spelling of an underlying: the API writes BRK.B as BRK/B beside contracts, and indices with or without I:."""
    return symbol.removeprefix("I:").replace("/", ".")


def _are_most(some: Sized, of: Sized) -> bool:
    return 2 * len(some) > len(of)


def inner(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within a row; an empty one where there is something else."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def day_in(row: Mapping[str, Any], name: str) -> str | None:
    """A day of the calendar (YYYY-MM-DD) within a row; None where there is something else."""
    found = row.get(name)
    day = found[:10] if isinstance(found, str) else None
    return day if is_date(day) else None


def bar_session(bar: Mapping[str, Any]) -> str | None:
    """The New York date of a bar's `t` (ms, or ns as in flat files), None where there is no usable one.

    A number may be written as text: the warehouse reads it all the same.
    """
    moment = bar.get("t")
    if type(moment) is int:
        return _session_at(moment)
    if isinstance(moment, bool) or not isinstance(moment, float | str):
        return None
    try:
        return _session_at(float(moment))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def _session_at(moment: float) -> str | None:
    """Remembered, because the ten thousand bars of a session share their time."""
    if not 0 < moment < 1e19:
        return None
    seconds = moment / 1e9 if moment >= 1e16 else moment / 1e3
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone(NEW_YORK).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return None


def grouped(session: date, span: str) -> Request:
    """All stocks' bars of one session."""
    return _request(Dataset.STOCK_BARS, f"/v2/aggs/grouped/locale/us/market/stocks/{session}", span, adjusted="false")


def bars(dataset: Dataset, ticker: str, start: date, end: date, span: str) -> Request:
    """One ticker's or contract's bars of a range, both ends included."""
    path = f"/v2/aggs/ticker/{ticker}/range/1/day/{start}/{end}"
    return _request(dataset, path, span, adjusted="false", sort="asc", limit="50000")


def day_file(key: str) -> Request:
    """The vendor's flat file of all bars of a session; `key` is that in its bucket."""
    match = FLAT_FILE.fullmatch(key)
    if match is None:
        raise ValueError(f"{key} is not the key of a flat file of day bars")
    is_option = key.startswith("us_options_opra/")
    return _request(Dataset.OPTION_BAR_FILES if is_option else Dataset.STOCK_BAR_FILES, key, match[1])


def splits(since: date, span: str, until: date | None = None) -> Request:
    """Splits executed from a date on, to another one or announced ones included."""
    return _request(Dataset.SPLITS, "/stocks/v1/splits", span, **_between("execution_date", since, until), limit="5000")


def dividends(since: date, span: str, until: date | None = None) -> Request:
    """Dividends by ex-date from a date on, to another one or announced ones included."""
    between = _between("ex_dividend_date", since, until)
    return _request(Dataset.DIVIDENDS, "/stocks/v1/dividends", span, **between, limit="5000")


def splits_of(ticker: str, start: date, end: date) -> Request:
    """One ticker's splits executed in a range, both ends included: which listings of its contracts there are.

    Its rows are not landed; a failure is recorded under the contracts.
    """
    between = _between("execution_date", start, end)
    return _request(Dataset.OPTION_CONTRACTS, "/stocks/v1/splits", "", ticker=ticker, **between, limit="5000")


def tickers_of(ticker: str) -> Request:
    """The tickers that an underlying has had: under which other ones its contracts were listed.

    As with `splits_of`, its rows are not landed.
    """
    return _request(Dataset.OPTION_CONTRACTS, f"/vX/reference/tickers/{ticker}/events", "")


def tickers(span: str) -> Request:
    """Every stock ticker that is traded now."""
    return _listing(Dataset.TICKERS, span, active="true")


def tickers_on(day: date) -> Request:
    """Every stock ticker that was traded on a day, as the security that it was then."""
    return _listing(Dataset.TICKER_LISTINGS, day.isoformat(), active="true", date=day.isoformat())


def delisted(span: str, first: str = "", until: str = "") -> Request:
    """Securities that are traded no longer, by the ticker that they had last: from `first` on, before `until`."""
    bounds = {"ticker.gte": first, "ticker.lt": until}
    return _listing(
        Dataset.TICKER_LISTINGS, span, active="false", **{name: text for name, text in bounds.items() if text}
    )


def delisted_ticker(ticker: str, span: str) -> Request:
    """The securities that had this ticker when they were delisted."""
    return _listing(Dataset.TICKER_LISTINGS, span, active="false", ticker=ticker)


def ticker_events(identifier: str, span: str) -> Request:
    """The tickers that a security has had, and since when.

    Args:
        identifier: a ticker (of the security that has it today), CUSIP or composite FIGI.
    """
    return _request(Dataset.TICKER_EVENTS, f"/vX/reference/tickers/{identifier}/events", span)


def treasury_yields(span: str) -> Request:
    """Yields of US Treasury securities, of all terms and of all days that there are: 64 years take one page."""
    return _request(Dataset.TREASURY_YIELDS, "/fed/v1/treasury-yields", span, sort="date.asc", limit="50000")


def contracts(underlying: str, as_of: date, expired_since: date | None, span: str) -> Request:
    """Contracts of an underlying as listed on a day: the live ones, or those expired since a date."""
    more = {} if expired_since is None else {"expiration_date.gte": str(expired_since)}
    return _request(
        Dataset.OPTION_CONTRACTS,
        "/v3/reference/options/contracts",
        span,
        underlying_ticker=underlying,
        as_of=str(as_of),
        expired=str(expired_since is not None).lower(),
        **more,
        limit="1000",
    )


def calls_after(underlying: str, until: str, as_of: date, *, inclusive: bool) -> Request:
    """Calls of all underlyings after one (or from one on), before another ("": to the end), by underlying.

    Its rows are not landed: they say which underlyings have options.
    """
    bounds = {f"underlying_ticker.{'gte' if inclusive else 'gt'}": underlying, "underlying_ticker.lt": until}
    return _request(
        Dataset.OPTION_CONTRACTS,
        "/v3/reference/options/contracts",
        "",
        **{name: text for name, text in bounds.items() if text},
        contract_type="call",
        as_of=str(as_of),
        expired="false",
        order="asc",
        sort="underlying_ticker",
        limit="1000",
    )


def chain(underlying: str, span: str) -> Request:
    """Snapshot of an underlying's whole option chain: implied volatility, greeks, open interest; it has no history."""
    return _request(Dataset.OPTION_CHAIN, f"/v3/snapshot/options/{underlying}", span, limit="250")


def _listing(dataset: Dataset, span: str, **params: str) -> Request:
    return _request(dataset, "/v3/reference/tickers", span, market="stocks", **params, limit="1000")


def _between(name: str, since: date, until: date | None) -> dict[str, str]:
    return {f"{name}.gte": str(since)} | ({f"{name}.lte": str(until)} if until else {})


def _request(dataset: Dataset, path: str, span: str, **params: str) -> Request:
    return Request(dataset, path, tuple(params.items()), span)
