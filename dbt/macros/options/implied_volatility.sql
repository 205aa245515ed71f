{#
    Implied volatility by a safeguarded Newton iteration (docs/adr/0008): a recursive CTE whose levels are the steps of
    all contracts at once; a contract leaves it when it has converged.

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
solving (
    contract_ticker,
    session_date,
    distance,
    log_price,
    is_below_inflection,
    guess,
    at_least,
    at_most,
    is_converged,
    step
) as (
    select
        contract_ticker,
        session_date,
        distance::float as distance,
        ln(greatest(normalised_price, 1e-300))::float as log_price,
        null::boolean as is_below_inflection,
        greatest(sqrt(2 * distance), 1e-6)::float as guess,
        0::float as at_least,
        60::float as at_most,
        false as is_converged,
        0::number as step
    from {{ problems }}
    union all
    select
        judged.contract_ticker,
        judged.session_date,
        judged.distance,
        judged.log_price,
        judged.is_below_inflection,
        case
            when judged.newton between judged.at_least and judged.at_most then judged.newton
            when abs(judged.newton - judged.guess) <= 1e-8 * judged.guess then judged.newton
            else (judged.guess + iff(judged.excess < 0, judged.at_most, judged.at_least)) / 2
        end as guess,
        iff(judged.excess < 0, judged.guess, judged.at_least) as at_least,
        iff(judged.excess < 0, judged.at_most, judged.guess) as at_most,
        coalesce(abs(judged.newton - judged.guess) <= 1e-8 * judged.guess, false) as is_converged,
        judged.step + 1 as step
    from (
        select
            compared.*,
            iff(
                coalesce(compared.was_below_inflection, compared.excess > 0),
                compared.guess / nullif(
                    greatest(1 + compared.excess * compared.ratio / compared.guess, 0),
                    0
                ),
                compared.guess - compared.ratio + exp(least(compared.log_price - compared.log_vega, 600))
            ) as newton,
            coalesce(compared.was_below_inflection, compared.excess > 0) as is_below_inflection
        from (
            select
                priced.*,
                ln(greatest(priced.ratio, 1e-300)) + priced.log_vega - priced.log_price as excess
            from (
                select
                    placed.*,
                    sqrt(pi() / 2) * (({{ erfcx('placed.near') }}) - ({{ erfcx('placed.far') }})) as ratio,
                    -(placed.near * placed.near + placed.far * placed.far + ln(2 * pi())) / 2 as log_vega
                from (
                    select
                        solving.contract_ticker,
                        solving.session_date,
                        solving.distance,
                        solving.log_price,
                        solving.is_below_inflection as was_below_inflection,
                        solving.guess,
                        solving.at_least,
                        solving.at_most,
                        solving.step,
                        (solving.distance / solving.guess - solving.guess / 2) / sqrt(2) as near,
                        (solving.distance / solving.guess + solving.guess / 2) / sqrt(2) as far
                    from solving
                    where
                        not solving.is_converged
                        and solving.step < 80
                ) as placed
            ) as priced
        ) as compared
    ) as judged
),

solved as (
    select
        contract_ticker,
        session_date,
        guess as total_volatility
    from solving
    where is_converged
)
{%- endmacro %}
