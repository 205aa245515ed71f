"""Take the README's pictures from a demo that is running:  .venv/bin/python scripts/screenshots.py [dashboard URL]."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[1]
IMAGES = REPOSITORY / "docs" / "images"
SHOTS = [
    ("chart-light", "/chart?ticker=AAPL", "light", 900),
    ("options-dark", "/options?ticker=AAPL", "dark", 1000),
    ("backtest-light", "/backtest?ticker=AAPL", "light", 1100),
    ("quality-dark", "/quality", "dark", 1000),
]
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main(url: str) -> None:
    """Write one PNG a shot, 1,440 pixels wide."""
    browser_path = subprocess.check_output([REPOSITORY / "scripts" / "find-browser"], text=True).strip()
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        for name, path, scheme, height in SHOTS:
            page = browser.new_page(viewport={"width": 1440, "height": height}, color_scheme=scheme)
            page.goto(url + path)
            page.get_by_text("Data as of").first.wait_for()
            # Every panel is filled, and its charts are drawn.
            expect(page.locator("main [data-state=loading]")).to_have_count(0)
            expect(page.locator("main .js-plotly-plot:not(:has(.main-svg))")).to_have_count(0)
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8050")
