{# Reference rows as responses held them, typed, with the reason where a row can't be used. #}
{% macro received_splits(pending_only=false) -%}
splits_results as (
    select
        {{ result_columns() }},
        {{ result_text('ticker') }} as ticker,
        {{ result_date('execution_date') }} as execution_date,
        {{ result_number('split_from') }} as split_from,
        {{ result_number('split_to') }} as split_to,
        {{ result_text('adjustment_type') }} as adjustment_type,
        coalesce(
            {{ result_text('id') }},
            ticker || '|' || results.value:execution_date::varchar || '|' || results.value:split_from::varchar
            || '|' || results.value:split_to::varchar
        ) as split_id
    {{ raw_results('splits', pending_only) }}
),

splits_received as (
    select
        *,
        case
            when ticker is null then 'no ticker'
            when execution_date is null then 'no execution date'
            when coalesce(split_from, 0) <= 0 or coalesce(split_to, 0) <= 0 then 'no ratio'
        end as rejection_reason
    from splits_results
)
{%- endmacro %}

{% macro received_dividends(pending_only=false) -%}
dividends_results as (
    select
        {{ result_columns() }},
        {{ result_text('ticker') }} as ticker,
        {{ result_date('ex_dividend_date') }} as ex_dividend_date,
        {{ result_number('cash_amount') }} as cash_amount,
        {{ result_text('currency') }} as currency,
        {{ result_number('frequency') }} as payments_per_year,
        coalesce({{ result_text('distribution_type') }}, {{ result_text('dividend_type') }}) as distribution_type,
        {{ result_date('pay_date') }} as pay_date,
        coalesce(
            {{ result_text('id') }},
            ticker || '|' || results.value:ex_dividend_date::varchar || '|' || results.value:cash_amount::varchar
        ) as dividend_id
    {{ raw_results('dividends', pending_only) }}
),

dividends_received as (
    select
        *,
        case
            when ticker is null then 'no ticker'
            when ex_dividend_date is null then 'no ex-dividend date'
            when cash_amount is null then 'no amount'
        end as rejection_reason
    from dividends_results
)
{%- endmacro %}

{# A recycled ticker is listed twice, as active and as delisted: one manifest then counts once, with the active row. #}
{% macro received_tickers(pending_only=false) -%}
tickers_results as (
    select
        {{ result_columns() }},
        {{ result_text('ticker') }} as ticker,
        {{ result_text('name') }} as ticker_name,
        {{ result_text('market') }} as market,
        {{ result_text('locale') }} as locale,
        {{ result_text('primary_exchange') }} as primary_exchange,
        {{ result_text('type') }} as security_type,
        {{ result_text('currency_name') }} as currency,
        {{ result_text('cik') }} as cik,
        {{ result_text('composite_figi') }} as composite_figi,
        {{ result_date('delisted_utc') }} as delisted_date,
        coalesce(results.value:active::boolean, delisted_date is null) as is_active
    {{ raw_results('tickers', pending_only) }}
),

tickers_received as (
    select
        *,
        iff(ticker is null, 'no ticker', null) as rejection_reason
    from tickers_results
    qualify
        ticker is null
        or row_number() over (
            partition by manifest_id, ticker
            order by iff(is_active, 0, 1), fetched_at desc, object_key desc, line_number desc, result_index desc
        ) = 1
)
{%- endmacro %}

{% macro received_option_contracts(pending_only=false) -%}
option_contracts_results as (
    select
        {{ result_columns() }},
        {{ result_text('ticker') }} as contract_ticker,
        {{ result_text('underlying_ticker') }} as underlying_ticker,
        {{ result_text('contract_type') }} as contract_type,
        {{ result_text('exercise_style') }} as exercise_style,
        {{ result_date('expiration_date') }} as expiration_date,
        {{ result_number('strike_price') }} as strike_usd,
        {{ result_number('shares_per_contract') }} as shares_per_contract,
        {{ result_text('primary_exchange') }} as primary_exchange,
        coalesce(array_size(results.value:additional_underlyings), 0) > 0 as has_additional_underlyings
    {{ raw_results('option_contracts', pending_only) }}
),

option_contracts_received as (
    select
        *,
        case
            when contract_ticker is null then 'no ticker'
            when expiration_date is null then 'no expiration date'
            when strike_usd is null then 'no strike'
        end as rejection_reason
    from option_contracts_results
)
{%- endmacro %}

{# The chain has no history at the vendor: its session is the folder that ingest put it in, else the day it was fetched. #}
{% macro received_option_chain(pending_only=false) -%}
option_chain_results as (
    select
        {{ result_columns() }},
        {{ result_text('details.ticker') }} as contract_ticker,
        coalesce(
            try_to_date(split_part(lines.object_key, '/', -3), 'YYYY-MM-DD'),
            to_date(convert_timezone('UTC', 'America/New_York', lines.fetched_at))
        ) as session_date,
        coalesce(
            {{ result_text('underlying_asset.ticker') }},
            split_part(lines.request:path::varchar, '/', -1)
        ) as underlying_ticker,
        {{ result_number('underlying_asset.price') }} as underlying_price_usd,
        {{ result_number('implied_volatility') }} as implied_volatility,
        {{ result_number('greeks.delta') }} as delta,
        {{ result_number('greeks.gamma') }} as gamma,
        {{ result_number('greeks.theta') }} as theta_usd_per_day,
        {{ result_number('greeks.vega') }} as vega_usd_per_pct,
        {{ result_number('open_interest') }} as open_interest_contracts,
        {{ result_number('break_even_price') }} as break_even_price_usd,
        {{ result_number('last_quote.bid') }} as bid_usd,
        {{ result_number('last_quote.ask') }} as ask_usd,
        {{ result_number('last_quote.midpoint') }} as midpoint_usd,
        {{ result_number('day.close') }} as day_close_usd,
        {{ result_number('day.volume') }} as day_volume_contracts
    {{ raw_results('option_chain', pending_only) }}
),

option_chain_received as (
    select
        *,
        case
            when contract_ticker is null then 'no ticker'
            when not coalesce({{ is_option_symbol('contract_ticker') }}, false) then 'no option symbol'
        end as rejection_reason
    from option_chain_results
)
{%- endmacro %}
