"""Bring the AWS side of one environment up to date: bucket, GitHub's sign-in, roles, image registry.

Usage: .venv/bin/python scripts/aws_account.py SETTINGS.toml

Signs in as boto3 does (AWS_PROFILE, AWS_ACCESS_KEY_ID …), as somebody who may administer IAM, S3 and ECR. May be run
again: it creates what is missing and sets what has changed; nothing is removed. The bucket has to exist.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

# Run as a file or imported by a test.
sys.path.insert(0, str(Path(__file__).parents[1]))
from scripts.render_account import BadSetting, read_settings, rendered

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
# Roles of which both sides are known; what may become of Airflow's own role is for its platform to say.
ROLES = ("ci", "archivist", "snowflake")


class WrongAccount(Exception):
    """One line: the credentials belong to another account than the settings."""


def bring_up_to_date(values: Mapping[str, str], session: boto3.Session) -> list[str]:
    """Do all of it and return a line for each thing.

    Raises:
        WrongAccount: nothing has been changed.
        ClientError: AWS refused a step; those before it are done.
    """
    account = session.client("sts").get_caller_identity()["Account"]
    if account != values["aws_account_id"]:
        raise WrongAccount(
            f"aws_account_id is {values['aws_account_id']}; the credentials are for {account}. Nothing was changed."
        )
    files = rendered(values)
    name = values["database_lower"]
    done = [
        bucket(session.client("s3"), values["bucket"], files),
        registry(session.client("ecr"), f"{name}-airflow", files["aws/registry-lifecycle.json"]),
        github(session.client("iam"), account),
    ]
    for role in ROLES:
        if role == "snowflake" and not (values["snowflake_iam_user_arn"] and values["snowflake_external_id"]):
            done.append(f"role {name}-snowflake: waits for what `describe integration {values['database']}_s3` answers")
            continue
        trust, policy = files[f"aws/{role}-trust.json"], files[f"aws/{role}-policy.json"]
        done.append(iam_role(session.client("iam"), f"{name}-{role}", trust, policy))
    return done


def bucket(s3: Any, bucket: str, files: Mapping[str, str]) -> str:
    """Versions, nothing public, and the two documents."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
    s3.put_bucket_policy(Bucket=bucket, Policy=files["aws/bucket-policy.json"])
    lifecycle = json.loads(files["aws/bucket-lifecycle.json"])
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=lifecycle)
    return f"bucket {bucket}: versioned, private, policy and lifecycle set"


def registry(ecr: Any, name: str, lifecycle: str) -> str:
    """The repository that CI pushes to: a tag is never given twice, every image is scanned."""
    try:
        found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ecr.exceptions.RepositoryNotFoundException:
        found = ecr.create_repository(repositoryName=name)["repository"]
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="IMMUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle)
    return f"registry {found['repositoryUri']}: this is ECR_REPOSITORY of the GitHub environment"


def github(iam: Any, account: str) -> str:
    """GitHub's tokens are believed, for the audience that the workflows ask for; a role's trust says which of them."""
    arn = f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"
    try:
        provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except iam.exceptions.NoSuchEntityException:
        iam.create_open_id_connect_provider(Url=f"https://{GITHUB}", ClientIDList=[AUDIENCE])
        return f"provider {GITHUB}: created"
    if AUDIENCE not in provider["ClientIDList"]:
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=AUDIENCE)
    return f"provider {GITHUB}: there"


def iam_role(iam: Any, name: str, trust: str, policy: str) -> str:
    """A role with the trust and the one inline policy."""
    try:
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    except iam.exceptions.NoSuchEntityException:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="snowtape", PolicyDocument=policy)
    return f"role {arn}: trust and policy set"


def main(settings: Path) -> int:
    """Print what was done; returns 0, or 1 with the reason on standard error."""
    try:
        values = read_settings(settings)
        for line in bring_up_to_date(values, boto3.Session(region_name=values["aws_region"])):
            print(line)
    except (BadSetting, WrongAccount, ClientError, OSError, tomllib.TOMLDecodeError) as error:
        print(f"{settings}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
