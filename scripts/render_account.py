"""Render snowflake/account/ for one environment: SQL for an administrator of Snowflake, JSON for one of AWS.

Usage: python3 scripts/render_account.py SETTINGS.toml FOLDER

Needs nothing but Python 3.11, and no connection. A value is put in place of each <% name %>, and only a value that
looks as it should: nothing else can get into the SQL.
"""

from __future__ import annotations

import ipaddress
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parents[1] / "snowflake" / "account"
VARIABLE = re.compile(r"<%\s*(\w+)\s*%>")
ROLES = ("deployer", "loader", "transformer", "reader")

SHAPES = {
    "database": (r"[A-Z][A-Z0-9_]{0,50}", "an upper-case name such as SNOWTAPE"),
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket"),
    "prefix": (r"([A-Za-z0-9_-]+/)*", "empty, or a folder that ends with /"),
    "aws_account_id": (r"\d{12}", "twelve digits"),
    "aws_region": (r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1"),
    "archivist_principal_arn": (r"arn:aws:iam::\d{12}:(user|role)/\S+", "the ARN of a user or a role"),
    "github_repository": (r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", "OWNER/REPOSITORY"),
    "github_environment": (r"[A-Za-z0-9_-]+", "an environment of the repository, such as prod"),
    "snowflake_iam_user_arn": (r"(arn:aws:iam::\d{12}:(user|role)/\S+)?", "empty, or STORAGE_AWS_IAM_USER_ARN"),
    "snowflake_external_id": (r"[A-Za-z0-9_=/+.:@-]*", "empty, or STORAGE_AWS_EXTERNAL_ID"),
    "loader_public_key": (r"MII[A-Za-z0-9+/=]{100,}", "a public key in one line, without the lines BEGIN and END"),
    "transformer_public_key": (r"MII[A-Za-z0-9+/=]{100,}", "a public key in one line, without BEGIN and END"),
    "dashboard_public_key": (r"MII[A-Za-z0-9+/=]{100,}", "a public key in one line, without BEGIN and END"),
    **{f"{role}_credits": (r"[1-9]\d*", "a whole number of credits a month") for role in ROLES},
}
NETWORKS = ("service_networks", "ci_networks")
# What Snowflake says about the integration once it exists; the trust policy waits for it.
KNOWN_LATER = ("snowflake_iam_user_arn", "snowflake_external_id")


class BadSetting(ValueError):
    """One line that names the setting, what it holds and what it should be."""


def read_settings(path: Path) -> dict[str, str]:
    """Values by variable, checked; `database_lower` and quoted networks among them. Raises BadSetting."""
    with path.open("rb") as file:
        return checked(tomllib.load(file))


def checked(given: Mapping[str, Any]) -> dict[str, str]:
    """The same for settings that are read already."""
    for name in sorted(given.keys() ^ {*SHAPES, *NETWORKS}):
        raise BadSetting(
            f"{name} is {'no setting' if name in given else 'missing'}; see snowflake/account/example.toml."
        )
    values = {}
    for name, (shape, what) in SHAPES.items():
        value = str(given[name])
        if not re.fullmatch(shape, value):
            raise BadSetting(f"{name} is {value!r}; expected {what}.")
        values[name] = value
    for name in NETWORKS:
        values[name] = ", ".join(f"'{network}'" for network in _networks(name, given[name]))
    return values | {"database_lower": values["database"].lower().replace("_", "-")}


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; KeyError for one that has no value."""
    return VARIABLE.sub(lambda match: values[match[1]], text)


def rendered(values: Mapping[str, str]) -> dict[str, str]:
    """Every template's text by its path below snowflake/account/, in the order in which the SQL is run."""
    paths = [*sorted(TEMPLATES.glob("*.sql")), *sorted(TEMPLATES.glob("aws/*.json"))]
    return {path.relative_to(TEMPLATES).as_posix(): render(path.read_text(), values) for path in paths}


def main(settings: Path, folder: Path) -> int:
    """Write everything that can be rendered; returns 0, or 1 with the reason on standard error."""
    try:
        values = read_settings(settings)
    except (BadSetting, OSError, tomllib.TOMLDecodeError) as error:
        print(f"{settings}: {error}", file=sys.stderr)
        return 1
    waits = not all(values[name] for name in KNOWN_LATER)
    for name, text in rendered(values).items():
        if waits and name == "aws/snowflake-trust.json":
            print(f"{name} waits for {' and '.join(KNOWN_LATER)}: describe integration {values['database']}_s3;")
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path)
    return 0


def _networks(name: str, given: Any) -> list[str]:
    if not isinstance(given, list) or not given:
        raise BadSetting(f"{name} is {given!r}; expected a list of IPv4 networks such as 203.0.113.0/24.")
    try:
        return [str(ipaddress.IPv4Network(network)) for network in given]
    except ValueError as error:
        raise BadSetting(f"{name} has an invalid network: {error}.") from None


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
