"""The front door: what a DAG task, or a script, calls. Each function reads the settings it needs from the environment.

plan_daily, plan_backfill   what to fetch → batches, as JSON values
land                        fetch one batch → its manifest's key
landed                      what a run has landed → the extra of its asset event
refused                     which manifests the warehouse has refused: they hold nothing
sweep, load, loaded         which manifests the warehouse lacks → load them → what is loaded now
verify                      whether the loaded manifests are still those that were loaded
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingest import (
    calendar,
    closures,
    listings,
    loader,
    manifests,
    option_planning,
    packs,
    planning,
    rereading,
    rolling,
    underlyings,
    yields,
)
from ingest.batch_landing import Landed, land_all
from ingest.budget import shared_budget
from ingest.client import PolygonClient
from ingest.datasets import Family
from ingest.errors import (
    BadSetting,
    IngestError,
    ManifestReplaced,
    MovedAway,
    NotAuthorized,
    Unreachable,
)
from ingest.fetching import Fetch
from ingest.flat_files import planning as file_planning
from ingest.flat_files.bucket import FlatFileBucket
from ingest.flat_files.fetching import FileFetch
from ingest.flat_files.source import choose
from ingest.identity import EVENT_MINUTES, EventPlan, most_events
from ingest.manifests import Manifest
from ingest.planning import Batch
from ingest.publication import Publication, read_publication
from ingest.settings import (
    EVERY,
    ApiSettings,
    BarSource,
    Universe,
    read_api,
    read_bar_source,
    read_flat_files,
    read_sessions_again,
    read_storage,
    read_universe,
    symbols,
)
from ingest.storage import LandingStore

log = logging.getLogger(__name__)

# A run's manifests are looked for from this long before its start: clocks differ.
CLOCK_TOLERANCE = timedelta(minutes=30)


def plan_daily(family: Family, now: datetime | None = None) -> list[dict[str, Any]]:
    """The newest session that is published at `now`, the five before it again, and what belongs to them."""
    api, universe = read_api(), read_universe()
    publication, moment = read_publication(), now or datetime.now(UTC)
    store = LandingStore(read_storage())
    store.check()
    files = choose(family, store).files
    coming = _announced(api)
    known = closures.newest_manifests(store, family, moment)
    closed = closures.known(closures.remembered(known), coming, moment)
    closures.learn(closed)
    session, outstanding = publication.newest(moment), publication.outstanding(moment)
    _tell_outstanding(publication, outstanding)
    newest = calendar.last_completed_session(moment)
    before = calendar.previous_sessions(session, planning.REREAD_SESSIONS)
    if family == Family.STOCKS:
        past = (calendar.FIRST_DAY, (*before, session)[0] - timedelta(days=1))
        number = calendar.session_number(session)
        batches = planning.stocks_daily(session, before, universe.tickers, rolling.stretch(number, *past))
        events = EventPlan(most_events(api.requests_per_minute), number, universe.tickers)
        batches.append(planning.tickers_daily(session, before, rolling.letters(number), events))
        batches.append(yields.daily(session))
    else:
        names = _underlyings(universe.underlyings, api, [session])
        batches = option_planning.options_daily(session, before, names, newest, _held_before(known, store, before))
    batches = planning.published(batches, newest, outstanding, [session])
    if family == Family.STOCKS and files is None:
        batches += _past_again(store, before[0], universe)
    if files is not None:
        held = manifests.coverage(known)
        batches = file_planning.daily(family, batches, files, (*before, session), held, moment)
    stated = None if coming is None else closures.stated(closed, moment)
    return packs.packed([replace(batch, closures=stated) for batch in batches])


def plan_backfill(
    family: Family,
    params: Mapping[str, Any],
    now: datetime | None = None,
    *,
    refused: Collection[str] = (),
) -> list[dict[str, Any]]:
    """What no manifest covers of a range of sessions.

    Args:
        params: `start`; optionally `end` (default and latest: the newest that is published), `tickers` (stocks) or
            `underlyings` (options; default: those of the settings) and `refetch` (also what is held).
        refused: keys of manifests that the warehouse has refused: what they name is not held.

    Raises:
        BadSetting: one line that names the parameter or variable.
    """
    api, universe = read_api(), read_universe()
    publication, moment = read_publication(), now or datetime.now(UTC)
    store = LandingStore(read_storage())
    store.check()
    # Named symbols are asked of the API: a file has the whole market.
    symbols_named = params.get("tickers") or params.get("underlyings")
    files = None if symbols_named else choose(family, store, refused=refused).files
    known = manifests.read_all(store, (key for key in manifests.list_keys(store, family) if key not in refused))
    closures.learn(closures.remembered(known))
    newest = calendar.last_completed_session(moment)
    start = _date(params, "start")
    end = _date(params, "end") if params.get("end") else newest
    closed = calendar.sessions(*planning.check_range(start, end, newest))
    outstanding = [day for day in publication.outstanding(moment) if day in closed]
    _tell_outstanding(publication, outstanding)
    sessions = [day for day in closed if day not in outstanding]
    refetch = bool(params.get("refetch"))
    held = manifests.coverage(() if refetch else known)
    if family == Family.STOCKS:
        tickers = _symbols(params, "tickers") or universe.tickers
        most, turn = api.requests_per_minute * EVENT_MINUTES, calendar.session_number(newest)
        events = EventPlan(most, turn, tickers, compares=False)
        batches = planning.listings_backfill(sessions, held, refetch=refetch)
        batches += yields.backfill(sessions, held, refetch=refetch)
        batches += planning.stocks_backfill(sessions, tickers, held, refetch=refetch, events=events)
    else:
        named = _symbols(params, "underlyings") or universe.underlyings
        names = _underlyings(named, api, [sessions[0], sessions[-1]] if sessions else [])
        batches = option_planning.options_backfill(sessions, names, held, refetch=refetch)
    batches = planning.published(batches, newest, outstanding, sessions)
    if files is not None and sessions:
        batches = file_planning.backfill(family, batches, files, sessions, held, moment, refetch=refetch)
    log.info("%d sessions from %s to %s, %d batches to fetch.", len(sessions), start, end, len(batches))
    if batches:
        _announced(api)
    return packs.packed(batches)


def land(values: Mapping[str, Any], dag_id: str, run_id: str, *, tried_since: datetime | None = None) -> Landed | None:
    """Fetch a batch, or several of options, and land their objects and manifests; None if the API has nothing for them.

    Args:
        tried_since: for a second try, when the run began: sessions that its first try has landed are left out.

    Raises:
        IncompleteFetch: something is missing; what was answered is saved under a manifest with complete=false.
        NotAuthorized, NotEntitled, MovedAway: likewise, and another try won't help.
    """
    batches, api = packs.unpacked(values), read_api()
    store = LandingStore(read_storage())
    store.check()
    if tried_since is not None:
        tried = manifests.of_run(store, batches[0].family, dag_id, run_id, tried_since - CLOCK_TOLERANCE)
        batches = packs.remaining(batches, manifests.coverage(tried))
    if batches and file_planning.is_of_files(batches[0]):
        settings = read_flat_files()
        if settings is None:
            raise BadSetting("POLYGON_FLAT_FILES_ACCESS_KEY_ID is not set, and this batch is of flat files.")
        return land_files(batches[0], FlatFileBucket(settings), store, dag_id=dag_id, run_id=run_id)
    with PolygonClient(api, shared_budget(api.host, api.requests_per_minute)) as client:
        return land_batches(batches, client, store, dag_id=dag_id, run_id=run_id, api=api)


def land_files(batch: Batch, bucket: FlatFileBucket, store: LandingStore, *, dag_id: str, run_id: str) -> Landed | None:
    """`land` of a batch of flat files, with everything it needs in hand."""
    where = f"{bucket.endpoint} (POLYGON_FLAT_FILES_ENDPOINT)"
    return land_all([batch], lambda one: FileFetch(one, bucket), store, dag_id, run_id, where)


def land_batch(
    batch: Batch, client: PolygonClient, store: LandingStore, *, dag_id: str, run_id: str, api: ApiSettings
) -> Landed | None:
    """`land_batches` of one."""
    return land_batches([batch], client, store, dag_id=dag_id, run_id=run_id, api=api)


def land_batches(
    batches: Sequence[Batch], client: PolygonClient, store: LandingStore, *, dag_id: str, run_id: str, api: ApiSettings
) -> Landed | None:
    """`land` with everything passed in; options may take several manifests, and it returns the last one."""

    def fetch(batch: Batch) -> Fetch:
        before = listings.newest(store) if batch.events and batch.events.compares else None
        return Fetch(batch, client, listed_before=before)

    return land_all(batches, fetch, store, dag_id, run_id, f"{api.host} (POLYGON_BASE_URL)")


def landed(family: Family, dag_id: str, run_id: str, began: datetime) -> dict[str, Any] | None:
    """The extra of a run's asset event: its manifests and their rows; None when it has written none.

    Args:
        began: when the run started.
    """
    store = LandingStore(read_storage())
    found = manifests.of_run(store, family, dag_id, run_id, began - CLOCK_TOLERANCE)
    if not found:
        return None
    return {
        "manifests": [manifest.manifest_id for manifest in found],
        "result_rows": sum(manifest.result_rows for manifest in found),
        "complete": all(manifest.complete for manifest in found),
        "suspect_sessions": sorted({one.session for manifest in found for one in manifest.suspect_sessions}),
        "outstanding_sessions": sorted({day for manifest in found for day in manifest.outstanding}),
        "run_id": run_id,
    }


def refused(connection: Any, family: Family) -> frozenset[str]:
    """Keys of the manifests that the warehouse has refused; see `loader.refused_keys`."""
    return loader.refused_keys(connection, family)


def sweep(connection: Any, family: Family, *, full: bool = False) -> list[list[str]]:
    """Batches of the keys of the manifests that the warehouse's ledger lacks, oldest first; see `loader.pending`."""
    pending = loader.pending(connection, LandingStore(read_storage()), family, full=full)
    return list(planning.chunks(pending, planning.MANIFESTS_A_BATCH))


