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
    recorded_at,
    override_reason
from {{ ref('stg_polygon__tickers_versions') }}
where
    {{ is_known() }}
    and not is_dropped
