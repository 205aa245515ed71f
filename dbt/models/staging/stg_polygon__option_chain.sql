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
    recorded_at,
    override_reason
from {{ ref('stg_polygon__option_chain_versions') }}
where
    {{ is_known() }}
    and not is_dropped
