{#
    Black and Scholes 1973, with Merton's continuous dividend yield 1973. European exercise; a share's price in USD.
    S underlying's close, K strike, T years to expiration, r rate and q yield, both continuous, a year.

    terms: S·exp(-qT) and K·exp(-rT), what a call's buyer gets and pays in today's money. Without time left, NULL.
#}
{% macro black_scholes_terms() -%}
iff(years_to_expiration > 0, years_to_expiration, null) as years_left,
        comparable_close_usd * exp(-dividend_yield_pct / 100 * years_left) as discounted_close_usd,
        nullif(strike_usd, 0) * exp(-risk_free_rate_pct / 100 * years_left) as discounted_strike_usd,
        sqrt(discounted_close_usd * discounted_strike_usd) as price_scale_usd
{%- endmacro %}

{# The price less what parity says it must be worth: the price of the pair's out-of-the-money option, as
   implied_volatility() expects it. #}
{% macro black_scholes_price() -%}
close_usd - greatest(
            iff(contract_type = 'call', 1, -1) * (discounted_close_usd - discounted_strike_usd),
            0
        ) as outer_price_usd,
        outer_price_usd / nullif(price_scale_usd, 0) as normalised_price,
        abs(ln(nullif(discounted_close_usd, 0) / nullif(discounted_strike_usd, 0))) as distance
{%- endmacro %}

{# Below 1e-9 of the scale, time value is lost in the rounding of the price: any volatility would be a guess.
   The bounds of a contract's price are the formula's; intermediate.option_numbers has those of American ones. #}
{% macro implied_volatility_reason() -%}
case
            when close_usd is null then 'no_trade'
            when is_adjusted_contract then 'adjusted_contract'
            when discounted_strike_usd is null and years_to_expiration > 0 then 'no_strike'
            when underlying_close_usd is null then 'no_underlying_bar'
            when years_to_expiration < 0 then 'expired'
            when years_to_expiration = 0 then 'expires_today'
            when priced_style not in ('american', 'european') then 'not_covered'
            when dividends_ahead > {{ most_dividends_ahead() }} and priced_style = 'american' then 'not_covered'
            when priced_style = 'american' then null
            when normalised_price < 1e-9 and close_usd < intrinsic_value_usd - 1e-9 * strike_usd then 'below_intrinsic'
            when normalised_price < 1e-9 then 'no_time_value'
            when normalised_price > (1 - 1e-6) * exp(-distance / 2) then 'above_maximum'
            when normalised_price is null or distance is null then 'not_converged'
        end
{%- endmacro %}

{# CTEs that end in `greeks`: problems with implied volatility and the greeks in the units that their names say.
   Rounded to 10 digits after the point (greeks 12): what lies behind is the noise of the price's own digits. #}
{% macro black_scholes_greeks(problems, solved) -%}
{%- set sign = "iff(contract_type = 'call', 1, -1)" -%}
volatilities as (
    select
        problems.*,
        solved.total_volatility,
        solved.total_volatility / sqrt(problems.years_left) as volatility,
        ln(nullif(problems.discounted_close_usd, 0) / nullif(problems.discounted_strike_usd, 0))
        / solved.total_volatility + solved.total_volatility / 2 as d1,
        d1 - solved.total_volatility as d2,
        {{ sign }} * d1 as signed_d1,
        {{ sign }} * d2 as signed_d2
    from {{ problems }} as problems
    left join {{ solved }} as solved
        on
            problems.contract_ticker = solved.contract_ticker
            and problems.session_date = solved.session_date
),

distributions as (
    select
        volatilities.*,
        {{ normal_density('d1') }} as density,
        {{ normal_cdf('signed_d1') }} as exercise_share,
        {{ normal_cdf('signed_d2') }} as exercise_chance
    from volatilities
),

greeks as (
    select
        distributions.*,
        round(100 * volatility, 10) as implied_volatility_pct,
        round({{ sign }} * discounted_close_usd / underlying_close_usd * exercise_share, 12) as delta,
        round(
            discounted_close_usd * density / (underlying_close_usd * underlying_close_usd * total_volatility), 12
        ) as gamma,
        round(
            (
                -discounted_close_usd * density * volatility / (2 * sqrt(years_left))
                - {{ sign }} * risk_free_rate_pct / 100 * discounted_strike_usd * exercise_chance
                + {{ sign }} * dividend_yield_pct / 100 * discounted_close_usd * exercise_share
            ) / 365, 12
        ) as theta_usd_per_day,
        round(discounted_close_usd * density * sqrt(years_left) / 100, 12) as vega_usd_per_point,
        round(
            {{ sign }} * discounted_strike_usd * years_left * exercise_chance / 100, 12
        ) as rho_usd_per_point,
        iff(volatility is null, null, 0) as early_exercise_premium_usd
    from distributions
)
{%- endmacro %}
