"""The AWS policies, judged as IAM judges them: denied unless allowed, and a deny wins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

BUCKET = "arn:aws:s3:::example-market-data"
OBJECT = f"{BUCKET}/prod/raw/stock_bars/0000.ndjson.gz"
# What S3 says of `put_object(…, IfNoneMatch="*")`.
CONDITIONAL_PUT = {"s3__if-none-match": "*", "s3__ObjectCreationOperation": "true"}
ADMINISTRATOR = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a statement speaks of this; of conditions it knows the operators that the templates use."""
    if not any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"])):
        return False
    if not any(fnmatchcase(resource, pattern) for pattern in listed(statement.get("Resource", "*"))):
        return False
    for operator, tests in statement.get("Condition", {}).items():
        for key, wanted in tests.items():
            given = context.get(key)
            if operator in ("StringEquals", "Bool"):
                holds = given in listed(wanted)
            elif operator == "StringLike":
                holds = given is not None and any(fnmatchcase(given, one) for one in listed(wanted))
            elif operator == "Null":
                holds = (given is None) is (wanted == "true")
            elif operator == "ArnNotLike":
                holds = given is None or not any(fnmatchcase(given, one) for one in listed(wanted))
            else:
                raise NotImplementedError(operator)
            if not holds:
                return False
    return True


def allowed(policies: list[str], action: str, resource: str = "*", **context: str) -> bool:
    """IAM's verdict over some policies; `__` in a condition's key stands for `:`."""
    known = {key.replace("__", ":"): value for key, value in context.items()}
    statements = [statement for text in policies for statement in json.loads(text)["Statement"]]
    effects = {statement["Effect"] for statement in statements if applies(statement, action, resource, known)}
    return effects == {"Allow"}


@pytest.mark.parametrize(
    ("role", "action", "resource", "verdict"),
    [
        ("snowflake", "s3:GetObject", OBJECT, True),
        ("snowflake", "s3:GetObject", f"{BUCKET}/dev/raw/x", False),
        ("snowflake", "s3:GetObject", "arn:aws:s3:::another/prod/x", False),
        ("snowflake", "s3:PutObject", OBJECT, False),
        ("snowflake", "s3:DeleteObject", OBJECT, False),
        ("snowflake", "s3:GetBucketLocation", BUCKET, True),
        ("airflow", "s3:PutObject", OBJECT, True),
        ("airflow", "s3:GetObject", OBJECT, True),
        ("airflow", "s3:PutObject", f"{BUCKET}/dev/raw/x", False),
        ("airflow", "s3:DeleteObject", OBJECT, False),
        ("airflow", "s3:PutBucketPolicy", BUCKET, False),
        ("airflow", "secretsmanager:GetSecretValue", f"{SECRET}snowtape/connections/snowflake_default-AbCdEf", True),
        ("airflow", "secretsmanager:GetSecretValue", f"{SECRET}another/thing", False),
        ("airflow", "secretsmanager:PutSecretValue", f"{SECRET}snowtape/variables/x", False),
        ("archivist", "s3:GetObject", OBJECT, True),
        ("archivist", "s3:PutObject", OBJECT, False),
        ("archivist", "s3:PutBucketPolicy", BUCKET, False),
        ("ci", "ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/snowtape-airflow", True),
        ("ci", "ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/another", False),
        ("ci", "s3:GetObject", OBJECT, False),
        ("ci", "iam:PassRole", "*", False),
    ],
)
def test_role_may_do_this(role: str, action: str, resource: str, verdict: bool, files: dict[str, str]) -> None:
    policies = [files[f"aws/{role}-policy.json"], files["aws/bucket-policy.json"]]

    assert allowed(policies, action, resource, aws__SecureTransport="true", **CONDITIONAL_PUT) is verdict


@pytest.mark.parametrize("role", ["snowflake", "airflow"])
@pytest.mark.parametrize(
    ("prefix", "verdict"), [("prod/", True), ("prod/manifests/stocks/", True), ("", False), ("dev/", False)]
)
def test_listing_is_of_the_prefix_only(role: str, prefix: str, verdict: bool, files: dict[str, str]) -> None:
    assert allowed([files[f"aws/{role}-policy.json"]], "s3:ListBucket", BUCKET, s3__prefix=prefix) is verdict


