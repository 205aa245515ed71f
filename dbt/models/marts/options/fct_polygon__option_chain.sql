{{ config(materialized='view') }}

select
    options.contract_ticker,
    options.underlying_ticker,
    options.underlying_security_id,
    options.session_date,
    options.expiration_date,
    options.days_to_expiration,
    options.sessions_to_expiration,
    options.last_trading_date,
    options.years_to_expiration,
    options.contract_type,
    options.exercise_style,
    options.strike_usd,
    options.shares_per_contract,
    options.is_adjusted_contract,
    options.open_usd,
    options.high_usd,
    options.low_usd,
    options.close_usd,
    options.volume_contracts,
    options.vwap_usd,
    options.transactions,
    options.underlying_close_usd,
    options.moneyness,
    options.is_in_the_money,
    options.is_at_the_money,
    options.intrinsic_value_usd,
    options.close_usd - options.intrinsic_value_usd as time_value_usd,
    options.risk_free_rate_pct,
    options.risk_free_rate_source,
    options.dividend_yield_pct,
    options.dividends_ahead,
    options.dividends_projected,
    options.dividends_ahead_usd,
    options.implied_volatility_pct,
    options.delta,
    options.gamma,
    options.theta_usd_per_day,
    options.vega_usd_per_point,
    options.rho_usd_per_point,
    options.early_exercise_premium_usd,
    options.implied_volatility_reason,
    options.open_interest_contracts,
    options.vendor_bid_usd,
    options.vendor_ask_usd,
    options.vendor_implied_volatility_pct,
    options.vendor_delta,
    options.vendor_gamma,
    options.vendor_theta_usd_per_day,
    options.vendor_vega_usd_per_point,
    options.implied_volatility_pct - options.vendor_implied_volatility_pct as implied_volatility_difference_pct,
    case
        when coalesce(abs(implied_volatility_difference_pct), 0) <= 0.5 then null
        when abs(implied_volatility_difference_pct) * options.vega_usd_per_point <= 0.01 then 'a_cent'
        when options.close_usd not between options.vendor_bid_usd and options.vendor_ask_usd then 'stale_close'
        when
            -implied_volatility_difference_pct * options.vega_usd_per_point
            between options.early_exercise_premium_usd / 2 and options.early_exercise_premium_usd * 2
            then 'early_exercise'
        when options.dividends_ahead > 0 then 'dividends'
        else 'unexplained'
    end as implied_volatility_difference_cause,
    options.delta - options.vendor_delta as delta_difference,
    options.gamma - options.vendor_gamma as gamma_difference,
    options.theta_usd_per_day - options.vendor_theta_usd_per_day as theta_difference_usd_per_day,
    options.vega_usd_per_point - options.vendor_vega_usd_per_point as vega_difference_usd_per_point,
    coalesce(tickers.data_origin, 'unknown') as data_origin,
    options.override_reason,
    options.fetched_at
from {{ ref('int_polygon__options_bars_enriched') }} as options
left join {{ ref('dim_polygon__tickers') }} as tickers
    on options.underlying_ticker = tickers.ticker
