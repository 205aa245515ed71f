"""The screener page: every ticker of the newest session, filtered by the marts’ columns."""

from dashboard.pages.screener.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
