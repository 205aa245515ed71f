"""The back-test's figures: pure plotly dictionaries that name colours by the page's variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from backtest.study import Sweep

# Name, values, colour, dash: a line is never told by its colour alone.
Line = tuple[str, pd.Series, str, str]
STYLES = (("--st-accent", "solid"), ("--st-sma20", "dash"), ("--st-muted", "dot"))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def lines(series: Sequence[tuple[str, pd.Series]], unit: str, label: str, *, fill: bool = False) -> dict[str, Any]:
    """Curves by session; `fill` shades the first one down to zero."""
    data = []
    for place, (name, values) in enumerate(series):
        colour, dash = STYLES[min(place, 2)]
        trace: dict[str, Any] = {
            "type": "scatter", "mode": "lines", "name": name,
            "x": [f"{session:%Y-%m-%d}" for session in values.index],
            "y": [None if np.isnan(value) else round(float(value), 4) for value in values],
            "line": {"color": colour, "dash": dash, "width": 1.8},
        }  # fmt: skip
        if fill and not place:
            trace |= {"fill": "tozeroy", "fillcolor": "--st-accent-soft"}
        data.append(trace)
    layout = _layout("Session", unit, label)
    layout["xaxis"]["type"] = "date"
    return {"data": data, "layout": layout}


def monthly(table: pd.DataFrame) -> dict[str, Any]:
    """Returns by year and month; the figure stands in each cell."""
    values = table.to_numpy(dtype=float)
    most = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0
    return _heat(
        values, list(MONTHS), [str(year) for year in table.index], "Return by month, per cent", "Month", "Year", ".1f",
        {"meta": {"corner": "Year; return by month, %"}, "zmin": -most, "zmax": most,
         "colorscale": [[0, "--st-down"], [0.5, "--st-surface"], [1, "--st-up"]]},
    )  # fmt: skip


def sweep(found: Sweep, labels: tuple[str, str], figure: str) -> dict[str, Any]:
    """One figure by two parameters."""
    columns, rows = ([f"{each:g}" for each in values] for values in (found.columns, found.rows))
    return _heat(
        found.value, columns, rows, f"{figure} by {labels[0]} and {labels[1]}", labels[1], labels[0], ".2f",
        {"colorscale": [[0, "--st-surface"], [1, "--st-accent"]]},
    )  # fmt: skip


def holdings(weights_pct: pd.DataFrame) -> dict[str, Any]:
    """A row a ticker, a column a session: what part of the equity it was, short below zero."""
    values = weights_pct.to_numpy(dtype=float).T
    most = float(np.abs(values).max(initial=0.0)) or 1.0
    trace = {
        "type": "heatmap", "x": [f"{session:%Y-%m-%d}" for session in weights_pct.index],
        "y": list(weights_pct.columns), "z": np.round(values, 2).tolist(), "ygap": 2, "showscale": False,
        "zmin": -most, "zmax": most, "meta": {"corner": "Ticker; part of equity, %"},
        "colorscale": [[0, "--st-down"], [0.5, "--st-surface"], [1, "--st-accent"]],
        "hovertemplate": "%{y} %{x}<br>%{z:.1f}%<extra></extra>",
    }  # fmt: skip
    layout = _layout("Session", "", "Part of the equity by ticker and session, per cent")
    layout["xaxis"]["type"], layout["yaxis"]["type"] = "date", "category"
    layout["yaxis"]["autorange"], layout["hovermode"] = "reversed", "closest"
    return {"data": [trace], "layout": layout}


def _heat(
    values: np.ndarray, xs: list[str], ys: list[str], label: str, x: str, y: str, form: str, scale: dict[str, Any]
) -> dict[str, Any]:
    cells = [[None if np.isnan(each) else round(float(each), 4) for each in row] for row in values]
    trace = {
        "type": "heatmap", "x": xs, "y": ys, "z": cells, "xgap": 2, "ygap": 2, "showscale": False,
        "text": [["" if each is None else format(each, form) for each in row] for row in cells],
        "texttemplate": "%{text}", "hoverongaps": False, "meta": {"corner": y},
        "hovertemplate": f"{y} %{{y}}<br>{x} %{{x}}<br>%{{z:.2f}}<extra></extra>", **scale,
    }  # fmt: skip
    layout = _layout(x, y, label)
    layout["xaxis"]["type"] = layout["yaxis"]["type"] = "category"
    layout["yaxis"]["autorange"] = "reversed"
    layout["hovermode"] = "closest"
    return {"data": [trace], "layout": layout}


def _layout(x: str, y: str, label: str) -> dict[str, Any]:
    return {
        "meta": {"label": label}, "hovermode": "x unified", "margin": {"l": 62, "r": 14, "t": 8, "b": 42},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"}, "xaxis": {"title": {"text": x}},
        "yaxis": {"title": {"text": y}},
    }  # fmt: skip
