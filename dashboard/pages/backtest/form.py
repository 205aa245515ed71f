"""The form of the back-test and its names in the address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import dash_mantine_components as dmc
from dash import html

from backtest.engine import COST_BPS, SLIPPAGE_BPS, Costs
from backtest.found import strategies
from backtest.rules import Exits, Sizing
from backtest.strategies import ParameterError, Strategy
from backtest.study import Setup
from dashboard.pages import parts
from dashboard.pages.address import Param
from dashboard.pages.backtest import more
from dashboard.pages.chart.page import parse_day
from dashboard.pages.chart.toolbar import segments

MOST_TICKERS = 20
# The built-in ones and those of installed packages; another one needs a restart.
STRATEGIES = strategies()
COST_LABELS = {"commission_bps": "Commission, bp,", "slippage_bps": "Slippage, bp,"}
SETUP_LABELS = COST_LABELS | {name: f"{label}," if "," in label else label for name, label in more.LABELS.items()}
NO_OTHER = "none"
DIRECTIONS = {"long": "Long only", "both": "Long/short"}
RETURNS = {"price": "Price", "total": "Dividends reinvested"}
BARS = {"today": "As restated today", "then": "As known then"}
FIGURES = {"sharpe": "Sharpe", "cagr_pct": "CAGR", "max_drawdown_pct": "Drawdown"}
# Parameters as text: an empty field is the default, and a hostile one is refused by name.
_INPUTS = [(name, field) for name, kind in STRATEGIES.items() for field in fields(kind)]

PARAMS = (
    Param("ticker", "backtest-ticker", "text", prop="data", is_written=False),
    Param("session", "backtest-session", "date", "", prop="data", is_written=False),
    Param("with", "backtest-with", "tickers", [], most=MOST_TICKERS - 1),
    Param("strategy", "backtest-strategy", "one", "sma", allowed=tuple(STRATEGIES)),
    Param("against", "backtest-against", "one", NO_OTHER, allowed=(NO_OTHER, *STRATEGIES)),
    Param("direction", "backtest-direction", "one", "long", allowed=tuple(DIRECTIONS)),
    Param("returns", "backtest-returns", "one", "price", allowed=tuple(RETURNS)),
    Param("bars", "backtest-bars", "one", "today", allowed=tuple(BARS)),
    Param("figure", "backtest-figure", "one", "sharpe", allowed=tuple(FIGURES)),
    Param("cost", "backtest-cost", "text", "", most=12),
    Param("slippage", "backtest-slippage", "text", "", most=12),
    *[Param(f"{name}_{field.name}", f"backtest-{name}-{field.name}", "text", "", most=12) for name, field in _INPUTS],
    *more.PARAMS,
)


def parse(text: Any, default: Any, name: str) -> float:
    """A field's number, the default when empty; ParameterError names the field that holds none."""
    said = str(text if text is not None else "").strip()
    if not said:
        return default
    try:
        return int(said) if isinstance(default, int) else float(said)
    except ValueError:
        kind = "whole number" if isinstance(default, int) else "number"
        raise ParameterError(name, f"must be a {kind}, not “{said[:12]}”") from None


def chosen(name: str, values: dict[str, Any]) -> Strategy:
    """The strategy with the address's parameters; raises ParameterError in the words of the screen."""
    kind = STRATEGIES[name]
    with on_screen({each.name: f"{kind.title}, {each.metadata['label']}," for each in fields(kind)}):
        return kind(
            **{each.name: parse(values.get(f"{name}_{each.name}"), each.default, each.name) for each in fields(kind)}
        )


