"""The head of the ticker page: name, last close and its change, and the key numbers beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from dash import html

from dashboard.data.market import Bars, Ticker
from dashboard.pages import format as fmt
from dashboard.pages.parts import attrs

# A trading year; the average volume's month.
YEAR_SESSIONS = 252
MONTH_SESSIONS = 21


@dataclass(frozen=True)
class KeyNumbers:
    """Of the newest bar and the sessions before it; prices in today's shares. None: too few bars to say."""

    session: date
    close_usd: float
    change_usd: float | None
    change_pct: float | None
    year_high_usd: float
    year_low_usd: float
    year_sessions: int
    volatility_pct: float | None
    volume_shares: float
    average_volume_shares: float | None


def key_numbers(bars: Bars) -> KeyNumbers | None:
    """The numbers of the newest session; None without bars."""
    frame = bars.frame
    if frame.empty:
        return None
    year, last = frame.tail(YEAR_SESSIONS), frame.iloc[-1]
    closes = frame["adjusted_close_usd"].astype(float)
    month = frame["adjusted_volume_shares"].astype(float).tail(MONTH_SESSIONS)
    return KeyNumbers(
        session=last["session_date"],
        close_usd=float(last["close_usd"]),
        change_usd=float(closes.iloc[-1] - closes.iloc[-2]) if len(closes) > 1 else None,
        change_pct=_value(last["simple_return_pct"]),
        year_high_usd=float(year["adjusted_high_usd"].astype(float).max()),
        year_low_usd=float(year["adjusted_low_usd"].astype(float).min()),
        year_sessions=len(year),
        volatility_pct=_value(last["volatility_21d_pct"]),
        volume_shares=float(last["volume_shares"]),
        average_volume_shares=float(month.mean()) if len(month) == MONTH_SESSIONS else None,
    )


def head(ticker: Ticker, numbers: KeyNumbers | None, names: Sequence[str] = ()) -> html.Div:
    """The page's heading: who it is, its other names, and what it closed at."""
    facts = [ticker.ticker, ticker.exchange, _kind(ticker.security_type), _ended(ticker), *names]
    who = html.Div(
        [
            html.H1(ticker.name),
            html.P(
                [html.Span(fact, className="st-symbol" if fact == ticker.ticker else None) for fact in facts if fact],
                className="st-facts",
            ),
        ],
        className="st-who",
    )
    if numbers is None:
        return html.Div([who], className="st-head")
    return html.Div([who, _last(numbers), _numbers(numbers)], className="st-head")


def _ended(ticker: Ticker) -> str | None:
    return None if ticker.is_active or ticker.renamed_to else "delisted"


def _last(numbers: KeyNumbers) -> html.Div:
    change = numbers.change_usd
    direction = "flat" if change is None or math.isclose(change, 0, abs_tol=5e-5) else ("up" if change > 0 else "down")
    sign = {"up": "▲", "down": "▼", "flat": "■"}[direction]
    text = "first session" if change is None else f"{fmt.signed(change)} ({fmt.signed(numbers.change_pct)}%)"
    return html.Div(
        [
            html.Div(fmt.usd(numbers.close_usd), className="st-last-price"),
            html.Div(
                [html.Span(sign, **attrs({"aria-hidden": "true"})), " ", text],
                className=f"st-change st-{direction}",
            ),
            html.Div(["Close of ", fmt.session(numbers.session)], className="st-last-session"),
        ],
        className="st-last",
    )


def _numbers(numbers: KeyNumbers) -> html.Dl:
    span = "52-week" if numbers.year_sessions >= YEAR_SESSIONS else f"{fmt.plural(numbers.year_sessions, 'session')}’"
    width = numbers.year_high_usd - numbers.year_low_usd
    place = 0.5 if width <= 0 else (numbers.close_usd - numbers.year_low_usd) / width
    place_pct = round(100 * min(max(place, 0.0), 1.0))
    year = html.Div(
        [
            html.Dt(f"{span} range"),
            html.Dd(
                [
                    html.Span(fmt.usd(numbers.year_low_usd)),
                    html.Span(
                        html.Span(style={"left": f"{place_pct}%"}),
                        className="st-range",
                        role="img",
                        title=f"The close stands at {place_pct}% of the range",
                        **attrs({"aria-label": f"close at {place_pct}% of the range"}),
                    ),
                    html.Span(fmt.usd(numbers.year_high_usd)),
                ]
            ),
        ],
        className="st-number st-number-wide",
    )
    volatility = f"{fmt.number(numbers.volatility_pct, 1)}%" if numbers.volatility_pct is not None else fmt.NONE
    return html.Dl(
        [
            year,
            _number("21-day volatility", volatility, "Annualised standard deviation of the last 21 daily log returns"),
            _number("Volume", fmt.compact(numbers.volume_shares), "Shares traded in the newest session"),
            _number(
                "Avg. volume 21d",
                fmt.compact(numbers.average_volume_shares),
                "Mean shares a session, newest 21 sessions",
            ),
        ],
        className="st-numbers",
    )


def _number(term: str, value: str, title: str) -> html.Div:
    return html.Div([html.Dt(term), html.Dd(value)], className="st-number", title=title)


def _kind(security_type: str | None) -> str | None:
    return {"CS": "Common stock", "ETF": "ETF", "ADRC": "ADR"}.get(security_type or "", security_type)


def _value(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
