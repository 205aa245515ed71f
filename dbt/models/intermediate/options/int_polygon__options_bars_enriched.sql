{# A row a contract and session: one that traded has a bar, one that the vendor's snapshot lists may have none.
   Strikes are quoted in the money of their day, so they are compared with the underlying's unadjusted close.
   A contract that was adjusted (root ending in a digit, other than 100 shares, several underlyings) delivers something
   else than 100 shares of the underlying: its strike can't be compared, and its moneyness stays NULL. #}
with quoted as (
    select
        coalesce(bars.contract_ticker, chain.contract_ticker) as contract_ticker,
        coalesce(bars.session_date, chain.session_date) as session_date,
        chain.underlying_ticker as snapshot_underlying_ticker,
        bars.open_usd,
        bars.high_usd,
        bars.low_usd,
        bars.close_usd,
        bars.volume_contracts,
        bars.vwap_usd,
        bars.transactions,
        chain.open_interest_contracts,
        chain.implied_volatility * 100 as vendor_implied_volatility_pct,
        chain.delta as vendor_delta,
        chain.gamma as vendor_gamma,
        chain.theta_usd_per_day as vendor_theta_usd_per_day,
        chain.vega_usd_per_pct as vendor_vega_usd_per_point,
        greatest_ignore_nulls(bars.fetched_at, chain.fetched_at) as fetched_at
    from {{ ref('stg_polygon__options_bars_casted') }} as bars
    full outer join {{ ref('stg_polygon__option_chain') }} as chain
        on
            bars.contract_ticker = chain.contract_ticker
            and bars.session_date = chain.session_date
),

parsed as (
    select
        quoted.*,
        {{ option_root('quoted.contract_ticker') }} as option_root,
        {{ option_expiration('quoted.contract_ticker') }} as expiration_date,
        {{ option_type('quoted.contract_ticker') }} as contract_type,
        {{ option_strike('quoted.contract_ticker') }} as strike_usd
    from quoted
),

described as (
    select
        parsed.*,
        coalesce(
            contracts.underlying_ticker,
            parsed.snapshot_underlying_ticker,
            regexp_replace(parsed.option_root, '[0-9]$', '')
        ) as underlying_ticker,
        contracts.shares_per_contract,
        contracts.exercise_style,
        (
            regexp_like(parsed.option_root, '.*[0-9]')
            or coalesce(contracts.shares_per_contract, 100) <> 100
            or coalesce(contracts.has_additional_underlyings, false)
        ) as is_adjusted_contract
    from parsed
    left join {{ ref('stg_polygon__option_contracts') }} as contracts
        on parsed.contract_ticker = contracts.contract_ticker
),

compared as (
    select
        described.*,
        underlying.close_usd as underlying_close_usd,
        iff(described.is_adjusted_contract, null, underlying.close_usd) as comparable_close_usd
    from described
    left join {{ ref('stg_polygon__stock_bars_casted') }} as underlying
        on
            described.underlying_ticker = underlying.ticker
            and described.session_date = underlying.session_date
)

select
    contract_ticker,
    session_date,
    underlying_ticker,
    option_root,
    contract_type,
    expiration_date,
    datediff('day', session_date, expiration_date) as days_to_expiration,
    strike_usd,
    shares_per_contract,
    exercise_style,
    is_adjusted_contract,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_contracts,
    vwap_usd,
    transactions,
    underlying_close_usd,
    comparable_close_usd / nullif(strike_usd, 0) as moneyness,
    iff(
        contract_type = 'call',
        comparable_close_usd > strike_usd,
        comparable_close_usd < strike_usd
    ) as is_in_the_money,
    iff(
        comparable_close_usd is null,
        null,
        dense_rank() over (
            partition by underlying_ticker, session_date, expiration_date, comparable_close_usd is null
            order by abs(strike_usd - comparable_close_usd), strike_usd
        ) = 1
    ) as is_at_the_money,
    case
        when is_in_the_money then abs(comparable_close_usd - strike_usd)
        when not is_in_the_money then 0
    end as intrinsic_value_usd,
    open_interest_contracts,
    vendor_implied_volatility_pct,
    vendor_delta,
    vendor_gamma,
    vendor_theta_usd_per_day,
    vendor_vega_usd_per_point,
    fetched_at
from compared
