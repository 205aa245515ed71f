{# What a ticker's bars of a calendar year come to, so that who has a ticker and the tickers' table needn't read every bar:
   a build makes again the years in which something was recorded. A silence of more than 90 days has a month without a
   bar in it, so months show it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'first_of_year_date'],
        pre_hook="{{ forget_withdrawn_bars(date='first_of_year_date', of_date=\"date_trunc('year', versions.session_date)\") }}"
    )
}}
{%- set bars, versions = ref('stg_polygon__stock_bars_casted'), ref('stg_polygon__stock_bars_versions') %}
with
{%- if is_incremental() %}
{%- set known = newest_recorded(this) %}
touched as (
    select
        ticker,
        date_trunc('year', session_date) as first_of_year_date,
        max(recorded_at) as recorded_at
    from {{ versions }}
    where recorded_at > {{ known }}
    group by
        ticker,
        first_of_year_date
),

{% endif %}
dated as (
    select
        ticker,
        date_trunc('year', session_date) as first_of_year_date,
        session_date,
        close_usd,
        recorded_at
    from {{ bars }}
    {%- if is_incremental() and asks_first() %}
    {%- set first_new = asked('select min(session_date) from ' ~ versions ~ ' where recorded_at > ' ~ known) %}
    where session_date >= date_trunc('year', '{{ first_new or '9999-12-31' }}'::date)
    {%- endif %}
),

of_months as (
    select
        dated.ticker,
        dated.first_of_year_date,
        date_trunc('month', dated.session_date) as first_of_month_date,
        min(dated.session_date) as first_session_date,
        max(dated.session_date) as last_session_date,
        count(*) as session_count,
        max_by(dated.close_usd, dated.session_date) as last_close_usd,
        {{ 'greatest(max(dated.recorded_at), max(touched.recorded_at))' if is_incremental() else 'max(dated.recorded_at)' }} as recorded_at
    from dated
    {%- if is_incremental() %}
    inner join touched
        on
            dated.ticker = touched.ticker
            and dated.first_of_year_date = touched.first_of_year_date
    {%- endif %}
    group by
        dated.ticker,
        dated.first_of_year_date,
        first_of_month_date
),

followed as (
    select
        of_months.*,
        lag(last_session_date) over (
            partition by ticker, first_of_year_date
            order by first_of_month_date
        ) as session_before_date
    from of_months
)

select
    ticker,
    first_of_year_date,
    min(first_session_date) as first_session_date,
    max(last_session_date) as last_session_date,
    sum(session_count) as session_count,
    max_by(last_close_usd, last_session_date) as last_close_usd,
    nullif(
        listagg(
            iff(
                datediff('day', session_before_date, first_session_date) > {{ listing_gap_days() }},
                to_char(session_before_date, 'YYYY-MM-DD') || '/' || to_char(first_session_date, 'YYYY-MM-DD'),
                null
            ),
            ','
        ) within group (order by first_session_date),
        ''
    ) as silences,
    max(recorded_at) as recorded_at
from followed
group by
    ticker,
    first_of_year_date
