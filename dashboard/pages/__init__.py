"""The dashboard's pages, a folder each; PAGES is their order in the navigation."""

from __future__ import annotations

from dashboard.pages import backtest, chart, correlation, home, options, quality, restatements, screener
from dashboard.pages.shell import Page

PAGES = (
    Page(home.PATHS, home.TITLE, home.layout, home.register),
    Page(chart.PATHS, chart.TITLE, chart.layout, chart.register, has_ticker=True),
    Page(options.PATHS, options.TITLE, options.layout, options.register, has_ticker=True),
    Page(backtest.PATHS, backtest.TITLE, backtest.layout, backtest.register, has_ticker=True),
    Page(screener.PATHS, screener.TITLE, screener.layout, screener.register),
    Page(restatements.PATHS, restatements.TITLE, restatements.layout, restatements.register, has_ticker=True),
    Page(correlation.PATHS, correlation.TITLE, correlation.layout, correlation.register),
    Page(quality.PATHS, quality.TITLE, quality.layout, quality.register),
)
