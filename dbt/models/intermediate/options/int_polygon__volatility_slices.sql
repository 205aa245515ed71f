{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_touched_sessions() }}"
    )
}}
{# An expiration of a chain a row, with the slice of a surface without arbitrage that was fitted to it (docs/adr/0014).
   A chain is fitted as a whole, since its slices may not cross. Contracts that settle at the opening and at the close of
   one day are two expirations. Numbers go as decimals: a float's text has fewer digits. #}
{%- set near_the_money, most_pairs = 0.1, 5 %}
{%- set key = ['underlying_ticker', 'session_date', 'expiration_date', 'years_to_expiration'] %}
with contracts as (
    {{ chain_contracts() }}
),

placed as (
    select
        contract_ticker,
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        days_to_expiration,
        contract_type,
        strike_usd,
        underlying_close_usd,
        close_usd,
        early_exercise_premium_usd,
        exp(risk_free_rate_pct / 100 * years_to_expiration) as growth,
        {{ forward_usd('coalesce(exercise_style, ' ~ assumed_exercise_style('option_root') ~ ')') }} as carried_usd,
        iff(carried_usd > 0, carried_usd, null) as forward_usd,
        fetched_at
    from contracts
    where
        years_to_expiration > 0
        and strike_usd > 0
        and underlying_close_usd is not null
),

valued as (
    select
        placed.*,
        (close_usd - early_exercise_premium_usd) * growth as worth_usd,
        worth_usd is not null
        and forward_usd is not null
        and contract_type = iff(strike_usd >= forward_usd, 'call', 'put') as is_quote
    from placed
),

expirations as (
    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        max(days_to_expiration) as days_to_expiration,
        max(underlying_close_usd) as underlying_close_usd,
        max(forward_usd) as forward_usd,
        coalesce(
            listagg(
                iff(
                    is_quote,
                    '["' || contract_ticker || '", ' || iff(contract_type = 'call', '1', '-1')
                    || ', ' || to_varchar(strike_usd::number(20, 6))
                    || ', ' || to_varchar(forward_usd::number(20, 8))
                    || ', ' || to_varchar(worth_usd::number(20, 8)) || ']',
                    null
                ), ', '
            ) within group (order by strike_usd, contract_ticker),
            ''
        ) as quotes,
        max(fetched_at) as fetched_at
    from valued
    group by
        {%- for column in key %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
),

numbered as (
    select
        expirations.*,
        row_number() over (
            partition by
                underlying_ticker,
                session_date
            order by
                years_to_expiration,
                expiration_date
        ) - 1 as place
    from expirations
),

chains as (
    select
        underlying_ticker,
        session_date,
        '[' || listagg(
            '{"years": ' || to_varchar(years_to_expiration::number(20, 12)) || ', "quotes": [' || quotes || ']}', ', '
        ) within group (order by place) || ']' as chain
    from numbered
    group by
        underlying_ticker,
        session_date
),

fitted as (
    select
        chains.underlying_ticker,
        chains.session_date,
        parse_json(surfaces.surface) as surface
    from chains,
        table(intermediate.fitted_surface(chains.chain)) as surfaces
),

fits as (
    select
        fitted.underlying_ticker,
        fitted.session_date,
        fit.index as place,
        fit.value as slice
    from fitted,
        lateral flatten(input => fitted.surface) as fit
),

{# A call less a put of one strike, both without their right to early exercise, is worth the forward less the strike. #}
pairs as (
    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        strike_usd,
        abs(ln(strike_usd / max(forward_usd))) as distance,
        strike_usd
        + max(iff(contract_type = 'call', worth_usd, null))
        - max(iff(contract_type = 'put', worth_usd, null)) as implied_forward_usd
    from valued
    where abs(ln(strike_usd / forward_usd)) <= {{ near_the_money }}
    group by
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        strike_usd
),

nearest_pairs as (
    select *
    from pairs
    where implied_forward_usd is not null
    qualify row_number() over (
        partition by
            {%- for column in key %}
            {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        order by
            distance,
            strike_usd
    ) <= {{ most_pairs }}
),

forwards as (
    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        count(*) as forward_pairs,
        median(implied_forward_usd) as implied_forward_usd
    from nearest_pairs
    group by
        {%- for column in key %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
)

select
    {%- for column in key %}
    numbered.{{ column }},
    {%- endfor %}
    numbered.days_to_expiration,
    numbered.underlying_close_usd,
    numbered.forward_usd,
    round(forwards.implied_forward_usd, 8) as implied_forward_usd,
    coalesce(forwards.forward_pairs, 0) as forward_pairs,
    {%- for number in [
        'theta', 'rho', 'psi', 'svi_a', 'svi_b', 'svi_m', 'svi_sigma', 'rms_residual', 'least_k', 'most_k'
    ] %}
    fits.slice:{{ number }}::float as {{ number }},
    {%- endfor %}
    coalesce(fits.slice:points::integer, 0) as points,
    coalesce(fits.slice:outliers::integer, 0) as outliers,
    fits.slice:is_butterfly_free::boolean as is_butterfly_free,
    fits.slice:is_calendar_free::boolean as is_calendar_free,
    iff(fits.place is null, 'malformed', fits.slice:reason::varchar) as reason,
    fits.slice:quotes as quotes,
    numbered.fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from numbered
left join fits
    on
        numbered.underlying_ticker = fits.underlying_ticker
        and numbered.session_date = fits.session_date
        and numbered.place = fits.place
left join forwards
    on
        numbered.underlying_ticker = forwards.underlying_ticker
        and numbered.session_date = forwards.session_date
        and numbered.expiration_date = forwards.expiration_date
        and numbered.years_to_expiration = forwards.years_to_expiration
