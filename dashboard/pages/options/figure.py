"""The options page's figures: pure plotly dictionaries that name colours by the page's variables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from dashboard.data.market import as_date

# An axis of volatilities shows this much at least, in points (1 % a year).
LEAST_SPREAD_PCT = 1.0
# Where a figure with a spot has its plots' upper end: the rest is for the spot's name.
TOP = 0.92


def smile(rows: pd.DataFrame, spot: float | None, fitted: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Implied volatility by strike, ours for calls and puts and the vendor's, with the spot and curves behind them.

    Volatilities of contracts out of the money alone: what is in the money is mostly intrinsic value, which hides them.
    """
    data: list[dict[str, Any]] = []
    outside = out_of_the_money(rows)
    for kind, colour, symbol in (("call", "--st-call", "circle"), ("put", "--st-put", "diamond")):
        quoted = outside[outside["contract_type"] == kind]
        volatility = quoted[quoted["implied_volatility_pct"].notna()]
        data.append(_points(f"{kind.title()}s", volatility, "implied_volatility_pct", colour, symbol, "lines+markers"))
        vendor = quoted[quoted["vendor_implied_volatility_pct"].notna()]
        data.append(_points(f"{kind.title()}s, vendor", vendor, "vendor_implied_volatility_pct", colour, "x-thin-open"))
    return volatility_figure([*data, *fitted], "Implied volatility by strike", "Implied volatility, %", spot)


def volatility_figure(data: list[dict[str, Any]], label: str, title: str, spot: float | None) -> dict[str, Any]:
    """Volatilities over strikes, with the spot."""
    layout = _layout("Strike, USD", label, spot_line(spot))
    _volatilities(layout, data, title)
    layout["yaxis"]["domain"] = [0, TOP]
    return {"data": data, "layout": layout}


def out_of_the_money(rows: pd.DataFrame) -> pd.DataFrame:
    """Calls with a strike at or above the underlying's close, puts at or below; all while that close is unknown."""
    strike, spot = rows["strike_usd"].astype(float), rows["underlying_close_usd"].astype(float)
    is_call = rows["contract_type"] == "call"
    return rows[spot.isna() | (is_call & (strike >= spot)) | (~is_call & (strike <= spot))]


def by_strike(rows: pd.DataFrame, spot: float | None) -> dict[str, Any]:
    """Open interest above, volume below, of calls and puts by strike, summed over the rows' expirations."""
    data = []
    for kind, colour in (("call", "--st-call"), ("put", "--st-put")):
        side = (
            rows[rows["contract_type"] == kind]
            .groupby("strike_usd", as_index=False)[["open_interest_contracts", "volume_contracts"]]
            .sum()
        )
        data.append(_bars(f"{kind.title()}s’ open interest", side, "open_interest_contracts", colour, "y"))
        data.append(_bars(f"{kind.title()}s’ volume", side, "volume_contracts", colour, "y2"))
    layout = _layout("Strike, USD", "Open interest and volume by strike", spot_line(spot))
    layout["yaxis"] |= {"domain": [0.49, TOP]} | _counted("Open interest", rows["open_interest_contracts"])
    layout["yaxis2"] = {"domain": [0, 0.43]} | _counted("Volume", rows["volume_contracts"])
    layout["xaxis"]["anchor"] = "y2"
    layout["meta"]["units"] = {"y": "contracts", "y2": "contracts"}
    return {"data": data, "layout": layout}


