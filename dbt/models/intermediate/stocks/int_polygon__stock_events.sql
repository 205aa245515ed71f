{{ config(materialized='view') }}

select
    dividends.ticker,
    dividends.ex_dividend_date as event_date,
    dividends.cash_amount as dividend_usd,
    dividends.cash_amount * coalesce(factors.split_factor, 1) as adjusted_dividend_usd,
    null::float as split_from,
    null::float as split_to,
    dividends.override_reason,
    dividends.recorded_at
from {{ ref('stg_polygon__dividends') }} as dividends
left join {{ ref('int_polygon__split_factors') }} as factors
    on
        dividends.ticker = factors.ticker
        and dividends.ex_dividend_date >= factors.applies_from
        and dividends.ex_dividend_date < factors.applies_before
where
    dividends.cash_amount > 0
    and coalesce(upper(dividends.currency), 'USD') = 'USD'
union all
select
    ticker,
    execution_date as event_date,
    null as dividend_usd,
    null as adjusted_dividend_usd,
    split_from,
    split_to,
    override_reason,
    recorded_at
from {{ ref('int_polygon__splits_chosen') }}
where is_chosen
