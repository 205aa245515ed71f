"""scripts/aws_account.py on a stand-in for AWS: what it leaves there, and that a second run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from scripts.aws_account import GITHUB, WrongAccount, bring_up_to_date, github

BUCKET = "example-market-data"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """An account with the bucket and nothing else."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "unused")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unused")
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        session.client("s3").create_bucket(Bucket=BUCKET)
        yield session


@pytest.fixture
def own(values: dict[str, str], session: boto3.Session) -> dict[str, str]:
    """The example's settings, for the stand-in's account."""
    return values | {"aws_account_id": session.client("sts").get_caller_identity()["Account"]}


def state(session: boto3.Session) -> dict[str, Any]:
    """Everything that the script is about, as AWS answers it."""
    s3, iam, ecr = session.client("s3"), session.client("iam"), session.client("ecr")
    return {
        "versioning": s3.get_bucket_versioning(Bucket=BUCKET)["Status"],
        "closed": s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"]),
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"],
        "providers": iam.list_open_id_connect_providers()["OpenIDConnectProviderList"],
        "roles": {
            role["RoleName"]: (
                role["AssumeRolePolicyDocument"],
                iam.get_role_policy(RoleName=role["RoleName"], PolicyName="snowtape")["PolicyDocument"],
            )
            for role in iam.list_roles()["Roles"]
        },
        "registry": [
            (one["repositoryName"], one["imageTagMutability"], one["imageScanningConfiguration"])
            for one in ecr.describe_repositories()["repositories"]
        ],
    }


def test_account_has_all_of_it_after_one_run_and_the_same_after_two(
    own: dict[str, str], session: boto3.Session
) -> None:
    bring_up_to_date(own, session)
    first = state(session)
    bring_up_to_date(own, session)

    assert state(session) == first
    assert first["versioning"] == "Enabled"
    assert set(first["closed"].values()) == {True}
    assert [one["Sid"] for one in first["policy"]["Statement"]] == [
        "OnlyEncryptedConnections",
        "NobodyOverwritesWhatHasLanded",
        "NobodyDeletesWhatHasLanded",
    ]
    assert len(first["lifecycle"]) == 2
    assert [one["Arn"].partition("oidc-provider/")[2] for one in first["providers"]] == [GITHUB]
    assert set(first["roles"]) == {"snowtape-ci", "snowtape-archivist", "snowtape-snowflake"}
    assert first["registry"] == [("snowtape-airflow", "IMMUTABLE", {"scanOnPush": True})]


def test_what_somebody_changed_is_set_back(own: dict[str, str], session: boto3.Session) -> None:
    bring_up_to_date(own, session)
    before = state(session)
    allow = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    anybody = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    session.client("iam").update_assume_role_policy(RoleName="snowtape-archivist", PolicyDocument=anybody)
    session.client("s3").delete_bucket_policy(Bucket=BUCKET)

    bring_up_to_date(own, session)

    assert state(session) == before


def test_provider_that_serves_others_too_learns_our_audience() -> None:
    iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused")
    provider = {"OpenIDConnectProviderArn": f"arn:aws:iam::123456789012:oidc-provider/{GITHUB}"}
    with Stubber(iam) as stub:
        stub.add_response("get_open_id_connect_provider", {"ClientIDList": ["theirs"]}, provider)
        stub.add_response("add_client_id_to_open_id_connect_provider", {}, provider | {"ClientID": "sts.amazonaws.com"})

        github(iam, "123456789012")

        stub.assert_no_pending_responses()


def test_role_of_snowflake_waits_for_what_snowflake_answers(own: dict[str, str], session: boto3.Session) -> None:
    done = bring_up_to_date(own | {"snowflake_external_id": ""}, session)

    assert "describe integration SNOWTAPE_s3" in done[-1]
    assert set(state(session)["roles"]) == {"snowtape-ci", "snowtape-archivist"}


def test_credentials_of_another_account_change_nothing(values: dict[str, str], session: boto3.Session) -> None:
    other = values | {"aws_account_id": "999999999999"}

    with pytest.raises(WrongAccount, match="999999999999"):
        bring_up_to_date(other, session)

    assert session.client("iam").list_roles()["Roles"] == []
