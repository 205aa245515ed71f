"""The restatements page: bars that changed after they were first fetched."""

from dashboard.pages.restatements.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