def load(connection: Any, keys: Sequence[str]) -> list[loader.Loaded]:
    """Load a list of manifests; see `loader.load`."""
    return loader.load(connection, keys)


def loaded(connection: Any, family: Family, batches: Sequence[Sequence[str]]) -> dict[str, Any] | None:
    """The extra of the load's asset event: which of the swept manifests the ledger has now; None when it has none."""
    known = loader.ledger_ids(connection, family)
    swept = [manifests.manifest_id_of(key) for keys in batches for key in keys]
    done = [manifest_id for manifest_id in swept if manifest_id in known]
    return {"manifests": done, "left": len(swept) - len(done)} if done else None


def verify(connection: Any, family: Family) -> None:
    """Compare the stored manifests with those that were loaded; raises `ManifestReplaced`, which names the others."""
    if keys := loader.replaced(connection, LandingStore(read_storage()), family):
        raise ManifestReplaced(
            f"{len(keys)} loaded manifests were replaced after they were loaded: {', '.join(keys)}. Their rows are "
            "those of the earlier documents. Restore those, or call raw.reload_manifest for each."
        )


def _underlyings(named: Sequence[str], api: ApiSettings, days: Sequence[date]) -> Sequence[str]:
    """The underlyings; for EVERY those that have options listed on any of these days."""
    if named != EVERY or not days:
        return named
    with PolygonClient(api, shared_budget(api.host, api.requests_per_minute), threads=underlyings.THREADS) as client:
        return underlyings.with_options(client, days)


