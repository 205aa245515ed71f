{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='session_date') }}
{# What money costs without risk on a day, by term, continuously compounded: docs/rates.md.
   A row for each weekday of the calendar, also of one that turned out to be no session, and of those to come: whatever
   has a price finds its rate. Only rows that come out different are written: recorded_at says what to make again. #}
{%- set terms = treasury_terms() %}
with published as (
    select *
    from {{ ref('stg_polygon__treasury_yields') }}
    where coalesce({{ yield_columns() | join(', ') }}) is not null
),

in_force as (
    select
        days.calendar_date as session_date,
        max(published.yield_date) over (
            order by days.calendar_date
            rows between unbounded preceding and current row
        ) as yield_date
    from {{ ref('int_polygon__exchange_days') }} as days
    left join published
        on days.calendar_date = published.yield_date
),

{# A yield is quoted for two payments a year. #}
points as (
    {%- for term, months in terms.items() %}
    select
        yield_date,
        {{ months }} as months,
        200 * ln(1 + yield_{{ term }}_pct / 200) as rate_pct
    from published
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{# Terms that were not published that day lie on the line between those that were. #}
bracketed as (
    select
        yield_date,
        months,
        max(iff(rate_pct is null, null, months)) over (
            partition by yield_date
            order by months
            rows between unbounded preceding and current row
        ) as shorter_months,
        min(iff(rate_pct is null, null, months)) over (
            partition by yield_date
            order by months
            rows between current row and unbounded following
        ) as longer_months,
        last_value(rate_pct) ignore nulls over (
            partition by yield_date
            order by months
            rows between unbounded preceding and current row
        ) as shorter_rate_pct,
        first_value(rate_pct) ignore nulls over (
            partition by yield_date
            order by months
            rows between current row and unbounded following
        ) as longer_rate_pct
    from points
),

interpolated as (
    select
        yield_date,
        months,
        round(
            case
                when shorter_months is null then longer_rate_pct
                when longer_months is null or longer_months = shorter_months then shorter_rate_pct
                else
                    shorter_rate_pct
                    + (longer_rate_pct - shorter_rate_pct)
                    * (months - shorter_months)::float / nullif(longer_months - shorter_months, 0)
            end,
            12
        ) as rate_pct
    from bracketed
),

curves as (
    select
        yield_date,
        {%- for term, months in terms.items() %}
        max(iff(months = {{ months }}, rate_pct, null)) as rate_{{ term }}_pct{{ ',' if not loop.last }}
        {%- endfor %}
    from interpolated
    group by yield_date
),

rates as (
    select
        in_force.session_date,
        iff(curves.yield_date is null, 'fallback', 'treasury') as rate_source,
        curves.yield_date,
        {%- for column in rate_columns() %}
        coalesce(curves.{{ column }}, {{ var('risk_free_rate_pct') }})::float as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from in_force
    left join curves
        on in_force.yield_date = curves.yield_date
    where dayofweekiso(in_force.session_date) <= 5
)

select
    rates.*,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from rates
{%- if is_incremental() %}
left join {{ this }} as built
    on rates.session_date = built.session_date
where
    built.session_date is null
    or rates.rate_source <> built.rate_source
    or rates.yield_date is distinct from built.yield_date
    {%- for column in rate_columns() %}
    or rates.{{ column }} is distinct from built.{{ column }}
    {%- endfor %}
{%- endif %}
