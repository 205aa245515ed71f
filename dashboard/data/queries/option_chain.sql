select
    contract_ticker,
    expiration_date,
    days_to_expiration,
    contract_type,
    strike_usd,
    is_adjusted_contract,
    close_usd,
    volume_contracts,
    open_interest_contracts,
    underlying_close_usd,
    is_at_the_money,
    implied_volatility_pct,
    implied_volatility_reason,
    vendor_implied_volatility_pct,
    delta,
    gamma,
    theta_usd_per_day,
    vega_usd_per_point,
    data_origin,
    fetched_at
from marts.fct_polygon__option_chain
where underlying_ticker = :underlying and session_date = :session
order by expiration_date, strike_usd, contract_type
