{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['contract_ticker', 'session_date'], pre_hook="{{ forget_dropped_quotes() }}") }}

{# A row a contract and session: one that traded has a bar, one that the vendor's snapshot lists may have none.
   Strikes are quoted in the money of their day, so they are compared with the underlying's unadjusted close.
   A contract that was adjusted (root ending in a digit, other than 100 shares, several underlyings) delivers something
   else than 100 shares of the underlying: its strike can't be compared, and it has no moneyness and no volatility.
   Implied volatility and greeks: docs/adr/0008. #}
-- depends_on: {{ ref('int_polygon__exchange_closures') }}
-- depends_on: {{ ref('stg_polygon__option_contracts_versions') }}
-- depends_on: {{ ref('stg_polygon__options_bars_versions') }}
-- depends_on: {{ ref('stg_polygon__option_chain_versions') }}
-- depends_on: {{ ref('stg_polygon__dividends_versions') }}
-- depends_on: {{ ref('stg_polygon__splits_versions') }}
-- depends_on: {{ ref('stg_polygon__stock_bars_versions') }}
with recursive
{% if is_incremental() %}
{{ touched_options() }}

{% endif %}
quoted as (
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
        chain.bid_usd as vendor_bid_usd,
        chain.ask_usd as vendor_ask_usd,
        chain.implied_volatility * 100 as vendor_implied_volatility_pct,
        chain.delta as vendor_delta,
        chain.gamma as vendor_gamma,
        chain.theta_usd_per_day as vendor_theta_usd_per_day,
        chain.vega_usd_per_pct as vendor_vega_usd_per_point,
        coalesce(bars.override_reason, chain.override_reason) as override_reason,
        greatest_ignore_nulls(bars.fetched_at, chain.fetched_at) as fetched_at
    from {{ ref('stg_polygon__options_bars_casted') }} as bars
    full outer join {{ ref('stg_polygon__option_chain') }} as chain
        on
            bars.contract_ticker = chain.contract_ticker
            and bars.session_date = chain.session_date
    {% if is_incremental() %}
    where coalesce(bars.session_date, chain.session_date) in (
        select touched.session_date
        from touched
    )
    {% endif %}
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
            terms.underlying_ticker,
            parsed.snapshot_underlying_ticker,
            {{ option_root_underlying('parsed.option_root') }}
        ) as underlying_ticker,
        terms.shares_per_contract,
        terms.exercise_style,
        terms.override_reason as terms_override_reason,
        terms.contract_ticker is not null as has_contract_terms,
        (
            regexp_like(parsed.option_root, '.*[0-9]')
            or coalesce(terms.shares_per_contract, 100) <> 100
            or coalesce(terms.has_additional_underlyings, false)
        ) as is_adjusted_contract
    from parsed
    left join {{ ref('stg_polygon__option_terms') }} as terms
        on parsed.contract_ticker = terms.contract_ticker
),

chained as (
    select described.*
    from described
    {% if is_incremental() %}
    inner join touched
        on
            described.underlying_ticker = touched.underlying_ticker
            and described.session_date = touched.session_date
    {% endif %}
),

chains as (
    select distinct
        underlying_ticker,
        session_date
    from chained
),

dividends as (
    select
        chains.underlying_ticker,
        chains.session_date,
        dividends_paid.dividend_id,
        max(dividends_paid.cash_amount) as cash_usd,
        {# Of several splits in between the product; rounded, since a sum of logarithms is not exact. #}
        round(exp(coalesce(sum(ln(splits.split_from / splits.split_to)), 0)), 12) as split_factor
    from chains
    inner join {{ ref('stg_polygon__dividends') }} as dividends_paid
        on
            chains.underlying_ticker = dividends_paid.ticker
            and dividends_paid.ex_dividend_date > dateadd('day', -{{ dividend_window_days() }}, chains.session_date)
            and dividends_paid.ex_dividend_date <= chains.session_date
    left join {{ ref('int_polygon__splits_chosen') }} as splits
        on
            dividends_paid.ticker = splits.ticker
            and splits.is_chosen
            and splits.execution_date > dividends_paid.ex_dividend_date
            and splits.execution_date <= chains.session_date
    where
        dividends_paid.cash_amount > 0
        and coalesce(upper(dividends_paid.currency), 'USD') = 'USD'
        and coalesce(dividends_paid.distribution_type, '') not in ({{ extra_distributions() }})
    group by
        chains.underlying_ticker,
        chains.session_date,
        dividends_paid.dividend_id
),

yields as (
    select
        underlying_ticker,
        session_date,
        sum(cash_usd * split_factor) as dividends_usd,
        count(*) as dividend_payments
    from dividends
    group by
        underlying_ticker,
        session_date
),

compared as (
    select
        chained.*,
        datediff('day', chained.session_date, chained.expiration_date) as days_to_expiration,
        expiration_days.sessions_so_far - session_days.sessions_so_far as sessions_to_expiration,
        underlying.close_usd as underlying_close_usd,
        iff(chained.is_adjusted_contract, null, underlying.close_usd) as comparable_close_usd,
        {{ var('risk_free_rate_pct') }}::float as risk_free_rate_pct,
        round(100 * coalesce(yields.dividends_usd, 0) / underlying.close_usd, 10) as dividend_yield_pct,
        coalesce(yields.dividend_payments, 0) as dividend_payments
    from chained
    left join {{ ref('stg_polygon__stock_bars_casted') }} as underlying
        on
            chained.underlying_ticker = underlying.ticker
            and chained.session_date = underlying.session_date
    left join yields
        on
            chained.underlying_ticker = yields.underlying_ticker
            and chained.session_date = yields.session_date
    left join {{ ref('int_polygon__exchange_days') }} as session_days
        on chained.session_date = session_days.calendar_date
    left join {{ ref('int_polygon__exchange_days') }} as expiration_days
        on chained.expiration_date = expiration_days.calendar_date
),

placed as (
    select
        compared.*,
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
        {{ black_scholes_terms() }}
    from compared
),

judged as (
    select
        placed.*,
        {{ black_scholes_price() }}
    from placed
),

problems as (
    select
        judged.*,
        {{ implied_volatility_reason() }} as reason
    from judged
),

posed as (
    select
        contract_ticker,
        session_date,
        distance,
        normalised_price
    from problems
    where reason is null
),

{{ implied_volatility('posed') }},

{{ black_scholes_greeks('problems', 'solved') }}

select
    contract_ticker,
    session_date,
    underlying_ticker,
    option_root,
    contract_type,
    expiration_date,
    days_to_expiration,
    sessions_to_expiration,
    strike_usd,
    shares_per_contract,
    exercise_style,
    has_contract_terms,
    is_adjusted_contract,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_contracts,
    vwap_usd,
    transactions,
    underlying_close_usd,
    moneyness,
    is_in_the_money,
    is_at_the_money,
    intrinsic_value_usd,
    risk_free_rate_pct,
    dividend_yield_pct,
    dividend_payments,
    implied_volatility_pct,
    delta,
    gamma,
    theta_usd_per_day,
    vega_usd_per_point,
    rho_usd_per_point,
    implied_volatility_reason,
    open_interest_contracts,
    vendor_bid_usd,
    vendor_ask_usd,
    vendor_implied_volatility_pct,
    vendor_delta,
    vendor_gamma,
    vendor_theta_usd_per_day,
    vendor_vega_usd_per_point,
    coalesce(override_reason, terms_override_reason) as override_reason,
    fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from greeks
