select
    contract_ticker,
    session_date,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_contracts,
    vwap_usd,
    transactions,
    fetched_at,
    manifest_id,
    recorded_at,
    override_reason
from {{ ref('stg_polygon__options_bars_versions') }}
where
    {{ is_known() }}
    and not is_dropped
