{{ config(materialized='view') }}
select id, ticker, session_date::date as session_date, close_usd::float as close_usd, note from {{ ref('prices') }}
