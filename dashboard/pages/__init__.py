"""The dashboard's pages, a folder each; PAGES is their order in the navigation."""

from __future__ import annotations

from dashboard.pages import chart, options, quality
from dashboard.pages.shell import Page

PAGES = (
    Page(chart.PATHS, chart.TITLE, chart.layout, chart.register, has_ticker=True),
    Page(options.PATHS, options.TITLE, options.layout, options.register, has_ticker=True),
    Page(quality.PATHS, quality.TITLE, quality.layout, quality.register),
)
