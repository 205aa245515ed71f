{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='ticker', schema='MARTS') }}
select ticker, max(close_usd) as high_usd, array_agg(close_usd) within group (order by session_date) as closes
from {{ ref('stg_prices') }} group by ticker
