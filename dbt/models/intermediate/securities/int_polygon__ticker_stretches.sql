{# A ticker's bars between silences of more than 90 days: within a year the year has them, over its turn they show here. #}
{{ config(materialized='view') }}

with years as (
    select
        ticker,
        first_of_year_date,
        first_session_date,
        last_session_date,
        silences,
        lag(last_session_date) over (partition by ticker order by first_of_year_date) as session_before_date
    from {{ ref('int_polygon__ticker_years') }}
),

silences as (
    select
        ticker,
        session_before_date as silent_after_date,
        first_session_date as resumed_date
    from years
    where datediff('day', session_before_date, first_session_date) > {{ listing_gap_days() }}
    union all
    select
        years.ticker,
        split_part(silence.value::varchar, '/', 1)::date as silent_after_date,
        split_part(silence.value::varchar, '/', 2)::date as resumed_date
    from years,
        lateral flatten(input => split(years.silences, ',')) as silence
    where years.silences is not null
),

begun as (
    select
        ticker,
        min(first_session_date) as first_session_date
    from years
    group by ticker
    union all
    select
        ticker,
        resumed_date as first_session_date
    from silences
),

ended as (
    select
        ticker,
        max(last_session_date) as last_session_date
    from years
    group by ticker
)

select
    begun.ticker,
    begun.first_session_date,
    coalesce(min(silences.silent_after_date), max(ended.last_session_date)) as last_session_date
from begun
inner join ended
    on begun.ticker = ended.ticker
left join silences
    on
        begun.ticker = silences.ticker
        and begun.first_session_date <= silences.silent_after_date
group by
    begun.ticker,
    begun.first_session_date
