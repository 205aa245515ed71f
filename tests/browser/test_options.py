"""The options page in a real Chromium: the chain on a phone, and what its address keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.polling import until

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

# Whether the strike of the row at the money is inside of the chain's box, whole.
IN_SIGHT = """() => {
    const [box, strike] = ["#options-chain .st-scroll", ".st-atm-row th"]
        .map((found) => document.querySelector(found).getBoundingClientRect());
    return strike.left >= box.left - 1 && strike.right <= box.right + 1;
}"""
# Which parts of the chain are on the screen once it is scrolled to; what stands above it may still grow.
SHOWN = """(parts) => {
    document.querySelector("#options-chain").scrollIntoView();
    return [...document.querySelectorAll(`#options-chain ${parts}`)].map((part) => {
        const place = part.getBoundingClientRect();
        return place.right > 0 && place.left < innerWidth && place.bottom > 0 && place.top < innerHeight;
    });
}"""
# The names of the columns in both files that the panel of the fitted surface saves: its curves and its table.
FITTED_CSV = """() => Object.values(window.snowtapeCsv.files(document.querySelector("#options-fitted")))
    .map((rows) => rows[0])"""


def test_on_a_phone_the_strikes_stay_in_sight_and_calls_and_puts_are_both_reachable(phone: Visit) -> None:
    page = phone.page
    phone.go("/options?ticker=AAPL")
    phone.ready("options-chain")
    box = page.locator("#options-chain .st-scroll")
    until(page, lambda: box.evaluate("box => box.scrollLeft"), lambda left: left > 50)  # the middle, at first
    until(page, lambda: page.evaluate(SHOWN, ".st-side"), lambda shown: shown == [True, True])  # calls, puts
    for place, column in ((0, "th:first-child"), (9999, "th:last-child")):
        box.evaluate("(box, place) => { box.scrollLeft = place }", place)
        cell = f"thead tr:last-child {column}"
        until(page, lambda cell=cell: page.evaluate(SHOWN, cell), lambda shown: shown == [True])
        assert page.evaluate(IN_SIGHT)


def test_a_position_lives_in_its_address(visit: Visit) -> None:
    page = visit.page
    visit.go("/options?ticker=AAPL")
    page.wait_for_selector("#options-position[data-state=empty]")
    visit.ready("options-fitted")
    until(page, lambda: page.evaluate(FITTED_CSV), lambda names: names[0][-1] == "19 Mar 2027 beyond the points, %")
    assert page.evaluate(FITTED_CSV)[1][:3] == ["expiration", "days", "fitted volatility at the forward, %"]
    page.get_by_role("button", name="Iron condor").click()
    visit.ready("options-position")
    legs = page.locator("#options-legs").input_value()
    assert legs.count(",") == 3
    expect(page).to_have_url(f"{visit.base}/options?ticker=AAPL&legs={legs}")
    page.locator("#options-position").get_by_label("Remove", exact=False).last.click()
    expect(page.locator("#options-legs")).to_have_value(legs.rpartition(",")[0])
    visit.go("/options?ticker=AAPL&legs=1c1")
    expect(page.locator("#options-position")).to_contain_text("A leg is a call of 1; none expires on 18 Dec 2026.")
