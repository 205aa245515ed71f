"""Flat files: what is fetched, what is landed of it byte for byte, and what a file that is not one becomes."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ingest import manifests, option_planning, planning, runs
from ingest.datasets import Family
from ingest.errors import BadSetting, IncompleteFetch, MalformedResponse, ServerError
from ingest.flat_files import planning as file_planning
from ingest.flat_files.bucket import BUCKET, FetchedFile, FlatFileBucket, Listed
from ingest.flat_files.content import Content
from ingest.flat_files.planning import DayFile, Files, day_files, file_batches, key_of
from ingest.flat_files.source import landed
from ingest.manifests import Coverage, Manifest
from ingest.planning import Batch
from ingest.settings import BarSource, FlatFileSettings, read_bar_source, read_flat_files
from ingest.storage import LandingStore

DAYS = [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]
NOTHING = Coverage({}, {})
HEADER = "ticker,volume,open,close,high,low,window_start,transactions\n"
NOON = datetime(2026, 11, 22, 17, tzinfo=UTC)


def midnight(session: date) -> int:
    return int(datetime(session.year, session.month, session.day, 5, tzinfo=UTC).timestamp()) * 10**9


def text_of(session: date, *tickers: str, close: float = 1.5) -> str:
    return HEADER + "".join(f"{ticker},7,1,{close},2,1,{midnight(session)},3\n" for ticker in tickers)


@pytest.fixture
def vendor(s3_client: Any) -> Iterator[Any]:
    """The vendor's bucket, in memory: puts the file of a session."""
    s3_client.create_bucket(Bucket=BUCKET)
    yield lambda session, body, family=Family.STOCKS: s3_client.put_object(
        Bucket=BUCKET,
        Key=key_of(family, session),
        Body=gzip.compress(body.encode(), mtime=0) if isinstance(body, str) else body,
    )
    for entry in s3_client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3_client.delete_object(Bucket=BUCKET, Key=entry["Key"])
    s3_client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def bucket(s3_client: Any, vendor: Any) -> FlatFileBucket:
    return FlatFileBucket(FlatFileSettings("https://files.example", "id", "secret"), s3_client, pause_seconds=0)


@pytest.fixture
def fetch(bucket: FlatFileBucket, store: LandingStore) -> Callable[[Batch], runs.Landed | None]:
    return lambda batch: runs.land_files(batch, bucket, store, dag_id="a_dag", run_id="a_run")


def files_of(bucket: FlatFileBucket, family: Family = Family.STOCKS) -> dict[date, DayFile]:
    return day_files(bucket.listed(file_planning.PREFIXES[family]))


def batch_of(bucket: FlatFileBucket, *sessions: date, **more: Any) -> Batch:
    files = files_of(bucket)
    (batch,) = file_batches(Family.STOCKS, [files[day] for day in sessions], NOTHING, **more)
    return Batch.from_dict(json.loads(json.dumps(batch.to_dict())))


def stored(store: LandingStore, family: Family = Family.STOCKS) -> list[Manifest]:
    return manifests.read_all(store, manifests.list_keys(store, family))


def test_files_are_landed_byte_for_byte_and_their_manifest_says_where_they_come_from(vendor, bucket, fetch, store):
    body = gzip.compress(text_of(DAYS[2], "AAPL", "MSFT").encode())
    etag = vendor(DAYS[2], body)["ETag"].strip('"')
    fetch(batch_of(bucket, DAYS[2]))
    (manifest,) = stored(store)
    (entry,) = manifest.objects
    assert store.read(entry.key) == body
    assert (entry.dataset, entry.bytes, entry.lines, entry.result_rows) == ("stock_bar_files", len(body), 2, 2)
    assert entry.source.key == "us_stocks_sip/day_aggs_v1/2026/11/2026-11-20.csv.gz"
    assert entry.source.etag == etag
    assert manifest.created_at <= entry.source.fetched_at
    assert (manifest.sessions, manifest.scope, manifest.complete) == (("2026-11-20",), ("*",), True)
    assert manifest.session_rows == {"2026-11-20": 2}


