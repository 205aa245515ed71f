-- A contract's sessions under each symbol that it has had; a symbol may have named several contracts.
with same_contract as (
    select other.contract_ticker
    from marts.dim_polygon__option_contracts as asked
    inner join marts.dim_polygon__option_contracts as other
        on asked.contract_id = other.contract_id
    where asked.contract_ticker = :contract
    union all
    select :contract as contract_ticker
)

select
    contract_id,
    session_date,
    contract_ticker,
    contract_type,
    expiration_date,
    strike_usd,
    shares_per_contract,
    close_usd,
    price_factor,
    contracts_factor,
    adjusted_strike_usd,
    adjusted_close_usd,
    adjusted_volume_contracts,
    adjusted_open_interest_contracts,
    underlying_close_usd,
    implied_volatility_pct,
    implied_volatility_reason,
    uncertain_reason,
    fetched_at
from marts.fct_polygon__contract_history
where contract_ticker in (
    select contract_ticker
    from same_contract
)
order by contract_id, session_date
