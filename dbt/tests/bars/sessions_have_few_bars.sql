{# Catches a session whose answers came short, or never came: far fewer bars than the median of the 20 sessions before.
   Stocks by the measure of ingest/completeness.py: under 90 % (75 % where there are less than 100) and at least 2 bars.
   Of options half may be gone after an expiration. #}
{{ config(severity='warn') }}
{% set sessions_before, few, least_lack = 20, 100, 2 %}
with counted as (
    select
        'stock_bars' as dataset,
        session_date,
        count(*) as bars
    from {{ ref('stg_polygon__stock_bars_casted') }}
    group by session_date
    union all
    select
        'option_bars' as dataset,
        session_date,
        count(*) as bars
    from {{ ref('stg_polygon__options_bars_casted') }}
    group by session_date
),

spans as (
    select
        dataset,
        min(session_date) as first_date,
        max(session_date) as last_date
    from counted
    group by dataset
),

sessions as (
    select
        spans.dataset,
        days.calendar_date as session_date,
        days.sessions_so_far,
        coalesce(counted.bars, 0) as bars
    from spans
    inner join {{ ref('int_polygon__exchange_days') }} as days
        on
            days.calendar_date >= spans.first_date
            and days.calendar_date <= spans.last_date
    left join counted
        on
            spans.dataset = counted.dataset
            and days.calendar_date = counted.session_date
    where days.is_session
),

compared as (
    select
        sessions.dataset,
        sessions.session_date,
        sessions.bars,
        median(earlier.bars) as usual_bars
    from sessions
    inner join sessions as earlier
        on
            sessions.dataset = earlier.dataset
            and earlier.sessions_so_far < sessions.sessions_so_far
            and earlier.sessions_so_far >= sessions.sessions_so_far - {{ sessions_before }}
    group by
        sessions.dataset,
        sessions.session_date,
        sessions.bars
)

select
    dataset,
    session_date,
    bars,
    usual_bars
from compared
where
    usual_bars - bars >= {{ least_lack }}
    and bars < usual_bars * case
        when dataset = 'option_bars' then 0.5
        when usual_bars < {{ few }} then 0.75
        else 0.9
    end
