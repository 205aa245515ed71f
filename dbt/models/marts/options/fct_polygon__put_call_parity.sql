{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_touched_sessions() }}"
    )
}}
{# European options: C - P = S·exp(-qT) - K·exp(-rT). American ones, which may be exercised before a dividend or before
   interest is earned (Hull, "Options, Futures, and Other Derivatives", ch. 11): S - D - K <= C - P <= S - K·exp(-rT), D
   what the dividends ahead are worth; where the rate is negative, K and K·exp(-rT) change places. Two ticks of 1 cent
   for two prices. The pair's last trades need not be of the same minute: a gap is a hint, not a profit. #}
{%- set tolerance = 0.02 %}
with contracts as (
    {{ chain_contracts() }}
),

pairs as (
    select
        calls.underlying_ticker,
        calls.session_date,
        calls.expiration_date,
        calls.strike_usd,
        calls.option_root,
        calls.days_to_expiration,
        coalesce(
            calls.exercise_style, puts.exercise_style, {{ assumed_exercise_style('calls.option_root') }}
        ) as exercise_style,
        calls.underlying_close_usd,
        calls.close_usd as call_close_usd,
        puts.close_usd as put_close_usd,
        round(calls.close_usd - puts.close_usd, 10) as call_less_put_usd,
        calls.discounted_dividends_usd,
        exp(-calls.risk_free_rate_pct / 100 * calls.years_to_expiration) as discount,
        calls.strike_usd * discount as discounted_strike_usd,
        calls.underlying_close_usd * exp(
            -calls.dividend_yield_pct / 100 * calls.years_to_expiration
        ) as discounted_close_usd,
        calls.years_to_expiration,
        calls.risk_free_rate_pct,
        calls.dividend_yield_pct,
        calls.early_exercise_premium_usd - puts.early_exercise_premium_usd as premium_difference_usd,
        greatest(calls.fetched_at, puts.fetched_at) as fetched_at
    from contracts as calls
    inner join contracts as puts
        on
            calls.underlying_ticker = puts.underlying_ticker
            and calls.session_date = puts.session_date
            and calls.expiration_date = puts.expiration_date
            and calls.strike_usd = puts.strike_usd
            and calls.option_root = puts.option_root
    where
        calls.contract_type = 'call'
        and puts.contract_type = 'put'
        and calls.close_usd is not null
        and puts.close_usd is not null
        and calls.underlying_close_usd is not null
        and calls.years_to_expiration > 0
),

compared as (
    select
        pairs.*,
        iff(
            exercise_style = 'european',
            discounted_close_usd,
            underlying_close_usd - discounted_dividends_usd
        ) - discounted_strike_usd as parity_usd
    from pairs
),

bounded as (
    select
        compared.*,
        round(call_less_put_usd - parity_usd, 10) as parity_gap_usd,
        round(
            iff(
                exercise_style = 'european',
                parity_usd,
                underlying_close_usd - discounted_dividends_usd - strike_usd * greatest(discount, 1)
            ) - {{ tolerance }}, 10
        ) as lower_bound_usd,
        round(
            iff(
                exercise_style = 'european',
                parity_usd,
                underlying_close_usd - strike_usd * least(discount, 1)
            ) + {{ tolerance }}, 10
        ) as upper_bound_usd
    from compared
),

{# Without the worth of early exercise, parity is an equation for American pairs too. #}
carried as (
    select
        bounded.*,
        {{ forward_usd('exercise_style') }} as forward_usd,
        strike_usd
        + (call_less_put_usd - premium_difference_usd) * exp(risk_free_rate_pct / 100 * years_to_expiration)
            as implied_forward_usd
    from bounded
)

select
    underlying_ticker,
    session_date,
    expiration_date,
    strike_usd,
    option_root,
    days_to_expiration,
    exercise_style,
    underlying_close_usd,
    call_close_usd,
    put_close_usd,
    call_less_put_usd,
    parity_gap_usd,
    lower_bound_usd,
    upper_bound_usd,
    call_less_put_usd between lower_bound_usd and upper_bound_usd as is_within_bounds,
    round(implied_forward_usd, 8) as implied_forward_usd,
    round(10000 * (implied_forward_usd / nullif(forward_usd, 0) - 1), 8) as forward_difference_bp,
    fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from carried
