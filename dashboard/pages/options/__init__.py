"""The options page: one underlying's chain, smile, term structure and open interest."""

from dashboard.pages.options.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
