"""Stored bars for Python code and notebooks, by the names and rules of the dashboard: docs/research.md."""

from research.reading import Research, ResearchError, connect

__all__ = ["Research", "ResearchError", "connect"]
