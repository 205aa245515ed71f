"""The line of figures above the chain, and the tables of expirations and of unusual volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.data.option_history import percentile_pct, rank_pct
from dashboard.pages import format as fmt
from dashboard.pages.options import measures
from dashboard.pages.options.find import Chain
from dashboard.pages.parts import attrs

# Name, name and unit in a CSV, what it is.
Head = tuple[str, str, str]
_EXPIRATION_HEADS: tuple[Head, ...] = (
    ("Expiration", "expiration", "The day on which the contracts expire"),
    ("Days", "days", "Calendar days from the session"),
    (
        "ATM IV %",
        "at-the-money implied volatility, %",
        "Mean implied volatility of call and put at the money, % a year",
    ),
    ("Expected move", "expected move, USD", "One standard deviation until then: spot · σ · √(days / 365), USD"),
    ("in %", "expected move, %", "The expected move in % of the spot"),
    ("Call open interest", "call open interest, contracts", "Calls that were open before the session"),
    ("Put open interest", "put open interest, contracts", "Puts that were open before the session"),
    ("Volume", "volume, contracts", "Calls and puts traded in the session"),
    ("Max pain", "max pain, USD", "The strike at which the open contracts would be worth least to their holders"),
)
_UNUSUAL_HEADS: tuple[Head, ...] = (
    ("Contract", "contract", "Call or put, its strike in USD and its expiration"),
    ("Volume", "volume, contracts", "Contracts traded in the session"),
    ("Open interest", "open interest, contracts", "Contracts that were open before the session"),
    ("Times", "volume / open interest", "Volume divided by open interest"),
    ("IV %", "implied volatility, %", "Implied volatility of the close, % a year"),
    ("Close", "close, USD", "Last price of the session, USD a share"),
)


@dataclass(frozen=True)
class Figure:
    """One of the line's figures: its name, its value with the unit, what stands behind it, and its definition."""

    name: str
    value: str
    note: str
    said: str


def figures(chain: Chain, volatility: pd.DataFrame, skew: pd.DataFrame, ratios: pd.DataFrame) -> list[Figure]:
    """What the page says at a glance; "–" for what isn't known in the chain's session."""
    now = volatility[volatility["session_date"] == chain.session]
    implied, realised = (_last(now[name]) for name in ("implied_pct", "realised_pct"))
    known = volatility["implied_pct"].dropna()
    of = f"of {fmt.plural(len(known), 'session')}"
    in_order = volatility["implied_pct"] if implied is not None else known.head(0)
    rank, percentile = rank_pct(in_order), percentile_pct(in_order)
    reversal = _last(skew.loc[skew["session_date"] == chain.session, "risk_reversal_pct"])
    session = ratios[ratios["session_date"] == chain.session]
    by_volume, by_interest = (_last(session[f"put_call_{name}_ratio"]) for name in ("volume", "open_interest"))
    by_day = f"by {chain.expiration.day} {chain.expiration:%b}"
    pain = measures.max_pain_usd(chain.expiring)
    return [
        Figure("Spot", fmt.usd(chain.spot), "close", "The underlying’s close in this session, USD"),
        Figure("IV, 30 days", _percent(implied), "a year",
               "Implied volatility at the money for 30 days, from the expirations before and after, linear in σ²·T"),
        Figure("Realised", _percent(realised), "21 sessions",
               "Standard deviation of the log returns of the last 21 sessions, % a year"),
        Figure("IV rank", fmt.number(rank), of,
               "100 · (IV − lowest) / (highest − lowest) of the sessions of the last year that are there"),
        Figure("IV percentile", fmt.number(percentile), of,
               "Sessions with a lower IV in % of all the sessions of the last year that are there"),
        _move(chain, by_day),
        Figure("Risk reversal", fmt.signed(reversal), "25 delta, points",
               "Volatility of the 25-delta call less that of the 25-delta put, of the expiration nearest to 30 days"),
        Figure("Put/call", fmt.number(by_interest if by_interest is not None else by_volume, 2),
               "by open interest" if by_interest is not None else "by volume",
               "Puts for each call over all expirations; by volume where no open interest is recorded"),
        Figure("Max pain", fmt.usd(pain), by_day,
               "The strike at which this expiration’s open contracts would be worth least to their holders, USD"),
    ]  # fmt: skip


def summary_line(found: Sequence[Figure]) -> html.Dl:
    """The figures side by side; a definition shows on hover."""
    return html.Dl(
        [html.Div([html.Dt(each.name), html.Dd(each.value), html.Dd(each.note)], title=each.said) for each in found],
        className="st-firsts st-options-line",
    )


