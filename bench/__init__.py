"""Measurements. Each module is a script (`python -m bench.<name>`) that prints a table and keeps it in bench/results.

Nothing here runs inside `make test`: machines differ and are never quiet, so what counts are ratios within one run.
"""
