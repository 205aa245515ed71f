"""Where the dashboard listens: on this machine only, unless a setting says that a proxy is in front of it."""

from __future__ import annotations

import pytest

from dashboard.__main__ import listen, main
from dashboard.settings import SettingsError

EVERYWHERE = ["0.0.0.0", "", "::"]


@pytest.mark.parametrize("host", EVERYWHERE, ids=repr)
def test_an_address_that_others_reach_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="expected an address of this machine only"):
        listen(host, 0)


@pytest.mark.parametrize("host", EVERYWHERE, ids=repr)
def test_behind_a_proxy_any_address_will_do(host: str) -> None:
    with listen(host, 0, anywhere=True) as listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_this_machine_needs_no_proxy(host: str) -> None:
    with listen(host, 0) as listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize(
    ("setting", "says"), [("", "--host is '0.0.0.0'"), ("maybe", "SNOWTAPE_BEHIND_PROXY is 'maybe'")]
)
def test_the_command_line_refuses_in_one_line_and_ends_with_2(
    setting: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ACCOUNT", "USER", "PASSWORD"):
        monkeypatch.setenv(f"SNOWFLAKE_{name}", "unused")
    monkeypatch.setenv("SNOWTAPE_BEHIND_PROXY", setting)

    assert main(["--host", "0.0.0.0", "--port", "0"]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
