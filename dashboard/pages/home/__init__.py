"""The page where one starts: the market of the newest session, what changed, and the user's watchlists."""

from dashboard.pages.home.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
