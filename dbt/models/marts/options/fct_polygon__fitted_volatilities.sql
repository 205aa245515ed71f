{{ config(materialized='view') }}

{# Every contract of an expiration beside the fitted surface: where it has no volatility of its own, the gap can be read. #}
with quotes as (
    select
        quote.value[0]::varchar as contract_ticker,
        slices.session_date,
        quote.value[1]::float as volatility,
        quote.value[2]::boolean as is_outlier
    from {{ ref('int_polygon__volatility_slices') }} as slices,
        lateral flatten(input => slices.quotes) as quote
),

placed as (
    select
        options.contract_ticker,
        options.underlying_ticker,
        options.session_date,
        options.expiration_date,
        options.years_to_expiration,
        options.contract_type,
        options.strike_usd,
        options.implied_volatility_pct,
        options.implied_volatility_reason,
        ln(options.strike_usd / slices.forward_usd) as log_moneyness,
        slices.theta + slices.rho * slices.psi * log_moneyness as sloped,
        slices.psi * slices.psi * (1 - slices.rho * slices.rho) as product,
        100 * sqrt(
            (sloped + sqrt(sloped * sloped + product * log_moneyness * log_moneyness)) / 2 / options.years_to_expiration
        ) as fitted_volatility_pct,
        {# The forward that was fitted with had eight digits after the point. #}
        log_moneyness not between slices.least_k - 1e-6 and slices.most_k + 1e-6 as is_extrapolated,
        slices.reason as fit_reason,
        slices.fetched_at
    from {{ ref('int_polygon__options_bars_enriched') }} as options
    inner join {{ ref('int_polygon__volatility_slices') }} as slices
        on
            options.underlying_ticker = slices.underlying_ticker
            and options.session_date = slices.session_date
            and options.expiration_date = slices.expiration_date
            and options.years_to_expiration = slices.years_to_expiration
    where
        not options.is_adjusted_contract
        and options.strike_usd > 0
)

select
    placed.contract_ticker,
    placed.underlying_ticker,
    placed.session_date,
    placed.expiration_date,
    placed.contract_type,
    placed.strike_usd,
    placed.log_moneyness,
    placed.implied_volatility_pct,
    100 * quotes.volatility as black_volatility_pct,
    placed.fitted_volatility_pct,
    black_volatility_pct - placed.fitted_volatility_pct as residual_pct,
    placed.is_extrapolated,
    case
        when placed.fit_reason is not null then 'no_fit'
        when placed.implied_volatility_pct is null then 'gap'
        when quotes.is_outlier then 'outlier'
        when quotes.contract_ticker is not null then 'point'
        else 'left_out'
    end as fit_role,
    placed.implied_volatility_reason,
    placed.fetched_at
from placed
left join quotes
    on
        placed.contract_ticker = quotes.contract_ticker
        and placed.session_date = quotes.session_date
