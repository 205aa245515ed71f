{#
    Bars as responses and flat files held them, typed, with the reason where a bar is rejected.
    Grouped: ticker from the bar, session from the request's path. Range: ticker from the response, session from t.
    A flat file is one answer like a grouped one, with a bar a line: its session is the folder of its object.
    A chain has the last day bar of each contract: it counts where it is of the chain's own session and the session was
    over. One of an older session says that the contract didn't trade, one of a later session is unfinished.
#}
{% macro received_stock_bars(pending_only=false) %}
{{ _received_bars('stock_bars', 'ticker', 'volume_shares', 'stock_price_usd', pending_only) }}
{% endmacro %}

{% macro received_option_bars(pending_only=false) %}
{{ _received_bars('option_bars', 'contract_ticker', 'volume_contracts', 'option_price_usd', pending_only) }}
{% endmacro %}

{% macro _received_bars(dataset, ticker, volume, price_bound, pending_only) -%}
{%- set most = bounds() -%}
{%- set is_option = dataset == 'option_bars' -%}
{%- set numbers = {
    'o': 'open_usd', 'h': 'high_usd', 'l': 'low_usd', 'c': 'close_usd', 'v': volume, 'vw': 'vwap_usd', 'n': 'transactions'
} -%}
{%- set lowest = 'least(close_usd, coalesce(open_usd, close_usd), coalesce(high_usd, close_usd), coalesce(low_usd, close_usd))' -%}
{%- set highest = lowest | replace('least', 'greatest') -%}
{%- set fields = {
    'open': 'open_usd', 'high': 'high_usd', 'low': 'low_usd', 'close': 'close_usd', 'volume': volume,
    'transactions': 'try_to_double(lines.transactions)'
} -%}
{%- set days = {
    'day.open': 'open_usd', 'day.high': 'high_usd', 'day.low': 'low_usd', 'day.close': 'close_usd', 'day.volume': volume,
    'day.vwap': 'vwap_usd'
} -%}
{%- set rounding = '(least(' ~ most.rounding_usd ~ ', ' ~ most.rounding_share ~ ' * close_usd) + 1e-9)' -%}
{{ dataset }}_told as (
    select
        {{ result_columns() }},
        lines.request:path::varchar as request_path,
        request_path like '/v2/aggs/grouped/%' as is_grouped,
        iff(is_grouped, null, replace(split_part(request_path, '/', 5), '%3A', ':')) as requested_ticker,
        try_to_date(split_part(request_path, '/', iff(is_grouped, -1, -2)), 'YYYY-MM-DD') as requested_from,
        try_to_date(split_part(request_path, '/', -1), 'YYYY-MM-DD') as requested_until,
        results.value:t::varchar is not null as has_time,
        {{ result_session('t') }} as time_date,
        coalesce({{ result_text('T') }}, requested_ticker) as {{ ticker }},
        {%- for path in ['o', 'h', 'l', 'c', 'v', 'vw'] %}
        {{ result_number(path) }} as {{ numbers[path] }},
        {%- endfor %}
        try_to_number(results.value:n::varchar) as transactions,
        {%- if not is_option %}
        coalesce(try_to_boolean(results.value:otc::varchar), false) as is_otc,
        {%- endif %}
        {{ unreadable(numbers) }} as is_unreadable
    {{ raw_results(dataset, pending_only) }}
    union all
    select
        lines.manifest_id,
        lines.object_key,
        1 as line_number,
        lines.fetched_at,
        lines.line_number as result_index,
        object_construct(
            'T', lines.ticker,
            'o', lines.open,
            'h', lines.high,
            'l', lines.low,
            'c', lines.close,
            'v', lines.volume,
            'n', lines.transactions,
            't', lines.window_start
        )::variant as result,
        lines.object_key as request_path,
        true as is_grouped,
        null as requested_ticker,
        try_to_date(split_part(lines.object_key, '/', 3), 'YYYY-MM-DD') as requested_from,
        requested_from as requested_until,
        lines.window_start is not null as has_time,
        {{ session_at('lines.window_start') }} as time_date,
        nullif(trim(lines.ticker), '') as {{ ticker }},
        {%- for field in ['open', 'high', 'low', 'close', 'volume'] %}
        try_to_double(lines.{{ field }}) as {{ fields[field] }},
        {%- endfor %}
        null as vwap_usd,
        try_to_number(lines.transactions) as transactions,
        {%- if not is_option %}
        false as is_otc,
        {%- endif %}
        {{ unreadable(fields, 'lines.{}') }} as is_unreadable
    from {{ source('raw', files_of(dataset)) }} as lines
    {%- if pending_only %}
    where {{ is_pending(dataset) }}
    {%- endif %}
    {%- if is_option %}
    union all
    select
        {{ result_columns() }},
        lines.request:path::varchar as request_path,
        true as is_grouped,
        null as requested_ticker,
        {{ chain_session() }} as requested_from,
        requested_from as requested_until,
        true as has_time,
        {{ result_session('day.last_updated') }} as time_date,
        {{ result_text('details.ticker') }} as {{ ticker }},
        {%- for path, column in days.items() %}
        {{ result_number(path) }} as {{ column }},
        {%- endfor %}
        null as transactions,
        {{ unreadable(days) }} as is_unreadable
    from {{ source('raw', 'option_chain') }} as lines,
        lateral flatten(input => lines.response:results) as results
    where
        {{ result_session('day.last_updated') }} = {{ chain_session() }}
        and lines.fetched_at >= convert_timezone(
            'America/New_York',
            'UTC',
            dateadd('hour', {{ day_bar_is_final_hour() }}, {{ chain_session() }}::timestamp_ntz)
        )
        {%- if pending_only %}
        and {{ is_pending(dataset) }}
        {%- endif %}
    {%- endif %}
),

{{ dataset }}_results as (
    select
        told.*,
        iff(told.is_grouped, told.requested_until, told.time_date) as session_date
        {%- if is_option %},
        {# Only a chain has several pages. #}
        coalesce(pages.answer_object_key, told.object_key) as answer_object_key,
        coalesce(pages.answer_line_number, told.line_number) as answer_line_number
        {%- endif %}
    from {{ dataset }}_told as told
    {%- if is_option %}
    left join {{ ref('stg_polygon__answers') }} as pages
        on
            told.manifest_id = pages.manifest_id
            and told.object_key = pages.object_key
            and told.line_number = pages.line_number
            and pages.dataset = 'option_chain'
    {%- endif %}
),

{{ judged(
    dataset,
    answer=['answer_object_key', 'answer_line_number'] if is_option else ['object_key', 'line_number'],
    not_identified=[
        (ticker ~ ' is null', 'no ticker'),
        (
            'not coalesce(' ~ (is_option_symbol(ticker) if is_option else is_symbol(ticker)) ~ ', false)',
            'not an option symbol' if is_option else 'not a ticker symbol'
        ),
        (ticker ~ ' <> requested_ticker', 'a ticker that was not asked for'),
        ('session_date is null or (has_time and time_date is null)', 'no session'),
        (
            'session_date < requested_from or session_date > requested_until or time_date <> session_date',
            'a session that was not asked for'
        ),
        (is_in_the_future('session_date'), 'a session in the future'),
        ('dayofweekiso(session_date) > 5', 'a day of the weekend'),
    ],
    not_true=[
        ('close_usd is null', 'no price'),
        (lowest ~ ' <= 0', 'a price that is not positive'),
        (highest ~ ' > ' ~ most[price_bound], 'a price above every ' ~ ('option' if is_option else 'share')),
        ('high_usd < low_usd', 'a high below the low'),
        (
            'greatest(close_usd, coalesce(open_usd, close_usd)) > high_usd + ' ~ rounding
            ~ ' or least(close_usd, coalesce(open_usd, close_usd)) < low_usd - ' ~ rounding,
            'an open or close outside high and low'
        ),
        (volume ~ ' < 0', 'a negative volume'),
        (volume ~ ' > ' ~ most[volume], 'a volume above every session'),
        ('vwap_usd < 0 or vwap_usd > ' ~ most[price_bound], 'an average price that no session has'),
        ('transactions < 0 or transactions > ' ~ most.transactions, 'a number of trades that no session has'),
    ]
) }}
{%- endmacro %}

{# The session that a chain is of: the folder that ingest put it in. #}
{% macro chain_session() -%}
    try_to_date(split_part(lines.object_key, '/', 3), 'YYYY-MM-DD')
{%- endmacro %}

{# From this hour on, New York time, the day bar of a session is taken to be whole: the last options trade until 16:15, and
   a plan may be 15 minutes behind. `ingest/chain_bars.py` goes by the same; a test holds the two together. #}
{% macro day_bar_is_final_hour() -%}
    17
{%- endmacro %}
