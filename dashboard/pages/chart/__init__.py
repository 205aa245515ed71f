"""The chart page: candles, volume, averages and indicators of one ticker, alone or against others."""

from dashboard.pages.chart.page import PATHS, TITLE, layout, register

__all__ = ["PATHS", "TITLE", "layout", "register"]