def test_daily_run_fetches_what_its_sessions_lack_and_exactly_what_was_replaced(vendor, bucket, fetch, store):
    old = [date(2020, 1, 2), date(2021, 1, 4), date(2022, 1, 3)]
    for day in [*old, *DAYS]:
        vendor(day, text_of(day, "AAPL"))
    fetch(batch_of(bucket, *old[:2], *DAYS[:2]))
    vendor(old[1], text_of(old[1], "AAPL", close=1.75))
    vendor(DAYS[0], text_of(DAYS[0], "AAPL"))  # the same bytes again

    known = Files(files_of(bucket), landed(Family.STOCKS, store), BarSource.AUTO)
    made = file_planning.daily(Family.STOCKS, [], known, DAYS, NOTHING, NOON)
    assert [batch.sessions for batch in made] == [(old[1], DAYS[2])]
    for batch in made:
        fetch(batch)
    again = Files(files_of(bucket), landed(Family.STOCKS, store), BarSource.AUTO)
    assert file_planning.daily(Family.STOCKS, [], again, DAYS, NOTHING, NOON) == []


def test_file_that_is_replaced_by_an_earlier_version_is_fetched_again(vendor, bucket, fetch, store):
    for close in (1.5, 1.75, 1.5):
        vendor(DAYS[2], text_of(DAYS[2], "AAPL", close=close))
        known = Files(files_of(bucket), landed(Family.STOCKS, store), BarSource.AUTO)
        for batch in file_planning.daily(Family.STOCKS, [], known, DAYS, NOTHING, NOON):
            fetch(batch)
    assert len(stored(store)) == 3


def test_object_without_a_manifest_is_not_landed(vendor, bucket, fetch, store, s3):
    vendor(DAYS[2], text_of(DAYS[2], "AAPL"))
    fetch(batch_of(bucket, DAYS[2]))
    (manifest,) = stored(store)
    assert set(landed(Family.STOCKS, store)) == {DAYS[2]}
    assert landed(Family.STOCKS, store, refused=[manifest.key]) == {}
    s3.delete_object(Bucket="landing", Key=f"some/prefix/{manifest.key}")
    assert landed(Family.STOCKS, store) == {}


BAD = {
    "empty": (b"", "the file holds no bars"),
    "only a header": (HEADER, "the file holds no bars"),
    "cut off": (gzip.compress(text_of(DAYS[1], *(f"T{n}" for n in range(99))).encode())[:-30], "before its compressed"),
    "not gzip": (b"ticker,volume\n", "is not a whole gzip file"),
    "other columns": ("ticker,close\nAAPL,1\n", "has the columns ticker,close; expected ticker,volume"),
    "of another day": (text_of(DAYS[0], "AAPL", "MSFT"), "2 of 2 bars are of 2026-11-18 or others"),
    "not UTF-8": (gzip.compress(HEADER.encode() + b"\xff\n"), "is not UTF-8"),
    "without an end of line": (gzip.compress(b"x" * (1 << 20)), "has a line above"),
}


@pytest.mark.parametrize(("body", "reason"), BAD.values(), ids=BAD)
def test_file_that_is_not_one_is_red_and_the_others_land(vendor, bucket, fetch, store, body, reason):
    vendor(DAYS[1], body)
    vendor(DAYS[2], text_of(DAYS[2], "AAPL"))
    with pytest.raises(IncompleteFetch, match=f"1 of 2 requests.*{reason}"):
        fetch(batch_of(bucket, *DAYS[1:]))
    (manifest,) = stored(store)
    assert (manifest.sessions, manifest.complete) == (("2026-11-20",), False)
    assert reason in manifest.missing[0].reason
    # The second try of the task asks for the rest alone.
    rest = planning.remaining(batch_of(bucket, *DAYS[1:]), manifests.coverage([manifest]))
    assert [request.session for request in rest.requests] == ["2026-11-19"]


def test_few_bars_of_another_day_are_landed_with_the_rest(vendor, bucket, fetch, store):
    vendor(DAYS[2], text_of(DAYS[2], "AAPL", "MSFT") + text_of(DAYS[1], "IBM").removeprefix(HEADER))
    assert fetch(batch_of(bucket, DAYS[2])).result_rows == 3


@pytest.mark.parametrize(
    ("since", "is_red"), [(None, False), (DAYS[2], False), (DAYS[0], True)], ids=["backfill", "old", "of the window"]
)
def test_file_that_is_gone_is_a_note_before_the_window_and_red_in_it(vendor, bucket, fetch, store, since, is_red):
    vendor(DAYS[1], text_of(DAYS[1], "AAPL"))
    gone = DayFile(DAYS[0], key_of(Family.STOCKS, DAYS[0]), "0" * 16, 1)
    (batch,) = file_batches(Family.STOCKS, [gone, files_of(bucket)[DAYS[1]]], NOTHING, since=since)
    if is_red:
        with pytest.raises(IncompleteFetch, match=r"has no such file to read .*2026-11-18"):
            fetch(batch)
    else:
        fetch(batch)
    (manifest,) = stored(store)
    assert (manifest.sessions, manifest.complete, len(manifest.missing)) == (("2026-11-19",), not is_red, 1)


