{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_touched_sessions() }}"
    )
}}
with contracts as (
    {{ chain_contracts() }}
)

select
    underlying_ticker,
    max(underlying_security_id) as underlying_security_id,
    session_date,
    expiration_date,
    max(days_to_expiration) as days_to_expiration,
    max(sessions_to_expiration) as sessions_to_expiration,
    max(underlying_close_usd) as underlying_close_usd,
    max(strike_usd) as at_the_money_strike_usd,
    (
        coalesce(max(iff(contract_type = 'call', implied_volatility_pct, null)), max(implied_volatility_pct))
        + coalesce(max(iff(contract_type = 'put', implied_volatility_pct, null)), max(implied_volatility_pct))
    ) / 2 as at_the_money_volatility_pct,
    (
        coalesce(
            max(iff(contract_type = 'call', vendor_implied_volatility_pct, null)), max(vendor_implied_volatility_pct)
        )
        + coalesce(
            max(iff(contract_type = 'put', vendor_implied_volatility_pct, null)), max(vendor_implied_volatility_pct)
        )
    ) / 2 as vendor_at_the_money_volatility_pct,
    max(fetched_at) as fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from contracts
where is_at_the_money
group by
    underlying_ticker,
    session_date,
    expiration_date
having max(implied_volatility_pct) is not null
