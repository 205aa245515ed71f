{# Splits, dividends, tickers, their listings and events as responses held them, typed, with the reason where a row is rejected. #}
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
        {{ result_date('declaration_date') }} as declaration_date,
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
   contradict each other. A row that was updated in the future comes after all others. #}
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
        {{ result_text('share_class_figi') }} as share_class_figi,
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
            order by
                iff({{ is_updated_in_the_future() }}, 1, 0),
                iff(is_active, 0, 1),
                vendor_updated_at desc nulls last
        ) = 1
),

{{ judged(
    'tickers',
    answer=['manifest_id'],
    not_identified=[('ticker is null', 'no ticker'), ('not ' ~ is_symbol('ticker'), 'not a ticker symbol')],
    not_true=[(is_updated_in_the_future(), 'an update in the future')]
) }}
{%- endmacro %}

{% macro is_updated_in_the_future() -%}
    coalesce(vendor_updated_at > dateadd('hour', {{ bounds().clock_hours }}, fetched_at), false)
{%- endmacro %}

{# What a ticker was on a day: as the list of that day has it, or as it was when it was delisted. The folder of a list is
   its day. Of several rows of one ticker the one that the vendor updated last counts. #}
{% macro received_ticker_listings(pending_only=false) -%}
ticker_listings_told as (
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
        {{ result_text('share_class_figi') }} as share_class_figi,
        {{ result_date('list_date') }} as list_date,
        {{ result_date('delisted_utc') }} as delisted_date,
        coalesce(try_to_boolean(results.value:active::varchar), delisted_date is null) as is_active,
        iff(is_active, 'listed', 'delisted') as listing_kind,
        iff(
            is_active,
            try_to_date(split_part(lines.object_key, '/', -3), 'YYYY-MM-DD'),
            delisted_date
        ) as listing_date,
        try_to_timestamp_ntz({{ result_text('last_updated_utc') }}) as vendor_updated_at,
        false as is_unreadable
    {{ raw_results('ticker_listings', pending_only) }}
),

ticker_listings_results as (
    select *
    from ticker_listings_told
    qualify
        ticker is null
        or listing_date is null
        or rank() over (
            partition by manifest_id, ticker, listing_kind, listing_date
            order by
                iff({{ is_updated_in_the_future() }}, 1, 0),
                vendor_updated_at desc nulls last
        ) = 1
),

{{ judged(
    'ticker_listings',
    answer=['manifest_id'],
    not_identified=[
        ('ticker is null', 'no ticker'),
        ('not ' ~ is_symbol('ticker'), 'not a ticker symbol'),
        ('listing_date is null', 'no day of the listing or delisting'),
    ],
    not_true=[
        (is_in_the_future('listing_date'), 'a day in the future'),
        (is_updated_in_the_future(), 'an update in the future'),
    ]
) }}
{%- endmacro %}

{# The results of an answer are one object: the security, and its events. A security is known by its FIGI, or else by what
   was asked for: a company with several classes of shares has one CIK. #}
{% macro received_ticker_events(pending_only=false) -%}
{%- set most = bounds() -%}
ticker_events_told as (
    select
        lines.manifest_id,
        lines.object_key,
        lines.line_number,
        lines.fetched_at,
        events.index as result_index,
        events.value as result,
        {{ asked_identifier() }} as asked_id,
        {{ told_security() }} as security_key,
        nullif(lines.response:results:name::varchar, '') as security_name,
        nullif(lines.response:results:composite_figi::varchar, '') as composite_figi,
        nullif(lines.response:results:cik::varchar, '') as cik,
        nullif(events.value:type::varchar, '') as event_type,
        try_to_date(left(events.value:date::varchar, 10), 'YYYY-MM-DD') as event_date,
        nullif(trim(events.value:ticker_change:ticker::varchar), '') as ticker,
        false as is_unreadable
    from {{ source('raw', 'ticker_events') }} as lines,
        lateral flatten(input => lines.response:results:events) as events
    {%- if pending_only %}
    where lines.manifest_id in (
        select pending.manifest_id
        from {{ ref('stg_polygon__manifests_pending') }} as pending
        where pending.dataset = 'ticker_events'
    )
    {%- endif %}
),

{{ with_answers('ticker_events') }}

{{ judged(
    'ticker_events',
    answer=['answer_object_key', 'answer_line_number'],
    not_identified=[
        ("coalesce(event_type, '') <> 'ticker_change'", 'an event that is not a change of ticker'),
        ('ticker is null', 'no ticker'),
        ('not ' ~ is_symbol('ticker'), 'not a ticker symbol'),
        ('event_date is null', 'no date'),
    ],
    not_true=[(is_no_day('event_date', most.announced_days), 'a date that nobody can know')]
) }}
{%- endmacro %}

{% macro asked_identifier() -%}
    split_part(lines.request:path::varchar, '/', 5)
{%- endmacro %}

{% macro told_security() -%}
    coalesce(nullif(lines.response:results:composite_figi::varchar, ''), {{ asked_identifier() }})
{%- endmacro %}
