{# The first and the last session of each span of int_polygon__ticker_spans_claimed that has any. #}
{{ config(materialized='view') }}

with spans as (
    select
        ticker,
        coalesce(valid_from, {{ beginning_of_time() }}::date) as from_date,
        coalesce(valid_until, '9999-12-31'::date) as until_date
    from {{ ref('int_polygon__ticker_spans_claimed') }}
),

{{ sessions_of_spans('spans', ref('int_polygon__ticker_stretches')) }}

select
    ticker,
    from_date,
    until_date,
    traded_from,
    traded_until
from traded
