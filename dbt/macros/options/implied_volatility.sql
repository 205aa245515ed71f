{#
    Implied volatility by a safeguarded Newton iteration (docs/adr/0008): a recursive CTE that takes all contracts a step
    further at once; a contract leaves it when it has converged.

    A step is two levels: one prices the guess (`ratio`, NULL before), the next one moves it. So the recursive reference
    is in the FROM clause of the recursive part, where Snowflake documents it, and not below subqueries; and the price
    is not written out wherever the formula of the step needs it. Snowflake stops a recursion after 100 levels
    (its parameter MAX_RECURSIONS).

    problems: a CTE with contract_ticker, session_date and the out-of-the-money option of the pair (put–call parity)
    in Black's normalised form, F the forward, K the strike, D the discount factor:
        distance = |ln(F / K)|,  normalised_price = price / (D·sqrt(F·K)),  both floats, the price above 0.
    Makes the CTE `solved`: contract_ticker, session_date, total_volatility = sigma·sqrt(T).

    With a = distance and s = total volatility the price is (P. Jäckel, "Let's be rational", Wilmott 2015)
        b(s) = vega(s)·ratio(s),  vega(s) = exp(-(a²/s² + s²/4) / 2) / sqrt(2·pi),
        ratio(s) = sqrt(pi / 2)·(erfcx((a/s - s/2) / sqrt(2)) - erfcx((a/s + s/2) / sqrt(2)))
    so that a price below the smallest double still has a logarithm. b has its inflection at s = sqrt(2a). From there
    Newton goes one way only: above it on b, below it on ln b as a function of 1/s. At most 10 steps for
    1e-9 < b < 0.999·max. Where rounding throws a step out of the bracket, the bracket is halved.
#}
{% macro implied_volatility(problems) -%}
{%- set near = '((solving.distance / solving.guess - solving.guess / 2) / sqrt(2))' -%}
{%- set far = '((solving.distance / solving.guess + solving.guess / 2) / sqrt(2))' -%}
{%- set log_vega = '(-(' ~ near ~ ' * ' ~ near ~ ' + ' ~ far ~ ' * ' ~ far ~ ' + ln(2 * pi())) / 2)' -%}
{%- set excess = '(ln(greatest(solving.ratio, 1e-300)) + ' ~ log_vega ~ ' - solving.log_price)' -%}
{%- set is_below = 'coalesce(solving.is_below_inflection, ' ~ excess ~ ' > 0)' -%}
{%- set newton -%}
iff(
                    {{ is_below }},
                    solving.guess / nullif(greatest(1 + {{ excess }} * solving.ratio / solving.guess, 0), 0),
                    solving.guess - solving.ratio + exp(least(solving.log_price - {{ log_vega }}, 600))
                )
{%- endset -%}
solving (
    contract_ticker,
    session_date,
    distance,
    log_price,
    is_below_inflection,
    guess,
    guess_before,
    at_least,
    at_most,
    ratio,
    level
) as (
    select
        contract_ticker,
        session_date,
        distance::float as distance,
        ln(greatest(normalised_price, 1e-300))::float as log_price,
        null::boolean as is_below_inflection,
        greatest(sqrt(2 * distance), 1e-6)::float as guess,
        0::float as guess_before,
        0::float as at_least,
        60::float as at_most,
        null::float as ratio,
        0::number as level
    from {{ problems }}
    union all
    select
        solving.contract_ticker,
        solving.session_date,
        solving.distance,
        solving.log_price,
        {{ is_below }} as is_below_inflection,
        case
            when
                {{ newton }} between solving.at_least * (1 - 1e-8) and solving.at_most * (1 + 1e-8)
                then {{ newton }}
            when solving.ratio is null then solving.guess
            else (solving.guess + iff({{ excess }} < 0, solving.at_most, solving.at_least)) / 2
        end as guess,
        iff(solving.ratio is null, solving.guess_before, solving.guess) as guess_before,
        iff({{ excess }} < 0, solving.guess, solving.at_least) as at_least,
        iff({{ excess }} >= 0, solving.guess, solving.at_most) as at_most,
        iff(solving.ratio is null, sqrt(pi() / 2) * (({{ erfcx(near) }}) - ({{ erfcx_of_distance(far) }})), null) as ratio,
        solving.level + 1 as level
    from solving
    where
        (solving.ratio is not null or abs(solving.guess - solving.guess_before) > 1e-8 * solving.guess_before)
        and solving.level < 98
),

solved as (
    select
        contract_ticker,
        session_date,
        guess as total_volatility
    from solving
    where
        ratio is null
        and abs(guess - guess_before) <= 1e-8 * guess_before
)
{%- endmacro %}
