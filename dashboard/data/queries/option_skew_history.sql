-- Of each session the volatility of a call and a put of delta 0.25, between the two contracts on its sides, of the
-- expiration nearest to 30 days; along the security that had the ticker in the last of the sessions.
with nearest as (
    select
        underlying_security_id,
        session_date,
        expiration_date,
        days_to_expiration
    from marts.fct_polygon__volatility_term_structure
    where
        underlying_security_id = (
            select max_by(named.underlying_security_id, named.session_date)
            from marts.fct_polygon__volatility_term_structure as named
            where
                named.underlying_ticker = :underlying
                and named.session_date <= :session
        )
        and session_date >= :since
        and session_date <= :session
        and days_to_expiration > 0
    qualify row_number() over (
        partition by session_date
        order by abs(days_to_expiration - 30), days_to_expiration
    ) = 1
),

steps as (
    select
        contracts.session_date,
        contracts.contract_type,
        abs(contracts.delta) as delta_size,
        contracts.implied_volatility_pct,
        lead(abs(contracts.delta)) over (
            partition by contracts.session_date, contracts.contract_type
            order by abs(contracts.delta)
        ) as next_delta_size,
        lead(contracts.implied_volatility_pct) over (
            partition by contracts.session_date, contracts.contract_type
            order by abs(contracts.delta)
        ) as next_volatility_pct,
        nearest.days_to_expiration
    from nearest
    inner join marts.fct_polygon__option_chain as contracts
        on
            nearest.session_date = contracts.session_date
            and nearest.underlying_security_id = contracts.underlying_security_id
            and nearest.expiration_date = contracts.expiration_date
    where
        not contracts.is_adjusted_contract
        and contracts.delta is not null
        and contracts.implied_volatility_pct is not null
),

wings as (
    select
        session_date,
        contract_type,
        days_to_expiration,
        implied_volatility_pct
        + (next_volatility_pct - implied_volatility_pct)
        * (0.25 - delta_size) / (next_delta_size - delta_size) as volatility_pct
    from steps
    where delta_size <= 0.25 and next_delta_size > 0.25
)

select
    session_date,
    max(days_to_expiration) as days_to_expiration,
    max(iff(contract_type <> 'put', volatility_pct, null)) as call_volatility_pct,
    max(iff(contract_type = 'put', volatility_pct, null)) as put_volatility_pct
from wings
group by session_date
order by session_date
