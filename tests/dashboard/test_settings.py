"""Settings: read from the environment only; a bad one gives one line that names the variable."""

from __future__ import annotations

import pytest

from dashboard.settings import SettingsError, WarehouseSettings, behind_proxy

GOOD = {"SNOWFLAKE_ACCOUNT": "acme-one", "SNOWFLAKE_USER": "reader", "SNOWFLAKE_PASSWORD": "s3cret"}


def test_three_variables_are_enough_and_the_database_has_a_default() -> None:
    settings = WarehouseSettings.from_env(GOOD)
    assert (settings.account, settings.user, settings.database) == ("acme-one", "reader", "SNOWTAPE")
    assert settings.address == "account acme-one"


def test_a_password_is_never_in_the_text_of_the_settings() -> None:
    assert "s3cret" not in repr(WarehouseSettings.from_env(GOOD))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        pytest.param("SNOWFLAKE_ACCOUNT", "", "is not set", id="no-account"),
        pytest.param("SNOWFLAKE_USER", " ", "is not set", id="blank-user"),
        pytest.param("SNOWFLAKE_PASSWORD", "", "is not set", id="no-password-and-no-key"),
        pytest.param("SNOWFLAKE_PORT", "80a", "'80a'", id="port-not-a-number"),
        pytest.param("SNOWFLAKE_PORT", "70000", "'70000'", id="port-too-high"),
        pytest.param("SNOWFLAKE_PROTOCOL", "ftp", "'ftp'", id="protocol"),
        pytest.param("SNOWFLAKE_DATABASE", "a; drop", "'a; drop'", id="database-not-an-identifier"),
        pytest.param("SNOWFLAKE_PRIVATE_KEY_FILE", "/no/such/key", "'/no/such/key'", id="key-file-missing"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_the_variable(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        WarehouseSettings.from_env({**GOOD, name: value})
    text = str(caught.value)
    assert text.startswith(name)
    assert says in text
    assert "\n" not in text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("value", "verdict"), [("true", True), ("TRUE", True), ("false", False), ("", False)], ids=repr
)
def test_behind_a_proxy_is_said_in_plain_words(value: str, verdict: bool) -> None:
    assert behind_proxy({"SNOWTAPE_BEHIND_PROXY": value}) is verdict


def test_a_word_that_says_neither_is_refused() -> None:
    with pytest.raises(SettingsError, match="SNOWTAPE_BEHIND_PROXY is 'maybe'"):
        behind_proxy({"SNOWTAPE_BEHIND_PROXY": "maybe"})
