"""What to fetch, decided without fetching: sessions, tickers and what is covered in, batches of requests out.

Stocks, and what holds for both families; `option_planning` has the options.

A batch is the work of one mapped task and becomes one manifest. Everything here is pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from ingest import datasets
from ingest.completeness import nearest
from ingest.datasets import Dataset, Family, Request
from ingest.errors import BadSetting
from ingest.identity import EventPlan
from ingest.manifests import WHOLE_MARKET, Coverage

T = TypeVar("T")

# Airflow spends most of a second on a task: map over batches, a few dozen, never over tickers.
SESSIONS_A_BATCH = 60
TICKERS_A_BATCH = 200
# One call loads them all, or as many as its time suffices for; each is a line in the run's list of mapped tasks.
MANIFESTS_A_BATCH = 1_000
# Each takes a dozen pages.
LISTINGS_A_BATCH = 8
# Bars change for some days after the close: the daily run reads these sessions again.
REREAD_SESSIONS = 5
REFERENCE = (Dataset.SPLITS, Dataset.DIVIDENDS, Dataset.TICKERS)


@dataclass(frozen=True)
class Batch:
    """The work of one task.

    Attributes:
        label: what Airflow's list of mapped tasks shows.
        sessions: those that the manifest covers for `scope` once everything is answered, oldest first.
        required: a session that must have bars: the newest one of a daily run.
        bars_since: a session known to have bars; one without any after it is a failure, not the edge of the history.
        neighbours: results by session (YYYY-MM-DD) of whole sessions already covered, to judge this batch's by.
        contract_window: options only: first and last session of the bars to fetch for every contract found.
        contracts_after: options only: the contracts up to this ticker are already covered.
        contract_sessions: options only: sessions (YYYY-MM-DD) of which those contracts have a bar.
        without_chain: options only: the chain among the requests has the bars of the last session; ranges are asked for
            of the sessions before it, and of contracts that the chain lacks. Where the API has no chain, ranges of
            these sessions are asked for. Empty: ranges of `sessions` are.
        newest: the newest session that had closed when the batch was planned: one that the API may not serve yet.
        outstanding: sessions (YYYY-MM-DD) that had closed then and were left out, because they are served later.
        closures: what its manifests say of closures that the calendar doesn't know; None when nobody has asked.
        events: how many ticker events to ask for, once the listing among the requests shows of which tickers.
    """

    family: Family
    label: str
    sessions: tuple[date, ...]
    scope: tuple[str, ...]
    requests: tuple[Request, ...]
    required: date | None = None
    bars_since: date | None = None
    neighbours: Mapping[str, int] = field(default_factory=dict)
    contract_window: tuple[date, date] | None = None
    contracts_after: str = ""
    contract_sessions: tuple[str, ...] = ()
    without_chain: tuple[date, ...] = ()
    newest: date | None = None
    outstanding: tuple[str, ...] = ()
    closures: tuple[str, ...] | None = None
    events: EventPlan | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, to cross from one task to another."""
        return {
            "family": self.family.value,
            "label": self.label,
            "sessions": [day.isoformat() for day in self.sessions],
            "scope": list(self.scope),
            "requests": [[r.dataset.value, r.path, [list(pair) for pair in r.params], r.span] for r in self.requests],
            "required": self.required.isoformat() if self.required else None,
            "bars_since": self.bars_since.isoformat() if self.bars_since else None,
            "neighbours": dict(self.neighbours),
            "contract_window": [day.isoformat() for day in self.contract_window] if self.contract_window else None,
            "contracts_after": self.contracts_after,
            "contract_sessions": list(self.contract_sessions),
            "without_chain": [day.isoformat() for day in self.without_chain],
            "newest": self.newest.isoformat() if self.newest else None,
            "outstanding": list(self.outstanding),
            "closures": None if self.closures is None else list(self.closures),
            "events": asdict(self.events) if self.events else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Batch:
        """The inverse of `to_dict`."""
        window, events = values["contract_window"], values.get("events")
        return cls(
            family=Family(values["family"]),
            label=values["label"],
            sessions=tuple(date.fromisoformat(day) for day in values["sessions"]),
            scope=tuple(values["scope"]),
            requests=tuple(
                Request(Dataset(dataset), path, tuple((name, value) for name, value in params), span)
                for dataset, path, params, span in values["requests"]
            ),
            required=date.fromisoformat(values["required"]) if values["required"] else None,
            bars_since=date.fromisoformat(values["bars_since"]) if values["bars_since"] else None,
            neighbours=dict(values.get("neighbours", {})),
            contract_window=(date.fromisoformat(window[0]), date.fromisoformat(window[1])) if window else None,
            contracts_after=values.get("contracts_after", ""),
            contract_sessions=tuple(values.get("contract_sessions", ())),
            without_chain=tuple(date.fromisoformat(day) for day in values.get("without_chain", ())),
            newest=date.fromisoformat(values["newest"]) if values.get("newest") else None,
            outstanding=tuple(values.get("outstanding", ())),
            closures=None if values.get("closures") is None else tuple(values["closures"]),
            events=EventPlan(**{**events, "of": tuple(events["of"])}) if events else None,
        )


def is_by_ticker(tickers: Sequence[str]) -> bool:
    """Whether a daily run asks for each ticker: where that takes fewer requests than whole sessions do."""
    return 0 < len(tickers) <= REREAD_SESSIONS


def stocks_daily(
    session: date, before: Sequence[date], tickers: Sequence[str], again: tuple[date, date] | None = None
) -> list[Batch]:
    """A session's bars, the bars of the sessions `before` it again, and the splits and dividends that changed since.

    Args:
        tickers: none for the whole market; a handful are fetched one by one where that takes fewer requests.
        again: a stretch of the past whose splits and dividends are read again.
    """
    window = (*before, session)
    span = span_of(window[0], session)
    by_ticker = is_by_ticker(tickers)
    bars = (
        [datasets.bars(Dataset.STOCK_BARS, ticker, window[0], session, span) for ticker in tickers]
        if by_ticker
        else [datasets.grouped(day, span) for day in window]
    )
    reference = [
        datasets.splits(window[0], span),
        datasets.dividends(window[0], span),
    ]
    if again:
        reference += [fetch(again[0], span_of(*again), again[1]) for fetch in (datasets.splits, datasets.dividends)]
    scope = tuple(tickers) if by_ticker else (WHOLE_MARKET,)
    return [Batch(Family.STOCKS, f"session {session}", window, scope, (*bars, *reference), required=session)]


def tickers_daily(session: date, before: Sequence[date], letters: tuple[str, str], events: EventPlan) -> Batch:
    """Every ticker that is listed, the delisted ones from `letters[0]` to `letters[1]`, and what follows from that.

    A batch for itself: where few requests are allowed, it takes longer than the session's bars.
    """
    span = span_of((*before, session)[0], session)
    requests = (datasets.tickers(session.isoformat()), datasets.delisted(span, *letters))
    return Batch(Family.STOCKS, f"tickers {session}", (), (WHOLE_MARKET,), requests, events=events)


def stocks_backfill(
    sessions: Sequence[date],
    tickers: Sequence[str],
    held: Coverage,
    *,
    refetch: bool = False,
    events: EventPlan | None = None,
) -> list[Batch]:
    """The sessions of a range that no manifest holds, and the reference data of the range.

    Whole sessions, or single tickers where these take fewer requests; with `refetch` also what is held already.

    Args:
        events: goes with the reference data: how many ticker events to ask for.
    """
    if not sessions:
        return []
    start, end = sessions[0], sessions[-1]
    batches = []
    if refetch or not all(held.spans_range(dataset, start, end) for dataset in REFERENCE):
        batches.append(_reference(start, end, events))
    symbols = tuple(tickers) or (WHOLE_MARKET,)
    lacking = {symbol: not_held(sessions, () if refetch else held.holds(symbol)) for symbol in symbols}
    whole = sorted(set().union(*lacking.values()))
    ranges = [(symbol, run) for symbol, days in lacking.items() for run in _runs(sessions, days)]
    if not tickers or len(ranges) >= len(whole):
        since = min(held.holds(WHOLE_MARKET), default=None)
        return batches + [_whole_sessions(chunk, since, held) for chunk in chunks(whole, SESSIONS_A_BATCH)]
    by_run = itertools.groupby(sorted(ranges, key=lambda item: (item[1], item[0])), key=lambda item: item[1])
    for run, members in by_run:
        batches += [_tickers(chunk, run) for chunk in chunks([symbol for symbol, _ in members], TICKERS_A_BATCH)]
    return batches


def listings_backfill(sessions: Sequence[date], held: Coverage, *, refetch: bool = False) -> list[Batch]:
    """All tickers as of the first session of a range, and as of the first one of every quarter in it.

    Who had a ticker in the past is in the listings of the past alone; one that a manifest holds is not asked for again.
    """
    listed = frozenset[Any]() if refetch else held.spans.get(Dataset.TICKER_LISTINGS, frozenset())
    quarters = itertools.groupby(sessions, key=lambda day: (day.year, (day.month - 1) // 3))
    days = [day for day in (next(quarter) for _, quarter in quarters) if (day, day) not in listed]
    return [
        Batch(
            Family.STOCKS,
            f"listings {chunk[0]} to {chunk[-1]}",
            (),
            (WHOLE_MARKET,),
            tuple(datasets.tickers_on(day) for day in chunk),
        )
        for chunk in chunks(days, LISTINGS_A_BATCH)
    ]


def remaining(batch: Batch, held: Coverage) -> Batch:
    """A batch without the sessions or contracts that are covered: a retry fetches only what is missing."""
    if batch.contract_window is not None:
        return without_held_contracts(batch, held)
    done = held.holds(WHOLE_MARKET) & set(batch.sessions)
    if batch.scope != (WHOLE_MARKET,) or not done:
        return batch
    asked = {day.isoformat() for day in done}
    return replace(
        batch,
        sessions=not_held(batch.sessions, done),
        requests=tuple(request for request in batch.requests if request.session not in asked),
        bars_since=min(done | ({batch.bars_since} if batch.bars_since else set())),
        neighbours={**batch.neighbours, **nearest(held.rows, batch.sessions[0], batch.sessions[-1])},
    )


def published(
    batches: Sequence[Batch], newest: date, outstanding: Sequence[date], sessions: Sequence[date]
) -> list[Batch]:
    """The batches with what is known of publication: those that end with the last of `sessions` say what is left out.

    Args:
        newest: the newest session that has closed.
        outstanding: sessions that have closed, follow the last of `sessions` and are not published yet.
    """
    days = tuple(day.isoformat() for day in outstanding)
    return [
        replace(batch, newest=newest, outstanding=days if batch.sessions and batch.sessions[-1] == sessions[-1] else ())
        for batch in batches
    ]


def check_range(start: date, end: date, newest: date) -> tuple[date, date]:
    """A backfill's range, its end at the newest session that has closed at the latest.

    Raises:
        BadSetting: a range that holds nothing.
    """
    if start > end:
        raise BadSetting(f"Parameter start is {start}, which is after end, {end}; expected start on or before end.")
    if start > newest:
        raise BadSetting(f"Parameter start is {start}; expected a date up to the last completed session, {newest}.")
    return start, min(end, newest)


def chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Consecutive pieces of at most `size`."""
    for begin in range(0, len(items), size):
        yield list(items[begin : begin + size])


def _reference(start: date, end: date, events: EventPlan | None) -> Batch:
    span = span_of(start, end)
    requests = (
        datasets.splits(start, span),
        datasets.dividends(start, span),
        datasets.tickers(span),
        datasets.delisted(span),
    )
    return Batch(Family.STOCKS, f"reference {start} to {end}", (), (WHOLE_MARKET,), requests, events=events)


def reread_sessions(sessions: Sequence[date], bars_since: date, neighbours: Mapping[str, int]) -> Batch:
    """Whole sessions of the past once more, which need not follow each other."""
    return Batch(
        Family.STOCKS,
        f"again {len(sessions)} from {sessions[0]}",
        tuple(sessions),
        (WHOLE_MARKET,),
        tuple(datasets.grouped(day, day.isoformat()) for day in sessions),
        bars_since=bars_since,
        neighbours=neighbours,
    )


def reread_ticker(ticker: str, sessions: Sequence[date]) -> Batch:
    """All past sessions of a ticker once more."""
    return replace(_tickers([ticker], sessions), label=f"again {ticker} {sessions[0]} to {sessions[-1]}")


def _whole_sessions(sessions: Sequence[date], bars_since: date | None, held: Coverage) -> Batch:
    first, last = sessions[0], sessions[-1]
    return Batch(
        Family.STOCKS,
        f"{first} to {last}",
        tuple(sessions),
        (WHOLE_MARKET,),
        tuple(datasets.grouped(day, span_of(first, last)) for day in sessions),
        bars_since=bars_since,
        neighbours=nearest(held.rows, first, last),
    )


def _tickers(tickers: Sequence[str], sessions: Sequence[date]) -> Batch:
    start, end = sessions[0], sessions[-1]
    requests = tuple(datasets.bars(Dataset.STOCK_BARS, ticker, start, end, span_of(start, end)) for ticker in tickers)
    named = tickers[0] if len(tickers) == 1 else f"{tickers[0]} … {tickers[-1]}"
    return Batch(Family.STOCKS, f"{named} {start} to {end}", tuple(sessions), tuple(tickers), requests)


def without_held_contracts(batch: Batch, held: Coverage) -> Batch:
    """A batch of options without the contracts whose bars of its sessions are covered."""
    (underlying,) = batch.scope
    first, last = (day.isoformat() for day in batch.contract_window or ())
    days = {day.isoformat() for day in batch.sessions}
    # The same window, tried again, or one of which these contracts are known to have been served every session.
    spans = [
        span
        for span in held.contracts.get(underlying, ())
        if (span.start, span.end) == (first, last) or days <= set(span.sessions)
    ]
    return replace(
        batch,
        contracts_after=max([batch.contracts_after, *(span.through for span in spans)]),
        contract_sessions=tuple(sorted({*batch.contract_sessions, *(day for span in spans for day in span.sessions)})),
    )


def not_held(sessions: Iterable[date], held: Collection[date]) -> tuple[date, ...]:
    """The sessions that are not among those held, in their order."""
    return tuple(day for day in sessions if day not in held)


def _runs(sessions: Sequence[date], wanted: Collection[date]) -> Iterator[tuple[date, ...]]:
    """The wanted sessions, in runs without a gap."""
    kept = set(wanted)
    for is_wanted, run in itertools.groupby(sessions, key=lambda day: day in kept):
        if is_wanted:
            yield tuple(run)


def span_of(start: date, end: date) -> str:
    """The folder of what belongs to no single session: its first and last day."""
    return start.isoformat() if start == end else f"{start}_{end}"
