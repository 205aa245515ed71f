{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['contract_ticker', 'session_date'], pre_hook="{{ forget_dropped_quotes() }}") }}

{# A row a contract and session: one that traded has a bar, one that the vendor's snapshot lists may have none.
   Strikes are quoted in the money of their day, so they are compared with the underlying's unadjusted close.
   The underlying is a security, whatever it is called: its close and its dividends are found under each of its tickers.
   A contract that was adjusted (root ending in a digit, other than 100 shares, several underlyings) delivers something
   else than 100 shares of the underlying: its strike can't be compared, and it has no moneyness and no volatility.
   Implied volatility and greeks: American contracts by intermediate.option_numbers with the dividends ahead
   (docs/adr/0012), European ones by SQL with a yield (docs/adr/0008). #}
-- depends_on: {{ ref('int_polygon__exchange_closures') }}
-- depends_on: {{ ref('stg_polygon__option_contracts_versions') }}
-- depends_on: {{ ref('stg_polygon__options_bars_versions') }}
-- depends_on: {{ ref('stg_polygon__option_chain_versions') }}
-- depends_on: {{ ref('stg_polygon__dividends_versions') }}
-- depends_on: {{ ref('stg_polygon__splits_versions') }}
-- depends_on: {{ ref('stg_polygon__stock_bars_versions') }}
-- depends_on: {{ ref('int_polygon__ticker_spans') }}
{%- set solved_numbers = [
    'delta', 'gamma', 'theta_usd_per_day', 'vega_usd_per_point', 'rho_usd_per_point', 'early_exercise_premium_usd'
] %}
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
        coalesce(terms.exercise_style, {{ assumed_exercise_style('parsed.option_root') }}) as priced_style,
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

{{ underlying_securities('chained') }}

{{ dividends_of_chains() }}

timed as (
    select
        owned.*,
        datediff('day', owned.session_date, owned.expiration_date) as days_to_expiration,
        expiration_days.sessions_so_far - session_days.sessions_so_far as sessions_to_expiration,
        coalesce(expiration_days.last_close_at, dateadd('hour', 16, owned.expiration_date)) as expires_at,
        expires_at::date as last_trading_date,
        {# Actual/365, by the minute: from the session's close to the last trading moment. #}
        datediff(
            'minute',
            coalesce(session_days.last_close_at, dateadd('hour', 16, owned.session_date)),
            iff(
                {{ is_settled_at_the_open('owned.option_root') }},
                dateadd('minute', {{ opening_minute() }}, last_trading_date),
                expires_at
            )
        )::float / (365 * 1440) as years_to_expiration
    from owned
    left join {{ ref('int_polygon__exchange_days') }} as session_days
        on owned.session_date = session_days.calendar_date
    left join {{ ref('int_polygon__exchange_days') }} as expiration_days
        on owned.expiration_date = expiration_days.calendar_date
),

compared as (
    select
        timed.*,
        coalesce(underlying.close_usd, indices.close_usd) as underlying_close_usd,
        iff(timed.is_adjusted_contract, null, underlying_close_usd) as comparable_close_usd,
        round(coalesce(
            {{ risk_free_rate_pct('rates', 'timed.years_to_expiration * 365') }},
            {{ var('risk_free_rate_pct') }}
        ), 10)::float as risk_free_rate_pct,
        coalesce(rates.rate_source, 'fallback') as risk_free_rate_source,
        round(100 * coalesce(yields.dividends_usd, 0) / underlying_close_usd, 10) as dividend_yield_pct,
        coalesce(yields.dividend_payments, 0) as dividend_payments
    from timed
    left join {{ ref('stg_polygon__stock_bars_casted') }} as underlying
        on
            timed.ticker_in_force = underlying.ticker
            and timed.session_date = underlying.session_date
    {# Bars of an index have the vendor's name for it. #}
    left join {{ ref('stg_polygon__stock_bars_casted') }} as indices
        on
            'I:' || timed.underlying_ticker = indices.ticker
            and timed.session_date = indices.session_date
    left join {{ ref('int_polygon__risk_free_rates') }} as rates
        on timed.session_date = rates.session_date
    left join yields
        on
            timed.underlying_security_id = yields.underlying_security_id
            and timed.session_date = yields.session_date
),

{{ dividend_schedules() }}

expecting as (
    select
        compared.*,
        schedules.dividends,
        coalesce(schedules.dividends_ahead, 0) as dividends_ahead,
        coalesce(schedules.dividends_projected, 0) as dividends_projected,
        coalesce(schedules.dividends_ahead_usd, 0) as dividends_ahead_usd,
        coalesce(schedules.discounted_dividends_usd, 0) as discounted_dividends_usd
    from compared
    left join schedules
        on
            compared.underlying_security_id = schedules.underlying_security_id
            and compared.session_date = schedules.session_date
            and compared.expiration_date = schedules.expiration_date
            and compared.years_to_expiration = schedules.years_to_expiration
            and compared.risk_free_rate_pct = schedules.risk_free_rate_pct
),

placed as (
    select
        expecting.*,
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
    from expecting
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
    where
        reason is null
        and priced_style = 'european'
),

{{ implied_volatility('posed') }},

{{ black_scholes_greeks('problems', 'solved') }},

posed_american as (
    select
        contract_ticker,
        session_date,
        contract_type,
        comparable_close_usd,
        strike_usd,
        years_to_expiration,
        risk_free_rate_pct / 100 as rate,
        dividends,
        close_usd
    from problems
    where
        reason is null
        and priced_style = 'american'
),

american as (
    select
        posed_american.contract_ticker,
        posed_american.session_date,
        round(100 * numbers.implied_volatility, 10) as implied_volatility_pct,
        {%- for number in solved_numbers %}
        round(numbers.{{ number }}, 12) as {{ number }},
        {%- endfor %}
        numbers.reason
    from posed_american,
        table(
            intermediate.option_numbers(
                'american',
                posed_american.contract_type,
                posed_american.comparable_close_usd,
                posed_american.strike_usd,
                posed_american.years_to_expiration,
                posed_american.rate,
                0,
                posed_american.dividends,
                posed_american.close_usd
            )
        ) as numbers
)

select
    greeks.contract_ticker,
    greeks.session_date,
    greeks.underlying_ticker,
    greeks.underlying_security_id,
    greeks.option_root,
    greeks.contract_type,
    greeks.expiration_date,
    greeks.days_to_expiration,
    greeks.sessions_to_expiration,
    greeks.last_trading_date,
    greeks.years_to_expiration,
    greeks.strike_usd,
    greeks.shares_per_contract,
    greeks.exercise_style,
    greeks.has_contract_terms,
    greeks.is_adjusted_contract,
    greeks.open_usd,
    greeks.high_usd,
    greeks.low_usd,
    greeks.close_usd,
    greeks.volume_contracts,
    greeks.vwap_usd,
    greeks.transactions,
    greeks.underlying_close_usd,
    greeks.moneyness,
    greeks.is_in_the_money,
    greeks.is_at_the_money,
    greeks.intrinsic_value_usd,
    greeks.risk_free_rate_pct,
    greeks.risk_free_rate_source,
    greeks.dividend_yield_pct,
    greeks.dividend_payments,
    greeks.dividends_ahead,
    greeks.dividends_projected,
    greeks.dividends_ahead_usd,
    greeks.discounted_dividends_usd,
    coalesce(american.implied_volatility_pct, greeks.implied_volatility_pct) as implied_volatility_pct,
    {%- for number in solved_numbers %}
    coalesce(american.{{ number }}, greeks.{{ number }}) as {{ number }},
    {%- endfor %}
    coalesce(
        greeks.reason,
        american.reason,
        iff(coalesce(american.implied_volatility_pct, greeks.implied_volatility_pct) is null, 'not_converged', null)
    ) as implied_volatility_reason,
    greeks.open_interest_contracts,
    greeks.vendor_bid_usd,
    greeks.vendor_ask_usd,
    greeks.vendor_implied_volatility_pct,
    greeks.vendor_delta,
    greeks.vendor_gamma,
    greeks.vendor_theta_usd_per_day,
    greeks.vendor_vega_usd_per_point,
    coalesce(greeks.override_reason, greeks.terms_override_reason) as override_reason,
    greeks.fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from greeks
left join american
    on
        greeks.contract_ticker = american.contract_ticker
        and greeks.session_date = american.session_date
