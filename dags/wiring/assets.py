"""The assets that chain the DAGs. An event only triggers a run: the warehouse's ledger says what is loaded."""

from __future__ import annotations

from airflow.sdk import Asset

from ingest.datasets import Family

LANDED = {
    Family.STOCKS: Asset(name="stocks_landed", uri="snowtape://landed/stocks"),
    Family.OPTIONS: Asset(name="options_landed", uri="snowtape://landed/options"),
}
# Airflow accepts exactly snowflake://ACCOUNT/DATABASE/SCHEMA/TABLE. The account's name is a placeholder: a real one
# would have to come from the environment, and parsing a DAG file needs none.
LOADED = {
    Family.STOCKS: Asset(name="stocks_loaded", uri="snowflake://ACCOUNT/SNOWTAPE/RAW/STOCK_BARS"),
    Family.OPTIONS: Asset(name="options_loaded", uri="snowflake://ACCOUNT/SNOWTAPE/RAW/OPTION_BARS"),
}
MARTS_BUILT = Asset(name="marts_built", uri="snowflake://ACCOUNT/SNOWTAPE/MARTS/FCT_POLYGON__STOCK_BARS_PERFORMANCE")
