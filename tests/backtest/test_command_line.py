"""`python -m backtest`: the page's example as it is printed there, its report, and every setting that can't be run."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtest import found
from backtest.__main__ import Read, main
from backtest.engine import Costs
from backtest.prices import from_bars
from backtest.strategies import SmaCrossover, Strategy, targets
from backtest.study import Setup, run

PAGE = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text()
EXAMPLE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
ENTRY_POINT = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]


def frame(seed: int) -> pd.DataFrame:
    """Bars as queries/bars.sql has them."""
    random = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(random.normal(0.0004, 0.015, 400)))
    opened = close * np.exp(random.normal(0, 0.004, 400))
    return pd.DataFrame(
        {
            "session_date": pd.bdate_range("2025-01-02", periods=400).date, "adjusted_open_usd": opened,
            "adjusted_high_usd": np.maximum(opened, close) * 1.01, "adjusted_low_usd": np.minimum(opened, close) * 0.99,
            "adjusted_close_usd": close, "total_return_close_usd": close, "adjusted_volume_shares": 1e6,
        }
    )  # fmt: skip


BARS = {"AAPL": Read(frame(1), False), "MSFT": Read(frame(2), False), "SIM1": Read(frame(3), False, "synthetic")}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's example, saved where the command is run."""
    (tmp_path / "turn_of_month.py").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield tmp_path  # type: ignore[misc]
    sys.modules.pop("turn_of_month", None)
    found.strategies.cache_clear()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments, BARS.get) == 2
    return capsys.readouterr().err


def test_printed_figures_are_the_engines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["aapl", "MSFT", "--set", "fast=10", "--commission-bps", "1"], BARS.get) == 0
    printed = capsys.readouterr().out
    prices = from_bars({"AAPL": BARS["AAPL"].frame, "MSFT": BARS["MSFT"].frame})
    equity = run(prices, SmaCrossover(10, 50), Setup(Costs(1, 5))).equity()
    assert "SMA crossover on AAPL, MSFT" in printed
    assert f"{equity.iloc[-1]:,.2f}" in re.search(r"Final equity, USD.*", printed)[0]  # type: ignore[index]
    assert "Best of" not in printed
    assert "Deflated Sharpe ratio" in printed


@pytest.mark.usefixtures("written")
def test_example_of_the_page_runs_as_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    command = next(line for line in PAGE.splitlines() if "turn_of_month:TurnOfMonth --set" in line)
    assert main(command.split()[3:], BARS.get) == 0
    assert "Parameters: from_day 26, to_day 3" in capsys.readouterr().out
    assert Path("turn.html").read_text().startswith("<!doctype html>")


def test_example_is_long_on_the_days_that_it_says(written: Path) -> None:
    import turn_of_month  # type: ignore[import-not-found]

    prices = from_bars({"AAPL": BARS["AAPL"].frame})
    days = prices.sessions.day
    expected = ((days >= 26) | (days <= 4)).astype(int)
    assert targets(turn_of_month.TurnOfMonth(), prices, is_long_only=True)[:, 0].tolist() == expected.tolist()


def test_strategy_of_an_installed_package_is_found_by_its_entry_point(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = written / "turn_of_month-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: turn-of-month\nVersion: 1.0\n")
    section, entry = ENTRY_POINT.strip().splitlines()
    assert section == f'[project.entry-points."{found.GROUP}"]'
    (package / "entry_points.txt").write_text(f"[{found.GROUP}]\n{entry.replace(chr(34), '')}\n")
    found.strategies.cache_clear()
    assert list(found.strategies())[-1] == "turn"
    assert main(["--list"]) == 0
    assert "--set to_day=4   To day of the month, 1 to 14" in capsys.readouterr().out
    assert main(["AAPL", "--strategy", "turn"], BARS.get) == 0


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x = nothing:Here", "could not be imported: ModuleNotFoundError"),
        ("x = turn_of_month:pd", "is not a strategy; expected a frozen dataclass"),
        ("x = backtest.strategies:SmaCrossover", "is 'sma'; expected one that no other strategy has"),
    ],
)
def test_entry_point_that_cannot_be_used_is_named(written: Path, line: str, problem: str) -> None:
    package = written / "planted-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[{found.GROUP}]\n{line}\n")
    found.strategies.cache_clear()
    with pytest.raises(found.StrategyError, match="ntry point x ") as refusal:
        found.strategies()
    assert problem in str(refusal.value)


