"""One contract's history through splits and renames of its underlying, under each symbol that it has had."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, html

from dashboard.data.door import Door
from dashboard.data.market import as_date, as_datetime
from dashboard.pages import format as fmt
from dashboard.pages import parts
from dashboard.pages.address import Param
from dashboard.pages.options.figure import by_session, session_axis
from dashboard.pages.options.find import Chain, find_chain
from dashboard.pages.options.summary import Head, cell, table
from dashboard.pages.parts import attrs

PANEL = "options-contract"
CONTRACT = Param("contract", "options-contract-symbol", "text", "")
SYMBOL = re.compile(r"O:[A-Z0-9.]{1,6}\d{6}[CP]\d{8}")
_HEADS: tuple[Head, ...] = (
    ("Session", "session", "The trading day"),
    ("Symbol", "symbol", "What the contract was called in the session"),
    ("Strike", "strike, USD", "The strike under that symbol, USD a share"),
    ("Close", "close, USD", "The close as it was, USD a share"),
    ("Adjusted", "adjusted close, USD", "The close adjusted to the contract under its newest symbol, USD a share"),
    ("IV %", "implied volatility, %", "Implied volatility of the close, % a year"),
    ("Volume", "adjusted volume, contracts", "Contracts traded in the session, adjusted"),
    ("Open interest", "adjusted open interest, contracts", "Contracts open before the session, adjusted"),
    ("Underlying", "underlying’s close, USD", "The underlying’s close as it was, USD"),
)


def form() -> Any:
    """The contract's symbol, as it stands in the address."""
    return dmc.TextInput(
        id=CONTRACT.control, value="", size="xs", w=230, debounce=400, placeholder="the call at the money",
        **attrs({"aria-label": "Symbol of the contract, such as O:AAPL261218C00230000"}),
    )  # fmt: skip


def register(app: Dash, door: Door, inputs: list[Input]) -> None:
    """The panel's callback."""
    parts.register_panel(app, door, PANEL, read_contract, [*inputs, Input(CONTRACT.control, "value")], has_graph=True)


def read_contract(door: Door, ticker: Any, session: Any, expiration: Any, text: Any) -> parts.Content:
    """The history of the contract that the address names, or of the chain's call at the money."""
    chain = find_chain(door, ticker, session, expiration)
    if isinstance(chain, parts.Content):
        return parts.once(chain, is_lead=False)
    symbol = symbol_of(text) if str(text or "").strip() else at_the_money(chain)
    if symbol is None:
        said = (
            "Expected a symbol such as O:AAPL261218C00230000."
            if text
            else "Nothing of this expiration is at the money."
        )
        return parts.message(parts.EMPTY, "No contract to show", said)
    rows = history(door, symbol, chain.session)
    if rows.empty:
        return parts.message(parts.EMPTY, f"No history of {symbol}", "No bar and no chain of this contract was loaded.")
    newest, fetched_at = as_date(rows["session_date"].max()), as_datetime(rows["fetched_at"].max())
    line = [parts.as_of(newest, fetched_at, subject=str(rows["contract_ticker"].iloc[-1])), chain.as_of[1]]
    return parts.Content(parts.READY, _body(rows), line, drawn(rows))


def symbol_of(text: Any) -> str | None:
    """What was typed as the vendor writes it; None where that is no option's symbol."""
    typed = str(text).strip().upper()
    symbol = typed if typed.startswith("O:") else f"O:{typed}"
    return symbol if SYMBOL.fullmatch(symbol) else None


def at_the_money(chain: Chain) -> str | None:
    """The symbol of the call at the money of the chosen expiration."""
    rows = chain.expiring
    calls = rows[rows["is_at_the_money"].fillna(False).astype(bool) & (rows["contract_type"] == "call")]
    return None if calls.empty else str(calls["contract_ticker"].iloc[0])


def history(door: Door, symbol: str, session: date) -> pd.DataFrame:
    """The sessions of the contract that had the symbol in a session, or last before it, or else first after it."""
    rows = door.read("contract_history", contract=symbol)
    named = rows[rows["contract_ticker"] == symbol].sort_values("session_date", kind="stable")
    if named.empty:
        return named
    before = named[named["session_date"] <= session]
    contract = before["contract_id"].iloc[-1] if len(before) else named["contract_id"].iloc[0]
    return rows[rows["contract_id"] == contract].sort_values("session_date", kind="stable", ignore_index=True)


def drawn(rows: pd.DataFrame) -> dict[str, Any]:
    """The adjusted close, session by session, with a line where the symbol changed."""
    sessions = [str(as_date(session)) for session in rows["session_date"]]
    changed = [place for place in range(1, len(rows)) if _symbol(rows, place) != _symbol(rows, place - 1)]
    lines = [
        {
            "type": "line", "xref": "x", "yref": "paper", "x0": place - 0.5, "x1": place - 0.5, "y0": 0, "y1": 1,
            "line": {"color": "--st-muted", "width": 1, "dash": "dot"},
        }
        for place in changed
    ]  # fmt: skip
    layout: dict[str, Any] = {
        "meta": {"label": "Adjusted close by session"}, "hovermode": "x unified",
        "margin": {"l": 56, "r": 12, "t": 8, "b": 44}, "showlegend": False, "shapes": lines,
        "xaxis": {"title": {"text": "Session"}} | session_axis(sessions),
        "yaxis": {"title": {"text": "Adjusted close, USD"}, "zeroline": False},
    }  # fmt: skip
    return {
        "data": [by_session("Adjusted close, USD", sessions, rows["adjusted_close_usd"], "--st-accent", "solid")],
        "layout": layout,
    }


def sentence(rows: pd.DataFrame) -> str:
    """Which symbols the contract has had, each from when until when, and what is not known of it."""
    parts_of = list(rows.groupby("contract_ticker", sort=False)["session_date"])
    told = [f"{symbol} until {fmt.session(_day(days.max()))}" for symbol, days in parts_of[:-1]]
    told += [f"{symbol} since {fmt.session(_day(days.min()))}" for symbol, days in parts_of[-1:]]
    said = f"{', '.join(told)}."
    if len(told) > 1:
        said += " Prices and counts are adjusted to the last symbol’s contract."
    for reason in rows["uncertain_reason"].dropna().unique():
        said += f" Not certain: {reason}."
    return said


def _day(value: Any) -> date:
    day = as_date(value)
    assert day is not None
    return day


def _symbol(rows: pd.DataFrame, place: int) -> str:
    return str(rows["contract_ticker"].iloc[place])


def _body(rows: pd.DataFrame) -> html.Div:
    body = [
        html.Tr(
            [
                html.Th(str(as_date(row.session_date)), scope="row"),
                html.Td(str(row.contract_ticker)),
                cell(row.strike_usd, 2),
                cell(row.close_usd, 2),
                cell(row.adjusted_close_usd, 2),
                cell(row.implied_volatility_pct, 1),
                cell(row.adjusted_volume_contracts, 0),
                cell(row.adjusted_open_interest_contracts, 0),
                cell(row.underlying_close_usd, 2),
            ]
        )
        for row in rows.iloc[::-1].itertuples()
    ]
    return html.Div([html.P(sentence(rows), className="st-hint"), table(_HEADS, body, "Contract’s history")])
