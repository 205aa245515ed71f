"""Every page in a real Chromium: accessible on a phone, calm under a hostile address, its state in the URL."""

from __future__ import annotations

import csv
import struct
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.pages import PAGES
from tests.browser.polling import until

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

HOMES = [page.paths[-1] for page in PAGES]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SERIOUS = """async () => (await axe.run()).violations
    .filter((found) => ["serious", "critical"].includes(found.impact))
    .map((found) => found.id + ": " + found.nodes[0].html)"""
HOSTILE = (
    "?ticker=%3Cscript%3Ealert(1)%3C/script%3E&tickers=-1,%27;--,雪&filter={%22x%22:-1}&sort=;drop&session=9999-99-99"
    "&asof=-1&window=-1&strategy=;drop&sma_fast=1e999&cost=nan&with=%00&test=" + "A" * 3000
)


def settle(page: Page) -> None:
    """Until a panel is filled and none is a skeleton."""
    page.wait_for_selector("main .st-panel[data-state]:not([data-state=loading])")
    page.wait_for_selector("body:not(:has(main [data-state=loading]))")


def has_cells(grid: Locator) -> bool:
    """A table makes its cells when it comes into sight; one that is drawn again meanwhile is no error."""
    grid.scroll_into_view_if_needed()
    return grid.locator(".ag-header-cell").first.is_visible()


def test_every_page_fits_a_phone_and_has_no_serious_accessibility_finding(phone: Visit) -> None:
    for path in HOMES:
        phone.go(path)
        settle(phone.page)
        assert phone.page.locator("main [data-state=failed]").count() == 0, path
        grids = phone.page.locator("main [id$='-grid']")
        for grid in [grids.nth(place) for place in range(grids.count())]:
            until(phone.page, lambda grid=grid: has_cells(grid), bool)
        phone.page.evaluate(AXE)
        assert (path, phone.page.evaluate(SERIOUS)) == (path, [])
        until(phone.page, "document.documentElement.scrollWidth", lambda width: width <= 390)


def test_a_hostile_address_fails_no_panel_of_any_page(visit: Visit) -> None:
    for path in HOMES:
        visit.go(path + HOSTILE)
        settle(visit.page)
        assert visit.page.locator("main [data-state=failed]").count() == 0, path