def _held_before(known: Sequence[Manifest], store: LandingStore, before: Sequence[date]) -> manifests.Coverage | None:
    """What is held of the sessions before the newest one, whose bars the chains are asked for; None where ranges are to
    be asked for all, and says so in the log.

    Args:
        known: the newest manifests; those since the first of `before` are read besides.
    """
    if read_bar_source() == BarSource.REST:
        log.info("Bars of the newest session: a request for every contract, as POLYGON_BAR_SOURCE=rest says.")
        return None
    log.info("Bars of the newest session that no flat file has: from the option chains, where the plan has them.")
    names = {manifest.key for manifest in known}
    keys = manifests.list_keys(store, Family.OPTIONS, f"{before[0]:%Y%m%d}")
    return manifests.coverage([*known, *manifests.read_all(store, (key for key in keys if key not in names))])


def _past_again(store: LandingStore, before: date, universe: Universe) -> list[Batch]:
    """Bars of the past once more, of what manifests hold: reads all of them, a GET each."""
    most = read_sessions_again()
    known = manifests.read_all(store, manifests.list_keys(store, Family.STOCKS)) if most else []
    tickers = universe.tickers if planning.is_by_ticker(universe.tickers) else ()
    return rereading.batches(known, manifests.coverage(known), before, most, tickers)


def _tell_outstanding(publication: Publication, sessions: Sequence[date]) -> None:
    for session in sessions:
        log.warning("%s", publication.explain(session))


def _announced(api: ApiSettings) -> frozenset[date] | None:
    """Closures that the exchange has announced; None if the API does not answer.

    A small request, so that a refused key or a server that is down fails the plan and not every mapped task.
    """
    with PolygonClient(api, shared_budget(api.host, api.requests_per_minute)) as client:
        try:
            return closures.announced(client.get("/v1/marketstatus/upcoming", {}).rows)
        except (NotAuthorized, MovedAway, Unreachable):
            raise
        except IngestError as error:
            log.warning("Could not ask when the exchange is closed: %s. Add closures to %s.", error, closures.SETTING)
            return None


def _date(params: Mapping[str, Any], name: str) -> date:
    value = params.get(name)
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise BadSetting(f"Parameter {name} is {value!r}; expected a date such as 2026-11-20.") from None


def _symbols(params: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = params.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadSetting(f'Parameter {name} is {value!r}; expected a list of symbols such as ["AAPL", "MSFT"].')
    return symbols(value, f"Parameter {name}")
