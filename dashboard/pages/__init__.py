"""The dashboard's pages, one module each; PAGES is their order in the navigation."""

from __future__ import annotations

from dashboard.pages import chart, quality
from dashboard.pages.shell import Page

PAGES = tuple(Page(module.PATHS, module.TITLE, module.layout, module.register) for module in (chart, quality))
