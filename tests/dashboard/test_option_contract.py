"""The panel of one contract's history, on the local warehouse's seeded chains."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.data.door import Door
from dashboard.data.warehouse import Warehouse
from dashboard.pages.options import contract
from dashboard.pages.parts import Content
from tests.dashboard import seed, seed_options
from tests.dashboard.said import said

pytestmark = pytest.mark.usefixtures("morning_after")


def shown(seeded: Warehouse, text: str, ticker: str = "AAPL", session: str = "") -> Content:
    return contract.read_contract(Door(seeded), ticker, session, "", text)


def test_without_a_symbol_the_call_at_the_money_is_shown(seeded: Warehouse) -> None:
    content = shown(seeded, "")
    assert content.state == "ready"
    assert content.figure is not None
    assert len(content.figure["data"][0]["x"]) == seed_options.SESSIONS


def split_contract(seeded: Warehouse) -> tuple[str, str]:
    """The symbols of SPLIT's call at the money before and after its split 2:1."""
    chain = contract.find_chain(Door(seeded), seed_options.SPLIT, "", "")
    assert not isinstance(chain, Content)
    new = contract.at_the_money(chain)
    assert new is not None
    return f"{new[:-8]}{2 * int(new[-8:]):08d}", new


@pytest.mark.parametrize("which", [0, 1], ids=["former symbol", "newest symbol"])
def test_each_symbol_of_a_contract_leads_to_its_whole_history_adjusted_to_the_newest(
    seeded: Warehouse, which: int
) -> None:
    symbols = split_contract(seeded)
    content = shown(seeded, symbols[which].removeprefix("O:").lower())
    figure: Any = content.figure
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [0.5]
    rows = contract.history(Door(seeded), symbols[which], seed.LAST_SESSION)
    assert list(rows["contract_ticker"]) == [symbols[0], symbols[1], symbols[1]]
    assert figure["data"][0]["y"] == pytest.approx(list(rows["close_usd"] * [0.5, 1, 1]))
    text = said(content.body)
    assert f"{symbols[0]} until Wed 18 Nov 2026, {symbols[1]} since Thu 19 Nov 2026." in text


@pytest.mark.parametrize("text", ["'; drop table x", "AAPL", "O:AAPL261299C00100000", "\x00", "A" * 64])
def test_what_is_no_contract_is_a_clean_empty_state(seeded: Warehouse, text: str) -> None:
    assert shown(seeded, text).state == "empty"


def test_without_a_chain_the_panel_is_absent(seeded: Warehouse) -> None:
    assert shown(seeded, "", ticker="NOSUCH").state == "absent"