def test_session_with_far_fewer_tickers_than_its_neighbours_is_suspect_and_not_held(vendor, bucket, fetch, store):
    for day, count in zip(DAYS, (20, 20, 9), strict=True):
        vendor(day, text_of(day, *(f"T{number}" for number in range(count))))
    fetch(batch_of(bucket, *DAYS))
    (manifest,) = stored(store)
    assert manifest.sessions == ("2026-11-18", "2026-11-19")
    assert [(one.dataset, one.session) for one in manifest.suspect_sessions] == [("stock_bars", "2026-11-20")]


def test_batches_are_bounded_by_what_they_weigh():
    def files(count: int, size: int) -> list[DayFile]:
        days = [date(2024, 1, 1) + timedelta(days=number) for number in range(count)]
        return [DayFile(day, key_of(Family.OPTIONS, day), "0" * 16, size) for day in days]

    def lengths(found: list[DayFile]) -> list[int]:
        return [len(batch.requests) for batch in file_batches(Family.OPTIONS, found, NOTHING)]

    assert lengths(files(130, 1)) == [60, 60, 10]
    assert lengths(files(20, 8 << 20)) == [8, 8, 4]
    assert lengths(files(2, 99 << 20)) == [1, 1]


def test_memory_does_not_grow_with_the_file(vendor, bucket, tmp_path):
    line = f"TICKER,7,1.5,1.5,2,1,{midnight(DAYS[2])},3\n"
    vendor(DAYS[2], HEADER + line * 400_000)
    tracemalloc.start()
    file = bucket.fetch(key_of(Family.STOCKS, DAYS[2]), tmp_path / "file")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.rows == 400_000
    assert 400_000 * len(line) > 15 << 20
    assert peak < 12 << 20


class Broken:
    """The client of a bucket that breaks off so many times."""

    def __init__(self, s3: Any, times: int) -> None:
        self._s3, self.times = s3, times

    def get_object(self, **request: str) -> dict[str, Any]:
        answer = self._s3.get_object(**request)
        self.times -= 1
        return answer | {"ContentLength": answer["ContentLength"] + 1} if self.times >= 0 else answer


def test_file_that_breaks_off_is_fetched_again_a_few_times(vendor, bucket, s3_client, tmp_path):
    vendor(DAYS[2], text_of(DAYS[2], "AAPL"))
    key, settings = key_of(Family.STOCKS, DAYS[2]), FlatFileSettings("https://files.example", "id", "secret")
    assert FlatFileBucket(settings, Broken(s3_client, 2), 0).fetch(key, tmp_path / "file").rows == 1
    with pytest.raises(ServerError, match="bytes came from"):
        FlatFileBucket(settings, Broken(s3_client, 3), 0).fetch(key, tmp_path / "file")


def test_content_is_the_same_however_it_is_cut():
    text = ("\ufeff" + text_of(DAYS[2], "AAPL", "MSFT") + "\r\n").encode().rstrip(b"\n")
    body = gzip.compress(text[:90]) + gzip.compress(text[90:])
    for size in (1, 7, len(body)):
        content = Content("a file")
        for start in range(0, len(body), size):
            content.add(body[start : start + size])
        content.close()
        assert (content.rows, dict(content.sessions)) == (2, {"2026-11-20": 2})


STOCKS_BATCH = planning.stocks_daily(DAYS[2], DAYS[:2], ())[0]
CHAIN = option_planning.options_daily(DAYS[2], DAYS[:2], ["AAPL"])[0]


def known(setting: BarSource, *sessions: date) -> Files:
    listed = [Listed(key_of(Family.STOCKS, day), "e", 1) for day in sessions]
    return Files(day_files(listed), {}, setting)


def test_auto_asks_the_api_for_the_sessions_that_have_no_file_yet():
    files, api = file_planning.daily(
        Family.STOCKS, [STOCKS_BATCH], known(BarSource.AUTO, *DAYS[:2]), DAYS, NOTHING, NOON
    )
    assert files.sessions == (DAYS[0], DAYS[1])
    assert (api.sessions, api.required) == ((DAYS[2],), DAYS[2])
    assert [request.session for request in api.requests if request.session] == ["2026-11-20"]
    assert {request.dataset.value for request in api.requests} == {"stock_bars", "splits", "dividends"}


