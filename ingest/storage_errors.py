"""What an error of the object store means for its operator: one line that names the setting to check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
)

from ingest.errors import BadSetting, IngestError, StoreUnavailable

CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the role or profile that provides them)"
# S3's error codes by the setting that is wrong; SeaweedFS and MinIO use the same.
WRONG_SETTING = {
    "NoSuchBucket": "SNOWTAPE_BUCKET is {bucket!r}, and there is no such bucket at {where}.",
    "InvalidBucketName": "SNOWTAPE_BUCKET is {bucket!r}, which {where} refuses as a bucket's name.",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is not known at {where}.",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID at {where}.",
    "InvalidToken": "AWS_SESSION_TOKEN is refused at {where}.",
    "ExpiredToken": "AWS_SESSION_TOKEN has expired; renew the credentials.",
    "ExpiredTokenException": "AWS_SESSION_TOKEN has expired; renew the credentials.",
    "RequestTimeTooSkewed": "This machine's clock differs too much from that of {where}; set it.",
    "PermanentRedirect": "AWS_REGION is {region!r}, and the bucket {bucket} is in another region.",
    "AuthorizationHeaderMalformed": "AWS_REGION is {region!r}, and the bucket {bucket} is in another region.",
    "IllegalLocationConstraintException": "AWS_REGION is {region!r}, and the bucket {bucket} is in another region.",
    "AccessDenied": "The credentials may not {what} in the bucket {bucket} (SNOWTAPE_BUCKET) at {where}; grant it.",
}
# A HEAD request and some stores answer with the bare status.
WRONG_SETTING |= {"403": WRONG_SETTING["AccessDenied"], "Forbidden": WRONG_SETTING["AccessDenied"]}


@contextmanager
def named(bucket: str, what: str) -> Iterator[None]:
    """Turn botocore's errors into this package's.

    Args:
        what: what is attempted, to complete "may not …".

    Raises:
        BadSetting: a setting is wrong; the message names it.
        StoreUnavailable: the store does not answer, or reports a failure of its own.
        ClientError: anything else, such as a key that does not exist or a failed precondition.
    """
    try:
        yield
    except IngestError:
        raise
    except ClientError as error:
        _raise_client_error(error, bucket, what)
        raise
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise BadSetting(f"No credentials for the object store were found ({error}); set {CREDENTIALS}.") from None
    except ProfileNotFound as error:
        raise BadSetting(f"AWS_PROFILE: {error}") from None
    except (NoRegionError, InvalidRegionError):
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
        raise BadSetting(f"AWS_REGION is {region!r}; expected the bucket's region, such as us-east-1.") from None
    except SSLError:
        raise BadSetting(f"The TLS handshake with {where()} failed; check the endpoint and AWS_CA_BUNDLE.") from None
    except ValueError as error:  # botocore raises it for an endpoint that is not a URL
        raise BadSetting(f"{endpoint_setting()} cannot be used: {error}") from None
    except BotoCoreError as error:
        raise StoreUnavailable(
            f"The object store at {where()} cannot be reached to {what} ({type(error).__name__}); "
            "the next try continues from here."
        ) from None


def where() -> str:
    """The store's address and the setting that it comes from, for messages; never a credential."""
    return f"{os.environ[endpoint_setting()]} ({endpoint_setting()})" if endpoint_setting() in os.environ else "AWS S3"


def endpoint_setting() -> str:
    """The variable that names the endpoint."""
    return "AWS_ENDPOINT_URL" if os.environ.get("AWS_ENDPOINT_URL") else "AWS_ENDPOINT_URL_S3"


def _raise_client_error(error: ClientError, bucket: str, what: str) -> None:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    if text := WRONG_SETTING.get(code):
        raise BadSetting(text.format(bucket=bucket, what=what, where=where(), region=region)) from None
    if status >= 500 or code in ("SlowDown", "RequestTimeout"):
        raise StoreUnavailable(
            f"The object store at {where()} failed to {what} in {bucket} ({status} {code}); "
            "the next try continues from here."
        ) from None
