{# What a ticker's bars of a calendar year come to, so that the tickers' table needn't read every bar: a build makes
   again the years in which something was recorded. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'first_of_year_date'],
        pre_hook="{{ forget_withdrawn_bars('first_of_year_date', \"date_trunc('year', versions.session_date)\") }}"
    )
}}
{%- set bars, versions = ref('stg_polygon__stock_bars_casted'), ref('snapshot_polygon__stock_bars') %}
with
{%- if is_incremental() %}
{%- set known = newest_recorded(this) %}
touched as (
    select distinct
        ticker,
        date_trunc('year', session_date) as first_of_year_date
    from {{ versions }}
    where recorded_at > {{ known }}
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
)

select
    dated.ticker,
    dated.first_of_year_date,
    min(dated.session_date) as first_session_date,
    max(dated.session_date) as last_session_date,
    count(*) as session_count,
    max_by(dated.close_usd, dated.session_date) as last_close_usd,
    max(dated.recorded_at) as recorded_at
from dated
{%- if is_incremental() %}
inner join touched
    on
        dated.ticker = touched.ticker
        and dated.first_of_year_date = touched.first_of_year_date
{%- endif %}
group by
    dated.ticker,
    dated.first_of_year_date
