{{ config(materialized='table', schema='MARTS') }}
select ticker, count(*) as session_count, max(session_date) as last_session_date from {{ ref('stg_prices') }} group by ticker