def setup(values: dict[str, Any]) -> Setup:
    """Costs, direction, range, sizes and exits of the address; raises ParameterError in the words of the screen."""

    def number(name: str, parameter: str) -> Any:
        return parse(values.get(name), more.NUMBERS[name][1], parameter)

    size = values.get("size")
    with on_screen(SETUP_LABELS):
        return Setup(
            Costs(
                parse(values.get("cost"), 5.0, "commission_bps"),
                parse(values.get("slippage"), 5.0, "slippage_bps"),
                number("borrow", "borrow_pct"),
            ),
            is_long_only=values.get("direction") != "both",
            sizing=Sizing(
                size if size in more.SIZES else more.EQUAL,
                number("target", "volatility_pct"),
                number("fraction", "fraction_pct"),
            ),
            exits=Exits(number("stop", "stop_pct"), number("profit", "take_profit_pct")),
            rebalance_sessions=number("rebalance", "rebalance_sessions"),
            first=parse_day(values.get("from")),
            last=parse_day(values.get("to")),
        )


@contextmanager
def on_screen(labels: Mapping[str, str]) -> Iterator[None]:
    """ParameterErrors with the labels of the form in place of the parameters' names."""
    try:
        yield
    except ParameterError as error:
        said = re.sub(r"[a-z_]+", lambda word: labels.get(word[0], word[0]).removesuffix(","), error.said)
        raise ParameterError(labels[error.parameter], said) from None


def form() -> html.Section:
    """All controls."""
    titles = [{"value": name, "label": kind.title} for name, kind in STRATEGIES.items()]
    none = {"value": NO_OTHER, "label": "nothing else"}
    groups = [_group(name, kind) for name, kind in STRATEGIES.items() if fields(kind)]
    return html.Section(
        [
            _row(
                _select("backtest-strategy", "Strategy", titles, "sma"),
                _select("backtest-against", "Compare with", [none, *titles], NO_OTHER),
                _basket(),
            ),
            _row(*groups),
            _row(
                segments("backtest-direction", DIRECTIONS, "long", "Long only, or long and short"),
                segments("backtest-returns", RETURNS, "price", "Price, or dividends reinvested"),
                segments("backtest-bars", BARS, "today", "Bars as restated today, or as known at each close"),
                _number("backtest-cost", COST_LABELS["commission_bps"].removesuffix(","), 5.0, COST_BPS),
                _number("backtest-slippage", COST_LABELS["slippage_bps"].removesuffix(","), 5.0, SLIPPAGE_BPS),
            ),
            more.more(),
        ],
        className="st-panel st-backtest-form",
        **parts.attrs({"aria-label": "Back-test settings"}),
    )


def _row(*children: Any) -> html.Div:
    return html.Div(list(children), className="st-toolbar-row")


def _select(control: str, label: str, data: list[dict[str, str]], value: str) -> html.Label:
    return html.Label(
        [label, dmc.Select(id=control, data=data, value=value, size="xs", w=200, allowDeselect=False)],
        className="st-as-of-field",
    )


def _basket() -> html.Label:
    picker = dmc.MultiSelect(
        id="backtest-with", data=[], value=[], size="xs", searchable=True, clearable=True, hidePickedOptions=True,
        maxValues=MOST_TICKERS - 1, placeholder="Add tickers", className="st-compare", filter={"function": "keepAll"},
        renderOption={"function": "tickerOption"}, nothingFoundMessage="No ticker or name like that",
        clearButtonProps={"aria-label": "One ticker alone"},
    )  # fmt: skip
    return html.Label(["Basket with", picker], className="st-as-of-field st-backtest-basket")


def _group(name: str, kind: type[Strategy]) -> html.Div:
    boxes = [
        _number(
            f"backtest-{name}-{each.name}", each.metadata["label"], each.default,
            (each.metadata["least"], each.metadata["most"]),
        )
        for each in fields(kind)
    ]  # fmt: skip
    return html.Div(
        [html.Strong(kind.title), *boxes],
        id=f"backtest-{name}",
        className="st-toolbar-row",
        role="group",
        **parts.attrs({"aria-label": kind.title}),
    )


def _number(control: str, label: str, default: Any, bounds: tuple[float, float]) -> html.Label:
    box: Any = dmc.TextInput(
        id=control, value="", size="xs", w=64, debounce=400, placeholder=f"{default:g}",
        attributes={"input": {"inputMode": "decimal"}},
    )  # fmt: skip
    return html.Label([label, box], className="st-as-of-field", title=f"{bounds[0]:g} to {bounds[1]:g}")
