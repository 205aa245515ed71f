{{ config(materialized='incremental', unique_key=['ticker', 'session_date'], incremental_strategy='merge', schema='MARTS',
          on_schema_change='append_new_columns') }}
select ticker, session_date, close_usd, round(close_usd / previous_close_usd - 1, 9) as simple_return
{% if var('with_note', false) %}, note{% endif %}
from {{ ref('int_prices') }}
{% if is_incremental() %} where session_date >= (select dateadd(day, -5, max(session_date)) from {{ this }}) {% endif %}
