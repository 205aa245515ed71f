"""The correlation page: how tickers’ returns move together."""

from dashboard.pages.correlation.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
