{# Strikes are quoted in the money of their day, so moneyness compares them with the unadjusted close.
   A contract that was adjusted (root ending in a digit, other than 100 shares, several underlyings) delivers something
   else than 100 shares of the underlying: its strike can't be compared, and its moneyness stays NULL. #}
with parsed as (
    select
        bars.contract_ticker,
        bars.session_date,
        {{ option_root('bars.contract_ticker') }} as option_root,
        {{ option_expiration('bars.contract_ticker') }} as expiration_date,
        {{ option_type('bars.contract_ticker') }} as contract_type,
        {{ option_strike('bars.contract_ticker') }} as strike_usd,
        bars.open_usd,
        bars.high_usd,
        bars.low_usd,
        bars.close_usd,
        bars.volume_contracts,
        bars.vwap_usd,
        bars.transactions,
        bars.fetched_at
    from {{ ref('stg_polygon__options_bars_casted') }} as bars
),

described as (
    select
        parsed.*,
        coalesce(
            contracts.underlying_ticker,
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
    datediff('day', session_date, expiration_date) as days_to_expiration,
    comparable_close_usd / nullif(strike_usd, 0) as moneyness_ratio,
    iff(
        contract_type = 'call',
        comparable_close_usd > strike_usd,
        comparable_close_usd < strike_usd
    ) as is_in_the_money,
    case
        when is_in_the_money then abs(comparable_close_usd - strike_usd)
        when not is_in_the_money then 0
    end as intrinsic_value_usd,
    fetched_at
from compared
