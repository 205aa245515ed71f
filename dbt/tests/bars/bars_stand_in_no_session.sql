{# Catches a bar of a day on which New York didn't trade: a wrong date, a time zone, a calendar that is out of date. #}
{{ config(severity='warn') }}
with bars as (
    select
        'stock_bars' as dataset,
        ticker,
        session_date
    from {{ ref('stg_polygon__stock_bars_casted') }}
    union all
    select
        'option_bars' as dataset,
        contract_ticker as ticker,
        session_date
    from {{ ref('stg_polygon__options_bars_casted') }}
)

select
    bars.dataset,
    bars.ticker,
    bars.session_date
from bars
inner join {{ ref('int_polygon__exchange_days') }} as days
    on bars.session_date = days.calendar_date
where not days.is_session
