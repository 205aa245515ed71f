"""The data-quality page."""

from dashboard.pages.quality.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
