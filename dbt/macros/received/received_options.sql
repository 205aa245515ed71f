{# Option contracts and chains as responses held them, typed, with the reason where a row is rejected. #}
{% macro received_option_contracts(pending_only=false) -%}
{%- set most = bounds() -%}
option_contracts_told as (
    select
        {{ result_columns() }},
        {{ result_text('ticker') }} as contract_ticker,
        {{ underlying_of(result_text('underlying_ticker')) }} as underlying_ticker,
        {{ result_text('contract_type') }} as contract_type,
        {{ result_text('exercise_style') }} as exercise_style,
        {{ result_date('expiration_date') }} as expiration_date,
        {{ result_number('strike_price') }} as strike_usd,
        {{ result_number('shares_per_contract') }} as shares_per_contract,
        {{ result_text('primary_exchange') }} as primary_exchange,
        coalesce(array_size(results.value:additional_underlyings), 0) > 0 as has_additional_underlyings,
        iff(has_additional_underlyings, to_json(results.value:additional_underlyings), null) as additional_deliverables,
        {{ unreadable({'strike_price': 'strike_usd', 'shares_per_contract': 'shares_per_contract'}) }} as is_unreadable
    {{ raw_results('option_contracts', pending_only) }}
),

{{ with_answers('option_contracts') }}

{{ judged(
    'option_contracts',
    answer=['answer_object_key', 'answer_line_number'],
    not_identified=[
        ('contract_ticker is null', 'no ticker'),
        ('not coalesce(' ~ is_option_symbol('contract_ticker') ~ ', false)', 'not an option symbol'),
        ('underlying_ticker <> requested_symbol', 'an underlying that was not asked for'),
    ],
    not_true=[
        ('not ' ~ is_symbol('underlying_ticker'), 'an underlying that is not a ticker symbol'),
        ('expiration_date is null', 'no expiration date'),
        (is_no_day('expiration_date', most.expiration_days), 'an expiration date that no option has'),
        ('strike_usd is null', 'no strike'),
        ('strike_usd <= 0', 'a strike that is not positive'),
        ('strike_usd > ' ~ most.strike_usd, 'a strike that no option has'),
        (
            'shares_per_contract <= 0 or shares_per_contract > ' ~ most.shares_per_contract,
            'a number of shares that no contract has'
        ),
    ]
) }}
{%- endmacro %}

{# The chain has no history at the vendor: its session is the folder that ingest put it in, else the day it was fetched. #}
{% macro received_option_chain(pending_only=false) -%}
{%- set most = bounds() -%}
{%- set numbers = {
    'underlying_asset.price': 'underlying_price_usd',
    'implied_volatility': 'implied_volatility',
    'greeks.delta': 'delta',
    'greeks.gamma': 'gamma',
    'greeks.theta': 'theta_usd_per_day',
    'greeks.vega': 'vega_usd_per_pct',
    'open_interest': 'open_interest_contracts',
    'break_even_price': 'break_even_price_usd',
    'last_quote.bid': 'bid_usd',
    'last_quote.ask': 'ask_usd',
    'last_quote.midpoint': 'midpoint_usd',
    'day.close': 'last_day_close_usd',
    'day.volume': 'last_day_volume_contracts',
} -%}
option_chain_sent as (
    select
        {{ result_columns() }},
        {{ result_text('details.ticker') }} as contract_ticker,
        coalesce(
            try_to_date(split_part(lines.object_key, '/', -3), 'YYYY-MM-DD'),
            to_date(convert_timezone('UTC', 'America/New_York', lines.fetched_at))
        ) as session_date,
        {{ underlying_of("replace(split_part(lines.request:path::varchar, '/', -1), '%3A', ':')") }} as requested_underlying,
        coalesce({{ underlying_of(result_text('underlying_asset.ticker')) }}, requested_underlying) as underlying_ticker,
        {%- for path, column in numbers.items() %}
        {{ result_number(path) }} as {{ column }},
        {%- endfor %}
        {{ result_session('day.last_updated') }} as last_day_date,
        {{ unreadable(numbers) }} as is_unreadable
    {{ raw_results('option_chain', pending_only) }}
),

{# Of a contract that didn't trade the vendor sends the day on which it did last. #}
option_chain_told as (
    select
        *,
        iff(last_day_date = session_date, last_day_close_usd, null) as day_close_usd,
        iff(last_day_date = session_date, last_day_volume_contracts, null) as day_volume_contracts
    from option_chain_sent
),

{{ with_answers('option_chain') }}

{{ judged(
    'option_chain',
    answer=['answer_object_key', 'answer_line_number'],
    not_identified=[
        ('contract_ticker is null', 'no ticker'),
        ('not coalesce(' ~ is_option_symbol('contract_ticker') ~ ', false)', 'not an option symbol'),
        ('underlying_ticker <> requested_underlying', 'an underlying that was not asked for'),
        (is_in_the_future('session_date'), 'a session in the future'),
    ],
    not_true=[
        ('underlying_price_usd < 0 or underlying_price_usd > ' ~ most.stock_price_usd, 'a price above every share'),
        (
            'greatest(' ~ prices_of_a_chain() ~ ') > ' ~ most.option_price_usd,
            'a price above every option'
        ),
        ('least(' ~ prices_of_a_chain() ~ ') < 0', 'a negative price'),
        ('implied_volatility < 0 or implied_volatility > ' ~ most.implied_volatility, 'a volatility that no option has'),
        ('abs(delta) > ' ~ most.delta, 'a delta that no option has'),
        ('gamma < -' ~ most.below_zero ~ ' or gamma > ' ~ most.gamma, 'a gamma that no option has'),
        (
            'vega_usd_per_pct < -' ~ most.below_zero ~ ' or vega_usd_per_pct > ' ~ most.option_price_usd,
            'a vega that no option has'
        ),
        ('abs(theta_usd_per_day) > ' ~ most.option_price_usd, 'a theta that no option has'),
        ('abs(break_even_price_usd) > ' ~ most.stock_price_usd, 'a break-even price that no option has'),
        (
            'open_interest_contracts < 0 or open_interest_contracts > ' ~ most.open_interest_contracts,
            'an open interest that no option has'
        ),
        ('day_volume_contracts < 0', 'a negative volume'),
        ('day_volume_contracts > ' ~ most.volume_contracts, 'a volume above every session'),
    ]
) }}
{%- endmacro %}

{% macro prices_of_a_chain() -%}
    coalesce(bid_usd, 0), coalesce(ask_usd, 0), coalesce(midpoint_usd, 0), coalesce(day_close_usd, 0)
{%- endmacro %}
