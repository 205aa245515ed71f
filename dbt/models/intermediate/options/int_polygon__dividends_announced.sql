{{ config(materialized='view') }}

{# Regular dividends in USD, and from which day on the market knew of them. Where the vendor has no date of declaration, it
   is the day of New York on which we first saw it; the ex-date at the latest. #}
with first_seen as (
    select
        dividend_id,
        convert_timezone('UTC', 'America/New_York', min(dbt_valid_from))::date as first_seen_date
    from {{ ref('stg_polygon__dividends_versions') }}
    group by dividend_id
)

select
    dividends.dividend_id,
    dividends.ticker,
    dividends.ex_dividend_date,
    dividends.cash_amount as dividend_usd,
    dividends.payments_per_year,
    least(
        coalesce(dividends.declaration_date, first_seen.first_seen_date),
        dividends.ex_dividend_date
    ) as announced_date,
    dividends.recorded_at
from {{ ref('stg_polygon__dividends') }} as dividends
left join first_seen
    on dividends.dividend_id = first_seen.dividend_id
where
    dividends.cash_amount > 0
    and coalesce(upper(dividends.currency), 'USD') = 'USD'
    and coalesce(dividends.distribution_type, '') not in ({{ extra_distributions() }})
