"""From a batch to objects and a manifest, against a scripted API and a bucket in memory."""

import gzip
import hashlib
import json
import logging
from datetime import UTC, date, datetime, timedelta

import pytest

from ingest import manifests, planning, runs
from ingest.datasets import Dataset, Family
from ingest.errors import BadSetting, IncompleteFetch, NotAuthorized, NotEntitled
from ingest.manifests import Coverage

from .answering import DAYS, NOTHING, grouped, lines, path_of, ranged, refused, stored
from .conftest import KEY, Reply


@pytest.fixture
def backfill() -> planning.Batch:
    """Three whole sessions."""
    (batch,) = planning.stocks_backfill(DAYS, [], NOTHING)
    return batch


def test_a_manifest_tells_exactly_what_is_stored(api, land, store, backfill, s3) -> None:
    for day in DAYS:
        api.on(path_of(day), grouped(str(day), "AAPL", "MSFT"))
    result = land(backfill)
    (manifest,) = stored(store)
    assert result.manifest_key == manifest.key
    assert (manifest.dag_id, manifest.run_id, manifest.complete) == ("a_dag", "a_run", True)
    assert (manifest.expected, manifest.answered, manifest.missing) == (3, 3, ())
    assert manifest.sessions == ("2026-11-18", "2026-11-19", "2026-11-20")
    (entry,) = manifest.objects
    assert entry.key == f"raw/stock_bars/2026-11-18_2026-11-20/{manifest.manifest_id}/0000.ndjson.gz"
    body = store.read(entry.key)
    assert (len(body), hashlib.sha256(body).hexdigest()) == (entry.bytes, entry.sha256)
    assert (entry.lines, entry.result_rows) == (3, 6)
    assert {line["request"]["path"] for line in lines(store, manifest)} == {path_of(day) for day in DAYS}
    document = json.loads(store.read(manifest.key))
    assert set(document) == {
        "manifest_id", "family", "version", "created_at", "dag_id", "run_id", "sessions", "scope", "requests",
        "complete", "missing", "suspect_sessions", "session_rows", "contracts", "outstanding", "exchange_closures",
            "objects",
    }  # fmt: skip
    assert s3.list_objects_v2(Bucket="landing")["Contents"][0]["Key"].startswith("some/prefix/")


