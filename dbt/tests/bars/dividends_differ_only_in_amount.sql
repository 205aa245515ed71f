{# Catches a dividend that comes under two ids with two amounts: both count, though one may be the other's correction. #}
{{ config(severity='warn') }}
select
    ticker,
    ex_dividend_date,
    cash_amount,
    dividend_id,
    distribution_type
from {{ ref('stg_polygon__dividends') }}
qualify count(*) over (
    partition by
        ticker,
        ex_dividend_date,
        coalesce(upper(currency), 'USD'),
        {{ dividend_kind('distribution_type') }}
) > 1
