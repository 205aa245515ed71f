"""The map of the market and the history of its breadth, as Plotly figures that name colours by the page's variables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard.data.home import greatest
from dashboard.data.market import as_date

# The most traded are tiles of their own; the rest of a type is one tile.
MOST_TILES = 150
# A move of so much, per cent, has the full colour.
FULL_COLOUR_PCT = 4.0
# The vendor's codes of types (/v3/reference/tickers/types).
TYPES = {
    "CS": "Common stocks", "PFD": "Preferred stocks", "WARRANT": "Warrants", "RIGHT": "Rights", "BOND": "Bonds",
    "ETF": "ETFs", "ETN": "ETNs", "ETV": "ETVs", "ETS": "Single-security ETFs", "SP": "Structured products",
    "ADRC": "ADRs", "ADRP": "Preferred ADRs", "ADRW": "ADR warrants", "ADRR": "ADR rights", "FUND": "Funds",
    "BASKET": "Baskets", "UNIT": "Units", "LT": "Liquidating trusts", "OS": "Ordinary shares",
    "GDR": "GDRs", "AGEN": "Agency bonds", "EQLK": "Equity-linked bonds", "INDEX": "Indices", "OTHER": "Other",
}  # fmt: skip
UNKNOWN_TYPE = "Type unknown"


def type_name(code: Any) -> str:
    """The name of a security's type; a code that isn't listed is its own name."""
    return UNKNOWN_TYPE if code is None or pd.isna(code) or not code else TYPES.get(str(code), str(code))


def tiles(market: pd.DataFrame) -> pd.DataFrame:
    """What the map shows: `group`, `label`, `ticker` ("" for the rest of a type), `dollars` (average a day) and `move`
    (per cent; None: unknown).

    The MOST_TILES most traded securities a row each, and a row for the rest of each type, whose move is weighted by
    dollars.
    """
    column = "average_dollar_volume_20d_usd"
    known = market[market[column] > 0]
    known = known.assign(group=[type_name(code) for code in known["security_type"]])
    shown = greatest(known, column, MOST_TILES)
    rows = [
        (str(row.group), str(row.ticker), str(row.ticker), float(row.dollars), float(row.move))
        for row in shown.rename(columns={column: "dollars", "simple_return_pct": "move"}).itertuples()
    ]
    for group, rest in known.drop(index=shown.index).groupby("group"):
        moved = rest[rest["simple_return_pct"].notna()]
        weight = moved[column].sum()
        move = float((moved["simple_return_pct"] * moved[column]).sum() / weight) if weight else float("nan")
        rows.append((str(group), f"{len(rest):,} others", "", float(rest[column].sum()), move))
    frame = pd.DataFrame(rows, columns=["group", "label", "ticker", "dollars", "move"])
    return frame.astype({"move": object}).where(frame.notna(), None)


def map_figure(frame: pd.DataFrame) -> dict[str, Any]:
    """A treemap of `tiles`: area is dollars, colour the session's move; one level less where there is one type only."""
    groups = list(dict.fromkeys(frame["group"])) if frame["group"].nunique() > 1 else []
    sums = frame.groupby("group")["dollars"].sum()
    ids = [*groups, *[f"{row.group}/{row.label}" for row in frame.itertuples()]]
    labels = [*groups, *frame["label"]]
    parents = ["" for _ in groups] + [row.group if groups else "" for row in frame.itertuples()]
    moves: list[Any] = [None for _ in groups] + list(frame["move"])
    said = ["" if move is None else f"{move:+z.2f}%".replace("-", "\N{MINUS SIGN}") for move in moves]
    trace = {
        "type": "treemap", "ids": ids, "labels": labels, "parents": parents, "branchvalues": "total",
        "values": [*[float(sums[group]) for group in groups], *frame["dollars"]], "text": said,
        "customdata": [*["" for _ in groups], *frame["ticker"]],
        "texttemplate": "%{label}<br>%{text}", "hovertemplate":
            "%{label} %{text}<br>$%{value:.3s} a day, average of 20 sessions<extra></extra>",
        "marker": {
            "colors": [0 if move is None else move for move in moves], "cmid": 0, "cmin": -FULL_COLOUR_PCT,
            "cmax": FULL_COLOUR_PCT, "colorscale": [[0, "--st-map-down"], [0.5, "--st-map-flat"], [1, "--st-map-up"]],
            "line": {"width": 1, "color": "--st-surface"}, "pad": {"t": 20 if groups else 0, "l": 2, "r": 2, "b": 2},
            "showscale": False,
        },
        "textfont": {"color": "--st-ink", "size": 12}, "tiling": {"pad": 1}, "root": {"color": "--st-surface"},
        "pathbar": {"visible": False},
    }  # fmt: skip
    layout = {
        "meta": {"label": f"Map of {len(frame)} tiles by type and dollar volume, coloured by the session’s move"},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
    }
    return {"data": [trace], "layout": layout}


def breadth_figure(breadth: pd.DataFrame) -> dict[str, Any]:
    """A session a bar: advancers less decliners, per cent of the securities; a line for the share above SMA 200."""
    sessions = [str(as_date(session)) for session in breadth["session_date"]]
    net = 100 * (breadth["advancers"] - breadth["decliners"]) / breadth["securities"]
    above = 100 * breadth["above_sma_200"] / breadth["with_sma_200"].where(breadth["with_sma_200"] > 0)
    values = [round(float(value), 2) for value in net]
    bars = {
        "type": "bar", "name": "Advancers less decliners", "x": sessions, "y": values,
        "marker": {"color": ["--st-up" if value >= 0 else "--st-down" for value in values]},
        "hovertemplate": "%{y:+.1f}% of all securities<extra>Advancers less decliners</extra>",
    }  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "name": "Above SMA 200", "x": sessions,
        "y": [None if pd.isna(value) else round(float(value), 2) for value in above],
        "line": {"color": "--st-sma50", "width": 2},
        "hovertemplate": "%{y:.1f}% of those with 200 bars<extra>Above SMA 200</extra>",
    }  # fmt: skip
    # Few enough for a phone, and none at an edge, where it would be cut.
    ticks = [day for value in breadth["session_date"] if (day := as_date(value)) is not None][5::15]
    layout = {
        "meta": {"label": "Advancers less decliners and the share above SMA 200, by session"},
        "hovermode": "x unified", "bargap": 0.25, "margin": {"l": 44, "r": 8, "t": 8, "b": 40},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {
            "type": "category", "showgrid": False, "tickangle": 0, "tickvals": [str(day) for day in ticks],
            "ticktext": [f"{day.day} {day:%b}" for day in ticks],
        },
        "yaxis": {"ticksuffix": "%", "range": [-105, 105], "dtick": 50},
    }  # fmt: skip
    return {"data": [bars, line], "layout": layout}
