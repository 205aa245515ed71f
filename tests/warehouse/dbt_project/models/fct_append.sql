{{ config(materialized='incremental', incremental_strategy='append', schema='MARTS') }}
select ticker, session_date, '{{ invocation_id }}' as loaded_by from {{ ref('stg_prices') }}
