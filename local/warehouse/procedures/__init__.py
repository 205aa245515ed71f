"""Stored procedures in Python: what they are, where they are kept, and how their handlers run."""
