{#
    What identifies a row of a dataset (key) and what makes a version of it (values).

    lacks: values that a source doesn't have: an observation by a flat file, or by a chain, leaves them as they were, or as
    they are named here where nothing is known. What a chain says of a bar is provisional, see history().

    carried: kept with a version as it was observed first; a change of it is not one of the row.

    symbol, date: what the row is shown and looked for by.  withdrawable: a complete answer is a fact also for the rows
    that it lacks, found by symbol and date (stg_polygon__answers); the condition says when a rejected row still shows
    which key it speaks of.
#}
{% macro history_columns(dataset) %}
    {%- set bar = ['open_usd', 'high_usd', 'low_usd', 'close_usd'] -%}
    {{ return({
        'stock_bars': {
            'key': ['ticker', 'session_date'],
            'values': bar + ['volume_shares', 'vwap_usd', 'transactions', 'is_otc'],
            'lacks': {'file': {'vwap_usd': 'null', 'is_otc': 'false'}},
            'symbol': 'ticker',
            'date': 'session_date',
            'withdrawable': is_symbol('ticker'),
        },
        'splits': {
            'key': ['split_id'],
            'values': ['ticker', 'execution_date', 'split_from', 'split_to', 'adjustment_type'],
            'symbol': 'ticker',
            'date': 'execution_date',
            'withdrawable': 'vendor_id is not null',
        },
        'dividends': {
            'key': ['dividend_id'],
            'values': ['ticker', 'ex_dividend_date', 'cash_amount', 'currency', 'payments_per_year']
                + ['distribution_type', 'declaration_date', 'pay_date'],
            'symbol': 'ticker',
            'date': 'ex_dividend_date',
            'withdrawable': 'vendor_id is not null',
        },
        'tickers': {
            'key': ['ticker'],
            'values': ['ticker_name', 'market', 'locale', 'primary_exchange', 'security_type', 'currency', 'cik']
                + ['composite_figi', 'share_class_figi', 'is_active', 'delisted_date'],
            'carried': ['vendor_updated_at'],
            'symbol': 'ticker',
            'date': 'delisted_date',
            'withdrawable': is_symbol('ticker'),
        },
        'ticker_listings': {
            'key': ['ticker', 'listing_kind', 'listing_date'],
            'values': ['ticker_name', 'market', 'locale', 'primary_exchange', 'security_type', 'currency', 'cik']
                + ['composite_figi', 'share_class_figi', 'list_date'],
            'carried': ['vendor_updated_at'],
            'symbol': 'ticker',
            'date': 'listing_date',
            'withdrawable': none,
        },
        'ticker_events': {
            'key': ['security_key', 'event_date', 'ticker'],
            'values': ['event_type', 'security_name', 'composite_figi', 'cik'],
            'carried': ['asked_id'],
            'symbol': 'security_key',
            'date': 'event_date',
            'withdrawable': 'security_key is not null and ' ~ is_symbol('ticker'),
        },
        'treasury_yields': {
            'key': ['yield_date'],
            'values': yield_columns(),
            'symbol': none,
            'date': 'yield_date',
            'withdrawable': 'yield_date is not null',
        },
        'option_contracts': {
            'key': ['contract_ticker'],
            'values': ['underlying_ticker', 'contract_type', 'exercise_style', 'expiration_date', 'strike_usd']
                + ['shares_per_contract', 'primary_exchange', 'has_additional_underlyings']
                + ['additional_deliverables'],
            'symbol': 'underlying_ticker',
            'date': 'expiration_date',
            'withdrawable': is_option_symbol('contract_ticker'),
        },
        'option_bars': {
            'key': ['contract_ticker', 'session_date'],
            'values': bar + ['volume_contracts', 'vwap_usd', 'transactions'],
            'lacks': {'file': {'vwap_usd': 'null'}, 'chain': {'transactions': 'null'}},
            'symbol': 'contract_ticker',
            'date': 'session_date',
            'withdrawable': none,
        },
        'option_chain': {
            'key': ['contract_ticker', 'session_date'],
            'values': ['underlying_ticker', 'underlying_price_usd', 'implied_volatility', 'delta', 'gamma']
                + ['theta_usd_per_day', 'vega_usd_per_pct', 'open_interest_contracts', 'break_even_price_usd', 'bid_usd']
                + ['ask_usd', 'midpoint_usd', 'day_close_usd', 'day_volume_contracts'],
            'symbol': 'contract_ticker',
            'date': 'session_date',
            'withdrawable': none,
        },
    }[dataset]) }}
{% endmacro %}

{# The key as one text, also where a part of it is missing. #}
{% macro row_key(dataset, of='') -%}
    {%- set dot = of ~ '.' if of else '' -%}
    {%- for column in history_columns(dataset).key -%}
        {{ " || '|' || " if not loop.first }}
        {{- "to_char(" ~ dot ~ column ~ ", 'YYYY-MM-DD')" if column.endswith('_date') else dot ~ column -}}
    {%- endfor -%}
{%- endmacro %}