def test_a_back_test_lives_in_its_address_and_its_csv_is_what_is_shown(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.go("/backtest?ticker=AAPL&strategy=rsi&against=sma&direction=both&rsi_low=35")
    visit.ready("backtest-metrics")
    expect(page.locator("h1")).to_have_text("Back-test of AAPL")
    expect(page.locator("#backtest-strategy")).to_have_value("RSI")
    expect(page.get_by_role("textbox", name="Buy under")).to_have_value("35")
    heads = page.locator("#backtest-metrics thead th").all_inner_texts()
    assert heads == ["Figure", "RSI", "SMA crossover", "Buy and hold", "95% interval"]
    page.locator("#backtest-direction label").filter(has_text="Long only").click()
    expect(page).to_have_url(f"{visit.base}/backtest?ticker=AAPL&strategy=rsi&against=sma&rsi_low=35")
    page.wait_for_selector("body:not(:has(main [data-busy=true]))")
    with page.expect_download() as saved:
        page.get_by_label("Save Figures as CSV").click()
    saved.value.save_as(tmp_path / "figures.csv")
    rows = list(csv.reader((tmp_path / "figures.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0] == heads
    assert saved.value.suggested_filename == "snowtape-backtest-metrics-AAPL-2026-11-20.csv"
    shown = dict(line.split("\t")[:2] for line in page.locator("#backtest-metrics tbody tr").all_inner_texts())
    plain = {row[0]: row[1] for row in rows[1:]}
    assert list(plain)[:3] == ["Final equity, USD", "Total return, %", "CAGR, %"]
    assert shown["CAGR"] == f"{float(plain['CAGR, %']):,.2f}%".replace("-", "\N{MINUS SIGN}")


def test_more_settings_of_a_back_test_are_closed_counted_and_in_the_address(visit: Visit) -> None:
    page = visit.page
    visit.go("/backtest?ticker=AAPL&from=2026-03-02&size=volatility&stop=5")
    visit.ready("backtest-metrics")
    more = page.locator("#backtest-more")
    expect(more).to_have_text("More settings · 3 in use")
    stop = page.get_by_role("textbox", name="Stop, % of entry")
    expect(stop).to_be_hidden()
    more.click()
    expect(stop).to_have_value("5")
    expect(page.get_by_role("textbox", name="Volatility target, % a year")).to_be_visible()
    expect(page.get_by_role("textbox", name="Fraction, % of equity")).to_be_hidden()
    page.get_by_role("textbox", name="Benchmark, ticker").fill("MSFT")
    expect(page).to_have_url(f"{visit.base}/backtest?ticker=AAPL&from=2026-03-02&size=volatility&stop=5&benchmark=MSFT")
    expect(page.locator("#backtest-metrics thead")).to_contain_text("Hold MSFT")
    stop.fill("-5")
    expect(page.locator("#backtest-equity")).to_contain_text("Stop, % of entry, must be from 0 to 1000, not -5")


def test_a_parameter_that_cannot_be_run_is_named_and_the_way_back_works(visit: Visit) -> None:
    page = visit.page
    visit.go("/backtest?ticker=AAPL&sma_fast=500&sma_slow=20")
    page.wait_for_selector("#backtest-equity[data-state=empty]")
    expect(page.locator("#backtest-equity")).to_contain_text("can’t be run")
    page.locator("#backtest-equity").get_by_role("link", name="start with the defaults").click()
    visit.ready("backtest-equity")


def test_a_screeners_order_is_in_the_address_and_its_rows_lead_to_the_chart(visit: Visit) -> None:
    page = visit.page
    visit.go("/screener?sort=-close_usd")
    expect(page.locator("#screener-grid .ag-row[row-index='0']").first).to_contain_text("GOOG")
    expect(page).to_have_url(f"{visit.base}/screener?sort=-close_usd")
    page.get_by_label("Chart of GOOG").click()
    visit.ready()
    page.keyboard.press("ArrowRight")
    expect(page.locator("h1")).not_to_have_text("Alphabet Inc. Class C")


def test_a_preset_filters_keeps_its_name_and_shows_the_column_that_orders_it(phone: Visit) -> None:
    page = phone.page
    phone.go("/screener")
    phone.ready("screener-table")
    expect(page.locator("#screener-count")).to_contain_text("6 of 6 tickers")
    for name, column in (
        ("Within 3 % of the 52-week high", "above_high_52w_pct"),
        ("Oversold (RSI under 30)", "rsi_14"),
    ):
        page.locator("#screener-preset").click()
        page.get_by_role("option", name=name).click()
        expect(page.locator("#screener-count")).not_to_contain_text("6 of 6 tickers")
        expect(page.locator(f".ag-header-cell[col-id={column}]")).to_be_in_viewport()
        expect(page.locator("#screener-preset")).to_have_value(name)
    page.reload()
    expect(page.locator("#screener-count")).not_to_contain_text("6 of 6 tickers")
    expect(page.locator("#screener-preset")).to_have_value("Oversold (RSI under 30)")
    expect(page.locator(".ag-header-cell[col-id=rsi_14]")).to_be_in_viewport()


def test_the_navigation_leads_back_to_a_page_as_it_was_left(visit: Visit) -> None:
    page = visit.page
    visit.go("/chart?ticker=MSFT&show=sma200")
    visit.ready()
    page.locator("#chart-range label").filter(has_text="1Y").click()
    page.locator("#chart-panes, .st-toolbar").get_by_text("RSI").click()
    left = f"{visit.base}/chart?ticker=MSFT&show=sma200&range=1y&panes=rsi"
    expect(page).to_have_url(left)
    page.get_by_role("navigation").get_by_role("link", name="Screener").click()
    visit.ready("screener-table")
    page.get_by_role("navigation").get_by_role("link", name="Chart").click()
    visit.ready()
    expect(page).to_have_url(left)
    expect(page.locator("#chart-range input:checked")).to_have_value("1y")
    expect(page.locator("#chart-legend")).to_contain_text("RSI 14")
    page.get_by_role("navigation").get_by_role("link", name="Options").click()
    expect(page).to_have_url(f"{visit.base}/options?ticker=MSFT")


def test_a_value_of_the_address_that_cannot_be_used_is_named(visit: Visit) -> None:
    visit.go("/correlation?window=9999")
    said = visit.page.locator("#correlation-refused")
    expect(said).to_contain_text(
        "In the address, window is “9999”; expected one of 21, 63, 126, 252. Shown without it."
    )
    visit.go("/chart?ticker=AAPL&from=2026-02-31&to=2026-11-20")
    visit.ready()
    expect(visit.page.locator("#chart-refused")).to_contain_text("from is “2026-02-31”; expected a date")
    visit.go("/chart?ticker=AAPL&range=1m")
    visit.ready()
    expect(visit.page.locator("#chart-refused")).to_have_text("")


@pytest.mark.parametrize(
    ("path", "panel", "names", "numbers"),
    [
        ("/chart?ticker=AAPL&show=none", "chart-panel", "session|Volume, shares|open, USD|high, USD|low, USD", 5),
        ("/options?ticker=AAPL", "options-chain", "call open interest, contracts|call volume, contracts", 13),
    ],
)  # fmt: skip
def test_a_csv_has_one_row_of_distinct_names_with_units_and_plain_numbers(
    visit: Visit, tmp_path: Path, path: str, panel: str, names: str, numbers: int
) -> None:
    visit.go(path)
    visit.ready(panel)
    with visit.page.expect_download() as saved:
        visit.page.locator(f"[data-csv={panel}]").click()
    assert saved.value.suggested_filename == f"snowtape-{panel}-AAPL-2026-11-20.csv"
    saved.value.save_as(tmp_path / "saved.csv")
    heads, *rows = csv.reader((tmp_path / "saved.csv").read_text("utf-8-sig").splitlines())
    assert "|".join(heads).startswith(names)
    assert len(set(heads)) == len(heads)
    for row in rows:
        assert len(row) == len(heads)
        assert all(float(value) == float(value) for value in row[-numbers:] if value)


def test_the_question_mark_opens_the_shortcuts_but_not_while_typing(visit: Visit) -> None:
    visit.go("/quality")
    settle(visit.page)
    shortcuts = visit.page.get_by_role("dialog", name="Shortcuts")
    visit.page.keyboard.press("?")
    expect(shortcuts).to_be_visible()
    visit.page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    visit.page.keyboard.press("/")
    visit.page.keyboard.press("?")
    expect(visit.page.locator(".st-search input")).to_have_value("?")
    expect(shortcuts).to_be_hidden()


def test_a_png_holds_the_graph_at_twice_its_size_with_room_for_its_words(visit: Visit, tmp_path: Path) -> None:
    visit.go("/chart?ticker=AAPL")
    settle(visit.page)
    plot = visit.page.locator("#chart-panel .js-plotly-plot")
    expect(plot).to_be_visible()
    with visit.page.expect_download() as saved:
        visit.page.locator("[data-png=chart-panel]").click()
    saved.value.save_as(tmp_path / "chart.png")
    head = (tmp_path / "chart.png").read_bytes()[:24]
    width, height = struct.unpack(">II", head[16:])
    drawn = plot.evaluate("each => [each.clientWidth, each.clientHeight]")
    assert saved.value.suggested_filename == "snowtape-chart-panel-AAPL-2026-11-20.png"
    assert head.startswith(b"\x89PNG")
    assert width == 2 * (drawn[0] + 32)
    assert height > 2 * (drawn[1] + 32)
