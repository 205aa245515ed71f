"""The back-test page."""

from dashboard.pages.backtest.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
