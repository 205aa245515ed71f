"""The fitted surface: its curves beside the quotes and by themselves, and what can be said of each expiration.

Rows as in queries/volatility_surface.sql; the curve is `pricing.ssvi`'s. Fitted, not quoted, and labelled so.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from dash import html

from dashboard.data.door import Door
from dashboard.data.market import as_date
from dashboard.pages import format as fmt
from dashboard.pages import parts
from dashboard.pages.options.figure import volatility_figure
from dashboard.pages.options.find import Chain
from dashboard.pages.options.summary import Head, cell, table
from dashboard.pages.parts import attrs
from pricing.ssvi import Slice, total_variance

PANEL = "options-fitted"
NAME, BEYOND = "Fitted", "beyond the points"
REASONS = {
    "too_few_points": "fewer than five usable volatilities",
    "one_sided": "all strikes with a volatility on one side of the forward",
    "malformed": "the chain could not be read",
}
# How far a curve is drawn beyond its points, in the width that they have: farther out, nothing supports it.
REACH = 1 / 3
STEPS = 41
MOST_IN_LEGEND = 12
_HEADS: tuple[Head, ...] = (
    ("Expiration", "expiration", "The day on which the contracts expire; twice where some settle at the opening"),
    ("Days", "days", "Calendar days from the session"),
    ("Fitted IV %", "fitted volatility at the forward, %", "Fitted volatility at the forward, % a year"),
    (
        "Residual",
        "root-mean-square residual, points",
        "Root mean square of the points’ distances from the curve, in percentage points of volatility",
    ),
    ("Points", "points", "Out-of-the-money contracts that the curve was fitted to"),
    ("Outliers", "outliers", "Contracts so far from the others that they weigh nothing, such as stale closes"),
    ("Forward", "forward, USD", "The underlying’s close carried to the expiration by rate and dividends, USD"),
    (
        "Implied forward",
        "implied forward, USD",
        "Median of what calls and puts of one strike near the money imply, USD",
    ),
    ("Difference, bp", "implied forward less forward, basis points", "Implied forward less ours, hundredths of a %"),
    ("Pairs", "pairs", "How many pairs of call and put the implied forward is the median of; five at most"),
    ("Why no fit", "reason without a fit", "Why an expiration has no curve"),
)


def read_slices(door: Door, chain: Chain) -> pd.DataFrame:
    """An expiration a row, by time to expiration."""
    return door.read("volatility_surface", underlying=chain.underlying, session=chain.session)


def read_fitted(door: Door, chain: Chain) -> parts.Content:
    """The panel of all expirations: curves and table; where nothing is fitted, the table with the reasons."""
    slices = read_slices(door, chain)
    if slices.empty:
        return parts.message(
            parts.EMPTY, "No fitted surface", "The underlying has no close in this session, so there is no forward."
        )
    said = fitted_table(slices, chain)
    drawn = figure(slices, chain)
    if not drawn["data"]:
        return parts.Content(parts.EMPTY, said, chain.as_of)
    return parts.Content(parts.READY, said, chain.as_of, drawn)


def figure(slices: pd.DataFrame, chain: Chain) -> dict[str, Any]:
    """A curve for each expiration that has one: the later, the stronger; the chosen one thick."""
    fits = [row for _, row in slices.iterrows() if pd.isna(row["fit_reason"])]
    data: list[dict[str, Any]] = []
    for place, row in enumerate(fits):
        day = as_date(row["expiration_date"])
        strikes = chain.rows.loc[chain.rows["expiration_date"] == day, "strike_usd"].to_numpy(dtype=float)
        opacity = round(0.45 + 0.55 * (place + 1) / len(fits), 3)
        width = 3.2 if day == chain.expiration else 1.6
        data += curves(row, strikes, _named(slices, row, f"{day.day} {day:%b %Y}" if day else ""), "--st-accent", width)
        for trace in data[-2:]:
            del trace["legendgroup"]  # a legend of groups does not wrap
            trace |= {
                "opacity": opacity,
                "hovertemplate": "%{fullData.name}<br>%{x:.2f} USD: %{y:.2f} %<extra></extra>",
            }
    drawn = volatility_figure(
        data, "Fitted volatility by strike, an expiration a curve", "Fitted volatility, %", chain.spot
    )
    drawn["layout"]["hovermode"] = "closest"
    drawn["layout"]["legend"] |= {"itemclick": False, "itemdoubleclick": False}
    drawn["layout"]["showlegend"] = len(fits) <= MOST_IN_LEGEND  # beyond, hovering names a curve
    return drawn


def chosen_curves(slices: pd.DataFrame, chain: Chain) -> list[dict[str, Any]]:
    """The chosen expiration's curve, to be drawn with its quotes; nothing where there is no fit."""
    strikes = chain.expiring["strike_usd"].to_numpy(dtype=float)
    found: list[dict[str, Any]] = []
    for _, row in _of(slices, chain.expiration).iterrows():
        if pd.isna(row["fit_reason"]):
            found += curves(row, strikes, _named(slices, row, NAME), "--st-ink", 1.6)
    return found


