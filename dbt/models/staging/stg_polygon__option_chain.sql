select
    contract_ticker,
    session_date,
    underlying_ticker,
    underlying_price_usd,
    implied_volatility,
    delta,
    gamma,
    theta_usd_per_day,
    vega_usd_per_pct,
    open_interest_contracts,
    break_even_price_usd,
    bid_usd,
    ask_usd,
    midpoint_usd,
    day_close_usd,
    day_volume_contracts,
    fetched_at,
    manifest_id,
    recorded_at
from {{ ref('snapshot_polygon__option_chain') }}
where {{ is_known() }}