class Links(HTMLParser):
    """What a page would load, and what its tags are."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]


def test_report_is_one_file_without_script_or_network_and_says_whose_data_it_is(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    given = [
        "SIM1",
        "--long-short",
        "--borrow-pct",
        "2",
        "--stop-pct",
        "5",
        "--benchmark",
        "MSFT",
        "--html",
        str(report),
    ]
    assert main(given, BARS.get) == 0
    text = report.read_text()
    page = Links()
    page.feed(text)
    assert page.loads == []
    assert "script" not in page.tags
    assert "url(" not in text
    assert page.tags.count("svg") == 2
    assert "These are synthetic data, not market quotes." in text
    assert "--borrow-pct 2, " in text
    assert "Hold MSFT" in text
    assert "stop" in re.findall(r"<td>(\w+)</td></tr>", text)


def test_range_is_what_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["AAPL", "--from", "2025-06-02", "--to", "2025-12-31"], BARS.get) == 0
    assert "Sessions: 153, from 2025-06-02 to 2025-12-31" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["NOSUCH"], "NOSUCH has no bars; expected a ticker that the marts know"),
        ([], "No ticker is named"),
        (["AAPL", "--strategy", "magic"], "--strategy is 'magic'; expected one of sma, momentum"),
        (["AAPL", "--strategy", "nothing:Here"], "expected module:Class that can be imported"),
        (["AAPL", "--set", "fats=3"], "--set is 'fats=3'; expected NAME=VALUE with fast, slow"),
        (["AAPL", "--set", "fast=x"], "--set fast is 'x'; expected a number such as 20"),
        (["AAPL", "--set", "fast=60"], "--set fast must be less than slow"),
        (["AAPL", "--borrow-pct", "-1"], "--borrow-pct must be from 0 to 100, not -1"),
        (["AAPL", "--stop-pct", "nan"], "--stop-pct must be from 0 to 1000, not nan"),
        (["AAPL", "--from", "2031-01-01"], "The range has 0 sessions; expected at least 3"),
        (["AAPL", "--from", "2026-02-01", "--to", "2026-01-01"], "--from must not be after 2026-01-01"),
        (["AAPL", "--benchmark", "NOSUCH"], "NOSUCH has no bars"),
    ],
)
def test_setting_that_cannot_be_run_is_said_in_the_words_of_the_command_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert said in refused(capsys, *arguments)


PLANTED = '''
from dataclasses import dataclass
from backtest.strategies import Strategy

@dataclass(frozen=True)
class Planted(Strategy):
    """A mistake."""

    title = "Planted"
    name = "planted"

    def signals(self, bars):
        close = bars.close_usd
        return {body}
'''


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("(close.shift(-1) > close).astype(float)", "planted looks ahead: its target at the close of 2025-"),
        ("(close > close.mean()).astype(float)", "planted looks ahead"),
        ("close * 0 + 0.5", "returned 0.5; expected -1, 0, 1 or NaN"),
        ("close.iloc[1:] * 0", "returned a frame of 399 x 1; expected a frame of 400 x 1"),
        ("1", "returned int; expected a frame of 400 x 1"),
    ],
)
def test_strategy_that_looks_ahead_or_returns_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: str, said: str
) -> None:
    (tmp_path / "planted_strategy.py").write_text(PLANTED.format(body=body))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    try:
        assert said in refused(capsys, "AAPL", "--strategy", "planted_strategy:Planted")
    finally:
        sys.modules.pop("planted_strategy", None)


def test_built_in_strategies_do_not_look_ahead() -> None:
    prices = from_bars({ticker: each.frame for ticker, each in BARS.items()})
    for kind in found.strategies().values():
        assert found.first_look_ahead(kind(), prices) is None


def test_base_class_alone_is_no_strategy() -> None:
    with pytest.raises(found.StrategyError, match="expected up to 31 small letters"):
        found.check(Strategy, "It")
