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
    recorded_at
from {{ ref('snapshot_polygon__options_bars') }}
where {{ is_known() }}
