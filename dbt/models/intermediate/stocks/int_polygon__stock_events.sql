{{ config(materialized='view') }}

with dividends as (
    select
        dividend_id,
        ticker,
        ex_dividend_date as event_date,
        cash_amount,
        override_reason,
        recorded_at
    from {{ ref('stg_polygon__dividends') }}
    where
        cash_amount > 0
        and coalesce(upper(currency), 'USD') = 'USD'
),

splits as (
    select
        ticker,
        execution_date as event_date,
        split_from,
        split_to,
        override_reason,
        recorded_at
    from {{ ref('int_polygon__splits_chosen') }}
    where is_chosen
),

announced as (
    select
        ticker,
        event_date
    from dividends
    union distinct
    select
        ticker,
        event_date
    from splits
),

owners as (
    {{ securities_of_events('announced') }}
),

paid as (
    {{ told_once('dividends', 'owners', 'dividends.cash_amount') }}
),

executed as (
    {{ told_once('splits', 'owners', 'splits.split_from / splits.split_to') }}
)

select
    paid.ticker,
    paid.security_id,
    paid.event_date,
    paid.cash_amount as dividend_usd,
    paid.cash_amount * coalesce(factors.split_factor, 1) as adjusted_dividend_usd,
    null::float as split_from,
    null::float as split_to,
    paid.override_reason,
    paid.recorded_at
from paid
left join {{ ref('int_polygon__split_factors') }} as factors
    on
        paid.security_id = factors.security_id
        and paid.event_date >= factors.applies_from
        and paid.event_date < factors.applies_before
union all
select
    ticker,
    security_id,
    event_date,
    null as dividend_usd,
    null as adjusted_dividend_usd,
    split_from,
    split_to,
    override_reason,
    recorded_at
from executed
