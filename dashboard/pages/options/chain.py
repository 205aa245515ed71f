"""The chain as a table: calls │ strike │ puts, one row a strike."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import html

from dashboard.pages import format as fmt
from dashboard.pages.parts import attrs

_COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("open_interest_contracts", "OI", 0),
    ("volume_contracts", "Volume", 0),
    ("delta", "Delta", 3),
    ("vendor_implied_volatility_pct", "Vendor IV %", 1),
    ("implied_volatility_pct", "IV %", 1),
    ("close_usd", "Close", 2),
)
# Their names in a CSV, where nothing stands above calls and puts.
_CSV_NAMES = (
    "open interest, contracts", "volume, contracts", "delta", "vendor implied volatility, %", "implied volatility, %",
    "close, USD",
)  # fmt: skip


def chain_table(rows: pd.DataFrame) -> html.Div:
    """One expiration's contracts; adjusted contracts, which deliver something else, are left out and counted."""
    plain = rows[~rows["is_adjusted_contract"].fillna(False).astype(bool)]
    sides = {kind: plain[plain["contract_type"] == kind].set_index("strike_usd") for kind in ("call", "put")}
    strikes = sorted(set(plain["strike_usd"]))
    at_the_money = set(plain.loc[plain["is_at_the_money"].fillna(False).astype(bool), "strike_usd"])
    groups = html.Tr(
        [
            html.Th("Calls", colSpan=len(_COLUMNS), scope="colgroup"),
            html.Th(""),
            html.Th("Puts", colSpan=len(_COLUMNS), scope="colgroup"),
        ]
    )
    names = [name for _column, name, _decimals in _COLUMNS]
    calls, puts = ([f"{side} {name}" for name in _CSV_NAMES] for side in ("call", "put"))
    heads = zip((*names, "Strike", *reversed(names)), (*calls, "strike, USD", *reversed(puts)), strict=True)
    head = html.Tr([html.Th(name, scope="col", **attrs({"data-value": said})) for name, said in heads])
    body = [_row(strike, sides, strike in at_the_money) for strike in strikes]
    left_out = len(rows) - len(plain)
    note = html.P(f"{fmt.plural(left_out, 'adjusted contract')} not shown.", className="st-hint") if left_out else None
    table = html.Table([html.Thead([groups, head]), html.Tbody(body)], className="st-table st-chain")
    scrolled = html.Div(
        table, className="st-scroll", tabIndex=0, role="region", **attrs({"aria-label": "Option chain"})
    )
    return html.Div([scrolled, note])


def _row(strike: float, sides: dict[str, pd.DataFrame], is_at_the_money: bool) -> html.Tr:
    calls = [_cell(sides["call"], strike, column, decimals) for column, _name, decimals in _COLUMNS]
    puts = [_cell(sides["put"], strike, column, decimals) for column, _name, decimals in reversed(_COLUMNS)]
    mark = html.Span(" ATM", className="st-atm") if is_at_the_money else None
    middle = html.Th([fmt.number(strike, 2), mark], scope="row", **attrs({"data-value": f"{strike:g}"}))
    return html.Tr([*calls, middle, *puts], className="st-atm-row" if is_at_the_money else None)


def _cell(side: pd.DataFrame, strike: float, column: str, decimals: int) -> html.Td:
    if strike not in side.index:
        return html.Td(fmt.NONE, **attrs({"data-value": ""}))
    contract = side.loc[strike]
    value: Any = contract[column]
    is_missing = pd.isna(value)
    reason = (
        contract["implied_volatility_reason"] if is_missing and column in ("implied_volatility_pct", "delta") else None
    )
    title = None if reason is None or pd.isna(reason) else str(reason).replace("_", " ")
    shown = "" if is_missing else f"{float(value):.10g}"
    text = fmt.NONE if is_missing else fmt.number(float(value), decimals)
    return html.Td(text, title=title, **attrs({"data-value": shown}))
