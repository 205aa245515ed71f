{# Catches a ticker that is listed but stale: renamed, delisted without word, or dropped from what is asked for.
   Up to 5 sessions behind the newest one are tolerated, since a thin share needn't trade. #}
{{ config(severity='warn') }}
{% set tolerated_sessions = 5 %}
with newest as (
    select max(last_session_date) as session_date
    from {{ ref('dim_polygon__tickers') }}
)

select
    tickers.ticker,
    tickers.last_session_date,
    newest_day.sessions_so_far - last_day.sessions_so_far as sessions_behind
from {{ ref('dim_polygon__tickers') }} as tickers
cross join newest
inner join {{ ref('int_polygon__exchange_days') }} as last_day
    on tickers.last_session_date = last_day.calendar_date
inner join {{ ref('int_polygon__exchange_days') }} as newest_day
    on newest.session_date = newest_day.calendar_date
where
    coalesce(tickers.is_active, true)
    and sessions_behind > {{ tolerated_sessions }}
