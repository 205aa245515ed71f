"""The home page in a real Chromium: its lists and map lead to charts, its watchlists stay and are shared by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]


def test_the_root_is_the_market_and_its_movers_lead_to_charts(visit: Visit) -> None:
    page = visit.page
    visit.go("/")
    for panel in ("home-breadth", "home-map", "home-movers", "home-changes", "home-splits"):
        visit.ready(panel)
    expect(page.locator("#home-status")).to_contain_text("Data as of Fri 20 Nov 2026")
    expect(page.locator("#home-status")).to_contain_text("Stock bars fail: tests, 1 failed")
    expect(page.locator("#home-map .main-svg").first).to_be_visible()
    page.locator("#home-movers").get_by_role("link", name="IBM").click()
    visit.ready()
    expect(page).to_have_url(f"{visit.base}/chart?ticker=IBM")
    page.get_by_role("link", name="Snowtape").click()
    expect(page.locator("h1")).to_have_text("Market")


def test_an_address_from_when_the_chart_was_at_the_root_leads_to_it(visit: Visit) -> None:
    visit.go("/?ticker=MSFT&range=1y")
    visit.ready()
    expect(visit.page).to_have_url(f"{visit.base}/chart?ticker=MSFT&range=1y")


def test_a_tile_of_the_map_opens_its_chart(visit: Visit) -> None:
    visit.go("/")
    visit.ready("home-map")
    visit.page.locator("#home-map .treemaplayer .slice", has_text="GOOG").last.click()
    visit.ready()
    expect(visit.page).to_have_url(f"{visit.base}/chart?ticker=GOOG")


def test_a_watchlist_stays_in_the_browser_and_its_address_shares_it(visit: Visit) -> None:
    page = visit.page
    visit.go("/")
    expect(page.locator("#home-watchlist")).to_have_attribute("data-state", "empty")
    box = page.get_by_role("textbox", name="Tickers of the watchlist")
    for ticker in ("MSFT", "IBM"):
        box.fill(ticker)
        box.press("Enter")
    expect(page.locator("#home-watchlist tbody tr")).to_have_count(2)
    expect(page).to_have_url(f"{visit.base}/?watch=MSFT,IBM")
    page.get_by_label("Name of the watchlist").fill("Old names")
    expect(page).to_have_url(f"{visit.base}/?watch=MSFT,IBM&list=Old+names")
    visit.go("/")
    expect(page.locator("#home-watchlist tbody tr")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Which watchlist")).to_have_value("Old names")

    # Somebody else's list of the same name comes beside one's own.
    visit.go("/?list=Old+names&watch=GOOG")
    expect(page.get_by_role("textbox", name="Which watchlist")).to_have_value("Old names (2)")
    expect(page.locator("#home-watchlist tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Remove the watchlist").click()
    expect(page.get_by_role("textbox", name="Which watchlist")).to_have_value("Old names")
    expect(page.locator("#home-watchlist tbody tr")).to_have_count(2)
    page.get_by_role("button", name="New watchlist").click()
    expect(page.locator("#home-watchlist")).to_have_attribute("data-state", "empty")
    expect(page.get_by_role("textbox", name="Which watchlist")).to_have_value("Watchlist 2")