def test_bucket_refuses_plain_http_whoever_asks(files: dict[str, str]) -> None:
    policies = [files["aws/airflow-policy.json"], files["aws/bucket-policy.json"]]

    assert not allowed(policies, "s3:GetObject", OBJECT, aws__SecureTransport="false")


def test_nobody_deletes_but_the_archivist(files: dict[str, str]) -> None:
    policies = [ADMINISTRATOR, files["aws/bucket-policy.json"]]

    for name, verdict in (("admin", False), ("snowtape-archivist", True)):
        arn = f"arn:aws:iam::123456789012:role/{name}"
        assert (
            allowed(policies, "s3:DeleteObject", OBJECT, aws__SecureTransport="true", aws__PrincipalArn=arn) is verdict
        )


@pytest.mark.parametrize(
    ("context", "verdict"),
    [
        pytest.param(CONDITIONAL_PUT, True, id="put that creates"),
        pytest.param({"s3__ObjectCreationOperation": "true"}, False, id="put that may overwrite"),
        pytest.param({"s3__if-match": "etag", "s3__ObjectCreationOperation": "true"}, False, id="put that overwrites"),
        # UploadPart and CreateMultipartUpload can't carry the header; the request that completes can, and has to.
        pytest.param({"s3__ObjectCreationOperation": "false"}, True, id="part of an upload"),
    ],
)
@pytest.mark.parametrize("role", ["airflow", "administrator"])
def test_nobody_overwrites_what_has_landed(
    role: str, context: dict[str, str], verdict: bool, files: dict[str, str]
) -> None:
    own = ADMINISTRATOR if role == "administrator" else files[f"aws/{role}-policy.json"]
    policies = [own, files["aws/bucket-policy.json"]]

    assert allowed(policies, "s3:PutObject", OBJECT, aws__SecureTransport="true", **context) is verdict


def test_archivist_removes_objects_below_the_prefix_only(files: dict[str, str]) -> None:
    policies = [files["aws/archivist-policy.json"], files["aws/bucket-policy.json"]]
    as_archivist = {
        "aws__SecureTransport": "true", "aws__PrincipalArn": "arn:aws:iam::123456789012:role/snowtape-archivist"
    }  # fmt: skip

    assert allowed(policies, "s3:DeleteObject", OBJECT, **as_archivist)
    assert not allowed(policies, "s3:DeleteObject", f"{BUCKET}/dev/raw/x", **as_archivist)


def test_one_named_principal_becomes_the_archivist(files: dict[str, str]) -> None:
    (statement,) = json.loads(files["aws/archivist-trust.json"])["Statement"]

    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:role/data-on-call"}


def test_snowflake_must_bring_the_external_id(files: dict[str, str]) -> None:
    trust = [files["aws/snowflake-trust.json"]]

    assert allowed(trust, "sts:AssumeRole", sts__ExternalId="X_SFC=1")
    assert not allowed(trust, "sts:AssumeRole", sts__ExternalId="another")
    assert not allowed(trust, "sts:AssumeRole")


@pytest.mark.parametrize(
    ("subject", "verdict"),
    [
        ("repo:OWNER/REPOSITORY:environment:prod", True),
        ("repo:OWNER/REPOSITORY:environment:dev", False),
        ("repo:OWNER/REPOSITORY:ref:refs/heads/main", False),
        ("repo:OWNER/REPOSITORY:pull_request", False),
        ("repo:SOMEBODY/REPOSITORY:environment:prod", False),
    ],
)
def test_only_the_environment_of_the_repository_becomes_ci(subject: str, verdict: bool, files: dict[str, str]) -> None:
    issuer = "token.actions.githubusercontent.com"
    context = {f"{issuer}:sub": subject, f"{issuer}:aud": "sts.amazonaws.com"}

    assert allowed([files["aws/ci-trust.json"]], "sts:AssumeRoleWithWebIdentity", **context) is verdict


def test_no_policy_allows_everything(files: dict[str, str]) -> None:
    for name in [name for name in files if name.startswith("aws/") and "lifecycle" not in name]:
        for statement in json.loads(files[name])["Statement"]:
            if statement["Effect"] == "Allow":
                assert not any("*" in action for action in listed(statement["Action"])), name
