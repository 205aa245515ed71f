{# Splits, dividends and tickers as responses held them, typed, with the reason where a row is rejected. #}
{% macro received_splits(pending_only=false) -%}
{%- set most = bounds() -%}
splits_told as (
    select
        {{ result_columns() }},
        {{ result_text('ticker') }} as ticker,
        {{ result_date('execution_date') }} as execution_date,
        {{ result_number('split_from') }} as split_from,
        {{ result_number('split_to') }} as split_to,
        {{ result_text('adjustment_type') }} as adjustment_type,
        {{ result_text('id') }} as vendor_id,
        coalesce(
            vendor_id,
            ticker || '|' || to_char(execution_date, 'YYYY-MM-DD') || '|' || to_varchar(split_from)
            || '|' || to_varchar(split_to)
        ) as split_id,
        {{ unreadable({'split_from': 'split_from', 'split_to': 'split_to'}) }} as is_unreadable
    {{ raw_results('splits', pending_only) }}
),

{{ with_answers('splits') }}

{{ judged(
    'splits',
    answer=['answer_object_key', 'answer_line_number'],
    not_identified=[
        ('ticker is null', 'no ticker'),
        ('not ' ~ is_symbol('ticker'), 'not a ticker symbol'),
        ('execution_date is null', 'no execution date'),
        ('split_id is null', 'no ratio'),
    ],
    not_true=[
        ('coalesce(split_from, 0) <= 0 or coalesce(split_to, 0) <= 0', 'no ratio'),
        (
            'split_from > ' ~ most.split_ratio ~ ' * split_to or split_to > ' ~ most.split_ratio ~ ' * split_from',
            'a ratio that no split has'
        ),
        (is_no_day('execution_date', most.announced_days), 'an execution date that nobody can know'),
    ]
) }}
{%- endmacro %}

{% macro received_dividends(pending_only=false) -%}
{%- set most = bounds() -%}
dividends_told as (
    select
        {{ result_columns() }},
        {{ result_text('ticker') }} as ticker,
        {{ result_date('ex_dividend_date') }} as ex_dividend_date,
        {{ result_number('cash_amount') }} as cash_amount,
        {{ result_text('currency') }} as currency,
        {{ result_number('frequency') }} as payments_per_year,
        coalesce({{ result_text('distribution_type') }}, {{ result_text('dividend_type') }}) as distribution_type,
        {{ result_date('pay_date') }} as pay_date,
        {{ result_text('id') }} as vendor_id,
        coalesce(
            vendor_id,
            ticker || '|' || to_char(ex_dividend_date, 'YYYY-MM-DD') || '|' || to_varchar(cash_amount)
        ) as dividend_id,
        {{ unreadable({'cash_amount': 'cash_amount', 'frequency': 'payments_per_year'}) }} as is_unreadable
    {{ raw_results('dividends', pending_only) }}
),

{{ with_answers('dividends') }}

{{ judged(
    'dividends',
    answer=['answer_object_key', 'answer_line_number'],
    not_identified=[
        ('ticker is null', 'no ticker'),
        ('not ' ~ is_symbol('ticker'), 'not a ticker symbol'),
        ('ex_dividend_date is null', 'no ex-dividend date'),
        ('dividend_id is null', 'no amount'),
    ],
    not_true=[
        ('cash_amount is null', 'no amount'),
        ('cash_amount < 0', 'a negative amount'),
        ('cash_amount > ' ~ most.dividend_amount, 'an amount that no dividend has'),
        (
            'payments_per_year < 0 or payments_per_year > ' ~ most.payments_per_year,
            'a number of payments that no year has'
        ),
        (is_no_day('ex_dividend_date', most.announced_days), 'an ex-dividend date that nobody can know'),
    ]
) }}
{%- endmacro %}

{# A recycled ticker is listed twice, as active and as delisted, and a ticker may be listed with an older state too: one
   manifest counts once, with the active row, and of several with the one that the vendor updated last. Two such rows
   contradict each other. #}
{% macro received_tickers(pending_only=false) -%}
tickers_told as (
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
        coalesce(try_to_boolean(results.value:active::varchar), delisted_date is null) as is_active,
        try_to_timestamp_ntz({{ result_text('last_updated_utc') }}) as vendor_updated_at,
        false as is_unreadable
    {{ raw_results('tickers', pending_only) }}
),

tickers_results as (
    select *
    from tickers_told
    qualify
        ticker is null
        or rank() over (
            partition by manifest_id, ticker
            order by iff(is_active, 0, 1), vendor_updated_at desc nulls last
        ) = 1
),

{{ judged(
    'tickers',
    answer=['manifest_id'],
    not_identified=[('ticker is null', 'no ticker'), ('not ' ~ is_symbol('ticker'), 'not a ticker symbol')],
    not_true=[]
) }}
{%- endmacro %}
