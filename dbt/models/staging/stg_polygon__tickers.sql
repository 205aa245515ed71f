select
    ticker,
    ticker_name,
    market,
    locale,
    primary_exchange,
    security_type,
    currency,
    cik,
    composite_figi,
    is_active,
    delisted_date,
    fetched_at,
    manifest_id,
    recorded_at
from {{ ref('snapshot_polygon__tickers') }}
where {{ is_known() }}