def test_flat_files_alone_leave_a_session_outstanding_until_its_file_is_overdue():
    def planned(now: datetime) -> list[Batch]:
        return file_planning.daily(
            Family.STOCKS, [STOCKS_BATCH], known(BarSource.FLAT_FILES, *DAYS[:2]), DAYS, NOTHING, now
        )

    files, api = planned(datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert files.outstanding == ("2026-11-20",)
    assert {request.dataset.value for request in api.requests} == {"splits", "dividends"}
    files, _ = planned(datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert (files.outstanding, files.sessions) == ((), tuple(DAYS))


def test_contracts_and_chain_are_asked_of_the_api_whatever_has_the_bars():
    *_, api = file_planning.daily(Family.OPTIONS, [CHAIN], known(BarSource.AUTO, *DAYS), DAYS, NOTHING, NOON)
    assert (api.sessions, api.contract_window) == ((), None)
    assert api.requests == CHAIN.requests
    *_, api = file_planning.daily(Family.OPTIONS, [CHAIN], known(BarSource.AUTO, *DAYS[:2]), DAYS, NOTHING, NOON)
    assert api.contract_window == (DAYS[2], DAYS[2])


def test_backfill_fetches_files_of_what_no_manifest_holds_and_what_was_replaced_in_the_range():
    held = Coverage({"*": frozenset(DAYS[1:2])}, {})
    files = replace(known(BarSource.AUTO, date(2020, 1, 2), *DAYS), landed={DAYS[1]: "another", date(2020, 1, 2): "x"})
    (batch,) = file_planning.backfill(Family.STOCKS, [], files, DAYS, held, NOON)
    assert batch.sessions == tuple(DAYS)
    as_listed = {day: file.version for day, file in files.files.items()}
    (batch,) = file_planning.backfill(
        Family.STOCKS, [], replace(files, landed={DAYS[1]: as_listed[DAYS[1]]}), DAYS, held, NOON
    )
    assert batch.sessions == (DAYS[0], DAYS[2])
    same = replace(files, landed=as_listed)
    assert file_planning.backfill(Family.STOCKS, [], same, DAYS, held, NOON) == []
    (batch,) = file_planning.backfill(Family.STOCKS, [], same, DAYS, NOTHING, NOON, refetch=True)
    assert batch.sessions == tuple(DAYS)


ID = "POLYGON_FLAT_FILES_ACCESS_KEY_ID"
KEYS = {ID: "an-id", "POLYGON_FLAT_FILES_SECRET_ACCESS_KEY": "canary-secret"}


def test_defaults_are_auto_and_the_vendors_endpoint_and_no_keys():
    assert (read_bar_source({}), read_flat_files({})) == (BarSource.AUTO, None)
    found = read_flat_files(KEYS)
    assert found == FlatFileSettings("https://files.massive.com", "an-id", "canary-secret")
    assert "canary-secret" not in repr(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"POLYGON_FLAT_FILES_ACCESS_KEY_ID": ""},
        {"POLYGON_FLAT_FILES_SECRET_ACCESS_KEY": ""},
        {"POLYGON_FLAT_FILES_SECRET_ACCESS_KEY": "canary secret"},
        {"POLYGON_FLAT_FILES_ENDPOINT": "files.massive.com"},
        {"POLYGON_FLAT_FILES_ENDPOINT": f"https://{KEYS[ID]}:canary@files.massive.com"},
    ],
    ids=str,
)
def test_setting_that_can_not_be_used_is_named(changed):
    (name,) = changed
    with pytest.raises(BadSetting, match=f"^{name} ") as refused:
        read_flat_files(KEYS | changed)
    assert "canary" not in str(refused.value)


def test_source_that_nobody_knows_is_named():
    with pytest.raises(BadSetting, match=r"^POLYGON_BAR_SOURCE is 'files'; expected one of auto, rest, flat_files"):
        read_bar_source({"POLYGON_BAR_SOURCE": "files"})


def test_file_of_another_day_is_refused_as_a_whole(tmp_path):
    from collections import Counter

    from ingest.datasets import day_file
    from ingest.flat_files.fetching import check

    file = FetchedFile(tmp_path, "e", NOON, NOON, 1, "", 3, Counter({None: 2, "2026-11-20": 1}))
    with pytest.raises(MalformedResponse, match="2 of 3 bars are of None or others"):
        check(day_file(key_of(Family.STOCKS, DAYS[2])), file)
