{#
    What ops.overrides can overrule: by dataset its history, what identifies a row, and the type of each field.

    row_key is the key's columns with | between them (AAPL|2026-03-18). A required field can't be NULL.
    snowflake/procedures/overrides.py refuses everything else at entry; a test holds both lists together.
#}
{% macro overridable(dataset) %}
    {{ return({
        'stock_bars': {
            'history': 'snapshot_polygon__stock_bars',
            'key': ['ticker', 'session_date'],
            'required': ['close_usd'],
            'fields': {
                'open_usd': 'float',
                'high_usd': 'float',
                'low_usd': 'float',
                'close_usd': 'float',
                'volume_shares': 'float',
                'vwap_usd': 'float',
                'transactions': 'number',
            },
        },
        'option_bars': {
            'history': 'snapshot_polygon__options_bars',
            'key': ['contract_ticker', 'session_date'],
            'required': ['close_usd'],
            'fields': {
                'open_usd': 'float',
                'high_usd': 'float',
                'low_usd': 'float',
                'close_usd': 'float',
                'volume_contracts': 'float',
                'vwap_usd': 'float',
                'transactions': 'number',
            },
        },
        'splits': {
            'history': 'snapshot_polygon__splits',
            'key': ['split_id'],
            'required': ['ticker', 'execution_date', 'split_from', 'split_to'],
            'fields': {
                'ticker': 'varchar',
                'execution_date': 'date',
                'split_from': 'float',
                'split_to': 'float',
                'adjustment_type': 'varchar',
            },
        },
        'dividends': {
            'history': 'snapshot_polygon__dividends',
            'key': ['dividend_id'],
            'required': ['ticker', 'ex_dividend_date', 'cash_amount'],
            'fields': {
                'ticker': 'varchar',
                'ex_dividend_date': 'date',
                'cash_amount': 'float',
                'currency': 'varchar',
                'payments_per_year': 'float',
                'distribution_type': 'varchar',
                'declaration_date': 'date',
                'pay_date': 'date',
            },
        },
        'tickers': {
            'history': 'snapshot_polygon__tickers',
            'key': ['ticker'],
            'required': ['is_active'],
            'fields': {
                'ticker_name': 'varchar',
                'market': 'varchar',
                'locale': 'varchar',
                'primary_exchange': 'varchar',
                'security_type': 'varchar',
                'currency': 'varchar',
                'cik': 'varchar',
                'composite_figi': 'varchar',
                'share_class_figi': 'varchar',
                'is_active': 'boolean',
                'delisted_date': 'date',
            },
        },
        'option_contracts': {
            'history': 'snapshot_polygon__option_contracts',
            'key': ['contract_ticker'],
            'required': ['expiration_date', 'strike_usd', 'has_additional_underlyings'],
            'fields': {
                'underlying_ticker': 'varchar',
                'contract_type': 'varchar',
                'exercise_style': 'varchar',
                'expiration_date': 'date',
                'strike_usd': 'float',
                'shares_per_contract': 'float',
                'primary_exchange': 'varchar',
                'has_additional_underlyings': 'boolean',
                'additional_deliverables': 'varchar',
            },
        },
        'option_chain': {
            'history': 'snapshot_polygon__option_chain',
            'key': ['contract_ticker', 'session_date'],
            'required': [],
            'fields': {
                'underlying_ticker': 'varchar',
                'underlying_price_usd': 'float',
                'implied_volatility': 'float',
                'delta': 'float',
                'gamma': 'float',
                'theta_usd_per_day': 'float',
                'vega_usd_per_pct': 'float',
                'open_interest_contracts': 'float',
                'break_even_price_usd': 'float',
                'bid_usd': 'float',
                'ask_usd': 'float',
                'midpoint_usd': 'float',
                'day_close_usd': 'float',
                'day_volume_contracts': 'float',
            },
        },
        'treasury_yields': {
            'history': 'snapshot_polygon__treasury_yields',
            'key': ['yield_date'],
            'required': [],
            'fields': {
                'yield_1_month_pct': 'float',
                'yield_3_month_pct': 'float',
                'yield_6_month_pct': 'float',
                'yield_1_year_pct': 'float',
                'yield_2_year_pct': 'float',
                'yield_3_year_pct': 'float',
                'yield_5_year_pct': 'float',
                'yield_7_year_pct': 'float',
                'yield_10_year_pct': 'float',
                'yield_20_year_pct': 'float',
                'yield_30_year_pct': 'float',
            },
        },
        'securities': {
            'history': 'snapshot_polygon__stock_bars',
            'key': ['ticker', 'session_date'],
            'required': [],
            'fields': {'security_id': 'varchar'},
        },
    }[dataset]) }}
{% endmacro %}

{# Evidence of identity is never overruled: whose a ticker is from a bar on is decided under the name `securities`
   (int_polygon__ticker_claims). #}
{% macro overridable_datasets() %}
    {{ return(datasets() | reject('in', ['ticker_listings', 'ticker_events']) | list + ['securities']) }}
{% endmacro %}

{# A column of the key out of a decision's row_key. #}
{% macro override_key(dataset, column, row_key) -%}
    {%- set key = overridable(dataset).key -%}
    {%- set part = row_key if key | length == 1 else 'split_part(' ~ row_key ~ ", '|', " ~ (key.index(column) + 1) ~ ')' -%}
    {{ override_value(part, 'date' if column.endswith('_date') else 'varchar') }}
{%- endmacro %}

{# A value of ops.overrides, which is text, as its field's type; NULL where it is none. #}
{% macro override_value(value, type) -%}
    {%- set casts = {
        'float': 'try_to_double(' ~ value ~ ')',
        'number': 'try_to_number(' ~ value ~ ')',
        'date': 'try_to_date(' ~ value ~ ", 'YYYY-MM-DD')",
        'boolean': 'try_to_boolean(' ~ value ~ ')',
        'varchar': value,
    } -%}
    {{ casts[type] }}
{%- endmacro %}

{# Whether a decision can be followed: a field that there is and, unless it is taken back, a value that it can hold. The
   procedure refuses others; one that came in by another way changes nothing, and a data test finds it. #}
{% macro is_possible_override(dataset, decision) -%}
    {%- set shape = overridable(dataset) -%}
    {%- set value = decision ~ '.value' -%}
    case {{ decision }}.field
            when 'drop' then true
            {%- for field, type in shape.fields.items() %}
            when '{{ field }}' then
                {{ decision }}.is_retracted
                or {{ override_value(value, type) }} is not null
                {%- if field not in shape.required %}
                or {{ value }} is null
                {%- endif %}
            {%- endfor %}
            else false
        end
{%- endmacro %}