def test_what_lacks_an_answer_is_told_and_raised_after_the_rest_is_saved(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18", "AAPL"))
    api.on(path_of(DAYS[1]), Reply(raw=b"", status=500))
    api.on(path_of(DAYS[2]), grouped("2026-11-20", "AAPL"))
    with pytest.raises(IncompleteFetch, match=r"1 of 3 requests.*500.*saved in manifests/stocks/"):
        land(backfill)
    (manifest,) = stored(store)
    assert not manifest.complete
    assert (manifest.expected, manifest.answered) == (3, 2)
    assert manifest.sessions == ("2026-11-18", "2026-11-20")
    (missing,) = manifest.missing
    assert missing.path == path_of(DAYS[1])
    assert missing.params == {"adjusted": "false"}


def test_a_later_backfill_fetches_just_the_session_that_was_missing(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18", "AAPL"))
    api.on(path_of(DAYS[1]), Reply(raw=b"", status=500))
    api.on(path_of(DAYS[2]), grouped("2026-11-20", "AAPL"))
    with pytest.raises(IncompleteFetch):
        land(backfill)
    held = manifests.coverage(stored(store))
    batches = planning.stocks_backfill(DAYS, [], Coverage(held.sessions, NOTHING.spans))
    assert [batch.sessions for batch in batches] == [(DAYS[1],)]


def test_a_session_that_stays_empty_stays_a_failure_when_it_is_fetched_alone(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18", "AAPL"))
    api.on(path_of(DAYS[1]), grouped("2026-11-19"))
    api.on(path_of(DAYS[2]), grouped("2026-11-20", "AAPL"))
    with pytest.raises(IncompleteFetch):
        land(backfill)
    held = manifests.coverage(stored(store))
    (planned,) = planning.stocks_backfill(DAYS, [], Coverage(held.sessions, NOTHING.spans))
    for again in (planned, planning.remaining(backfill, held)):
        assert again.sessions == (DAYS[1],)
        with pytest.raises(IncompleteFetch, match="2026-11-19 has closed"):
            land(again)


def test_a_refused_key_lands_nothing_and_is_named(api, land, store, backfill) -> None:
    for day in DAYS:
        api.on(path_of(day), refused(401))
    with pytest.raises(NotAuthorized, match="POLYGON_API_KEY"):
        land(backfill)
    assert list(store.keys("")) == []


def test_a_server_that_fails_throughout_is_not_asked_for_everything(api, land, store) -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(60)]
    (batch,) = planning.stocks_backfill(days, [], NOTHING)
    for day in days:
        api.on(path_of(day), Reply(raw=b"", status=503))
    with pytest.raises(IncompleteFetch, match=r"60 of 60 requests to 127.*Nothing was saved"):
        land(batch)
    assert len(api.asked) < 60
    assert list(store.keys("")) == []


def test_a_session_outside_the_plan_is_red_after_the_rest_is_saved(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), refused(403))
    for day in DAYS[1:]:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    with pytest.raises(NotEntitled, match="403"):
        land(backfill)
    (manifest,) = stored(store)
    assert manifest.sessions == ("2026-11-19", "2026-11-20")


# -- sessions without bars


def test_an_empty_session_after_the_first_bar_is_a_failure(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18", "AAPL"))
    api.on(path_of(DAYS[1]), grouped("2026-11-19"))
    api.on(path_of(DAYS[2]), grouped("2026-11-20", "AAPL"))
    with pytest.raises(IncompleteFetch, match="2026-11-19 has closed"):
        land(backfill)


def test_empty_sessions_before_the_first_bar_are_a_note_and_not_covered(api, land, store, backfill) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18"))
    for day in DAYS[1:]:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    land(backfill)
    (manifest,) = stored(store)
    assert manifest.complete
    assert manifest.sessions == ("2026-11-19", "2026-11-20")
    assert "history may begin" in manifest.missing[0].reason


@pytest.mark.parametrize("tickers", [[], ["AAPL"]], ids=["whole market", "one ticker"])
def test_a_daily_run_whose_session_has_no_bars_yet_is_red(api, land, store, tickers) -> None:
    (batch,) = planning.stocks_daily(DAYS[2], DAYS[:2], tickers)
    for day in DAYS[:2]:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    api.on(path_of(DAYS[2]), grouped("2026-11-20"))
    api.on("/v2/aggs/ticker/AAPL/range/1/day/2026-11-18/2026-11-20", ranged("AAPL", "2026-11-18", "2026-11-19"))
    for path in ("/stocks/v1/splits", "/stocks/v1/dividends", "/v3/reference/tickers"):
        api.on(path, {"results": []})
    with pytest.raises(IncompleteFetch, match="2026-11-20 has closed"):
        land(batch)


# -- ranges of tickers


def test_an_unknown_ticker_is_noted_and_the_others_land(api, land, store) -> None:
    (batch,) = planning.stocks_backfill(DAYS, ["AAPL", "NOPE"], NOTHING)
    api.on("/v2/aggs/ticker/AAPL/range/1/day/2026-11-18/2026-11-20", ranged("AAPL", "2026-11-18"))
    land(batch)
    (manifest,) = stored(store)
    assert manifest.complete
    assert [(item.path, "404" in item.reason) for item in manifest.missing] == [
        ("/v2/aggs/ticker/NOPE/range/1/day/2026-11-18/2026-11-20", True)
    ]
    assert manifest.scope == ("AAPL", "NOPE")


def test_a_range_that_starts_late_is_noted_but_complete(api, land, store) -> None:
    (batch,) = planning.stocks_backfill(DAYS, ["AAPL"], NOTHING)
    api.on("/v2/aggs/ticker/AAPL/range/1/day/2026-11-18/2026-11-20", ranged("AAPL", "2026-11-20"))
    land(batch)
    (manifest,) = stored(store)
    assert manifest.complete
    assert manifest.missing[0].reason.startswith("range starts at 2026-11-20, asked was from 2026-11-18")


# -- the front door


@pytest.fixture
def environment(api, s3, monkeypatch, tmp_path):
    for name, value in {
        "POLYGON_BASE_URL": api.base_url,
        "POLYGON_API_KEY": KEY,
        "POLYGON_REQUESTS_PER_MINUTE": "60000",
        "POLYGON_PLAN": "real-time",
        "SNOWTAPE_BUCKET": "landing",
        "SNOWTAPE_PREFIX": "some/prefix/",
        "SNOWTAPE_BUDGET_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("POLYGON_LAG_HOURS", "SNOWTAPE_TICKERS", "SNOWTAPE_UNDERLYINGS"):
        monkeypatch.delenv(name, raising=False)


NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_a_backfill_planned_twice_fetches_nothing_the_second_time(api) -> None:
    for day in DAYS:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    for path in ("/stocks/v1/splits", "/stocks/v1/dividends", "/v3/reference/tickers", "/fed/v1/treasury-yields"):
        api.on(path, {"results": []})
    params = {"start": "2026-11-18", "end": "2026-11-20"}
    for batch in runs.plan_backfill(Family.STOCKS, params, NOW):
        runs.land(batch, "a_dag", "a_run")
    assert runs.plan_backfill(Family.STOCKS, params, NOW) == []
    assert len(runs.plan_backfill(Family.STOCKS, {**params, "refetch": True}, NOW)) == 4


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_what_the_warehouse_has_refused_is_not_held(api, store) -> None:
    for day in DAYS:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    for path in ("/stocks/v1/splits", "/stocks/v1/dividends", "/v3/reference/tickers", "/fed/v1/treasury-yields"):
        api.on(path, {"results": []})
    params = {"start": "2026-11-18", "end": "2026-11-20"}
    for batch in runs.plan_backfill(Family.STOCKS, params, NOW):
        runs.land(batch, "a_dag", "a_run")
    (bars,) = [manifest for manifest in stored(store) if manifest.sessions]

    (again,) = runs.plan_backfill(Family.STOCKS, params, NOW, refused={bars.key})

    assert again["sessions"] == [str(day) for day in DAYS]


@pytest.mark.usefixtures("environment")
def test_the_event_of_a_run_names_its_own_manifests_only(api) -> None:
    for day in DAYS:
        api.on(path_of(day), grouped(str(day), "AAPL"))
    (*_, batch) = runs.plan_backfill(Family.STOCKS, {"start": "2026-11-18"}, NOW)
    began = datetime.now(UTC)
    mine, other = runs.land(batch, "a_dag", "mine"), runs.land(batch, "a_dag", "other")
    extra = runs.landed(Family.STOCKS, "a_dag", "mine", began)
    assert extra is not None
    assert extra["manifests"] == [manifests.manifest_id_of(mine.manifest_key)]
    assert extra["result_rows"] == 3
    assert other.manifest_key != mine.manifest_key
    assert runs.landed(Family.STOCKS, "a_dag", "neither", began) is None


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_the_key_is_in_no_object_manifest_or_log(api, store, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    for day in DAYS:
        api.on(path_of(day), {**grouped(str(day), "AAPL"), "next_url": "", "debug": f"Bearer {KEY}"})
    api.on("/v1/marketstatus/upcoming", Reply(raw=b"[]"))
    api.on("/stocks/v1/splits", Reply({"error": f"key {KEY} is limited"}, 403))
    api.on("/v3/reference/tickers", Reply({"error": f"key {KEY} is limited"}, 403))
    api.on("/fed/v1/treasury-yields", Reply({"error": f"key {KEY} is limited"}, 403))
    for batch in runs.plan_backfill(Family.STOCKS, {"start": "2026-11-18"}, NOW):
        try:
            runs.land(batch, "a_dag", "a_run")
        except NotEntitled as error:
            assert KEY not in str(error)  # noqa: PT017
    keys = list(store.keys(""))
    assert [key.split("/")[0] for key in keys] == ["manifests", "probe.txt", "raw"]
    for key in keys:
        body = store.read(key)
        assert KEY.encode() not in (gzip.decompress(body) if key.endswith(".gz") else body)
    assert KEY not in caplog.text


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("params", "name"),
    [
        pytest.param({}, "start", id="no start"),
        pytest.param({"start": "20.11.2026"}, "start", id="another notation"),
        pytest.param({"start": "2026-11-20", "end": "2026-11-19"}, "start", id="end before start"),
        pytest.param({"start": "2027-01-04"}, "start", id="in the future"),
        pytest.param({"start": "2026-11-18", "tickers": "AAPL"}, "tickers", id="no list"),
        pytest.param({"start": "2026-11-18", "tickers": ["A/../B"]}, "tickers", id="a path"),
    ],
)
def test_a_bad_parameter_is_named(params, name) -> None:
    with pytest.raises(BadSetting, match=f"Parameter {name}"):
        runs.plan_backfill(Family.STOCKS, params, NOW)


@pytest.mark.usefixtures("environment")
def test_daily_plans_the_last_completed_session() -> None:
    batch, tickers, yields = runs.plan_daily(Family.STOCKS, NOW)
    assert (tickers["label"], tickers["sessions"]) == ("tickers 2026-11-20", [])
    assert (yields["label"], yields["sessions"]) == ("treasury yields 2026-11-20", [])
    assert batch["sessions"][-1] == "2026-11-20"
    assert len(batch["sessions"]) == 6
    assert [one["label"] for one in runs.plan_daily(Family.OPTIONS, NOW)] == ["AAPL, MSFT 2026-11-20"]


@pytest.mark.usefixtures("environment")
def test_a_second_try_fetches_only_what_the_first_one_lacked(api) -> None:
    api.on(path_of(DAYS[0]), grouped("2026-11-18", "AAPL"))
    api.on(path_of(DAYS[1]), *[Reply({}, 400)], grouped("2026-11-19", "AAPL"))
    api.on(path_of(DAYS[2]), grouped("2026-11-20", "AAPL"))
    (*_, batch) = runs.plan_backfill(Family.STOCKS, {"start": "2026-11-18"}, NOW)
    began = datetime.now(UTC)
    with pytest.raises(IncompleteFetch):
        runs.land(batch, "a_dag", "a_run")
    api.asked.clear()
    runs.land(batch, "a_dag", "a_run", tried_since=began)
    assert api.paths() == [path_of(DAYS[1])]


@pytest.mark.usefixtures("environment")
def test_a_refused_key_shows_while_planning(api) -> None:
    api.on("/v1/marketstatus/upcoming", refused(401))
    with pytest.raises(NotAuthorized, match="POLYGON_API_KEY"):
        runs.plan_daily(Family.OPTIONS, NOW)


@pytest.mark.usefixtures("environment")
def test_a_missing_key_shows_while_planning(monkeypatch) -> None:
    monkeypatch.delenv("POLYGON_API_KEY")
    with pytest.raises(BadSetting, match="POLYGON_API_KEY is not set"):
        runs.plan_daily(Family.STOCKS, NOW)


def test_datasets_match_the_raw_tables_they_are_named_after() -> None:
    assert [dataset.value for dataset in Dataset] == [
        "stock_bars", "splits", "dividends", "tickers", "ticker_listings", "ticker_events", "treasury_yields",
        "option_contracts", "option_bars", "option_chain", "stock_bar_files", "option_bar_files",
    ]  # fmt: skip
