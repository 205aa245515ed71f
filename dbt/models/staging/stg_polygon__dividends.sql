select
    dividend_id,
    ticker,
    ex_dividend_date,
    cash_amount,
    currency,
    payments_per_year,
    distribution_type,
    pay_date,
    fetched_at,
    manifest_id,
    recorded_at
from {{ ref('snapshot_polygon__dividends') }}
where {{ is_known() }}
