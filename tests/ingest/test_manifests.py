from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from ingest import manifests
from ingest.datasets import Dataset, Family
from ingest.manifests import Manifest, Missing, ObjectEntry

NOW = datetime(2026, 11, 20, 23, 15, 0, 123456, tzinfo=UTC)
ID = "20261120T231500123456Z-0123abcd"
MANIFEST = Manifest(
    manifest_id=ID,
    family=Family.STOCKS,
    created_at="2026-11-20T23:15:00.123456Z",
    dag_id="a_dag",
    run_id="a_run",
    sessions=("2026-11-19", "2026-11-20"),
    scope=("*",),
    expected=3,
    answered=3,
    complete=True,
    missing=(Missing("stock_bars", "/a", {"adjusted": "false"}, "why"),),
    objects=(ObjectEntry(f"raw/splits/2026-11-19_2026-11-20/{ID}/0000.ndjson.gz", "splits", 120, "ab" * 32, 1, 7),),
)


def test_a_manifest_reads_back_as_it_was_written() -> None:
    assert Manifest.from_json(MANIFEST.key, MANIFEST.to_json()) == MANIFEST


def test_ids_sort_by_time_and_differ_within_a_microsecond() -> None:
    ids = [manifests.new_manifest_id(NOW + timedelta(microseconds=number)) for number in (0, 1, 1_000_000)]
    assert ids == sorted(ids)
    assert all(manifests.MANIFEST_ID.fullmatch(one) for one in ids)
    assert manifests.new_manifest_id(NOW) != manifests.new_manifest_id(NOW)


def test_keys_of_a_family_are_listed_behind_an_id(store) -> None:
    early, late = (manifests.new_manifest_id(NOW + timedelta(hours=hours)) for hours in (0, 2))
    for manifest_id in (early, late):
        store.put_once(manifests.manifest_key(Family.STOCKS, manifest_id), b"x")
    store.put_once(f"manifests/options/{early}.json", b"x")
    store.put_once("manifests/stocks/README.json", b"x")
    assert [manifests.manifest_id_of(key) for key in manifests.list_keys(store, Family.STOCKS)] == [early, late]
    assert [manifests.manifest_id_of(key) for key in manifests.list_keys(store, Family.STOCKS, early)] == [late]
    assert list(manifests.list_keys(store, Family.STOCKS, late)) == []


def test_coverage_adds_up_and_knows_the_scope() -> None:
    one = replace(MANIFEST, sessions=("2026-11-19",), scope=("AAPL",))
    other = replace(MANIFEST, sessions=("2026-11-20",), scope=("*",), complete=False)
    held = manifests.coverage([one, other])
    assert held.holds("AAPL") == {date(2026, 11, 19), date(2026, 11, 20)}
    assert held.holds("MSFT") == {date(2026, 11, 20)}


def test_reference_data_of_an_incomplete_manifest_does_not_count() -> None:
    start, end = date(2026, 11, 19), date(2026, 11, 20)
    assert manifests.coverage([MANIFEST]).spans_range(Dataset.SPLITS, start, end)
    assert not manifests.coverage([MANIFEST]).spans_range(Dataset.SPLITS, start - timedelta(days=1), end)
    assert not manifests.coverage([MANIFEST]).spans_range(Dataset.DIVIDENDS, start, end)
    assert not manifests.coverage([replace(MANIFEST, complete=False)]).spans_range(Dataset.SPLITS, start, end)
