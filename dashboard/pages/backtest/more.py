"""More settings of the back-test: range, benchmark, sizes, exits, borrowing; closed until somebody opens them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from backtest.engine import BORROW_PCT
from backtest.rules import EQUAL, EXIT_PCT, FRACTION, FRACTION_PCT, REBALANCE_SESSIONS, VOLATILITY, VOLATILITY_PCT
from dashboard.pages.address import Param
from dashboard.pages.chart.toolbar import segments

SIZES = {EQUAL: "Equal parts", VOLATILITY: "Volatility target", FRACTION: "Fixed fraction"}
# Name in the address: label, default, bounds, what an empty field means.
NUMBERS: dict[str, tuple[str, float, tuple[float, float], str]] = {
    "target": ("Volatility target, % a year", 10.0, VOLATILITY_PCT, "10"),
    "fraction": ("Fraction, % of equity", 10.0, FRACTION_PCT, "10"),
    "rebalance": ("Rebalance every, sessions", 0, REBALANCE_SESSIONS, "never"),
    "stop": ("Stop, % of entry", 0.0, EXIT_PCT, "none"),
    "profit": ("Take profit, % of entry", 0.0, EXIT_PCT, "none"),
    "borrow": ("Borrow cost, % a year", 0.0, BORROW_PCT, "0"),
}
# The engine's names of the parameters in the words of the screen.
LABELS = {
    "volatility_pct": NUMBERS["target"][0], "fraction_pct": NUMBERS["fraction"][0],
    "rebalance_sessions": NUMBERS["rebalance"][0], "stop_pct": NUMBERS["stop"][0],
    "take_profit_pct": NUMBERS["profit"][0], "borrow_pct": NUMBERS["borrow"][0], "first": "From",
}  # fmt: skip
HINTS = {
    "stop": "Sold at the open after a close that is so far against the entry; back when the signal has changed",
    "profit": "Sold at the open after a close that is so far for the entry; back when the signal has changed",
    "rebalance": "Sizes anew also without a change of the signal",
    "target": "A position’s slot × target ÷ the ticker’s own volatility of 63 sessions, at most all",
    "fraction": "The part of the equity that each position gets",
    "borrow": "Paid for each session that begins with a short position, on its value at the close before",
}

PARAMS = (
    Param("from", "backtest-from", "date", ""),
    Param("to", "backtest-to", "date", ""),
    Param("benchmark", "backtest-benchmark", "text", "", most=32),
    Param("size", "backtest-size", "one", EQUAL, allowed=tuple(SIZES)),
    *[Param(name, f"backtest-{name}", "text", "", most=12) for name in NUMBERS],
)


def more() -> html.Details:
    """The controls, behind a line that says how many are in use."""
    return html.Details(
        [
            html.Summary("More settings", id="backtest-more"),
            _row(_date("from", "From"), _date("to", "To"), _benchmark(), _number("rebalance")),
            _row(
                segments("backtest-size", SIZES, EQUAL, "Size of positions"),
                html.Span(_number("target"), id="backtest-target-field"),
                html.Span(_number("fraction"), id="backtest-fraction-field"),
            ),
            _row(_number("stop"), _number("profit"), _number("borrow")),
        ],
        className="st-more",
    )


def in_use(values: Mapping[str, Any]) -> int:
    """How many of the settings are not as they are by default; a number of a size that is not chosen is not used."""
    idle = {"target": VOLATILITY, "fraction": FRACTION}
    return sum(
        values.get(param.name) not in (None, param.default)
        for param in PARAMS
        if idle.get(param.name, values.get("size")) == values.get("size")
    )


def register(app: Dash) -> None:
    """What the summary says, and which number belongs to the size that is chosen."""

    @app.callback(
        Output("backtest-more", "children"),
        Output("backtest-target-field", "style"),
        Output("backtest-fraction-field", "style"),
        *[Input(param.control, param.prop) for param in PARAMS],
    )
    def say(*values: Any) -> tuple[Any, ...]:
        named = {param.name: value for param, value in zip(PARAMS, values, strict=True)}
        count = in_use(named)
        hidden = {"display": "none"}
        return (
            f"More settings · {count} in use" if count else "More settings",
            {} if named["size"] == VOLATILITY else hidden,
            {} if named["size"] == FRACTION else hidden,
        )


def _row(*children: Any) -> html.Div:
    return html.Div(list(children), className="st-toolbar-row")


def _date(name: str, label: str) -> html.Label:
    box: Any = dmc.TextInput(
        id=f"backtest-{name}", value="", size="xs", debounce=400, className="st-date",
        attributes={"input": {"type": "date"}},
    )  # fmt: skip
    said = "The first session, at the earliest" if name == "from" else "The last session, at the latest"
    return html.Label([label, box], className="st-as-of-field", title=said)


def _benchmark() -> html.Label:
    box: Any = dmc.TextInput(
        id="backtest-benchmark", value="", size="xs", w=110, debounce=400, placeholder="the basket",
    )  # fmt: skip
    return html.Label(["Benchmark, ticker", box], className="st-as-of-field", title="Bought and held beside it")


def _number(name: str) -> html.Label:
    label, _, (least, most), empty = NUMBERS[name]
    box: Any = dmc.TextInput(
        id=f"backtest-{name}", value="", size="xs", w=64, debounce=400, placeholder=empty,
        attributes={"input": {"inputMode": "decimal"}},
    )  # fmt: skip
    return html.Label([label, box], className="st-as-of-field", title=f"{HINTS[name]}. {least:g} to {most:g}")