def curves(row: pd.Series, strikes: np.ndarray, name: str, colour: str, width: float) -> list[dict[str, Any]]:
    """One slice as two traces: solid between its outermost points, dashed beyond them while there are strikes.

    Fitted volatility in % a year over USD, at the strikes and between them.
    """
    least, most = float(row["least_strike_usd"]), float(row["most_strike_usd"])
    reach = (most / least) ** REACH
    low = min(max(float(strikes.min()), least / reach), least)
    high = max(min(float(strikes.max()), most * reach), most)
    between = np.round(np.geomspace(low, high, STEPS), 2)
    x = np.unique(np.concatenate([strikes, between, [least, most]]))
    x = x[(x >= low) & (x <= high)]
    y = np.round(volatility_pct(row, x), 3)
    is_inside = (x >= least) & (x <= most)
    # Both have the outermost points, so that they meet.
    is_beyond = (x <= least) | (x >= most)
    beyond = [float(one) if kept else None for one, kept in zip(y, is_beyond, strict=True)]
    line = {"type": "scatter", "mode": "lines", "legendgroup": name}
    return [
        line | {"name": name, "x": x[is_inside].tolist(), "y": y[is_inside].tolist(),
                "line": {"color": colour, "width": width}},
        line | {"name": f"{name} {BEYOND}", "x": x.tolist(), "y": beyond, "showlegend": False,
                "line": {"color": colour, "width": width, "dash": "dash"}},
    ]  # fmt: skip


def volatility_pct(row: pd.Series, strikes: np.ndarray) -> np.ndarray:
    """The slice at strikes in USD, % a year."""
    theta, rho, psi = (float(row[name]) for name in ("theta", "rho", "psi"))
    one = Slice(*(np.asarray(part) for part in (theta, psi * (1 + rho), psi * (1 - rho))))
    k = np.log(strikes / float(row["forward_usd"]))
    return np.asarray(100 * np.sqrt(total_variance(one, k) / float(row["years_to_expiration"])))


def term_trace(slices: pd.DataFrame) -> dict[str, Any]:
    """Fitted volatility at the forward by days to expiration."""
    fits = slices[slices["fit_reason"].isna()]
    return {
        "type": "scatter", "mode": "lines+markers", "name": "Fitted at the forward, %",
        "x": fits["days_to_expiration"].astype(int).tolist(),
        "y": fits["fitted_forward_volatility_pct"].astype(float).round(3).tolist(),
        "line": {"color": "--st-ink", "width": 1.4}, "marker": {"symbol": "diamond-open", "size": 7},
    }  # fmt: skip


def sentence(slices: pd.DataFrame, chain: Chain) -> html.P | None:
    """How well the chosen expiration's curve fits, or why there is none."""
    said = [_sentence(row, _named(slices, row, NAME)) for _, row in _of(slices, chain.expiration).iterrows()]
    title = "Fitted to out-of-the-money contracts, without arbitrage; dashed beyond the outermost points"
    return html.P(" ".join(said), className="st-hint", title=title) if said else None


def fitted_table(slices: pd.DataFrame, chain: Chain) -> html.Div:
    """A row for each expiration, the chosen one marked."""
    body = []
    for _, row in slices.iterrows():
        day = as_date(row["expiration_date"])
        why = _reason(row)
        cells = [
            cell(row[name], decimals)
            for name, decimals in (
                ("days_to_expiration", 0), ("fitted_forward_volatility_pct", 2), ("rms_residual_pct", 2), ("points", 0),
                ("outliers", 0), ("forward_usd", 2), ("implied_forward_usd", 2), ("forward_difference_bp", 1),
                ("forward_pairs", 0),
            )
        ]  # fmt: skip
        cells.append(html.Td(why or fmt.NONE, **attrs({"data-value": why or ""})))
        chosen = "st-atm-row" if day == chain.expiration else None
        head = html.Th(_named(slices, row, f"{day}"), scope="row")
        body.append(html.Tr([head, *cells], className=chosen))
    return table(_HEADS, body, "The fitted surface by expiration")


def _sentence(row: pd.Series, name: str) -> str:
    if why := _reason(row):
        said = f"No fitted curve: {why}."
    else:
        said = f"{name} to {fmt.plural(int(row['points']), 'contract')}, {fmt.plural(int(row['outliers']), 'outlier')} "
        said += f"left out; root-mean-square residual {fmt.number(row['rms_residual_pct'], 2)} percentage points."
    if pd.isna(row["forward_difference_bp"]):
        return said
    pairs = fmt.plural(int(row["forward_pairs"]), "pair")
    return f"{said} Forward implied by {pairs}: {fmt.signed(float(row['forward_difference_bp']), 1)} bp from ours."


def _reason(row: pd.Series) -> str | None:
    reason = row["fit_reason"]
    return None if pd.isna(reason) else REASONS.get(str(reason), str(reason).replace("_", " "))


def _of(slices: pd.DataFrame, expiration: date) -> pd.DataFrame:
    return slices[slices["expiration_date"] == expiration]


def _named(slices: pd.DataFrame, row: pd.Series, name: str) -> str:
    """The name; of two slices of one day, the shorter settles at the opening."""
    same = _of(slices, row["expiration_date"])
    if len(same) < 2:
        return name
    is_first = float(row["years_to_expiration"]) == float(same["years_to_expiration"].min())
    return f"{name} (settles at the {'opening' if is_first else 'close'})"
