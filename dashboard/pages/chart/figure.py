"""The price chart as a plain plotly figure: pure, without colours, with every bar of the ticker.

The browser (assets/chart_view.js) paints it in the theme's colours, shows the chosen lines and panes, and fits the
axes to the visible sessions, so ranges, lines, scales and themes change without asking the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.data.market import Bars
from dashboard.pages import format as fmt

# What can be drawn over the candles: value in the address → its name, its columns in the mart, its dash. The dash is a
# second sign besides the colour.
OVERLAYS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "sma20": ("SMA 20", ("sma_20_usd",), "solid"),
    "sma50": ("SMA 50", ("sma_50_usd",), "dash"),
    "sma120": ("SMA 120", ("sma_120_usd",), "dot"),
    "sma200": ("SMA 200", ("sma_200_usd",), "longdash"),
    "ema12": ("EMA 12", ("ema_12_usd",), "dashdot"),
    "ema26": ("EMA 26", ("ema_26_usd",), "longdashdot"),
    "bb": ("Bollinger", ("bollinger_upper_usd", "bollinger_lower_usd"), "solid"),
}
PANES = {"rsi": "RSI", "macd": "MACD"}
ADJUSTED, UNADJUSTED, TOTAL = "adjusted", "unadjusted", "total"
BASES = {ADJUSTED: "Adjusted", UNADJUSTED: "Unadjusted", TOTAL: "Total return"}
# The narrowest window, as in assets/chart_axis.js: three bars mustn't fill the page.
FEWEST_SLOTS = 24
MOST_COMPARED = 4


@dataclass(frozen=True)
class Split:
    """A split: `ratio` shares (4.0 = four for one) for each share held before `session`."""

    session: date
    ratio: float

    @property
    def label(self) -> str:
        """ "4:1", or "1:10" for a reverse split."""
        return f"{self.ratio:g}:1" if self.ratio >= 1 else f"1:{1 / self.ratio:g}"


def prices(bars: Bars, basis: str) -> pd.DataFrame:
    """One row a session: session_date, open, high, low, close (dollars), volume (shares), and the overlays' columns.

    Lines of unadjusted prices are the adjusted ones counted in that session's shares, so they jump at a split with the
    price; in total return every price of a session is scaled as its close is.
    """
    frame = bars.frame
    adjusted = frame["adjusted_close_usd"].astype(float)
    close = {UNADJUSTED: frame["close_usd"], TOTAL: frame["total_return_close_usd"]}.get(basis, adjusted).astype(float)
    scale = close / adjusted
    out = pd.DataFrame({"session_date": frame["session_date"]})
    for name in ("open", "high", "low", "close"):
        if basis == UNADJUSTED:
            out[name] = frame[f"{name}_usd"].astype(float)
        else:
            out[name] = frame[f"adjusted_{name}_usd"].astype(float) * scale
    out["volume"] = frame["volume_shares" if basis == UNADJUSTED else "adjusted_volume_shares"].astype(float)
    for _name, columns, _dash in OVERLAYS.values():
        for column in columns:
            out[column] = frame[column].astype(float) * scale
    return out


def splits(bars: Bars) -> list[Split]:
    """The splits that were executed in a session of the bars, oldest first."""
    # Three columns and not the frame: rows of seventy columns take longer than all the rest of the chart.
    frame = bars.frame[["session_date", "split_from", "split_to"]].dropna()
    return [
        Split(session, round(float(new) / float(old), 6))
        for session, old, new in frame.itertuples(index=False)
        if float(old) > 0 and float(new) > 0
    ]


def dividends(bars: Bars) -> list[tuple[date, float]]:
    """Session and dollars a share of every dividend, as paid, oldest first."""
    frame = bars.frame[["session_date", "dividend_usd"]].dropna()
    return list(zip(frame["session_date"], frame["dividend_usd"].astype(float), strict=True))


def price_figure(bars: Bars, basis: str, compared: Mapping[str, Bars] | None = None) -> dict[str, Any]:
    """Candles, volume, lines and panes on an axis of sessions (one slot a session: no weekends, no holidays).

    Every trace is named in `meta` for the painter. Only the price trace holds the sessions, which all traces share:
    the browser hands them on, and a long history is half the bytes. `compared`: other tickers' bars by ticker.
    """
    table = prices(bars, basis)
    sessions = [value.isoformat() for value in table["session_date"]]
    data: list[dict[str, Any]] = [
        {"type": "bar", "meta": "volume", "name": "Volume", "y": _numbers(table["volume"], 0), "yaxis": "y2"},
        {
            "type": "candlestick",
            "meta": "price",
            "name": bars.ticker,
            "x": sessions,
            **{name: _numbers(table[name]) for name in ("open", "high", "low", "close")},
            "whiskerwidth": 0,
        },
    ]
    for key, (name, columns, dash) in OVERLAYS.items():
        for column in columns:
            said = name if len(columns) == 1 else f"{name} {'upper' if 'upper' in column else 'lower'}"
            data.append(_line(key, said, table[column], "y", dash))
    frame = bars.frame
    data.append(_line("rsi", "RSI 14", frame["rsi_14"], "y3", "solid", 2))
    data.append(
        {
            "type": "bar",
            "meta": "macd",
            "name": "Histogram",
            "y": _numbers(frame["macd_histogram_usd"]),
            "yaxis": "y4",
        }
    )
    data.append(_line("macd", "MACD", frame["macd_usd"], "y4", "solid"))
    data.append(_line("macd", "Signal", frame["macd_signal_usd"], "y4", "dash"))
    for other in (compared or {}).values():
        closes = pd.Series(prices(other, basis)["close"].to_numpy(), index=other.frame["session_date"])
        aligned = closes.reindex(table["session_date"])
        data.append(_line("compare", other.ticker, aligned, "y", "solid"))
    for trace in data:
        trace["hoverinfo"] = "none"
    return {
        "data": data,
        "layout": {
            "meta": {
                "ticker": bars.ticker,
                "basis": basis,
                "x": "session",
                "units": {"y": "USD", "y2": "shares", "y3": "", "y4": "USD"},
                "splits": [[split.session.isoformat(), split.label] for split in splits(bars)],
                # The text becomes markup in the browser, and people write it.
                "overrides": [[session.isoformat(), escape(reason)] for session, reason in overrides(bars)],
                "dividends": [[session.isoformat(), f"{amount:g}"] for session, amount in dividends(bars)],
            },
            "showlegend": False,
            "hovermode": "x",
            "dragmode": "pan",
            "margin": {"l": 8, "r": 62, "t": 8, "b": 26},
            "bargap": 0.25,
            "boxgap": 0.2,
            "xaxis": {
                "type": "category",
                "rangeslider": {"visible": False},
                "showspikes": True,
                "spikemode": "across",
                "spikesnap": "hovered data",
                "spikethickness": 1,
                "spikedash": "dot",
                "showgrid": True,
                "zeroline": False,
                "minallowed": min(-2, len(sessions) - FEWEST_SLOTS - 2),
                "maxallowed": len(sessions) + 1,
            },
            "yaxis": {
                "side": "right",
                "fixedrange": True,
                "tickformat": ",.2f",
                "showspikes": True,
                "spikemode": "across",
                "spikesnap": "cursor",
                "spikethickness": 1,
                "spikedash": "dot",
                "zeroline": False,
            },
            "yaxis2": _side_axis(tickformat=".2~s", nticks=3),
            "yaxis3": _side_axis(tickvals=[30, 50, 70], range=[0, 100]),
            "yaxis4": _side_axis(tickformat=".2~f", nticks=3),
        },
    }


def marks(split_count: int, dividend_count: int, override_count: int = 0) -> str:
    """What the chart marks, in words; "" for nothing."""
    said = []
    if split_count:
        said.append(fmt.plural(split_count, "split"))
    if dividend_count:
        said.append(fmt.plural(dividend_count, "dividend"))
    if override_count:
        said.append(fmt.plural(override_count, "override"))
    return ", ".join(said[:-1]) + (" and " if said[1:] else "") + said[-1] if said else ""


def overrides(bars: Bars) -> list[tuple[date, str]]:
    """Session and what was overruled, why and by whom, of every bar that has an override in force, oldest first."""
    frame = bars.frame[["session_date", "override_reason"]].dropna()
    return list(zip(frame["session_date"], frame["override_reason"].astype(str), strict=True))


def _side_axis(**more: Any) -> dict[str, Any]:
    return {"side": "right", "fixedrange": True, "zeroline": False, **more}


def _line(meta: str, name: str, values: pd.Series, axis: str, dash: str, decimals: int = 4) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "meta": meta,
        "name": name,
        "y": _numbers(values, decimals),
        "yaxis": axis,
        "line": {"width": 1.6, "dash": dash},
        "connectgaps": meta == "compare",
    }


def _numbers(values: pd.Series, decimals: int = 4) -> NDArray[np.float64]:
    # Rounded: half the bytes of the doubles' full text. An array is written in one go; NaN becomes null.
    return np.round(values.to_numpy(dtype=float, na_value=np.nan), decimals)
