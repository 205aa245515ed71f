{{ config(materialized='view') }}
select *, lag(close_usd) over (partition by ticker order by session_date) as previous_close_usd from {{ ref('stg_prices') }}
