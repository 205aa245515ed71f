"""The dashboard in a real Chromium: what a user does, and what the page must never do."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from dashboard.pages import PAGES
from tests.browser.polling import until

if TYPE_CHECKING:
    from tests.browser.conftest import Dashboard, Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

HOSTILE = "&range=x&show=99999&prices=;drop&asof=9999-99-99&compare=%27;--&from=x&to=y&scale=%00&panes=%3Cb%3E"
VISIBLE_SESSIONS = """() => {
    const [from, to] = document.querySelector('#chart-graph .js-plotly-plot').layout.xaxis.range;
    return Math.floor(to) - Math.ceil(from) + 1;
}"""
AXES = """() => {
    const layout = document.querySelector('#chart-graph .js-plotly-plot')._fullLayout;
    const [from, to] = layout.xaxis.range;
    return [layout.xaxis.type, to - from, layout.annotations.find((each) => each.name === 'last').text];
}"""
BEFORE_TESTS = "getComputedStyle(document.querySelector('#quality-tests'), '::before').content"
LINE_COLOURS = """() => document.querySelector('#chart-graph .js-plotly-plot').data
    .filter((each) => each.visible !== false && each.type === 'scatter').map((each) => each.line.color)"""
CANDLE = """() => document.querySelector('#chart-graph .js-plotly-plot')
    .data.find((trace) => trace.meta === 'price').increasing.line.color"""


def expect_no_sideways_scroll(page: Page) -> None:
    until(page, "document.documentElement.scrollWidth - document.documentElement.clientWidth", lambda over: over <= 0)


def test_search_by_keyboard_changes_the_ticker_and_back_returns(visit: Visit) -> None:
    page = visit.page
    visit.go("/chart?ticker=AAPL")
    visit.ready()
    expect(page.locator("h1")).to_have_text("Apple Inc.")
    expect(page).to_have_title("AAPL · Snowtape")
    expect(page.locator("#chart-banner")).to_contain_text("Replayed data: AAPL")
    expect(page.locator("#chart-as-of")).to_contain_text("Fri 20 Nov 2026 · known since 20 Nov 2026 22:40 UTC")
    page.keyboard.press("/")
    page.keyboard.type("microso")
    page.keyboard.press("Enter")  # at once: the answer to what was typed is taken when it comes, no older one
    expect(page.locator("h1")).to_have_text("Microsoft Corporation")
    expect(page).to_have_title("MSFT · Snowtape")
    expect(page).to_have_url(f"{visit.base}/chart?ticker=MSFT")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Apple Inc.")


def test_range_averages_and_prices_live_in_the_address_and_a_link_brings_them_back(visit: Visit) -> None:
    page = visit.page
    visit.go("/chart?ticker=AAPL")
    visit.ready()
    page.locator("#chart-range label").filter(has_text="1M").click()
    until(page, VISIBLE_SESSIONS, lambda count: count < 30)
    page.locator("#chart-range label").filter(has_text="1Y").click()
    until(page, VISIBLE_SESSIONS, lambda count: count > 240)
    page.get_by_text("SMA 120").click()
    page.locator("#chart-basis label").filter(has_text="Unadjusted").click()
    expect(page.locator("#chart-legend")).to_contain_text("SMA 120")
    link = "/chart?ticker=AAPL&range=1y&show=sma20,sma50,sma120&prices=unadjusted"
    expect(page).to_have_url(visit.base + link)
    visit.go("/quality")
    visit.go(link)
    visit.ready()
    expect(page.locator("#chart-range input:checked")).to_have_value("1y")
    expect(page.locator("#chart-basis input:checked")).to_have_value("unadjusted")
    expect(page.locator("#chart-legend")).to_contain_text("SMA 120")
    until(page, VISIBLE_SESSIONS, lambda count: count > 240)
    expect(page).to_have_url(visit.base + link)


def test_the_legend_follows_the_pointer(visit: Visit) -> None:
    page = visit.page
    visit.go("/chart?ticker=AAPL")
    visit.ready()
    legend = page.locator("#chart-legend .st-legend-session")
    expect(legend).to_have_text("Fri 20 Nov 2026")
    plot, offsets = page.locator("#chart-graph .nsewdrag").first, itertools.cycle([300, 340])

    def move() -> str:
        """A first movement may come before the chart listens for it."""
        plot.hover(position={"x": next(offsets), "y": 100})
        return legend.inner_text()

    until(page, move, lambda session: session != "Fri 20 Nov 2026")


def test_the_theme_changes_without_reload_and_stays(visit: Visit) -> None:
    page = visit.page
    visit.go("/chart?ticker=AAPL")
    visit.ready()
    until(page, CANDLE, lambda color: color == "#0b7a5b")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("button", name="Switch between dark and light").click()
    until(page, CANDLE, lambda color: color == "#3fc19a")
    assert page.evaluate("window.sameDocument") is True
    page.reload()
    visit.ready()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_the_quality_page_shows_the_failing_test_first(visit: Visit) -> None:
    page = visit.page
    visit.go("/quality")
    for panel in ("quality-run", "quality-fresh", "quality-history", "quality-tests", "quality-loads"):
        visit.ready(panel)
    expect(page.locator("#quality-run")).to_contain_text("1 test failed")
    expect(page.locator("#quality-rejects")).to_contain_text("No manifest was rejected")
    expect(page.locator("#quality-tests .ag-row[row-index='0']")).to_contain_text("fail")
    expect(page.locator("#quality-tests .ag-row[row-index='0']")).to_contain_text("17")
    expect(page.locator("#quality-banner-body")).to_contain_text("Not only market data")
    expect(page).to_have_title("Data quality · Snowtape")


@pytest.mark.parametrize(("path", "panel"), [("/chart?ticker=AAPL", "chart-panel"), ("/quality", "quality-tests")])
def test_a_phone_needs_no_sideways_scroll_and_follows_the_systems_theme(phone: Visit, path: str, panel: str) -> None:
    phone.go(path)
    phone.ready(panel)
    expect_no_sideways_scroll(phone.page)
    expect(phone.page.locator("body")).to_have_css("background-color", "rgb(13, 16, 20)")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/chart?ticker=%3Cscript%3Ealert(1)%3C/script%3E", "No ticker named", id="script"),
        pytest.param("/chart?ticker=" + "A" * 5000 + HOSTILE, "No ticker named", id="huge"),
        pytest.param("/chart?ticker=NEWCO", "No bars for NEWCO yet", id="no-bars"),
    ],
)
def test_a_hostile_or_early_address_is_a_clean_empty_state(visit: Visit, path: str, text: str) -> None:
    visit.go(path)
    visit.page.wait_for_selector("#chart-panel[data-state=empty]")
    expect(visit.page.locator("#chart-message")).to_contain_text(text)
    expect_no_sideways_scroll(visit.page)


def test_a_page_that_is_open_when_the_warehouse_goes_notices_both_ways(visit: Visit, dashboard: Dashboard) -> None:
    page = visit.page
    visit.go("/quality")
    visit.ready("quality-tests")
    dashboard.gate.shut()
    try:
        page.wait_for_selector("#quality-tests[data-state=failed]")
        expect(page.locator("#quality-tests")).to_contain_text("The warehouse is away")
    finally:
        dashboard.gate.open()
    visit.ready("quality-tests")


def test_a_warehouse_that_goes_away_is_said_and_its_return_noticed(visit: Visit, dashboard: Dashboard) -> None:
    page = visit.page
    dashboard.gate.shut()
    try:
        visit.go("/chart?ticker=MSFT")
        page.wait_for_selector("#chart-panel[data-state=failed]")
        expect(page.locator("#chart-message")).to_contain_text("The warehouse is away")
        expect(page.locator("#chart-message")).to_contain_text("127.0.0.1")
    finally:
        dashboard.gate.open()
    visit.ready()
    expect(page.locator("h1")).to_have_text("Microsoft Corporation")


def test_a_compared_ticker_in_the_address_is_drawn_in_per_cent_also_after_a_zoom(visit: Visit) -> None:
    page = visit.page
    visit.go("/chart?ticker=AAPL&compare=MSFT")
    visit.ready()
    until(page, AXES, lambda axes: axes[0] == "category" and axes[1] > 20 and axes[2].endswith("%"))
    before = page.evaluate(AXES)
    page.locator("#chart-graph .nsewdrag").first.hover(position={"x": 500, "y": 100})
    page.mouse.wheel(0, -300)
    until(page, AXES, lambda axes: axes[0] == "category" and 1 < axes[1] != before[1] and axes[2].endswith("%"))
    expect(page).to_have_url(re.compile("from=20.*to=20"))
    colours = page.evaluate(LINE_COLOURS)
    assert len(set(colours)) == len(colours) == 3


def test_a_warehouse_that_hangs_is_said_while_panels_wait(visit: Visit, dashboard: Dashboard) -> None:
    page = visit.page
    dashboard.gate.hold()
    try:
        visit.go("/quality")
        until(page, BEFORE_TESTS, lambda text: "Still waiting for the warehouse" in text)
        health = page.request.get(visit.base + "/health")
        assert (health.status, health.text()) == (503, "The warehouse did not answer within 3 seconds.\n")
    finally:
        dashboard.gate.release()
    visit.ready("quality-tests")
    until(page, lambda: page.request.get(visit.base + "/health").status, lambda status: status == 200)
    until(page, BEFORE_TESTS, lambda text: "Still waiting" not in text)


def test_on_a_phone_the_chart_begins_on_the_first_screen_and_every_page_is_in_sight(phone: Visit) -> None:
    page = phone.page
    phone.go("/chart?ticker=AAPL")
    phone.ready()
    expect(page.locator("#chart-graph")).to_be_in_viewport(ratio=0.4)
    links = page.get_by_role("navigation").get_by_role("link")
    for link in links.all():
        expect(link).to_be_in_viewport(ratio=1)
    assert links.count() == len(PAGES)