def term_structure(rows: pd.DataFrame, fitted: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """At-the-money implied volatility (mean of call and put) by calendar days to expiration, and curves beside it."""
    near = rows[rows["is_at_the_money"].fillna(False).astype(bool)]
    means = near.groupby("days_to_expiration", as_index=False)["implied_volatility_pct"].mean().dropna()
    trace = {
        "type": "scatter", "mode": "lines+markers", "name": "At the money, %",
        "x": means["days_to_expiration"].astype(int).tolist(), "y": means["implied_volatility_pct"].round(3).tolist(),
        "line": {"color": "--st-accent", "width": 2},
    }  # fmt: skip
    layout = _layout("Days to expiration", "At-the-money implied volatility by days to expiration")
    data = [trace, *fitted]
    _volatilities(layout, data)
    return {"data": data, "layout": layout}


def surface(rows: pd.DataFrame) -> dict[str, Any]:
    """Implied volatility over strike and days to expiration, of contracts out of the money."""
    outside = out_of_the_money(rows)
    known = outside[outside["implied_volatility_pct"].notna()]
    table = known.pivot_table(index="days_to_expiration", columns="strike_usd", values="implied_volatility_pct")
    limits = at_least(known["implied_volatility_pct"].tolist())
    trace = {
        "type": "heatmap", "meta": {"corner": "days to expiration \\ strike USD"}, "hoverongaps": False,
        "x": [float(strike) for strike in table.columns], "y": [str(int(days)) for days in table.index],
        "z": [[None if pd.isna(cell) else round(float(cell), 3) for cell in row] for row in table.to_numpy()],
        **({} if limits is None else {"zmin": limits[0], "zmax": limits[1]}),
        "colorscale": [[0, "--st-accent-soft"], [1, "--st-accent"]],
        "colorbar": {"title": {"text": "IV %"}, "thickness": 10, "outlinewidth": 0},
        "hovertemplate": "strike %{x}<br>%{y} days<br>%{z:.1f}%<extra></extra>",
    }  # fmt: skip
    layout = _layout("Strike, USD", "Implied volatility by strike and days to expiration")
    layout["yaxis"] |= {"type": "category", "title": {"text": "Days"}}
    return {"data": [trace], "layout": layout}


def ratio(rows: pd.DataFrame) -> dict[str, Any]:
    """Puts for each call, by volume and by open interest, session by session."""
    sessions = [str(as_date(session)) for session in rows["session_date"]]
    data = [
        by_session(name, sessions, rows[column], colour, dash)
        for column, name, colour, dash in (
            ("put_call_volume_ratio", "By volume", "--st-call", "solid"),
            ("put_call_open_interest_ratio", "By open interest", "--st-put", "dash"),
        )
    ]
    layout = _layout("Session", "Put/call ratio by session")
    layout["xaxis"] |= session_axis(sessions)
    layout["yaxis"] |= {"title": {"text": "Puts for each call"}, "rangemode": "tozero"}
    return {"data": data, "layout": layout}


def session_axis(sessions: list[str], most: int = 5) -> dict[str, Any]:
    """An axis of sessions without gaps, some of them named, so that the names stand level on a phone too."""
    step = max(1, -(-len(sessions) // most))
    named = sessions[len(sessions) - 1 :: -step][::-1]
    days = [date.fromisoformat(session) for session in named]
    is_long = bool(days) and days[0].year != days[-1].year
    said = [f"{day.day} {day:%b %y}" if is_long else f"{day.day} {day:%b}" for day in days]
    return {"type": "category", "tickmode": "array", "tickvals": named, "ticktext": said, "tickangle": 0}


def volatility(rows: pd.DataFrame) -> dict[str, Any]:
    """At-the-money volatility for 30 days against what the underlying did in 21 sessions, session by session."""
    sessions = [str(as_date(session)) for session in rows["session_date"]]
    data = [
        by_session("Implied, 30 days", sessions, rows["implied_pct"], "--st-accent", "solid"),
        by_session("Realised, 21 sessions", sessions, rows["realised_pct"], "--st-muted", "dash"),
    ]
    layout = _layout("Session", "Implied and realised volatility by session")
    _volatilities(layout, data, "Volatility, %")
    layout["xaxis"] |= session_axis(sessions)
    return {"data": data, "layout": layout}


def skew(rows: pd.DataFrame) -> dict[str, Any]:
    """The 25-delta risk reversal, session by session."""
    sessions = [str(as_date(session)) for session in rows["session_date"]]
    data = [by_session("Call less put, points", sessions, rows["risk_reversal_pct"], "--st-accent", "solid")]
    layout = _layout("Session", "25-delta risk reversal by session")
    _volatilities(layout, data, "Call less put, points")
    layout["xaxis"] |= session_axis(sessions)
    layout["yaxis"] |= {"zeroline": True}
    return {"data": data, "layout": layout}


def by_session(name: str, sessions: list[str], values: pd.Series, colour: str, dash: str) -> dict[str, Any]:
    """A line with a point for each session; a gap where there is no value."""
    known = [None if pd.isna(value) else round(float(value), 4) for value in values]
    return {
        "type": "scatter", "mode": "lines+markers", "name": name, "x": sessions, "y": known,
        "line": {"color": colour, "dash": dash, "width": 1.8}, "marker": {"size": 4},
    }  # fmt: skip


def _points(
    name: str, rows: pd.DataFrame, column: str, colour: str, symbol: str, mode: str = "markers"
) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": mode, "name": name, "x": rows["strike_usd"].astype(float).tolist(),
        "y": rows[column].astype(float).round(3).tolist(), "line": {"color": colour, "width": 1.8},
        "marker": {"color": colour, "symbol": symbol, "size": 7, "line": {"color": colour, "width": 1.2}},
    }  # fmt: skip


def _bars(name: str, rows: pd.DataFrame, column: str, colour: str, axis: str) -> dict[str, Any]:
    pattern = {"shape": "/", "size": 5} if colour == "--st-put" else {}  # a second sign besides the colour
    return {
        "type": "bar", "name": name, "x": rows["strike_usd"].astype(float).tolist(), "yaxis": axis,
        "y": rows[column].astype(float).fillna(0).tolist(), "showlegend": axis == "y",
        "marker": {"color": colour, "pattern": pattern},
    }  # fmt: skip


def _counted(title: str, contracts: pd.Series) -> dict[str, Any]:
    """An axis of contracts from zero; where none is known (an old session) it says so and has no labels."""
    most = contracts.astype(float).max()
    if not most > 0:  # NaN isn't either
        said = "none recorded" if contracts.isna().all() else "none"
        return {"title": {"text": f"{title}: {said}"}, "range": [0, 1], "showticklabels": False}
    fine = {"dtick": 1} if most < 5 else {}
    return {"title": {"text": title}, "rangemode": "tozero", "tickformat": ".2~s", **fine}


def spot_line(spot: float | None) -> dict[str, Any]:
    """A line at the underlying's close behind the data, and its name above the plots, where no data is."""
    if spot is None:
        return {"shapes": [], "annotations": []}
    line = {
        "type": "line", "xref": "x", "x0": spot, "x1": spot, "yref": "paper", "y0": 0, "y1": TOP, "layer": "below",
        "line": {"color": "--st-muted", "dash": "dot", "width": 1},
    }  # fmt: skip
    name = {
        "text": f"spot {spot:,.2f}", "x": spot, "xref": "x", "y": TOP, "yref": "paper", "yanchor": "bottom",
        "showarrow": False, "borderpad": 0,
    }  # fmt: skip
    return {"shapes": [line], "annotations": [name]}


def at_least(values: list[float | None], spread: float = LEAST_SPREAD_PCT) -> list[float] | None:
    """The range of an axis of volatilities that differ by less than `spread`; None where the axis finds its own.

    A curve from 18.65 to 18.8 would fill the plot otherwise and look like a storm.
    """
    known = [value for value in values if value is not None and not pd.isna(value)]
    if not known or max(known) - min(known) >= spread:
        return None
    middle = (max(known) + min(known)) / 2
    return [round(middle - 0.6 * spread, 4), round(middle + 0.6 * spread, 4)]


def _volatilities(layout: dict[str, Any], data: list[dict[str, Any]], title: str = "Implied volatility, %") -> None:
    """Name the axis of volatilities, and keep it from showing less than a point."""
    values = [value for trace in data if trace["type"] == "scatter" for value in trace["y"]]
    layout["yaxis"] |= {"title": {"text": title}}
    if (limits := at_least(values)) is not None:
        layout["yaxis"]["range"] = limits


def _layout(x: str, label: str, spot: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "meta": {"label": label}, "bargap": 0.3, "hovermode": "x unified",
        "margin": {"l": 58, "r": 12, "t": 8, "b": 44}, "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"title": {"text": x}, "zeroline": False}, "yaxis": {"zeroline": False}, "shapes": [],
    } | (spot or {})  # fmt: skip
