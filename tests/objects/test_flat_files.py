"""The stand-in of the vendor's bucket: the API's own bars, keys of its own, and what they may not read."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.datasets import Family
from ingest.errors import BadSetting, NotEntitled, NotFound
from ingest.flat_files.bucket import FlatFileBucket
from ingest.flat_files.source import choose
from ingest.settings import FlatFileSettings, StorageSettings
from ingest.storage import LandingStore
from local.flat_files import OPTIONS, STOCKS, FlatFiles, key_of, reader
from local.market.market import Market
from local.market.settings import MarketSettings
from local.objects.process import RunningObjectStore, start

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(MarketSettings(now=datetime(2026, 11, 21, 17, tzinfo=UTC), synthetic_tickers=3))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, market: Market) -> Iterator[RunningObjectStore]:
    """With the files of the newest session; a key of all plans, and one that does not include options."""
    running = start(
        tmp_path_factory.mktemp("objects"),
        access_key="snowtape",
        secret_key="s3cret",
        bucket="landing",
        readers=[reader("all-plans", "all-secret"), reader("stocks-plan", "stocks-secret", [STOCKS])],
    )
    for folder in (STOCKS, OPTIONS):
        FlatFiles(running).publish(market, folder, [market.clock.last_completed()])
    yield running
    running.stop()


def bucket(store: RunningObjectStore, access_key: str, secret_key: str) -> FlatFileBucket:
    return FlatFileBucket(FlatFileSettings(store.endpoint, access_key, secret_key), pause_seconds=0)


@pytest.mark.parametrize("folder", [STOCKS, OPTIONS])
def test_file_has_the_bars_of_the_api_without_their_vwap(
    market: Market, store: RunningObjectStore, tmp_path: Path, folder: str
) -> None:
    file = bucket(store, "all-plans", "all-secret").fetch(key_of(folder, "2026-11-20"), tmp_path / "file")
    position = market.clock.last_completed()
    if folder == STOCKS:
        told = market.universe.session_rows(position, adjusted=False, today=position)
    else:
        contract = market.contracts.alive("AAPL", position)[0]
        bar = market.chain.bars(contract, position, position)
        told = [{"T": contract.ticker, "c": float(bar.close[0]), "v": int(bar.volume[0])}] if len(bar) else []
    header, *lines = gzip.decompress(file.path.read_bytes()).decode().splitlines()
    assert header == "ticker,volume,open,close,high,low,window_start,transactions"
    assert (file.rows, dict(file.sessions)) == (len(lines), {"2026-11-20": len(lines)})
    found = {fields[0]: (float(fields[1]), float(fields[3])) for fields in (line.split(",") for line in lines)}
    assert {row["T"]: (row["v"], row["c"]) for row in told}.items() <= found.items()
    assert len(found) == len(lines) >= len(told)


def test_same_session_gives_the_same_bytes(market: Market, store: RunningObjectStore) -> None:
    files = FlatFiles(store)
    before = files.read(STOCKS, "2026-11-20")
    files.publish(market, STOCKS, [market.clock.last_completed()])
    assert files.read(STOCKS, "2026-11-20") == before


def test_key_of_another_plan_lists_and_does_not_read(store: RunningObjectStore, tmp_path: Path) -> None:
    plan = bucket(store, "stocks-plan", "stocks-secret")
    assert [entry.key for entry in plan.listed("")] == [key_of(folder, "2026-11-20") for folder in (OPTIONS, STOCKS)]
    plan.check(key_of(STOCKS, "2026-11-20"))
    for refused in (plan.check, lambda key: plan.fetch(key, tmp_path / "file")):
        with pytest.raises(NotEntitled, match=r"refused to read us_options_opra.* \(403"):
            refused(key_of(OPTIONS, "2026-11-20"))
    with pytest.raises(NotFound, match="has no such file"):
        plan.fetch(key_of(STOCKS, "2026-11-19"), tmp_path / "file")


def test_keys_of_files_reach_no_other_bucket_and_write_nothing(store: RunningObjectStore) -> None:
    s3 = bucket(store, "all-plans", "all-secret")._s3
    for attempt in (
        lambda: s3.list_objects_v2(Bucket="landing"),
        lambda: s3.put_object(Bucket="flatfiles", Key="x", Body=b""),
        lambda: s3.delete_object(Bucket="flatfiles", Key=key_of(STOCKS, "2026-11-20")),
    ):
        with pytest.raises(s3.exceptions.ClientError, match=r"AccessDenied|403"):
            attempt()


@pytest.fixture
def choosing(store: RunningObjectStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    """Chooses with these settings and keys; returns the choice and what the log says of it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "snowtape",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": store.endpoint,
        "AWS_SESSION_TOKEN": "",
        "POLYGON_FLAT_FILES_ENDPOINT": store.endpoint,
    }.items():
        monkeypatch.setenv(name, value)

    def choice(setting: str, keys: tuple[str, str], family: Family = Family.OPTIONS):
        monkeypatch.setenv("POLYGON_BAR_SOURCE", setting)
        monkeypatch.setenv("POLYGON_FLAT_FILES_ACCESS_KEY_ID", keys[0])
        monkeypatch.setenv("POLYGON_FLAT_FILES_SECRET_ACCESS_KEY", keys[1])
        caplog.clear()
        with caplog.at_level("INFO"):
            made = choose(family, LandingStore(StorageSettings("landing", "")))
        return made.files, caplog.text

    return choice


ALL, OF_STOCKS, NONE = ("all-plans", "all-secret"), ("stocks-plan", "stocks-secret"), ("", "")


def test_auto_takes_files_where_the_key_is_entitled_and_says_so(choosing) -> None:
    files, said = choosing("auto", ALL)
    assert [str(day) for day in files.files] == ["2026-11-20"]
    assert "Bars of options: from flat files, 1 up to 2026-11-20 (POLYGON_BAR_SOURCE=auto)" in said
    files, said = choosing("auto", OF_STOCKS)
    assert files is None
    assert "from the API; flat files can't be had" in said
    assert "refused to read us_options_opra" in said
    assert choosing("auto", OF_STOCKS, Family.STOCKS)[0] is not None
    files, said = choosing("auto", NONE)
    assert files is None
    assert "no POLYGON_FLAT_FILES_ACCESS_KEY_ID is set" in said


def test_rest_looks_at_no_file(choosing) -> None:
    files, said = choosing("rest", ALL)
    assert files is None
    assert "POLYGON_BAR_SOURCE=rest" in said


@pytest.mark.parametrize(
    ("setting", "keys", "kind", "said"),
    [
        ("flat_files", OF_STOCKS, NotEntitled, "POLYGON_BAR_SOURCE is flat_files, and they can't be had"),
        ("flat_files", NONE, BadSetting, "POLYGON_FLAT_FILES_ACCESS_KEY_ID is not set"),
        ("auto", ("nobody", "x"), BadSetting, "POLYGON_FLAT_FILES_ACCESS_KEY_ID is not known"),
        ("auto", ("all-plans", "wrong"), BadSetting, "POLYGON_FLAT_FILES_SECRET_ACCESS_KEY does not belong"),
    ],
    ids=["not entitled", "no keys", "an unknown key", "a wrong secret"],
)
def test_what_can_not_be_used_is_named(choosing, setting, keys, kind, said) -> None:
    with pytest.raises(kind, match=said) as refused:
        choosing(setting, keys)
    assert "secret" not in str(refused.value).replace("SECRET", "")
