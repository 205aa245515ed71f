{{ config(materialized='view') }}

select
    ticker,
    ticker_name,
    market,
    primary_exchange,
    security_type,
    is_active,
    delisted_date,
    dbt_valid_from as known_from,
    dbt_valid_to as known_until,
    is_dropped,
    override_reason
from {{ ref('stg_polygon__tickers_versions') }}
