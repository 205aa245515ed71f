"""The price chart as a plain plotly figure: pure, without colours, with every bar of the ticker.

The browser (assets/chart.js) paints it in the theme's colours, shows the chosen overlays, and fits the axes to the
visible sessions, so ranges, overlays and themes change without asking the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from dashboard.data.market import Bars
from dashboard.pages import format as fmt

OVERLAYS = {"20": "sma_20_usd", "50": "sma_50_usd", "120": "sma_120_usd"}
# A second sign besides the colour.
DASHES = {"20": "solid", "50": "dash", "120": "dot"}
ADJUSTED, UNADJUSTED = "adjusted", "unadjusted"
# The narrowest window, as in assets/chart_axis.js: three bars mustn't fill the page.
FEWEST_SLOTS = 24
# Two split factors nearer than this are the same: they come out of a product of ratios.
_SAME_FACTOR = 1e-6
_VOLUME_TOP, _PRICE_BOTTOM = 0.18, 0.235


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
    """One row a session, in dollars and shares: session_date, open, high, low, close, volume, sma_20, sma_50, sma_120.

    Unadjusted averages are the adjusted ones counted in that session's shares, so they jump at a split with the price.
    """
    frame, prefix = bars.frame, "adjusted_" if basis == ADJUSTED else ""
    out = pd.DataFrame({"session_date": frame["session_date"]})
    for name in ("open", "high", "low", "close"):
        out[name] = frame[f"{prefix}{name}_usd"].astype(float)
    out["volume"] = frame[f"{prefix}volume_shares"].astype(float)
    scale = 1.0 if basis == ADJUSTED else frame["close_usd"].astype(float) / frame["adjusted_close_usd"].astype(float)
    for length, column in OVERLAYS.items():
        out[f"sma_{length}"] = frame[column].astype(float) * scale
    return out


def splits(bars: Bars) -> list[Split]:
    """Sessions at which one share became several (or several one): where the factor from traded to adjusted steps."""
    frame = bars.frame
    factor = frame["split_factor"].astype(float)
    ratio = factor / factor.shift(1)
    changed = ratio.notna() & ((ratio - 1).abs() > _SAME_FACTOR)
    return [
        Split(session, max(round(value, 4), 1e-4) if value < 1 else round(value, 3))
        for session, value in zip(frame.loc[changed, "session_date"], ratio[changed], strict=True)
    ]


def price_figure(bars: Bars, basis: str) -> dict[str, Any]:
    """Candles, volume and moving averages on an axis of sessions (one slot a session: no weekends, no holidays).

    Every trace is named in `meta` for the painter. Only the price trace holds the sessions, which all traces share:
    the browser hands them on, and a long history is half the bytes.
    """
    table = prices(bars, basis)
    sessions = [value.isoformat() for value in table["session_date"]]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "meta": "volume",
            "name": "Volume",
            "y": _numbers(table["volume"], 0),
            "yaxis": "y2",
            "hoverinfo": "none",
        },
        {
            "type": "candlestick",
            "meta": "price",
            "name": "Price",
            "x": sessions,
            **{name: _numbers(table[name]) for name in ("open", "high", "low", "close")},
            "whiskerwidth": 0,
            "hoverinfo": "none",
        },
    ]
    for length in OVERLAYS:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "meta": f"sma_{length}",
                "name": f"SMA {length}",
                "y": _numbers(table[f"sma_{length}"]),
                "line": {"width": 1.6, "dash": DASHES[length]},
                "hoverinfo": "none",
            }
        )
    found = splits(bars)
    return {
        "data": data,
        "layout": {
            "meta": {"ticker": bars.ticker, "basis": basis},
            "annotations": [_split_marker(split) for split in found],
            "showlegend": False,
            "hovermode": "x",
            "dragmode": "pan",
            "margin": {"l": 8, "r": 62, "t": 8, "b": 26},
            "bargap": 0.25,
            "boxgap": 0.2,
            "xaxis": {
                "type": "category",
                "anchor": "y2",
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
                "domain": [_PRICE_BOTTOM, 1],
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
            "yaxis2": {
                "domain": [0, _VOLUME_TOP],
                "side": "right",
                "fixedrange": True,
                "tickformat": ".2~s",
                "nticks": 3,
                "zeroline": False,
            },
        },
    }


def _numbers(values: pd.Series, decimals: int = 4) -> list[float | None]:
    # Python floats, rounded: half the bytes of the doubles' full text. NaN isn't JSON.
    return [None if pd.isna(value) else round(float(value), decimals) for value in values]


def _split_marker(split: Split) -> dict[str, Any]:
    return {
        "name": "split",
        "x": split.session.isoformat(),
        "xref": "x",
        "y": (_VOLUME_TOP + _PRICE_BOTTOM) / 2,
        "yref": "paper",
        "yanchor": "middle",
        "text": f"S {split.label}",
        "hovertext": f"Split {split.label}, effective {fmt.session(split.session)}",
        "showarrow": False,
        "borderpad": 2,
        "borderwidth": 1,
    }
