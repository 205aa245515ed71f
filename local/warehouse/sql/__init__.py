"""Statements that sqlglot has a tree for, rewritten so that DuckDB gives them Snowflake's meaning."""
