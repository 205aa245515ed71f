"""The chain as a table: calls │ strike │ puts, one row a strike."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import html

from dashboard.pages import format as fmt
from dashboard.pages.parts import attrs

_COLUMNS: tuple[tuple[str, str, int, str], ...] = (
    ("open_interest_contracts", "Open interest", 0, "Contracts open before the session began"),
    ("volume_contracts", "Volume", 0, "Contracts traded in the session"),
    ("delta", "Delta", 3, "Change of the price as the underlying rises by 1 USD"),
    ("vendor_implied_volatility_pct", "Vendor IV %", 1, "Implied volatility as the vendor gives it, % a year"),
    ("implied_volatility_pct", "IV %", 1, "Implied volatility of the close, % a year"),
    ("close_usd", "Close", 2, "Last price of the session, USD a share"),
)
# Their names in a CSV, where nothing stands above calls and puts.
_CSV_NAMES = (
    "open interest, contracts", "volume, contracts", "delta", "vendor implied volatility, %", "implied volatility, %",
    "close, USD",
)  # fmt: skip


def chain_table(rows: pd.DataFrame, name: str = "") -> html.Div:
    """One expiration's contracts; adjusted contracts, which deliver something else, are left out and counted.

    `name`: of what the rows are; under another one the browser begins at the money again (assets/options.js).
    """
    plain = rows[~rows["is_adjusted_contract"].fillna(False).astype(bool)]
    sides = {kind: plain[plain["contract_type"] == kind].set_index("strike_usd") for kind in ("call", "put")}
    strikes = sorted(set(plain["strike_usd"]))
    at_the_money = set(plain.loc[plain["is_at_the_money"].fillna(False).astype(bool), "strike_usd"])
    groups = html.Tr([_group("Calls"), html.Td(""), _group("Puts")])
    calls, puts = ([f"{side} {name}" for name in _CSV_NAMES] for side in ("call", "put"))
    names = [(name, said) for _column, name, _decimals, said in _COLUMNS]
    middle = ("Strike", "Price at which the contract is exercised, USD a share")
    heads = zip((*names, middle, *reversed(names)), (*calls, "strike, USD", *reversed(puts)), strict=True)
    head = html.Tr(
        [html.Th(name, scope="col", title=said, **attrs({"data-value": csv})) for (name, said), csv in heads]
    )
    body = [_row(strike, sides, strike in at_the_money) for strike in strikes]
    said = fmt.plural(len(strikes), "strike")
    if strikes:
        said += f" from {fmt.number(strikes[0], 2)} to {fmt.number(strikes[-1], 2)} USD."
    if left_out := len(rows) - len(plain):
        said += f" {fmt.plural(left_out, 'adjusted contract')} not shown."
    table = html.Table([html.Thead([groups, head]), html.Tbody(body)], className="st-table st-chain")
    scrolled = html.Div(
        table, key=name, className="st-scroll", tabIndex=0, role="region", **attrs({"aria-label": "Option chain"})
    )
    return html.Div([scrolled, html.P(said, className="st-hint st-chain-said")])


def _group(name: str) -> html.Th:
    return html.Th(html.Span(name, className="st-side"), colSpan=len(_COLUMNS), scope="colgroup")


def _row(strike: float, sides: dict[str, pd.DataFrame], is_at_the_money: bool) -> html.Tr:
    calls = [_cell(sides["call"], strike, column, decimals) for column, _name, decimals, _said in _COLUMNS]
    puts = [_cell(sides["put"], strike, column, decimals) for column, _name, decimals, _said in reversed(_COLUMNS)]
    mark = html.Span(" ATM", className="st-atm") if is_at_the_money else None
    middle = html.Th([fmt.number(strike, 2), mark], scope="row", **attrs({"data-value": f"{strike:.10g}"}))
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
