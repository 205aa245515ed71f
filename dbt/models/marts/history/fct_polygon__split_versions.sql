{{ config(materialized='view') }}

select
    split_id,
    ticker,
    execution_date,
    split_from,
    split_to,
    adjustment_type,
    dbt_valid_from as known_from,
    dbt_valid_to as known_until,
    is_dropped,
    override_reason
from {{ ref('stg_polygon__splits_versions') }}
