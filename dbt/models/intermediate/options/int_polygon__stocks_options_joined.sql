{{ config(materialized='view') }}

select
    options.contract_ticker,
    options.session_date,
    options.underlying_ticker,
    options.contract_type,
    options.expiration_date,
    options.days_to_expiration,
    options.strike_usd,
    options.is_adjusted_contract,
    options.close_usd,
    options.volume_contracts,
    options.moneyness,
    options.is_in_the_money,
    options.intrinsic_value_usd,
    options.underlying_close_usd,
    stocks.adjusted_close_usd as underlying_adjusted_close_usd,
    stocks.volume_shares as underlying_volume_shares,
    stocks.simple_return_pct as underlying_simple_return_pct,
    stocks.sma_20_usd as underlying_sma_20_usd,
    stocks.volatility_21d_pct as underlying_volatility_21d_pct,
    stocks.ticker is not null as has_underlying_bar,
    greatest(options.fetched_at, coalesce(stocks.fetched_at, options.fetched_at)) as fetched_at
from {{ ref('int_polygon__options_bars_enriched') }} as options
left join {{ ref('int_polygon__stock_bars_enriched') }} as stocks
    on
        options.underlying_security_id = stocks.security_id
        and options.session_date = stocks.session_date
