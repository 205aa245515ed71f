-- The chain of an underlying as it closed on a session: calls and puts side by side, strike by strike.
set underlying = 'AAPL';
set session_date = '2026-11-20';
set days_to_expiration_at_most = 45;

select
    expiration_date,
    strike_usd,
    max(iff(contract_type = 'call', close_usd, null)) as call_close_usd,
    max(iff(contract_type = 'call', implied_volatility_pct, null)) as call_implied_volatility_pct,
    max(iff(contract_type = 'call', delta, null)) as call_delta,
    max(iff(contract_type = 'call', open_interest_contracts, null)) as call_open_interest_contracts,
    max(iff(contract_type = 'put', close_usd, null)) as put_close_usd,
    max(iff(contract_type = 'put', implied_volatility_pct, null)) as put_implied_volatility_pct,
    max(iff(contract_type = 'put', delta, null)) as put_delta,
    max(iff(contract_type = 'put', open_interest_contracts, null)) as put_open_interest_contracts,
    max(underlying_close_usd) as underlying_close_usd
from marts.fct_polygon__option_chain
where
    underlying_ticker = $underlying
    and session_date = to_date($session_date)
    and days_to_expiration <= $days_to_expiration_at_most
    and not is_adjusted_contract
group by expiration_date, strike_usd
order by expiration_date, strike_usd;
