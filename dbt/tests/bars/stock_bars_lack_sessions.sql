{# Catches a session that a security lacks between its bars: an answer that was cut, a symbol that was left out.
   A share that trades a million dollars a day trades in every session; of a thin one up to 5 sessions in a row may have
   no trade. Longer than 90 days is no gap but another listing. #}
{{ config(severity='warn') }}
{% set liquid_usd, tolerated_of_liquid, tolerated_of_thin = 1000000, 0, 5 %}
with followed as (
    select
        ticker,
        session_date,
        average_dollar_volume_20d_usd,
        lead(session_date) over (partition by security_id, listed_from_date order by session_date) as next_session_date
    from {{ ref('int_polygon__stock_bars_enriched') }}
)

select
    followed.ticker,
    followed.session_date as last_session_date,
    followed.next_session_date,
    followed.average_dollar_volume_20d_usd,
    until_next.sessions_so_far - until_last.sessions_so_far - 1 as missing_sessions
from followed
inner join {{ ref('int_polygon__exchange_days') }} as until_last
    on followed.session_date = until_last.calendar_date
inner join {{ ref('int_polygon__exchange_days') }} as until_next
    on followed.next_session_date = until_next.calendar_date
where missing_sessions > iff(
    coalesce(followed.average_dollar_volume_20d_usd, 0) >= {{ liquid_usd }},
    {{ tolerated_of_liquid }},
    {{ tolerated_of_thin }}
)
