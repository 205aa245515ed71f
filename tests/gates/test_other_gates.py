"""Planted mistakes for the gates that are not about SQL: secrets, Python that is inlined into SQL, browsers' waits."""

from __future__ import annotations

import pytest

from tests.gates import inlined, owners_rights
from tests.gates.browser_waits import waits
from tests.gates.secret_scan import secrets_in

KEY = "-----BEGIN " + "PRIVATE KEY-----"
AWS = "AK" + "IAIOSFODNN7EXAMPLE"
URL = "postgresql://airflow:" + "hunter2@db/airflow"
SLACK = "https://hooks.slack.com/" + "services/T0001/B0001/abcdefgh"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("compose.yaml", "environment:\n  SNOWFLAKE_PASSWORD: hunter2", id="password in yaml"),
        pytest.param("compose.yaml", "  API_TOKEN: hunter2 # for now", id="token with a comment"),
        pytest.param("profiles.yml", "      password: 'hunter2'", id="quoted password in yaml"),
        pytest.param("profiles.yml", '      private_key_passphrase: "swordfish"', id="passphrase in yaml"),
        pytest.param("airflow_settings.yaml", "    conn_password: hunter2", id="password of a connection"),
        pytest.param("deploy.yml", "    POLYGON_API_KEY: abcDEF123", id="API key in a workflow"),
        pytest.param(".env.example", "POLYGON_API_KEY=abcDEF123", id="API key in the example"),
        pytest.param("settings.toml", 'token = "abcdefgh"', id="token in toml"),
        pytest.param("connection.json", '{"password": "hunter2"}', id="password in json"),
        pytest.param("a.py", f'KEY = """{KEY}"""', id="private key in Python"),
        pytest.param("README.md", f"export AWS_ACCESS_KEY_ID={AWS}", id="AWS key in prose"),
        pytest.param("alerts.py", f'post("{SLACK}")', id="Slack address in Python"),
        pytest.param("a.py", f'URL = "{URL}"', id="password in a URL"),
    ],
)
def test_secret_in_a_file_is_found(name: str, text: str) -> None:
    assert [finding.rule for finding in secrets_in(name, text)] == ["secret"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("deploy.yml", "    POLYGON_API_KEY: ${{ secrets.POLYGON_API_KEY }}", id="secret of CI"),
        pytest.param("deploy.yml", "permissions:\n  id-token: write", id="permission"),
        pytest.param("profiles.yml", "password: \"{{ env_var('SNOWFLAKE_PASSWORD', '') }}\"", id="environment in dbt"),
        pytest.param(
            "compose.yaml", "  AIRFLOW__API_AUTH__JWT_SECRET: ${JWT_SECRET:?set it}", id="environment in compose"
        ),
        pytest.param("compose.yaml", "  POSTGRES_PASSWORD_FILE: /run/secrets/postgres", id="file in compose"),
        pytest.param(".env.example", "POLYGON_API_KEY=", id="empty"),
        pytest.param("deploy.yml", "  # No key and no password: a token says it", id="comment in yaml"),
        pytest.param("README.md", "The token: a word that proves who one is", id="prose"),
    ],
)
def test_place_for_a_secret_is_none(name: str, text: str) -> None:
    assert secrets_in(name, text) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x = '$$'", id="dollar quotes"),
        pytest.param("# costs $$", id="dollar quotes in a comment"),
        pytest.param("text = f'{{x}}'", id="braces of an f-string"),
        pytest.param("text = '{% if %}'", id="tag"),
        pytest.param("x = {#'a'\n}", id="comment of Jinja"),
    ],
)
def test_python_that_does_not_survive_inlining_is_found(body: str) -> None:
    assert inlined.problems(f"# {{% raw %}}\n{body}\n# {{% endraw %}}\n")


def test_python_without_its_frame_is_found() -> None:
    assert inlined.problems("x = 1\n# {% endraw %}\n")
    assert inlined.problems("# {% raw %}\nx = 1\n")
    assert inlined.problems("# {% raw %}\nx = {'a': 1}\n# {% endraw %}\n") == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("page.wait_for_function('window.ready')", id="poll by eval"),
        pytest.param("phone.page.main_frame.wait_for_function('x', timeout=5)", id="poll of a frame"),
        pytest.param("wait = page.wait_for_function", id="by another name"),
        pytest.param("getattr(page, 'wait_for_function')('x')", id="by its name as text"),
        pytest.param("page.wait_for_timeout(2000)", id="fixed pause"),
        pytest.param("page.wait_for_load_state('networkidle')", id="quiet network"),
    ],
)
def test_wait_of_a_browser_script_that_depends_on_luck_is_found(line: str) -> None:
    assert [finding.line for finding in waits("scripts/x.py", f"# a script\n{line}\n")] == [2]


def test_wait_for_what_the_page_shows_is_none() -> None:
    text = '"""No wait_for_function here."""\nexpect(page.locator("h1")).to_have_text("x")\nuntil(page, "x", bool)\n'
    assert list(waits("tests/browser/test_x.py", text)) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param("session.use_schema('raw')", "uses session.use_schema", id="use"),
        pytest.param("session.query_tag = 'x'", "uses session.query_tag", id="query tag"),
        pytest.param("session.file.get_stream('@raw.landing/x')", "uses session.file", id="get"),
        pytest.param("session.table('x').cache_result()", "uses session.table", id="temporary table"),
        pytest.param("session.connection.cursor()", "uses session.connection", id="connection"),
        pytest.param("SnowflakeFile.open(name)", "opens a file with ", id="scoped URL"),
        pytest.param("SnowflakeFile.open(name, 'r', require_scoped_url=False)", "opens a file with 'r'", id="text"),
        pytest.param("SnowflakeFile.open(name, 'rb', is_owner_file=True)", "is_owner_file=True", id="deprecated"),
        pytest.param("SnowflakeFile.open_new_result('w')", "uses SnowflakeFile.open_new_result", id="write"),
        pytest.param("from snowflake.snowpark.functions import lit", "imports lit", id="functions"),
        pytest.param("from snowflake.snowpark.files import SnowflakeFile, x", "imports x", id="more of a module"),
        pytest.param("import boto3", "imports boto3", id="a package"),
        pytest.param("from os import environ", "imports environ of os", id="environment"),
    ],
)
def test_python_beyond_owners_rights_is_found(body: str, problem: str) -> None:
    (found,) = owners_rights.problems(f"import json\n\n{body}\n")
    assert found.startswith("line 3: ")
    assert problem in found


def test_python_within_owners_rights_passes() -> None:
    source = "rows = session.sql(x).collect()\nSnowflakeFile.open(name, 'rb', require_scoped_url=False)\n"
    assert owners_rights.problems(source) == []
