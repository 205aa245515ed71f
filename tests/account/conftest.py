"""The account scripts and the grants of schemachange, rendered for one environment."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from scripts.render_account import TEMPLATES, read_settings, rendered
from tests.account.rights import Thing
from tests.gates.sources import REPOSITORY, Script, schemachange_scripts

DATABASE = "snowtape"
# What dbt creates in a schema; a model is a table unless it stands here.
VIEWS = ("staging", "staging_as_of", "ops")


@pytest.fixture(scope="session")
def values() -> dict[str, str]:
    """The settings of the example, with what Snowflake answers once the integration exists."""
    given = read_settings(TEMPLATES / "example.toml")
    return given | {"snowflake_iam_user_arn": "arn:aws:iam::999999999999:user/abc", "snowflake_external_id": "X_SFC=1"}


@pytest.fixture(scope="session")
def files(values: Mapping[str, str]) -> dict[str, str]:
    """Rendered text by path below snowflake/account/."""
    return rendered(values)


@pytest.fixture(scope="session")
def scripts() -> list[Script]:
    """The rendered scripts of schemachange."""
    return schemachange_scripts(SNOWFLAKE_DATABASE=DATABASE.upper(), SNOWTAPE_STORAGE_INTEGRATION="SNOWTAPE_s3")


@pytest.fixture(scope="session")
def account_statements(files: Mapping[str, str]) -> list[str]:
    """Statements of the account scripts, in their order, without comments."""
    text = "\n".join(text for name, text in files.items() if name.endswith(".sql"))
    return [one.strip() for one in re.sub(r"(?m)^\s*--.*$", "", text).split(";\n") if one.strip()]


@pytest.fixture(scope="session")
def statements(account_statements: list[str], scripts: list[Script]) -> list[str]:
    """All statements that an account gets before dbt builds, without comments."""
    deployed = [statement for script in scripts for statement in script.statements]
    return account_statements + [re.sub(r"(?m)^\s*--.*$", "", one).strip() for one in deployed]


@pytest.fixture(scope="session")
def things(statements: list[str]) -> list[Thing]:
    """Every object: what the scripts create, by whose role is in use, and what dbt's models become."""
    found = []
    for statement in statements:
        if match := re.match(r"(?is)create\s+(?:or replace\s+)?(table|stage|file format|schema|database|warehouse|"
                             r"storage integration)\s+(?:if not exists\s+)?([\w.]+)", statement):  # fmt: skip
            kind, name = match[1].lower().removeprefix("storage "), match[2].lower()
            is_inside = kind in ("table", "stage", "file format", "schema")
            outside = "accountadmin" if kind == "integration" else "sysadmin"
            found.append(Thing(kind, name, f"{DATABASE}_deployer" if is_inside else outside))
        elif match := re.match(r"(?is)create or replace (procedure|function)\s+([\w.]+)\(([^)]*)\)", statement):
            types = ",".join(argument.split()[1] for argument in match[3].split(","))
            found.append(Thing(match[1].lower(), f"{match[2]}({types})".lower(), f"{DATABASE}_deployer"))
    return found + dbt_models() + [Thing("streamlit", "apps.operator", f"{DATABASE}_operator")]


def dbt_models() -> list[Thing]:
    """Models by their folder, which is their schema; they belong to the role that builds them."""
    owner, models = f"{DATABASE}_transformer", REPOSITORY / "dbt" / "models"
    found = []
    for path in sorted(models.rglob("*.sql")):
        schema = path.relative_to(models).parts[0]
        as_of = [f"{schema}_as_of"] if schema in ("staging", "intermediate", "marts") else []
        for name in (schema, *as_of):
            found.append(Thing("view" if name in VIEWS else "table", f"{name}.{path.stem}", owner))
    return found
