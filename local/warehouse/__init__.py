"""The local Snowflake: fakesnow's SQL translation on DuckDB, behind Snowflake's own wire protocol.

    python -m local.warehouse --port 8123 --directory .local/warehouse

What it does not do as Snowflake does is written down in `docs/local-snowflake.md`.
"""
