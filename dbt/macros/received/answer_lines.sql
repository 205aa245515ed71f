{#
    The lines of a raw table as pages of answers, without their results: which page follows, and what was asked for.

    A page that follows has the cursor of the page before it and nothing else. A parameter that is not listed here narrows
    down the answer in a way that we don't follow.
#}
{% macro answer_lines(dataset, pending_only=false) -%}
{%- set dated = {'splits': 'execution_date', 'dividends': 'ex_dividend_date', 'option_contracts': 'expiration_date'} -%}
{%- set followed = ['adjusted', 'limit', 'order', 'sort', 'ticker', 'underlying_ticker', 'as_of', 'expired'] -%}
{%- set followed = followed + (['market', 'active'] if dataset == 'tickers' else []) -%}
{%- set date = dated.get(dataset) -%}
{%- set limits = {'gte_date': date ~ '.gte', 'lte_date': date ~ '.lte'} if date else {} -%}
    select
        '{{ dataset }}' as dataset,
        lines.manifest_id,
        lines.object_key,
        lines.line_number,
        lines.fetched_at,
        lines.request:path::varchar as request_path,
        lines.request:params as request_params,
        lines.request:params:cursor::varchar as page_cursor,
        regexp_substr(lines.response:next_url::varchar, '[?&]cursor=([^&]*)', 1, 1, 'e', 1) as escaped_cursor,
        replace(replace(replace(escaped_cursor, '%3D', '='), '%2B', '+'), '%2F', '/') as next_cursor,
        lines.response:next_url::varchar is not null as has_next,
        coalesce(array_size(lines.response:results{{ ':events' if dataset == 'ticker_events' }}), 0) as page_rows,
        {{ told_security() if dataset == 'ticker_events' else 'null::varchar' }} as told_of,
        {{ 'try_to_date(lines.response:results[0]:date::varchar, \'YYYY-MM-DD\')' if dataset == 'treasury_yields' else 'null::date' }} as told_from,
        coalesce(try_to_number(lines.response:resultsCount::varchar), page_rows) <> page_rows as is_cut,
        {%- for name in ['gte_date', 'lte_date'] %}
        {{ 'try_to_date(lines.request:params:"' ~ limits[name] ~ '"::varchar, \'YYYY-MM-DD\')' if date else 'null::date' }} as {{ name }},
        {%- endfor %}
        try_to_date(lines.request:params:as_of::varchar, 'YYYY-MM-DD') as as_of_date,
        coalesce(lines.request:params:expired::varchar, 'false') = 'true' as is_of_expired,
        array_size(object_keys(lines.request:params))
        {%- for parameter in followed + limits.values() | list %}
        - iff(lines.request:params:"{{ parameter }}"::varchar is null, 0, 1)
        {%- endfor %} > 0 as is_narrowed
    from {{ source('raw', dataset) }} as lines
    {%- if pending_only %}
    where {{ is_pending(dataset) }}
    {%- endif %}
{%- endmacro %}

{# Flat files as answers of one page: what was asked for is the session, and an object's key says which. #}
{% macro file_answers(dataset, pending_only=false) -%}
    select
        '{{ dataset }}' as dataset,
        lines.manifest_id,
        lines.object_key,
        1 as line_number,
        min(lines.fetched_at) as fetched_at,
        lines.object_key as request_path,
        null::variant as request_params,
        null::varchar as page_cursor,
        null::varchar as escaped_cursor,
        null::varchar as next_cursor,
        false as has_next,
        count(*) as page_rows,
        null::varchar as told_of,
        null::date as told_from,
        false as is_cut,
        null::date as gte_date,
        null::date as lte_date,
        null::date as as_of_date,
        false as is_of_expired,
        false as is_narrowed
    from {{ source('raw', files_of(dataset)) }} as lines
    {%- if pending_only %}
    where {{ is_pending(dataset) }}
    {%- endif %}
    group by
        lines.manifest_id,
        lines.object_key
{%- endmacro %}