def expirations_table(chain: Chain) -> html.Div:
    """A row for each expiration; its day leads to its chain."""
    body = []
    for row in measures.expirations(chain.rows, chain.spot).itertuples():
        address = {"ticker": chain.underlying, "expiration": row.expiration_date}
        address |= {} if chain.is_newest else {"session": chain.session}
        link = dcc.Link(f"{row.expiration_date}", href=f"/options?{urlencode(address)}")
        cells = [
            cell(row.days, 0), cell(row.volatility_pct, 1), cell(row.move_usd, 2), cell(row.move_pct, 1),
            cell(row.call_open_interest, 0), cell(row.put_open_interest, 0), cell(row.volume, 0),
            cell(row.max_pain_usd, 2),
        ]  # fmt: skip
        chosen = "st-atm-row" if row.expiration_date == chain.expiration else None
        body.append(html.Tr([html.Th(link, scope="row"), *cells], className=chosen))
    return table(_EXPIRATION_HEADS, body, "Expirations")


def unusual_table(chain: Chain) -> Component:
    """The contracts that traded most for what was open; a sentence where there is none."""
    if chain.rows["open_interest_contracts"].isna().all():
        return html.P(
            "No open interest is recorded for this session; the vendor gives it with the newest session’s chain only.",
            className="st-hint",
        )
    found = measures.unusual(chain.rows)
    if found.empty:
        return html.P(
            f"No contract of which {measures.LEAST_VOLUME} or more were traded had fewer open before the session.",
            className="st-hint",
        )
    body = [
        html.Tr(
            [
                html.Th(_history_link(chain, row), scope="row"),
                cell(row.volume_contracts, 0),
                cell(row.open_interest_contracts, 0),
                cell(row.ratio, 1) if isfinite(row.ratio) else html.Td("all new", **attrs({"data-value": ""})),
                cell(row.implied_volatility_pct, 1),
                cell(row.close_usd, 2),
            ]
        )
        for row in found.itertuples()
    ]
    return table(_UNUSUAL_HEADS, body, "Unusual volume")


def _history_link(chain: Chain, row: Any) -> dcc.Link:
    """The contract's name; it leads to its history."""
    address = {"ticker": chain.underlying, "expiration": chain.expiration, "contract": row.contract_ticker}
    address |= {} if chain.is_newest else {"session": chain.session}
    said = f"{row.contract_type.title()} {row.strike_usd:,g} · {row.expiration_date}"
    return dcc.Link(said, href=f"/options?{urlencode(address)}#options-contract")


def _move(chain: Chain, by_day: str) -> Figure:
    volatility, straddle = measures.at_the_money_pct(chain.expiring), measures.straddle_usd(chain.expiring)
    said = "One standard deviation until the chosen expiration: spot · σ · √(days / 365), σ at the money"
    if straddle is not None:
        said += f". The straddle at the money costs {fmt.usd(straddle)} at the closes"
    if chain.spot is None or volatility is None:
        return Figure("Expected move", fmt.NONE, by_day, said)
    usd = measures.expected_move_usd(chain.spot, volatility, chain.days)
    return Figure("Expected move", f"±{fmt.usd(usd)}", f"{100 * usd / chain.spot:.1f} % {by_day}", said)


def table(heads: Sequence[Head], body: list[html.Tr], label: str) -> html.Div:
    """A table that scrolls in its panel; each column's definition shows on hover."""
    head = html.Tr([html.Th(name, scope="col", title=said, **attrs({"data-value": csv})) for name, csv, said in heads])
    table = html.Table([html.Thead(head), html.Tbody(body)], className="st-table st-chain st-chain-list")
    return html.Div(table, className="st-scroll", tabIndex=0, role="region", **attrs({"aria-label": label}))


def cell(value: Any, decimals: int) -> html.Td:
    """A number as people read it and, for a CSV, whole."""
    if pd.isna(value):
        return html.Td(fmt.NONE, **attrs({"data-value": ""}))
    return html.Td(fmt.number(float(value), decimals), **attrs({"data-value": f"{float(value):.10g}"}))


def _last(values: pd.Series) -> float | None:
    return None if values.empty or pd.isna(values.iloc[-1]) else float(values.iloc[-1])


def _percent(value: float | None) -> str:
    return fmt.NONE if value is None else f"{fmt.number(value, 1)} %"
