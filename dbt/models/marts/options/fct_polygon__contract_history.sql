{{ config(materialized='view') }}

{# One contract through splits and renames of its underlying, with the symbol that it had in each session. #}
select
    coalesce(lineage.contract_id, options.contract_ticker) as contract_id,
    options.session_date,
    options.contract_ticker,
    options.underlying_ticker,
    options.underlying_security_id,
    options.contract_type,
    options.expiration_date,
    options.strike_usd,
    coalesce(lineage.shares_per_contract, options.shares_per_contract) as shares_per_contract,
    options.is_adjusted_contract,
    options.open_usd,
    options.high_usd,
    options.low_usd,
    options.close_usd,
    options.volume_contracts,
    options.open_interest_contracts,
    coalesce(lineage.price_factor, 1) as price_factor,
    coalesce(lineage.contracts_factor, 1) as contracts_factor,
    options.strike_usd * coalesce(lineage.price_factor, 1) as adjusted_strike_usd,
    options.open_usd * coalesce(lineage.price_factor, 1) as adjusted_open_usd,
    options.high_usd * coalesce(lineage.price_factor, 1) as adjusted_high_usd,
    options.low_usd * coalesce(lineage.price_factor, 1) as adjusted_low_usd,
    options.close_usd * coalesce(lineage.price_factor, 1) as adjusted_close_usd,
    options.volume_contracts * coalesce(lineage.contracts_factor, 1) as adjusted_volume_contracts,
    options.open_interest_contracts * coalesce(lineage.contracts_factor, 1) as adjusted_open_interest_contracts,
    options.underlying_close_usd,
    options.implied_volatility_pct,
    options.implied_volatility_reason,
    lineage.uncertain_reason,
    options.fetched_at
from {{ ref('int_polygon__options_bars_enriched') }} as options
left join {{ ref('int_polygon__contract_lineage') }} as lineage
    on
        options.contract_ticker = lineage.contract_ticker
        and options.underlying_security_id = lineage.underlying_security_id
        and coalesce(options.session_date >= lineage.valid_from, true)
        and coalesce(options.session_date < lineage.valid_until, true)
