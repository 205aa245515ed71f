"""What a search box offers for what was typed."""

from __future__ import annotations

from dashboard.data.door import Door
from dashboard.data.errors import WarehouseError
from dashboard.data.market import search_tickers


def search_options(door: Door, text: str | None) -> list[dict[str, str]]:
    """The search box's options for what was typed; none while the warehouse is away (the page says so)."""
    wanted = (text or "").strip()[:40]
    try:
        found = search_tickers(door, wanted)
    except WarehouseError:
        return []
    return [
        {
            "value": ticker.ticker,
            "label": ticker.ticker,
            "name": ticker.renamed or ticker.name,
            "origin": ticker.data_origin,
            "query": wanted,  # so that Enter never takes an answer to something typed before
        }
        for ticker in found
    ]
