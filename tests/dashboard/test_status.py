"""`make status`: what it prints of a warehouse, and what it says when there is none."""

from __future__ import annotations

import pytest

from dashboard import status
from dashboard.data.door import Door
from dashboard.data.warehouse import Warehouse
from dashboard.settings import WarehouseSettings


def variables(settings: WarehouseSettings, **changed: str) -> dict[str, str]:
    """The environment of a process with these settings."""
    return {
        "SNOWFLAKE_ACCOUNT": settings.account,
        "SNOWFLAKE_USER": settings.user,
        "SNOWFLAKE_PASSWORD": str(settings.password),
        "SNOWFLAKE_DATABASE": settings.database,
        "SNOWFLAKE_HOST": str(settings.host),
        "SNOWFLAKE_PORT": str(settings.port),
        "SNOWFLAKE_PROTOCOL": "http",
    } | changed


def run(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> int:
    for name in ("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_PRIVATE_KEY_FILE", "SNOWFLAKE_ROLE", "SNOWFLAKE_WAREHOUSE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return status.main()


def test_report_has_sessions_ledger_build_and_health(
    seeded_settings: WarehouseSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, variables(seeded_settings)) in (0, 1)

    told = capsys.readouterr().out
    assert [line for line in told.splitlines()[2:] if line and not line.startswith(" ")] == [
        "Sessions", "Ledger", "Newest build", "Health",
    ]  # fmt: skip
    (build,) = [line.split() for line in told[told.index("Newest build") :].splitlines()[2:3]]
    assert build[2:] == ["60", "60", "1", "2"]  # seconds and models of the seed's only build
    assert {"stock_bars", "option_bars", "stocks"} <= set(told.split())


def test_report_counts_what_the_ledger_has(seeded: Warehouse) -> None:
    lines, _ = status.report(Door(seeded))
    ledger = lines[lines.index("Ledger") + 2 : lines.index("Newest build") - 1]

    counted = {line.split()[0]: int(line.split()[1].replace(",", "")) for line in ledger}
    loads = seeded.run("loads", {"rows": 1000})
    assert counted == loads.groupby("family").size().to_dict()


def test_a_warehouse_that_is_away_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = WarehouseSettings("local", "nobody", "x", host="127.0.0.1", port=9, protocol="http")

    assert run(monkeypatch, variables(nobody)) == 2
    said = capsys.readouterr().err
    assert said.startswith("status: ")
    assert "127.0.0.1" in said
    assert said.count("\n") == 1


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, {}) == 2
    assert capsys.readouterr().err.startswith("status: SNOWFLAKE_ACCOUNT is not set; expected ")


def test_a_database_without_marts_is_said(
    seeded_settings: WarehouseSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, variables(seeded_settings, SNOWFLAKE_DATABASE="NOT_DEPLOYED")) in (1, 2)
    said = capsys.readouterr()
    assert "NOT_DEPLOYED" in said.out + said.err


def test_columns_are_as_wide_as_their_longest_text_and_numbers_are_aligned_right() -> None:
    rows = iter([("stocks", "7"), ("options", "1,234")])

    assert status.table("Ledger", ("family", "rows"), rows) == [
        "Ledger",
        "  family    rows",
        "  stocks       7",
        "  options  1,234",
        "",
    ]
    assert status.table("Ledger", ("family",), iter([])) == ["Ledger", "  family", "  –", ""]
