"""A wrong setting of the object store is named in one line, before the first request to the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from ingest import runs
from ingest.datasets import Family
from ingest.errors import BadSetting, StoreUnavailable
from ingest.settings import StorageSettings
from ingest.storage import LandingStore
from ingest.storage_errors import named
from local.objects.process import RunningObjectStore, start

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningObjectStore]:
    running = start(tmp_path_factory.mktemp("objects"), access_key="snowtape", secret_key="s3cret", bucket="landing")
    yield running
    running.stop()


@pytest.fixture
def environment(objects: RunningObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The variables of a store that works, and none of this machine's own."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "snowtape",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_REGION": objects.region,
        "AWS_ENDPOINT_URL_S3": objects.endpoint,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def check(bucket: str = "landing") -> None:
    LandingStore(StorageSettings(bucket, "")).check()


def test_a_store_that_works_passes_twice(environment) -> None:
    check()
    check()


def test_a_bucket_that_is_missing_is_named(environment) -> None:
    with pytest.raises(BadSetting, match=r"^SNOWTAPE_BUCKET is 'missing-one', and there is no such bucket"):
        check("missing-one")


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "nobody")], ids=str
)
def test_wrong_credentials_are_named(environment, name, value) -> None:
    environment.setenv(name, value)
    with pytest.raises(BadSetting, match=name) as refused:
        check()
    assert "s3cret" not in str(refused.value)


def test_absent_credentials_are_named(environment) -> None:
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(BadSetting, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        check()


@pytest.mark.parametrize(
    ("endpoint", "kind"), [("http://127.0.0.1:9", StoreUnavailable), ("not a url", BadSetting)], ids=str
)
def test_a_store_that_is_away_is_named_with_its_setting(environment, endpoint, kind) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    with pytest.raises(kind, match="AWS_ENDPOINT_URL_S3"):
        check()


@pytest.mark.parametrize(
    "plan", [lambda: runs.plan_daily(Family.STOCKS), lambda: runs.plan_backfill(Family.STOCKS, {"start": "2026-11-02"})]
)
def test_nothing_is_asked_of_the_api_before_the_store_is_known_to_work(environment, api, plan) -> None:
    environment.setenv("POLYGON_BASE_URL", api.base_url)
    environment.setenv("POLYGON_API_KEY", "a-key")
    environment.setenv("SNOWTAPE_BUCKET", "missing-one")
    with pytest.raises(BadSetting, match="SNOWTAPE_BUCKET"):
        plan()
    assert api.asked == []


def failure(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")


@pytest.mark.parametrize(
    ("error", "kind", "setting"),
    [
        pytest.param(failure("AccessDenied", 403), BadSetting, "may not write objects", id="no right to write"),
        pytest.param(failure("403", 403), BadSetting, "may not write objects", id="a bare 403"),
        pytest.param(failure("ExpiredToken", 400), BadSetting, "AWS_SESSION_TOKEN", id="expired token"),
        pytest.param(failure("PermanentRedirect", 301), BadSetting, "AWS_REGION", id="another region"),
        pytest.param(failure("SlowDown", 503), StoreUnavailable, "SlowDown", id="slow down"),
        pytest.param(failure("InternalError", 500), StoreUnavailable, "500", id="its own failure"),
        pytest.param(NoCredentialsError(), BadSetting, "AWS_ACCESS_KEY_ID", id="no credentials"),
        pytest.param(failure("NoSuchKey", 404), ClientError, "NoSuchKey", id="a key that is not there is no setting"),
    ],
)
def test_each_error_of_a_store_has_its_kind(error, kind, setting) -> None:
    with pytest.raises(kind, match=setting), named("landing", "write objects"):
        raise error
