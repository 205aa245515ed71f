"""The chart's controls, and their names in the address."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.pages import parts
from dashboard.pages.address import Param
from dashboard.pages.chart.figure import ADJUSTED, BASES, MOST_COMPARED, OVERLAYS, PANES

RANGES = {"1m": "1M", "3m": "3M", "6m": "6M", "ytd": "YTD", "1y": "1Y", "5y": "5Y", "max": "Max"}
SCALES = {"linear": "Linear", "log": "Log", "percent": "%"}

PARAMS = (
    Param("ticker", "chart-ticker", "text", prop="data", is_written=False),
    Param("session", "chart-session", "date", "", prop="data", is_written=False),
    Param("range", "chart-range", "one", "6m", allowed=tuple(RANGES)),
    Param("show", "chart-overlays", "many", ["sma20", "sma50"], allowed=tuple(OVERLAYS)),
    Param("panes", "chart-panes", "many", [], allowed=tuple(PANES)),
    Param("scale", "chart-scale", "one", "linear", allowed=tuple(SCALES)),
    Param("prices", "chart-basis", "one", ADJUSTED, allowed=tuple(BASES)),
    Param("compare", "chart-compare", "tickers", [], most=MOST_COMPARED),
    Param("asof", "chart-asof", "date", ""),
    Param("at", "chart-at", "time", "", prop="data"),
    Param("from", "", "date"),
    Param("to", "", "date"),
)


def toolbar() -> html.Div:
    """All controls, in two rows at desk width."""
    return html.Div(
        [
            html.Div(
                [
                    segments("chart-range", RANGES, "6m", "Range of sessions"),
                    segments("chart-scale", SCALES, "linear", "Scale of the price axis"),
                    segments("chart-basis", BASES, ADJUSTED, "Prices adjusted for splits, as traded, or total return"),
                    _compare(),
                    _as_of(),
                    html.Div(
                        [
                            parts.csv_button("chart-panel", "the visible bars"),
                            parts.png_button("chart-panel", "the chart"),
                        ],
                        className="st-tools",
                    ),
                ],
                className="st-toolbar-row",
            ),
            html.Div(
                [
                    chips(
                        "chart-overlays", {key: name for key, (name, *_rest) in OVERLAYS.items()}, ["sma20", "sma50"]
                    ),
                    html.Span(className="st-toolbar-gap"),
                    chips("chart-panes", PANES, []),
                ],
                className="st-toolbar-row",
            ),
        ],
        className="st-toolbar",
        role="group",
        **parts.attrs({"aria-label": "Chart settings"}),
    )


def segments(control: str, options: dict[str, str], value: str, label: str) -> dmc.SegmentedControl:
    """One of several, side by side."""
    return dmc.SegmentedControl(
        id=control,
        data=[{"value": key, "label": name} for key, name in options.items()],
        value=value,
        size="xs",
        withItemsBorders=False,
        className="st-segments",
        **parts.attrs({"aria-label": label}),
    )


def chips(control: str, options: dict[str, str], value: list[str]) -> dmc.ChipGroup:
    """Any of several; each carries its line's swatch."""
    return dmc.ChipGroup(
        [
            dmc.Chip([html.Span(className=f"st-swatch st-swatch-{key}"), name], value=key, size="xs", variant="outline")
            for key, name in options.items()
        ],
        id=control,
        multiple=True,
        value=value,
    )


def _compare() -> dmc.MultiSelect:
    return dmc.MultiSelect(
        id="chart-compare",
        className="st-compare",
        placeholder="Compare",
        searchable=True,
        clearable=True,
        hidePickedOptions=True,
        maxValues=MOST_COMPARED,
        size="xs",
        filter={"function": "keepAll"},
        renderOption={"function": "tickerOption"},
        nothingFoundMessage="No ticker or name like that",
        data=[],
        value=[],
        clearButtonProps={"aria-label": "Compare with none"},
        comboboxProps={"shadow": "md", "width": 300, "position": "bottom-start"},
        **parts.attrs({"aria-label": f"Compare with up to {MOST_COMPARED} tickers"}),
    )


def _as_of() -> html.Label:
    field: Any = dmc.TextInput(
        id="chart-asof", value="", size="xs", debounce=400, className="st-date", attributes={"input": {"type": "date"}}
    )
    return html.Label(["As of", field], className="st-as-of-field", title="Show only what was known on that day")
